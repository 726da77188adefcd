"""The order form: a draft with the first thing saved, one cell a request, and friction."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procure.models import BusinessEvent, Membership, User
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.ordering import OrderedLine
from suppliers.models import Category, PriceBreak, Supplier
from tests.factories import PriceBreakFactory, SkuFactory
from tests.purchasing.buying import drafted
from tests.purchasing.order_form import HTMX, fresh, line, orders, save, saved
from tests.world import World

pytestmark = pytest.mark.django_db

EXPLANATION = "Northline is too late for the run on Monday."


@pytest.fixture
def buyer(world: World) -> Client:
    return world.client("buyer")


@pytest.fixture
def order(world: World) -> PurchaseOrder:
    with world.inside():
        return drafted(world)


def test_opening_the_form_stores_nothing(world: World, buyer: Client) -> None:
    assert buyer.get(world.url("orders/new/")).status_code == 200
    assert orders(world) == 0


def test_the_first_thing_saved_makes_the_draft(world: World, buyer: Client) -> None:
    answer = buyer.post(
        world.url("orders/new/save/"), {"category": str(world.boxes.public_id)}, headers=HTMX
    )
    with world.inside():
        draft = PurchaseOrder.objects.get()
        assert (draft.category, draft.created_by) == (world.boxes, world.people["buyer"])
        assert BusinessEvent.objects.filter(kind="purchase_order.drafted").count() == 1
    address = world.url(f"orders/{draft.public_id}/edit/")
    assert (saved(answer)["base"], answer["HX-Push-Url"]) == (address, address)


def test_a_refused_first_thing_stores_nothing(world: World, buyer: Client) -> None:
    answer = buyer.post(world.url("orders/new/save/"), {"new-1-sku": "NOPE"}, headers=HTMX)
    assert answer.status_code == 422
    assert "There is no SKU “NOPE”" in answer.content.decode()
    assert orders(world) == 0


@pytest.mark.parametrize(
    ("cell", "typed", "words"),
    [
        ("ordered_quantity", "ZZZ", "“ZZZ” is not a number."),
        ("ordered_quantity", "1" + "0" * 13, "This is more than one line can hold."),
        ("unit_price", "1" + "0" * 13, "This is more than one line can hold."),
        ("unit_price", "NaN", "“NaN” is not a number."),
    ],
)
def test_without_scripts_a_cell_that_does_not_read_is_said_beside_nothing_else(
    world: World, buyer: Client, order: PurchaseOrder, cell: str, typed: str, words: str
) -> None:
    """Also on a draft that lacks something else."""
    with world.inside():
        PurchaseOrderLine.objects.filter(order=order).update(unit_price=0, amount=0)
        before = list(PurchaseOrderLine.objects.filter(order=order).values())
    path = world.url(f"orders/{order.public_id}/edit/save/")
    answer = buyer.post(path, {f"line-1-{cell}": typed})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "has no price" not in answer.content.decode()
    with world.inside():
        assert list(PurchaseOrderLine.objects.filter(order=order).values()) == before


@pytest.mark.parametrize(
    "cells",
    [
        {"line-1-ordered_quantity": "1,200"},
        {"line-1-unit_price": "0.65"},
        {"needed_on": "2199-01-01"},
        {"new-7-sku": "div-12-sb", "new-7-ordered_quantity": "5"},
        {"remove": "1"},
    ],
)
def test_an_answer_holds_computed_cells_and_never_an_input(
    world: World, buyer: Client, order: PurchaseOrder, cells: dict[str, str]
) -> None:
    answer = buyer.post(world.url(f"orders/{order.public_id}/edit/save/"), cells, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert not re.search(r"<(input|select|textarea|button|form)\b", page)
    assert 'id="order-totals"' in page
    assert len(page) < 6_000


def test_a_quantity_is_saved_and_priced(world: World, buyer: Client, order: PurchaseOrder) -> None:
    answer = save(buyer, world, order, **{"line-1-ordered_quantity": "1,200"})
    kept = line(world, order)
    assert (kept.ordered_quantity, kept.amount) == (Decimal(1200), Decimal("734.40"))
    assert "734.40" in answer.content.decode()
    assert saved(answer)["revision"] == fresh(world, order).revision == 2


def test_numbers_are_read_as_the_person_writes_them(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    User.objects.filter(pk=world.people["buyer"].pk).update(locale="de_DE")
    save(buyer, world, order, **{"line-1-ordered_quantity": "1.200,5"})
    assert line(world, order).ordered_quantity == Decimal("1200.5")


@pytest.mark.parametrize("typed", ["1,2,3", "4 pallets", "1e5", "NaN", "0", "-4", "9" * 19])
def test_a_quantity_that_is_none_is_refused_at_its_cell(
    world: World, buyer: Client, order: PurchaseOrder, typed: str
) -> None:
    answer = save(buyer, world, order, **{"line-1-ordered_quantity": typed})
    assert answer.status_code == 422
    assert json.loads(answer["HX-Trigger"])["pc-refused"]["cell"] == "line-1-ordered_quantity"
    assert line(world, order).ordered_quantity == 100
    assert fresh(world, order).revision == 1


def test_an_edited_price_shows_the_agreed_one_and_an_emptied_cell_takes_it_back(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    page = save(buyer, world, order, **{"line-1-unit_price": "0.65"}).content.decode()
    assert '<s class="pc-line__struck">0.612</s> agreed' in page
    assert line(world, order).price_source == "entered"
    save(buyer, world, order, **{"line-1-unit_price": ""})
    assert line(world, order).unit_price == Decimal("0.612")
    assert line(world, order).price_source == "agreement"


def test_the_next_price_step_is_said_when_it_is_within_reach(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    with world.inside():
        PriceBreakFactory(
            agreement=world.agreement,
            sku=world.shipper,
            unit_price=Decimal("0.55"),
            minimum_quantity=Decimal(150),
        )
    page = save(buyer, world, order, **{"line-1-ordered_quantity": "80"}).content.decode()
    assert "70 more until the 150 tier saves 9.30" in page
    page = save(buyer, world, order, **{"line-1-ordered_quantity": "150"}).content.decode()
    assert "until the 150 tier" not in page
    assert line(world, order).unit_price == Decimal("0.55")


def test_a_line_is_added_by_any_spelling_of_its_code_and_the_suppliers_own(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    with world.inside():
        PriceBreak.objects.filter(sku=world.divider).update(supplier_sku="NP-77x")
    answer = save(buyer, world, order, **{"new-3-sku": "ctn-12-kr "})
    assert saved(answer)["added"] == {"new-3": 3}
    answer = save(buyer, world, order, **{"new-4-sku": "NP-77x", "new-4-ordered_quantity": "9"})
    assert saved(answer)["added"] == {"new-4": 4}
    assert line(world, order, 4).sku_id == world.divider.pk


def test_a_line_removed_in_another_window_is_said(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    assert saved(save(buyer, world, order, remove="1"))["removed"] == [1]
    answer = save(buyer, world, order, remove="1")
    assert "Line 1 was removed meanwhile" in answer.content.decode()


def test_another_companys_rows_are_not_on_the_lists(
    world: World, other_world: World, buyer: Client, order: PurchaseOrder
) -> None:
    for name, row in (
        ("category", other_world.boxes),
        ("ship_to", other_world.reno),
        ("supplier", other_world.northline),
    ):
        answer = save(buyer, world, order, **{name: str(row.public_id)})
        assert answer.status_code == 422
    assert save(buyer, world, order, supplier="not-an-id").status_code == 422
    assert fresh(world, order).revision == 1


def test_a_form_left_open_writes_over_nobody_elses_change(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    """Both opened revision 1; the sourcing lead orders 700. The buyer's form still says 10."""
    base = world.url(f"orders/{order.public_id}/edit/")
    lead = world.client("sourcing_lead")
    stale = {"revision": "1", "line-1-ordered_quantity": "10", "cost_center": "B"}
    assert lead.post(f"{base}save/", {"line-1-ordered_quantity": "700"}).status_code == 302
    for step in ("save/", "submit/"):
        answer = buyer.post(f"{base}{step}", stale)
        assert answer.status_code == 422
        assert "changed this order meanwhile" in answer.content.decode()
        assert line(world, order).ordered_quantity == 700
        assert (fresh(world, order).revision, fresh(world, order).status) == (2, "draft")
    assert buyer.post(f"{base}save/", {**stale, "revision": "2"}).status_code == 302
    assert line(world, order).ordered_quantity == 10
    own = {**stale, "revision": "2", "cost_center": "C"}
    assert buyer.post(f"{base}save/", own).status_code == 302, "one knows one's own saves"
    assert buyer.post(f"{base}save/", {"remove": "1" * 5000}).status_code == 302


def test_only_drafts_are_changed(world: World, buyer: Client, order: PurchaseOrder) -> None:
    PurchaseOrder._base_manager.filter(pk=order.pk)
    with world.inside():
        PurchaseOrder.objects.filter(pk=order.pk).update(
            status="cancelled", cancelled_at=order.created_at, cancelled_by=world.people["buyer"]
        )
    answer = save(buyer, world, order, **{"line-1-ordered_quantity": "5"})
    assert answer.status_code == 422
    assert "This order is cancelled" in answer.content.decode()


# Suppliers ------------------------------------------------------------------------------------


def choose(client: Client, world: World, order: PurchaseOrder, supplier: Supplier) -> Any:
    return save(client, world, order, supplier=str(supplier.public_id))


def test_an_unapproved_supplier_meets_friction_and_nothing_changes(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    answer = choose(buyer, world, order, world.kestrel)
    page = answer.content.decode()
    assert answer["HX-Retarget"] == "#dialog"
    assert "Kestrel Pack isn’t approved for Boxes" in page
    assert "Use Northline Packaging instead" in page
    assert fresh(world, order).supplier == world.northline
    assert fresh(world, order).revision == 1


def test_friction_says_so_when_the_unapproved_one_is_cheaper(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    with world.inside():
        from tests.factories import PriceAgreementFactory

        cheap = PriceAgreementFactory(number="K-1", supplier=world.kestrel)
        for sku in (world.shipper, world.divider):
            PriceBreakFactory(agreement=cheap, sku=sku, unit_price=Decimal("0.01"))
    page = choose(buyer, world, order, world.kestrel).content.decode()
    assert "It costs 63.36 USD less than the best approved one." in page


@pytest.mark.parametrize(
    ("reason", "explanation", "words"),
    [("", EXPLANATION, "Choose a reason"), ("trial", "x" * 19, "at least 20 characters")],
)
def test_an_exception_without_reason_or_words_is_refused_with_what_was_typed(
    world: World, buyer: Client, order: PurchaseOrder, reason: str, explanation: str, words: str
) -> None:
    answer = save(
        buyer,
        world,
        order,
        supplier=str(world.kestrel.public_id),
        off_list_reason=reason,
        off_list_explanation=explanation,
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert explanation in page
    assert fresh(world, order).supplier == world.northline


def test_an_exception_is_kept_with_its_reason_and_left_with_an_approved_one(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    answer = save(
        buyer,
        world,
        order,
        supplier=str(world.kestrel.public_id),
        off_list_reason="needed_sooner",
        off_list_explanation=EXPLANATION,
        qualification_asked="on",
    )
    assert answer["HX-Redirect"] == world.url(f"orders/{order.public_id}/edit/")
    kept = fresh(world, order)
    assert (kept.supplier, kept.off_list_reason, kept.qualification_asked) == (
        world.kestrel, "needed_sooner", True,
    )  # fmt: skip
    answer = choose(buyer, world, order, world.northline)
    kept = fresh(world, order)
    assert (kept.supplier, kept.off_list_reason, kept.off_list_explanation) == (
        world.northline, "", "",
    )  # fmt: skip
    assert line(world, order).unit_price == Decimal("0.612")


def test_the_other_button_takes_the_approved_supplier(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    with world.inside():
        PurchaseOrder.objects.filter(pk=order.pk).update(supplier=None)
    save(
        buyer,
        world,
        order,
        supplier=str(world.kestrel.public_id),
        instead=str(world.northline.public_id),
        off_list_reason="",
        off_list_explanation="",
    )
    assert fresh(world, order).supplier == world.northline


def test_a_blocked_supplier_and_a_category_without_exceptions_are_refused(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    with world.inside():
        Category.objects.filter(pk=world.boxes.pk).update(off_list_rule="block")
    answer = choose(buyer, world, order, world.kestrel)
    assert "takes no exceptions" in answer.content.decode()
    assert fresh(world, order).supplier == world.northline


def test_the_ranking_answers_with_cells_for_the_rows_that_are_shown(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    path = world.url(f"orders/{order.public_id}/edit/ranking/")
    whole = buyer.get(path, headers=HTMX)
    assert whole["HX-Retarget"] == "#ranking"
    ids = json.loads(whole["HX-Trigger"])["pc-ranked"]["order"]
    assert ids[0] == str(world.northline.public_id)
    cells = buyer.get(path, {"shown": ",".join(reversed(ids))}, headers=HTMX)
    assert "HX-Retarget" not in cells
    assert "<input" not in cells.content.decode()


def test_suggestions_show_price_source_and_difference(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    path = world.url(f"orders/{order.public_id}/edit/suggestions/")
    page = buyer.get(path, {"q": "kraft ship"}, headers=HTMX).content.decode()
    assert 'data-code="CTN-12-KR"' in page
    assert "<mark>kraft</mark>" in page
    assert "agreement" in page
    assert "never bought from it" in page
    order.supplier = None
    with world.inside():
        order.save(update_fields=["supplier"])
    page = buyer.get(path, {"q": "kraft ship"}, headers=HTMX).content.decode()
    assert "never bought" not in page
    assert "choose a supplier to compare" in page
    assert buyer.get(path, {"q": "<script>"}).content.decode().strip() == ""


# Pasting --------------------------------------------------------------------------------------


def test_pasted_rows_are_shown_first_and_added_when_confirmed(
    world: World, buyer: Client, order: PurchaseOrder
) -> None:
    path = world.url(f"orders/{order.public_id}/edit/paste/")
    rows = "SKU\tQty\nCTN-12-KR\t1,000\nNOPE\t5\nDIV-12-SB\tmany\nDIV-12-SB\t10\t0.10\n"
    page = buyer.post(path, {"rows": rows}, headers=HTMX).content.decode()
    assert "2 lines to add" in page
    assert "There is no SKU “NOPE”" in page
    assert "“many” is not a number" in page
    assert "613.00" in page  # 612.00 + 1.00
    assert fresh(world, order).revision == 1
    buyer.post(path, {"rows": rows, "confirmed": "yes"}, headers=HTMX)
    assert line(world, order, 3).ordered_quantity == 1000
    assert line(world, order, 4).unit_price == Decimal("0.10")


# Size -------------------------------------------------------------------------------------------


def test_a_cell_of_a_long_order_costs_what_one_of_a_short_order_costs(
    world: World, buyer: Client
) -> None:
    counts, sizes = [], []
    for length in (3, 300):
        with world.inside():
            skus = SkuFactory.create_batch(length, category=world.boxes)
            PriceBreak.objects.bulk_create(
                PriceBreak(
                    agreement=world.agreement,
                    sku=sku,
                    unit=sku.unit,
                    unit_price=Decimal("0.5"),
                    valid_from=world.agreement.valid_from,
                )
                for sku in skus
            )
            order = drafted(world, lines=[OrderedLine(sku, Decimal(10)) for sku in skus])
        with CaptureQueriesContext(connection) as captured:
            answer = save(buyer, world, order, **{"line-2-ordered_quantity": "11"})
        counts.append(len(captured))
        sizes.append(len(answer.content))
    assert counts[0] == counts[1]
    assert counts[0] < 45
    assert abs(sizes[0] - sizes[1]) < 200


def test_a_role_that_does_not_buy_changes_nothing(world: World, order: PurchaseOrder) -> None:
    Membership.objects.filter(user=world.people["auditor"]).update(roles=["auditor"])
    answer = save(world.client("auditor"), world, order, **{"line-1-ordered_quantity": "5"})
    assert answer.status_code == 403
    assert line(world, order).ordered_quantity == 100
