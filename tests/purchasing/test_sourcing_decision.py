"""An order names the sourcing decision in force for its supplier when it is submitted."""

from __future__ import annotations

from purchasing.approving import withdraw_purchase_order
from purchasing.models import PurchaseOrder
from purchasing.ordering import submit_purchase_order
from suppliers.deciding import Candidate, decide_sourcing
from suppliers.models import SourcingDecision, Supplier
from tests.purchasing.buying import a_rule, submitted
from tests.world import World


def decide(world: World, supplier: Supplier) -> SourcingDecision:
    return decide_sourcing(
        category=world.boxes,
        sku=None,
        title="Boxes",
        candidates=[Candidate(supplier=supplier, is_chosen=True)],
        reason="On time",
        review_on=None,
        supersedes=SourcingDecision.objects.filter(superseded_by__isnull=True).first(),
        actor=world.people["sourcing_lead"],
    )


def test_an_order_names_the_decision_that_chose_its_supplier(inside: World) -> None:
    a_rule()
    assert submitted(inside).sourcing_decision is None
    first = decide(inside, inside.northline)
    order = submitted(inside)
    assert order.sourcing_decision == first
    second = decide(inside, inside.northline)
    order.refresh_from_db()
    assert order.sourcing_decision == first, "what was ordered keeps what it was ordered on"
    buyer = inside.people["buyer"]
    again = withdraw_purchase_order(order, actor=buyer)
    submit_purchase_order(again, revision_shown=None, actor=buyer)
    assert PurchaseOrder.objects.get(pk=order.pk).sourcing_decision == second
    decide(inside, inside.kestrel)
    assert submitted(inside).sourcing_decision is None, "another supplier was chosen since"
