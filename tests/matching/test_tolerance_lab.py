"""The tolerance lab: today's limits give what was found, others give what they would mean."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matching.ladders import VARIED
from matching.models import Hold, MatchResult, SupplierInvoice, Tolerance, ToleranceTrial
from matching.rejudging import Judged, judge, settled_by
from matching.replaying import replay
from matching.tolerances import default_limits, set_tolerance
from matching.trial_results import Side, TrialResult, count, result_of
from matching.trying import rule_on_trial, try_tolerance, work_out_trials
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from procure.tenancy import tenant_atomic
from purchasing.models import PurchaseOrder
from suppliers.models import PriceBreak
from tests.matching.paying import an_order, billed, credit, invoice, receive
from tests.world import World

pytestmark = pytest.mark.django_db
LIMITS: dict[str, Any] = {
    **default_limits(),
    "price": {"mode": "limit", "percent": "2", "amount": "50"},
    "line_amount": {"mode": "limit", "percent": "2"},
}


def wider(percent: object, **others: object) -> dict[str, Any]:
    return {
        **LIMITS,
        "price": {"mode": "limit", "percent": str(percent)},
        "line_amount": {"mode": "off"},
        **others,
    }


def tried(limits: dict[str, Any], **asked: Any) -> TrialResult:
    """Asks, and lets the worker come by."""
    trial = try_tolerance(limits=limits, days=30, actor=None, **asked)
    work_out_trials([BusinessEvent.objects.get(kind="tolerance_trial.asked", subject_id=trial.pk)])
    return result_of(ToleranceTrial.objects.get(pk=trial.pk).result)


@pytest.fixture
def rule(inside: World) -> Tolerance:
    PriceBreak.objects.all().delete()
    return set_tolerance(
        limits=LIMITS, valid_from=timezone.localdate() - timedelta(days=90), actor=None
    )


def bought(world: World, name: str, quantity: object, price: object, **changes: Any) -> Any:
    """A hundred ordered at 10.00 and received; billed so many at this price."""
    order = an_order(world, (world.shipper, 100, 10), number=f"PO-{name}")
    receive(world, order, (1, 100))
    rate = Decimal(5) if "taxes" in changes else None
    line = billed(1, quantity, price, order=f"PO-{name}", tax_rate=rate)
    return invoice(world, name, line, **{"received_on": timezone.localdate(), **changes})


@pytest.fixture
def past(inside: World, rule: Tolerance) -> World:
    """Nine invoices of every kind, matched by one rule: five passed untouched."""
    for name, quantity, price in (
        ("exact", 100, 10), ("within", 100, "10.15"), ("dear", 100, "10.40"), ("cheap", 100, 9),
        ("too-many", 110, 10), ("short", 60, 10), ("both", 103, "10.15"),
    ):  # fmt: skip
        bought(inside, name, quantity, price)
    bought(inside, "freight", 100, 10, charges={"freight": Decimal(30)})
    bought(inside, "tax", 100, 10, taxes={"5": Decimal("50.03")}, tax_amount=Decimal("50.03"))
    return inside


def rows_written() -> list[Any]:
    models = (SupplierInvoice, MatchResult, Hold, PurchaseOrder, Tolerance)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_the_limits_in_force_give_what_every_match_found(past: World, rule: Tolerance) -> None:
    today = timezone.localdate()
    found = replay(rule, since=today - timedelta(days=30), today=today)
    stored = {kept.invoice_id: kept for kept in MatchResult.objects.all()}
    assert len(found.judged) == len(stored) == 9
    for one in found.judged:
        checks = stored[one.invoice.pk].checks
        held = sorted(check["check"] for check in checks if check["status"] == "hold")
        assert list(one.now.held) == list(one.on_trial.held) == held, one.invoice.number
    assert sum(not one.now.held for one in found.judged) == 6


def test_wider_limits_are_counted_with_their_money_and_nothing_is_written(past: World) -> None:
    before = rows_written()
    result = tried(wider(5))
    assert rows_written() == before
    total = result.total
    assert (total.count, total.now.touchless, total.on_trial.touchless) == (9, 6, 7)
    # Now 15.00 over the price and 0.03 of tax, 30.00 of freight; then the dear one's 40.00, too.
    assert (total.now.let_pass, total.on_trial.let_pass) == (Decimal("45.03"), Decimal("85.03"))
    (changed,) = result.changed
    assert SupplierInvoice.objects.get(pk=changed.invoice_id).number == "dear"
    assert (changed.held_now, changed.held_on_trial) == (("LINE_AMOUNT", "PRICE"), ())
    assert [(one.name, one.gain) for one in result.suppliers] == [("Northline Packaging", 1)]
    assert [(one.name, one.count) for one in result.categories] == [("Boxes", 9)]


def test_tighter_limits_hold_what_passed(past: World) -> None:
    result = tried({**LIMITS, "price": {"mode": "exact"}, "charge": {"mode": "exact"}})
    numbers = SupplierInvoice.objects.in_bulk([one.invoice_id for one in result.changed])
    assert {one.number for one in numbers.values()} == {"within", "freight"}
    assert result.total.gain == -2
    assert result.total.on_trial.let_pass == Decimal("0.03")


def test_the_curve_has_exact_points(past: World) -> None:
    result = tried(wider(5), varied="price_percent")
    points = [
        (str(value), side.touchless, str(side.let_pass))
        for value, side in zip(result.ladder, result.total.steps, strict=True)
    ]
    assert points == [  # 1.5 % too dear is the one within, 4 % the dear one
        ("0", 5, "30.03"), ("0.5", 5, "30.03"), ("1", 5, "30.03"), ("2", 6, "45.03"),
        ("3", 6, "45.03"), ("5", 7, "85.03"), ("10", 7, "85.03"),
    ]  # fmt: skip
    assert (result.value_now, result.value_on_trial) == (2, 5)
    assert result.total.steps[3] == result.total.now
    assert result.total.steps[5] == result.total.on_trial
    for one in (*result.suppliers, *result.categories):
        assert one.steps == result.total.steps


def test_what_a_limit_cannot_change_is_judged_once_and_alike(
    past: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = wider(5, quantity_received={"mode": "limit", "percent": "4"})
    capped = {**free, "leakage_cap": "40"}
    cases = [
        (free, "price_percent", 3), (free, "quantity_received_percent", 2),
        (free, "charge_amount", 1), (free, "header_cap", 5), (free, "leakage_cap", 6),
        (capped, "price_percent", 6),
    ]  # fmt: skip
    found = [tried(limits, varied=varied) for limits, varied, _ in cases]
    kept: list[int] = []

    def nothing(*about: Any) -> dict[int, Judged]:
        kept.append(len(settled_by(*about)))
        return {}

    monkeypatch.setattr("matching.replaying.settled_by", nothing)
    assert [tried(limits, varied=varied) for limits, varied, _ in cases] == found
    assert [9 - count for count in kept] == [again for _, _, again in cases]
    # The control: settling all of them makes a difference.
    monkeypatch.setattr("matching.replaying.settled_by", lambda past, rules, _: judge(past, rules))
    assert tried(free, varied="price_percent") != found[0]


@pytest.fixture
def month(inside: World, rule: Tolerance) -> date:
    """Four invoices 2 to 3 % too dear: three of last month, in its order, and one of this month."""
    this = timezone.localdate().replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    for name, quantity, price, day in (
        ("first", 100, "10.20", last), ("second", 90, "10.30", last + timedelta(days=6)),
        ("third", 80, "10.25", last + timedelta(days=12)), ("next", 100, "10.25", this),
    ):  # fmt: skip
        bought(inside, name, quantity, price, received_on=day)
    return last


@pytest.mark.parametrize(
    ("cap", "held", "let_pass", "past_cap"),
    [
        (None, [], "92.00", 0),
        ("47", [], "92.00", 0),  # 20.00 and 27.00 are at the cap, not past it
        ("46.99", ["third"], "72.00", 1),
        ("19.99", ["second", "third"], "45.00", 2),
    ],
)
def test_past_the_cap_of_a_month_the_rest_of_it_is_judged_exactly(
    month: date, cap: str | None, held: list[str], let_pass: str, past_cap: int
) -> None:
    result = tried(wider(3, leakage_cap=cap), varied="leakage_cap")
    found = replay(rule_on_trial(ToleranceTrial.objects.get()), since=month,
                   today=timezone.localdate())  # fmt: skip
    assert [one.invoice.number for one in found.judged[::-1] if one.on_trial.held] == held
    counted = count(found, since=month).total.on_trial
    assert counted == Side(4 - len(held), Decimal(let_pass), past_cap)
    assert result.value_on_trial == (None if cap is None else Decimal(cap))


def test_a_quantity_over_the_limit_is_money_too(past: World) -> None:
    result = tried(wider(5, quantity_ordered={"mode": "off"}, quantity_received={"mode": "off"}))
    # Ten too many at 10.00, three too many at 10.15: 100.00 and, with its price, 45.45.
    assert result.total.on_trial.let_pass == Decimal("85.03") + 100 + Decimal("45.45")


def test_an_order_changed_because_of_an_invoice_does_not_make_it_right(
    inside: World, rule: Tolerance
) -> None:
    bought(inside, "dear", 100, "10.40")
    order = PurchaseOrder.objects.get(number="PO-dear")
    order.lines.update(unit_price=Decimal("10.40"), amount=Decimal(1040))
    result = tried(wider(5))
    assert (result.total.now.touchless, result.total.on_trial.touchless) == (0, 1)
    assert result.total.on_trial.let_pass == Decimal(40)
    Hold.objects.all().delete()  # the control: without its hold it looks right
    assert tried(wider(5)).total.now.touchless == 1


def test_what_no_limit_decides_holds_on_both_sides(inside: World, rule: Tolerance) -> None:
    bought(inside, "INV-0100", 100, 10)
    again = bought(inside, "INV-O100", 100, 10)
    assert Hold.objects.get(invoice=again).check_code == "DUPLICATE_SUSPECT"
    total = tried(wider(50)).total
    assert (total.count, total.now.touchless, total.on_trial.touchless) == (2, 1, 1)


def test_a_credit_that_came_later_does_not_clean_its_invoice(
    inside: World, rule: Tolerance
) -> None:
    bought(inside, "INV-1", 110, 10)
    credit(inside, "CN-1", "INV-1", billed(1, 10, 10, order="PO-INV-1"),
           received_on=timezone.localdate())  # fmt: skip
    assert SupplierInvoice.objects.get(number="INV-1").status == "approved"
    total = tried(wider(5)).total
    assert (total.count, total.now.touchless) == (1, 0)


def test_what_we_billed_ourselves_is_no_untouched_invoice(inside: World, rule: Tolerance) -> None:
    bought(inside, "INV-1", 100, "10.40")
    settled = bought(inside, "SB-1001", 100, 10, origin="settled")
    assert (settled.status, settled.is_touchless) == ("approved", True)
    total = tried(wider(5)).total
    assert (total.count, total.now.touchless, total.on_trial.touchless) == (1, 0, 1)
    SupplierInvoice.objects.filter(pk=settled.pk).update(origin="entered")
    assert tried(wider(5)).total.count == 2  # the control: as the supplier's own it would count


def test_a_nearer_rule_keeps_its_invoices(past: World) -> None:
    start = timezone.localdate() - timedelta(days=90)
    set_tolerance(category=past.boxes, limits=LIMITS, valid_from=start, actor=None)
    everything = tried(wider(5))
    assert (everything.total.count, everything.left) == (0, 9)
    boxes = tried(wider(5), category=past.boxes)
    assert (boxes.total.count, boxes.left, boxes.total.gain) == (9, 0, 1)


def test_the_latest_invoices_are_read_and_the_bound_is_told(
    past: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.past.MOST_INVOICES", 4)
    result = tried(wider(5))
    assert (result.is_cut, result.total.count) == (True, 4)
    assert result.since == timezone.localdate()


def test_the_statements_do_not_grow_with_the_invoices(inside: World, rule: Tolerance) -> None:
    counts = []
    for start, until in ((0, 2), (2, 8)):
        for number in range(start, until):
            bought(inside, f"N-{number}", 100, 10, charges={"freight": Decimal(1)})
        with CaptureQueriesContext(
            connection,
        ) as asked:
            replay(
                rule, since=timezone.localdate(), today=timezone.localdate(),
                varied=VARIED["price_percent"], ladder=[Decimal(1), Decimal(5)],
            )  # fmt: skip
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 22


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"limits": {"price": {"mode": "loose"}}}, "limits"),
        ({"days": 0}, "days"),
        ({"days": 731}, "days"),
        ({"varied": "price"}, "varied"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    inside: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BusinessRuleError) as refused:
        try_tolerance(**{"limits": LIMITS, "days": 30, "actor": None, **changes})
    assert refused.value.field == field
    assert not ToleranceTrial.objects.exists()


def test_a_trial_is_worked_out_once(past: World) -> None:
    trial = try_tolerance(limits=wider(5), days=30, actor=None)
    event = BusinessEvent.objects.get(kind="tolerance_trial.asked")
    work_out_trials([event])
    done = ToleranceTrial.objects.values().get(pk=trial.pk)
    work_out_trials([event])
    assert ToleranceTrial.objects.values().get(pk=trial.pk) == done
    assert str(rule_on_trial(trial)) == "T-1 v2"


def test_the_worker_may_think_longer_between_its_statements_than_a_page(world: World) -> None:
    with tenant_atomic(world.organization.pk), connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)
    with tenant_atomic(world.organization.pk, is_bulk=True), connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("2min",)
