"""A supplier's history tells the decisions it was weighed in and the exceptions made for it."""

from __future__ import annotations

from decimal import Decimal

from purchasing.ordering import OrderedLine, submit_purchase_order
from suppliers.deciding import Candidate, decide_sourcing
from suppliers.models import Supplier
from tests.purchasing.buying import a_rule, drafted
from tests.purchasing.test_submit_purchase_order import EXPLANATION, explained
from tests.world import World


def an_exception(world: World) -> None:
    a_rule()
    line = OrderedLine(world.shipper, Decimal(1), unit_price=Decimal("0.6"))
    order = explained(drafted(world, supplier=world.kestrel, lines=[line]))
    submit_purchase_order(order, revision_shown=1, actor=world.people["buyer"])


def history(world: World, supplier: Supplier) -> list[tuple[str, str]]:
    page = world.client("buyer").get(world.url(f"suppliers/{supplier.public_id}/"))
    return [(one.summary, getattr(one, "address", "")) for one in page.context["events"]]


def test_the_page_of_a_supplier_tells_its_exceptions_and_decisions(world: World) -> None:
    with world.inside():
        an_exception(world)
        decide_sourcing(
            category=world.boxes, sku=None, title="Boxes 2026", review_on=None, supersedes=None,
            candidates=[Candidate(supplier=world.northline, is_chosen=True),
                        Candidate(supplier=world.kestrel)],
            reason="On time", actor=world.people["sourcing_lead"],
        )  # fmt: skip
    decision = ("Boxes: Northline Packaging chosen of 2.", "")
    told = history(world, world.kestrel)
    assert told[0] == decision
    assert told[1][0] == (
        f"PO-1001 was an exception to the approved list (needed sooner): {EXPLANATION}"
    )
    assert told[1][1].startswith(world.url("orders/"))
    assert history(world, world.northline) == [decision]


def test_orders_of_a_category_are_those_below_it_too(world: World) -> None:
    with world.inside():
        an_exception(world)
    for category, count in ((world.packaging, 1), (world.boxes, 1)):
        path = world.url(f"orders/?category={category.public_id}")
        page = world.client("buyer").get(path)
        assert len(page.context["page"].object_list) == count
