"""A budget says what is left after this order; it refuses nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent, ExchangeRate
from purchasing.budgeting import budget_state, save_budget
from purchasing.models import Budget, PurchaseOrder
from purchasing.ordering import close_line_short
from tests.imports.support import counts, everything, exported, refusals, table, take_in
from tests.purchasing.buying import a_rule, drafted, issued, submitted, today
from tests.world import World

D = Decimal
COLUMNS = "cost_center,period_start,period_end,amount,currency"


def a_budget(world: World, **changes: Any) -> Budget:
    values = {
        "cost_center": "4100",
        "period_start": today(),
        "period_end": today() + timedelta(days=60),
        "amount": D(200),
        "currency": "USD",
        **changes,
    }
    return save_budget(None, values=values, actor=world.people["admin"])


def left(order: PurchaseOrder, total: str = "64.76") -> tuple[Decimal, str]:
    state = budget_state(order, D(total))
    assert state is not None
    return state.committed, state.words


@pytest.mark.django_db
def test_it_says_what_is_left_after_the_orders_that_are_committed(inside: World) -> None:
    a_budget(inside)
    draft = drafted(inside)
    assert left(draft) == (D(0), "135.24 left after this order")
    sent = issued(inside)
    submitted(inside)
    drafted(inside)
    assert left(draft) == (D("129.52"), "5.72 left after this order")
    assert left(draft, "100") == (D("129.52"), "over by 29.52")
    close_line_short(sent, line_no=1, reason="No more", actor=inside.people["buyer"])
    assert left(draft)[0] == D("68.32")
    assert left(sent)[0] == D("64.76"), "an order is not counted beside itself"


@pytest.mark.django_db
def test_center_and_day_decide_which_budget(inside: World) -> None:
    a_budget(inside, period_end=today() + timedelta(days=10))
    a_budget(inside, cost_center="4200")
    assert budget_state(drafted(inside), D(1)) is None
    assert budget_state(drafted(inside, cost_center=""), D(1)) is None
    near = drafted(inside, needed_on=today() + timedelta(days=10))
    with CaptureQueriesContext(connection) as captured:
        assert budget_state(near, D(1)) is not None
    assert len(captured) == 1


@pytest.mark.django_db
def test_other_currencies_count_by_the_rate_of_the_day(inside: World) -> None:
    a_budget(inside, currency="EUR")
    order = drafted(inside)
    state = budget_state(order, D(50))
    assert state is not None
    assert (state.this_order, state.is_exact) == (0, False)
    ExchangeRate.objects.create(
        currency="USD", per_currency="EUR", rate=D("0.9"), valid_from=today()
    )
    state = budget_state(order, D(50))
    assert state is not None
    assert (state.this_order, state.left, state.is_exact) == (D(45), D(155), True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("cost_center", {"cost_center": " "}),
        ("amount", {"amount": D(-1)}),
        ("period", {"period_end": date(2020, 1, 1)}),
        ("overlap", {}),
    ],
)
def test_a_wrong_budget_is_refused(inside: World, code: str, changes: dict[str, Any]) -> None:
    a_budget(inside)
    before = list(Budget.objects.values()), BusinessEvent.objects.count()
    with pytest.raises(BusinessRuleError) as refusal:
        a_budget(inside, **changes)
    assert refusal.value.code == code
    assert (list(Budget.objects.values()), BusinessEvent.objects.count()) == before


@pytest.mark.django_db
def test_the_database_keeps_periods_apart(inside: World) -> None:
    kept = a_budget(inside)
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.create(
            cost_center="4100", period_start=kept.period_end, period_end=kept.period_end,
            amount=1, currency="USD",
        )  # fmt: skip


@pytest.mark.django_db
def test_budgets_come_in_as_a_table_and_go_out_alike(world: World) -> None:
    rows = ("4100,2026-01-01,2026-03-31,5000,USD", "4100,2026-04-01,2026-06-30,6000.5,")
    assert counts(take_in(world, "budgets", table(COLUMNS, *rows))) == (2, 0, 0, 0)
    assert counts(take_in(world, "budgets", table(COLUMNS, *rows))) == (0, 0, 2, 0)
    text = exported(world, "budgets")
    assert counts(take_in(world, "budgets", text.encode())) == (0, 0, 2, 0)
    before = everything(world)
    for row, column in (
        ("4100,2026-03-01,2026-04-01,1,USD", "period_start"),
        ("4200,2026-03-02,2026-03-01,1,USD", "period_end"),
        ("4200,2026-03-01,2026-03-31,-1,USD", "amount"),
    ):
        result = take_in(world, "budgets", table(COLUMNS, row))
        assert [(line, name) for line, name, _ in refusals(result)] == [(2, column)]
    assert everything(world) == before


@pytest.mark.django_db
def test_buyer_and_approver_see_it(world: World) -> None:
    with world.inside():
        a_rule()
        a_budget(world, amount=D(60))
        draft, waiting = drafted(world), submitted(world)
    form = world.client("buyer").get(world.url(f"orders/{draft.public_id}/edit/"))
    assert "over by 69.52" in form.content.decode()
    page = world.client("approver").get(world.url(f"orders/{waiting.public_id}/"))
    assert "over by 4.76" in page.content.decode()
    admin = world.client("admin")
    assert "4100" in admin.get(world.url("settings/budgets/")).content.decode()
    typed = {
        "cost_center": "4300", "amount": "10", "currency": "usd", "period_start": "2026-01-01",
        "period_end": "2025-01-01",
    }  # fmt: skip
    refused = admin.post(world.url("settings/budgets/new/"), typed)
    assert refused.status_code == 422
    assert "The period ends before it starts." in refused.content.decode()
    typed["period_end"] = "2026-12-31"
    assert admin.post(world.url("settings/budgets/new/"), typed).status_code == 302
