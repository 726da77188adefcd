"""Exceptions from the approved vendor list: for one order, for some days, reported, and asked of sourcing."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.events import work_off
from purchasing.approving import withdraw_purchase_order
from purchasing.drafting import DraftChanges, SupplierChoice, change_draft
from purchasing.models import PurchaseOrder
from purchasing.ordering import issue_purchase_order, submit_purchase_order
from suppliers.models import ApprovedVendor, Category, Qualification
from tests.imports.support import exported
from tests.purchasing.buying import drafted
from tests.world import World

WHY = ("needed_sooner", "The co-packer moved its run to Monday.")


def asked(world: World, **more: bool) -> PurchaseOrder:
    """Submitted to Kestrel, which is not approved, with its reason."""
    order = drafted(world, supplier=None)
    order.lines.update(price_reason="Quoted by phone")
    choice = SupplierChoice(world.kestrel, *WHY, **more)
    order = change_draft(order, changes=DraftChanges(choice=choice), actor=world.people["buyer"])
    return submit_purchase_order(order, revision_shown=None, actor=world.people["buyer"])


def given_days_ago(order: PurchaseOrder, days: int) -> None:
    given_at = timezone.now() - timedelta(days=days)
    PurchaseOrder.objects.filter(pk=order.pk).update(off_list_given_at=given_at)


@pytest.fixture
def justify(inside: World) -> World:
    Category.objects.update(off_list_rule="justify")
    return inside


def test_an_exception_holds_on_its_last_day(justify: World) -> None:
    order = asked(justify)
    given_days_ago(order, 14)
    assert issue_purchase_order(order, actor=justify.people["buyer"]).status == "issued"


def test_an_exception_lapses_and_is_asked_for_again(justify: World) -> None:
    order, buyer = asked(justify), justify.people["buyer"]
    given_days_ago(order, 15)
    with pytest.raises(BusinessRuleError) as caught:
        issue_purchase_order(order, actor=buyer)
    assert caught.value.message == (
        "Kestrel Pack needs a reason again. The exception lapsed after 14 days. Take the order "
        "back to draft to choose another supplier or to say why this one."
    )
    assert PurchaseOrder.objects.get(pk=order.pk).status == "approved"
    order = withdraw_purchase_order(order, actor=buyer)
    with pytest.raises(BusinessRuleError) as caught:
        submit_purchase_order(order, revision_shown=None, actor=buyer)
    assert caught.value.code == "off_list_reason"
    choice = SupplierChoice(justify.kestrel, *WHY)
    order = change_draft(order, changes=DraftChanges(choice=choice), actor=buyer)
    order = submit_purchase_order(order, revision_shown=None, actor=buyer)
    assert issue_purchase_order(order, actor=buyer).status == "issued"
    assert not ApprovedVendor.objects.filter(supplier=justify.kestrel).exists()


@pytest.mark.django_db
def test_the_report_and_the_export_have_the_same_rows(world: World) -> None:
    with world.inside():
        Category.objects.update(off_list_rule="justify")
        order = asked(world)
    rows = list(csv.DictReader(io.StringIO(exported(world, "list_exceptions"), newline="")))
    assert {row["po_number"] for row in rows} == {order.number}
    shown = world.client("sourcing_lead").get(world.url("list-exceptions/"), {"by": "buyer"})
    assert [line.line_no for line in shown.context["rows"]] == [int(row["line_no"]) for row in rows]
    (group,) = shown.context["groups"]
    with world.inside():
        total = sum(line.amount for line in order.lines.all())
    assert (group.name, group.orders, group.amounts) == (
        str(world.people["buyer"]), 1, [(total, "USD")],
    )  # fmt: skip
    none = world.client("buyer").get(world.url("list-exceptions/"), {"reason": "trial"})
    assert none.context["rows"] == []


@pytest.mark.django_db
def test_sourcing_is_asked_to_qualify_the_supplier(world: World) -> None:
    with world.inside():
        Category.objects.update(off_list_rule="justify")
        asked(world, asks_qualification=True)
    for _ in range(2):
        work_off(world.organization.pk)
    with world.inside():
        (prospect,) = Qualification.objects.filter(supplier=world.kestrel)
    assert (prospect.category_id, prospect.status) == (world.boxes.pk, "prospect")
    assert prospect.note.endswith(WHY[1])
    home = world.client("sourcing_lead").get(world.url())
    assert b"Kestrel Pack is to be qualified" in home.content
    assert b"is to be qualified" not in world.client("buyer").get(world.url()).content
