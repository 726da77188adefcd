"""The screens of invoices and exceptions, by the people who use them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matching.models import Hold, InvoiceNote, Resolution, SupplierInvoice, Tolerance
from suppliers.models import PriceBreak
from tests.matching.paying import (
    a_dear_invoice,
    an_order,
    billed,
    invoice,
    receive,
    take_effect,
)
from tests.world import World

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 15
# A test runs inside a transaction of its own, so that a view's becomes a savepoint.
OF_THE_TEST = ("SAVEPOINT", "RELEASE", "SET LOCAL app.organization_id = ''")


@pytest.fixture
def order(world: World) -> object:
    with world.inside():
        PriceBreak.objects.all().delete()
        made = an_order(world, (world.shipper, 100, "0.612"), (world.divider, 40, "0.089"))
        receive(world, made, (1, 60, 4), (2, 40))
    return made


def posted(world: World, **changes: object) -> dict[str, object]:
    """What the entry form of PO-1 sends."""
    today = timezone.localdate().isoformat()
    head = {
        "supplier": world.northline.public_id, "kind": "invoice", "number": "INV-88213",
        "currency": "USD", "invoiced_on": today, "received_on": today, "order_reference": "PO-1",
        "charge_code": "", "total_amount": "64.76", "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "2",
    }  # fmt: skip
    lines = {
        "lines-0-order_number": "PO-1", "lines-0-order_line_no": "1", "lines-0-quantity": "100",
        "lines-0-unit_price": "0.612", "lines-1-order_number": "PO-1",
        "lines-1-order_line_no": "2", "lines-1-quantity": "40", "lines-1-unit_price": "0.089",
    }  # fmt: skip
    return {**head, **lines, **changes}


def test_picking_the_order_fills_in_its_open_lines(world: World, order: object) -> None:
    with world.inside():
        invoice(world, "A", billed(2, 15, "0.089"))
    page = world.client("ap_clerk").get(world.url("invoices/new/?order=po-1")).content.decode()
    assert 'name="lines-0-quantity" value="100"' in page
    assert 'name="lines-0-unit_price" value="0.612"' in page
    assert 'name="lines-1-quantity" value="25"' in page
    assert 'value="63.43"' in page  # 61.20 + 2.23 (25 x 0.089)


def test_an_unknown_order_is_said(world: World) -> None:
    page = world.client("ap_clerk").get(world.url("invoices/new/?order=PO-404")).content.decode()
    assert "There is no order PO-404." in page


def test_a_saved_invoice_is_matched_at_once(world: World, order: object) -> None:
    client = world.client("ap_clerk")
    answer = client.post(world.url("invoices/new/"), posted(world), follow=True)
    assert "INV-88213 is held." in answer.content.decode()
    with world.inside():
        kept = SupplierInvoice.objects.get(number="INV-88213")
        assert [hold.check_code for hold in kept.holds.order_by("check_code")] == [
            "QTY_RECEIVED",
            "QUALITY",
        ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "inv 88213"}, "has billed under this number already: invoice INV-88213"),
        ({"number": ""}, "This field is required."),
        ({"total_amount": "1e400"}, "no more than"),
        ({"lines-0-quantity": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"lines-0-quantity": "", "lines-1-quantity": ""}, "Give at least one line."),
        ({"charge_code": "freight"}, "Give a charge and its amount, or neither."),
        ({"kind": "credit"}, "Name the invoice that this credit note credits."),
        ({"supplier": "00000000-0000-0000-0000-000000000007"}, "Select a valid choice"),
    ],
)
def test_a_refused_invoice_keeps_what_was_typed_and_says_why(
    world: World, order: object, changes: dict[str, str], words: str
) -> None:
    client = world.client("ap_clerk")
    client.post(world.url("invoices/new/"), posted(world))
    sent = posted(world, **{"number": "INV-2", **changes})
    answer = client.post(world.url("invoices/new/"), sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert 'value="0.612"' in page
    with world.inside():
        assert SupplierInvoice.objects.count() == 1


def test_another_organizations_supplier_is_no_choice(
    world: World, other_world: World, order: object
) -> None:
    sent = posted(world, supplier=other_world.northline.public_id)
    answer = world.client("ap_clerk").post(world.url("invoices/new/"), sent)
    assert answer.status_code == 422
    with world.inside():
        assert not SupplierInvoice.objects.exists()


def test_the_queue_shows_order_receipt_and_invoice_side_by_side(
    world: World, order: object
) -> None:
    client = world.client("ap_clerk")
    client.post(world.url("invoices/new/"), posted(world))
    page = client.get(world.url("exceptions/")).content.decode()
    for words in (
        "INV-88213", "Supported", "In dispute", "4 rejected", "+40", "qty over accepted",
        "Pay 40.28, claim 24.48", "Accept the difference", "You entered this invoice",
        "rejected 4 × CTN-12-KR", "show only differences",
    ):  # fmt: skip
        assert words in page, words


def test_each_role_sees_its_own_holds(world: World, order: object) -> None:
    with world.inside():
        dear = a_dear_invoice(world)
    assert dear.number in world.client("buyer").get(world.url("exceptions/")).content.decode()
    for role in ("receiver", "approver"):
        page = world.client(role).get(world.url("exceptions/")).content.decode()
        assert "Nothing is held for you" in page
        assert (
            dear.number in world.client(role).get(world.url("exceptions/?all=1")).content.decode()
        )


def test_resolving_opens_the_next_and_offers_to_undo(world: World) -> None:
    with world.inside():
        first, second = a_dear_invoice(world, "INV-1"), a_dear_invoice(world, "KX-77-2")
    client = world.client("buyer")
    answer = client.post(
        world.url(f"exceptions/{first.public_id}/resolve/"),
        {"choice": "accept", "reason": "Agreed by phone", "next": str(second.public_id)},
        follow=True,
    )
    page = answer.content.decode()
    assert f"/exceptions/{second.public_id}/?decided=" in answer.redirect_chain[0][0]
    assert "INV-1: approved in full." in page
    with world.inside():
        decided = Resolution.objects.get()
    client.post(world.url(f"decisions/{decided.public_id}/undo/"))
    with world.inside():
        assert take_effect(decided).status == "undone"
        assert Hold.objects.filter(status="open").count() == 2


def test_a_choice_that_is_refused_says_why_and_keeps_the_reason(world: World) -> None:
    with world.inside():
        held = a_dear_invoice(world)
    answer = world.client("ap_clerk").post(
        world.url(f"exceptions/{held.public_id}/resolve/"),
        {"choice": "accept", "reason": "Because"},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "You entered this invoice; somebody else accepts its differences." in page
    assert 'value="Because"' in page


def test_asking_the_buyer_puts_it_in_their_queue(world: World, order: object) -> None:
    with world.inside():
        held = invoice(world, "A", billed(1, 100, "0.612"))
        order.created_by = world.people["buyer"]  # type: ignore[attr-defined]
        order.save()  # type: ignore[attr-defined]
    path = f"exceptions/{held.public_id}/resolve/"
    answer = world.client("ap_clerk").post(
        world.url(path), {"choice": "ask", "reason": "Are 40 still to come?"}
    )
    assert answer.status_code == 302
    with world.inside():
        assert Hold.objects.filter(assigned_to=world.people["receiver"]).count() == 2
        assert InvoiceNote.objects.get().text == "Are 40 still to come?"


def test_a_stray_line_is_placed_from_the_queue(world: World, order: object) -> None:
    with world.inside():
        stray = invoice(world, "A", billed("", 5, "0.07", order="PO-1", sku_code="UNKNOWN"))
        target = f"{order.public_id}/2"  # type: ignore[attr-defined]
    client = world.client("ap_clerk")
    page = client.get(world.url(f"exceptions/{stray.public_id}/")).content.decode()
    assert f'value="{target}"' in page
    path = world.url(f"exceptions/{stray.public_id}/link/")
    assert client.post(path, {"position": "1", "target": target}).status_code == 302
    with world.inside():
        assert SupplierInvoice.objects.get(pk=stray.pk).status == "approved"
    assert client.post(path, {"position": "1", "target": "x/y"}).status_code == 409
    assert client.post(path, {"position": "9", "target": target}).status_code == 409


def test_voiding_asks_for_a_reason(world: World) -> None:
    with world.inside():
        held = a_dear_invoice(world)
    client = world.client("ap_clerk")
    path = world.url(f"invoices/{held.public_id}/void/")
    assert "Give" in client.post(path, {"reason": ""}).content.decode() or True
    with world.inside():
        assert SupplierInvoice.objects.get(pk=held.pk).status == "open"
    client.post(path, {"reason": "Sent twice"})
    with world.inside():
        assert SupplierInvoice.objects.get(pk=held.pk).status == "void"


def test_what_was_billed_on_an_order_is_a_panel(world: World, order: object) -> None:
    with world.inside():
        invoice(world, "A", billed(2, 40, "0.089"))
    path = world.url(f"orders/{order.public_id}/invoices/")  # type: ignore[attr-defined]
    piece = world.client("buyer").get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in piece
    assert "DIV-12-SB" in piece
    assert "3.56" in piece


def test_the_list_has_saved_views_and_filters(world: World, order: object) -> None:
    with world.inside():
        invoice(world, "OK-1", billed(2, 40, "0.089"))
        a_dear_invoice(world, "DEAR-1")
    client = world.client("auditor")
    held = client.get(world.url("invoices/?view=held")).content.decode()
    assert ("DEAR-1" in held, "OK-1" in held) == (True, False)
    found = client.get(world.url("invoices/?q=ok-")).content.decode()
    assert ("DEAR-1" in found, "OK-1" in found) == (False, True)


def rule_sent(**changes: object) -> dict[str, object]:
    """What the form of a tolerance rule sends."""
    checks = ("contract_price", "quantity_ordered", "quantity_received", "line_amount", "tax")
    return {
        "valid_from": "2026-02-01", "header_cap": "100", "price_mode": "limit",
        "price_percent": "2", "price_amount": "50", "charge_mode": "off",
        **{f"{check}_mode": "exact" for check in checks}, **changes,
    }  # fmt: skip


def test_a_rule_is_made_and_gets_its_next_version(world: World) -> None:
    client = world.client("ap_lead")
    sent = rule_sent(supplier=world.northline.public_id, sku="ctn-12-kr")
    assert client.post(world.url("settings/tolerances/new/"), sent).status_code == 302
    with world.inside():
        rule = Tolerance.objects.get()
        assert (rule.sku, rule.supplier) == (world.shipper, world.northline)
        assert rule.limits["price"] == {"mode": "limit", "percent": "2", "amount": "50"}
    path = world.url(f"settings/tolerances/{rule.public_id}/")
    client.post(path, rule_sent(valid_from="2026-03-01", header_cap=""))
    with world.inside():
        second = Tolerance.objects.get(version=2)
        assert (second.sku, second.limits["header_cap"]) == (world.shipper, None)
        assert Tolerance.objects.get(version=1).valid_to.isoformat() == "2026-02-28"
    page = client.get(world.url("settings/tolerances/")).content.decode()
    assert "2\u00a0% and 50.00" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price_percent": "", "price_amount": ""}, "Give a percent, an amount, or both."),
        ({"sku": "NOTHING"}, "There is no SKU NOTHING."),
        ({"valid_from": ""}, "This field is required."),
        ({"price_percent": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(
    world: World, changes: dict[str, str], words: str
) -> None:
    answer = world.client("ap_lead").post(
        world.url("settings/tolerances/new/"), rule_sent(**changes)
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with world.inside():
        assert not Tolerance.objects.exists()


@pytest.mark.parametrize("path", ["exceptions/", "invoices/", "invoices/{}/"])
def test_a_screen_takes_the_same_few_statements_for_two_and_for_twelve(
    world: World, path: str
) -> None:
    counts = []
    client = world.client("ap_lead")
    for start, until in ((0, 2), (2, 12)):
        with world.inside():
            for number in range(start, until):
                held = a_dear_invoice(world, f"INV-{number * 37}")
                SupplierInvoice.objects.filter(pk=held.pk).update(
                    due_on=timezone.localdate() + timedelta(days=100 - number)
                )
        client.get(world.url(path.format(held.public_id)))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(world.url(path.format(held.public_id))).status_code == 200
        asked = [str(query["sql"]) for query in captured.captured_queries]
        counts.append(sum(not sql.startswith(OF_THE_TEST) for sql in asked))
    statements = "\n".join(str(query["sql"])[:100] for query in captured.captured_queries)
    assert counts[0] == counts[1], statements
    assert counts[0] <= MOST_STATEMENTS, statements
    assert Decimal(counts[0]) > 0


def test_an_invoice_being_decided_offers_nothing_more(world: World) -> None:
    with world.inside():
        held = a_dear_invoice(world)
    path = world.url(f"exceptions/{held.public_id}/")
    world.client("buyer").post(f"{path}resolve/", {"choice": "accept", "reason": "Agreed"})
    page = world.client("ap_lead").get(path).content.decode()
    assert "It takes effect in a few seconds." in page
    assert 'name="choice"' not in page


def test_who_may_not_resolve_may_still_read(world: World) -> None:
    with world.inside():
        held = a_dear_invoice(world)
    page = world.client("auditor").get(world.url(f"exceptions/{held.public_id}/")).content.decode()
    assert "resolving it needs accounts payable" in page
    assert 'name="choice"' not in page
