from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.models import ExchangeRate
from purchasing.allowances import Usage, admission_usage
from purchasing.changing import LineRevision, propose_order_change
from purchasing.models import PurchaseOrder
from purchasing.off_list import check_list
from purchasing.ordering import (
    OrderedLine,
    cancel_purchase_order,
    issue_purchase_order,
    submit_purchase_order,
)
from suppliers.admitting import admit_provisionally, end_admission
from suppliers.models import Category, ProvisionalAdmission, Supplier
from tests.factories import QualificationFactory
from tests.purchasing.buying import drafted, submitted, today
from tests.world import World

WHY = {
    "off_list_reason": "urgent",
    "off_list_explanation": "The usual supplier has a fire on the line.",
}


def admit(world: World, spend: int = 1000, orders: int = 2, days: int = 30) -> ProvisionalAdmission:
    return admit_provisionally(
        world.kestrel,
        category=world.packaging,
        maximum_spend=Decimal(spend),
        maximum_orders=orders,
        expires_on=today() + timedelta(days=days),
        tasks=["Insurance certificate"],
        reason="Fire at Northline",
        actor=world.people["sourcing_lead"],
    )


def a_draft(world: World, amount: int = 100, **why: Any) -> PurchaseOrder:
    """A draft to Kestrel of that amount, with its reason."""
    order = drafted(
        world,
        supplier=world.kestrel,
        lines=[OrderedLine(world.shipper, Decimal(amount), unit_price=Decimal(1))],
    )
    given = why or {**WHY, "off_list_reason": PurchaseOrder.OffListReason.values[0]}
    PurchaseOrder.objects.filter(pk=order.pk).update(**given, off_list_supplier=world.kestrel)
    return PurchaseOrder.objects.get(pk=order.pk)


def submit(world: World, order: PurchaseOrder) -> PurchaseOrder:
    return submit_purchase_order(order, revision_shown=None, actor=world.people["buyer"])


def refused(world: World, order: PurchaseOrder) -> str:
    with pytest.raises(BusinessRuleError) as caught:
        submit(world, order)
    assert caught.value.code == "admission_used_up"
    assert PurchaseOrder.objects.get(pk=order.pk).status == "draft"
    return caught.value.message


def test_a_provisional_supplier_is_ordered_from_with_a_reason_only(inside: World) -> None:
    admission = admit(inside)
    check = check_list(inside.kestrel.pk, [inside.shipper.pk], today(), ship_to=None)
    assert (check.is_provisional, check.needs_reason, check.needs_approver) == (True, True, False)
    with pytest.raises(BusinessRuleError) as caught:
        submit(inside, a_draft(inside, off_list_reason="", off_list_explanation=""))
    assert caught.value.code == "off_list_reason"
    order = submit(inside, a_draft(inside))
    line = order.lines.get()
    assert (line.list_standing, line.list_admission_id) == ("provisional", admission.pk)


def test_it_opens_a_category_that_takes_no_exceptions(inside: World) -> None:
    Category.objects.update(off_list_rule="block")
    admit(inside)
    assert submit(inside, a_draft(inside)).status == "approved"


def test_the_last_order_allowed_is_taken_and_the_next_refused(inside: World) -> None:
    admit(inside, orders=2)
    submit(inside, a_draft(inside))
    second = submit(inside, a_draft(inside))
    assert refused(inside, a_draft(inside)) == (
        "The provisional admission for Packaging is used up: 2 of 2 orders are placed."
    )
    assert issue_purchase_order(second, actor=inside.people["buyer"]).status == "issued"
    cancel_purchase_order(second, reason="Not needed", actor=inside.people["buyer"])
    assert submit(inside, a_draft(inside)).status == "approved"


def test_spend_to_the_limit_is_taken_and_a_cent_more_refused(inside: World) -> None:
    admission = admit(inside, spend=1000, orders=9)
    submit(inside, a_draft(inside, 400))
    assert refused(inside, a_draft(inside, 601)) == (
        "The provisional admission for Packaging allows 1000; 400 is ordered already and this "
        "order adds 601."
    )
    submit(inside, a_draft(inside, 600))
    assert admission_usage([admission.pk], today()) == {admission.pk: Usage(2, Decimal("1000.00"))}
    assert refused(inside, a_draft(inside, 1)).startswith("The provisional admission")


def test_spend_is_counted_in_the_organizations_currency(inside: World) -> None:
    Supplier.objects.filter(pk=inside.kestrel.pk).update(currency="EUR")
    inside.kestrel.refresh_from_db()
    admit(inside, spend=1000, orders=9)
    assert "an exchange rate is missing" in refused(inside, a_draft(inside, 900))
    ExchangeRate.objects.create(
        currency="EUR", per_currency="USD", rate=Decimal("1.2"), valid_from=today()
    )
    assert "this order adds 1080" in refused(inside, a_draft(inside, 900))
    assert submit(inside, a_draft(inside, 800)).status == "approved"


def test_after_its_last_day_it_is_refused_by_itself(
    inside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = admit(inside, days=3)
    order = submit(inside, a_draft(inside))
    draft = a_draft(inside)
    ProvisionalAdmission.objects.filter(pk=admission.pk).update(
        admitted_on=today() - timedelta(days=5), expires_on=today() - timedelta(days=1)
    )
    assert refused(inside, draft).startswith("The provisional admission for Packaging ended on")
    with pytest.raises(BusinessRuleError) as caught:
        issue_purchase_order(order, actor=inside.people["buyer"])
    assert caught.value.code == "admission_used_up"


def test_a_suspension_is_lifted_by_no_admission(inside: World) -> None:
    admit(inside)
    QualificationFactory(
        supplier=inside.kestrel, category=inside.boxes, status="suspended", note="Audit"
    )
    check = check_list(inside.kestrel.pk, [inside.shipper.pk], today(), ship_to=None)
    assert (check.is_provisional, check.missing) == (False, "Suspended for Boxes: Audit.")


def test_a_change_of_an_issued_order_cannot_go_over_the_spend(inside: World) -> None:
    admit(inside, spend=1000)
    buyer = inside.people["buyer"]
    order = issue_purchase_order(submit(inside, a_draft(inside, 900)), actor=buyer)

    def raise_to(quantity: int) -> object:
        return propose_order_change(
            order, lines=[LineRevision(1, quantity=Decimal(quantity))], reason="More", actor=buyer
        )

    with pytest.raises(BusinessRuleError) as caught:
        raise_to(1001)
    assert caught.value.code == "admission_used_up"
    assert order.lines.get().ordered_quantity == 900
    raise_to(1000)
    assert order.lines.get().ordered_quantity == 1000


def test_an_ended_admission_leaves_the_categorys_rule(inside: World) -> None:
    admission = end_admission(
        admit(inside), reason="Qualified elsewhere", actor=inside.people["sourcing_lead"]
    )
    assert admission.ended_at <= timezone.now()
    check = check_list(inside.kestrel.pk, [inside.shipper.pk], today(), ship_to=None)
    assert (check.is_provisional, check.needs_approver) == (False, True)


def test_an_approved_suppliers_orders_use_no_admission(inside: World) -> None:
    assert submitted(inside).lines.filter(list_admission__isnull=False).count() == 0
