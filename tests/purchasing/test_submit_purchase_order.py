from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.models import Approval, PurchaseOrder
from purchasing.ordering import OrderedLine, submit_purchase_order
from suppliers.models import Category, Supplier
from tests.purchasing.buying import a_rule, drafted, submitted, today
from tests.world import World

EXPLANATION = "Northline is too late for the run on Monday."


def refused(world: World, order: PurchaseOrder, revision: int | None = None) -> BusinessRuleError:
    """Submits, expects a refusal, and that the order stands as before."""
    before = (PurchaseOrder.objects.values().get(pk=order.pk), BusinessEvent.objects.count())
    with pytest.raises(BusinessRuleError) as refusal:
        submit_purchase_order(
            order, revision_shown=revision or order.revision, actor=world.people["buyer"]
        )
    after = (PurchaseOrder.objects.values().get(pk=order.pk), BusinessEvent.objects.count())
    assert after == before
    assert not Approval.objects.exists()
    return refusal.value


def explained(order: PurchaseOrder, **changes: object) -> PurchaseOrder:
    given = {
        "off_list_reason": "needed_sooner",
        "off_list_explanation": EXPLANATION,
        "off_list_supplier": order.supplier,
        **changes,
    }
    for name, value in given.items():
        setattr(order, name, value)
    order.save()
    return order


def test_a_draft_is_priced_from_the_agreement_and_rounded_once(inside: World) -> None:
    order = drafted(inside, lines=[OrderedLine(inside.divider, Decimal("40.5"))])
    line = order.lines.get()
    assert (line.unit_price, line.amount, line.price_source) == (
        Decimal("0.089"), Decimal("3.60"), "agreement",
    )  # fmt: skip
    assert (order.number, order.currency, order.status) == (None, "USD", "draft")


def test_submitting_gives_the_number_and_asks_the_rule_for_the_amount(inside: World) -> None:
    a_rule(name="Small")
    a_rule(name="Large", minimum_amount=Decimal("64.76"))
    a_rule(name="Huge", minimum_amount=Decimal("64.77"), step=2)
    order = submitted(inside)  # 61.20 + 3.56
    assert (order.number, order.status) == ("PO-1001", "submitted")
    assert list(order.approvals.values_list("step", "rule_name", "status")) == [
        (1, "Large", "waiting")
    ]
    assert BusinessEvent.objects.filter(kind="purchase_order.submitted").count() == 1
    assert set(order.lines.values_list("list_standing", flat=True)) == {"preferred"}


def test_without_a_rule_it_is_approved_at_once(inside: World) -> None:
    order = submitted(inside)
    assert (order.status, order.approved_at) == ("approved", order.submitted_at)


def test_the_category_owner_is_asked_but_not_for_his_own_order(inside: World) -> None:
    a_rule(by_category_owner=True)
    Category.objects.filter(pk=inside.packaging.pk).update(owner=inside.people["sourcing_lead"])
    assert submitted(inside).approvals.get().approver == inside.people["sourcing_lead"]
    Category.objects.filter(pk=inside.packaging.pk).update(owner=inside.people["buyer"])
    assert submitted(inside).approvals.get().approver is None


def test_an_amount_without_an_exchange_rate_meets_every_minimum(inside: World) -> None:
    a_rule(minimum_amount=Decimal(1_000_000))
    Supplier.objects.filter(pk=inside.northline.pk).update(currency="SEK")
    inside.northline.refresh_from_db()
    line = OrderedLine(inside.shipper, Decimal(1), unit_price=Decimal(1))
    assert submitted(inside, lines=[line]).status == "submitted"


@pytest.mark.parametrize("field", ["category", "ship_to", "needed_on", "supplier"])
def test_what_is_missing_is_named(inside: World, field: str) -> None:
    line = OrderedLine(inside.shipper, Decimal(1), unit_price=Decimal(1))
    refusal = refused(inside, drafted(inside, lines=[line], **{field: None}))
    assert (refusal.code, refusal.field) == ("missing", field)


def test_no_lines_and_a_day_that_has_passed_are_refused(inside: World) -> None:
    assert refused(inside, drafted(inside, lines=[])).field == "lines"
    late = drafted(inside, needed_on=today() - timedelta(days=1))
    assert refused(inside, late).field == "needed_on"


def test_a_price_away_from_the_agreement_needs_a_reason(inside: World) -> None:
    line = OrderedLine(inside.shipper, Decimal(10), unit_price=Decimal("0.65"))
    refusal = refused(inside, drafted(inside, lines=[line]))
    assert refusal.field == "line-1-price_reason"
    with_reason = OrderedLine(
        inside.shipper, Decimal(10), unit_price=Decimal("0.65"), price_reason="Rush run"
    )
    assert submitted(inside, lines=[with_reason]).status == "approved"


def test_an_edit_since_it_was_shown_is_refused(inside: World) -> None:
    assert refused(inside, drafted(inside), revision=7).code == "changed_meanwhile"


@pytest.mark.parametrize(
    "changes",
    [
        {"off_list_reason": "", "off_list_explanation": ""},
        {"off_list_explanation": "x" * 19 + "   "},
        {"off_list_supplier": None},
    ],
)
def test_an_off_list_supplier_needs_a_reason_and_twenty_characters(
    inside: World, changes: dict[str, object]
) -> None:
    order = drafted(
        inside,
        supplier=inside.kestrel,
        lines=[OrderedLine(inside.shipper, Decimal(1), unit_price=Decimal("0.6"))],
    )
    assert refused(inside, explained(order, **changes)).code.startswith("off_list_")


def test_an_exception_adds_an_approver_and_is_kept_on_the_lines(inside: World) -> None:
    a_rule()
    order = drafted(
        inside,
        supplier=inside.kestrel,
        lines=[OrderedLine(inside.shipper, Decimal(1), unit_price=Decimal("0.6"))],
    )
    explained(order, off_list_explanation="x" * 20)
    order = submit_purchase_order(order, revision_shown=1, actor=inside.people["buyer"])
    assert [(one.step, one.role) for one in order.approvals.all()] == [
        (1, "approver"),
        (2, "sourcing_lead"),
    ]
    assert order.lines.get().list_standing == "off_list"
    event = BusinessEvent.objects.get(kind="purchase_order.submitted")
    assert event.payload["off_list"] is True


def test_a_category_that_refuses_exceptions_stops_it(inside: World) -> None:
    line = OrderedLine(inside.shipper, Decimal(1), unit_price=Decimal("0.6"))
    Category.objects.filter(pk=inside.boxes.pk).update(off_list_rule="block")
    refusal = refused(inside, explained(drafted(inside, supplier=inside.kestrel, lines=[line])))
    assert refusal.code == "off_list_refused"


def test_a_blocked_supplier_stops_it(inside: World) -> None:
    Supplier.objects.filter(pk=inside.northline.pk).update(status="blocked")
    assert refused(inside, drafted(inside)).code == "supplier_blocked"


def test_a_second_submission_is_refused(inside: World) -> None:
    order = submitted(inside)
    with pytest.raises(BusinessRuleError, match="This order is approved"):
        submit_purchase_order(order, revision_shown=1, actor=inside.people["buyer"])
    assert BusinessEvent.objects.filter(kind="purchase_order.submitted").count() == 1
