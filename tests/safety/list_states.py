"""Everything that the approved vendor list may know of a supplier on a day, drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from procure.models import Location
from suppliers.admitting import admit_provisionally
from suppliers.approved_vendors import ListDecision, list_decisions
from suppliers.models import ApprovedVendor, Category, Qualification, Supplier
from tests.purchasing.buying import today
from tests.world import World

DAYS = st.sampled_from([None, -1, 0, 1])


@dataclass(frozen=True)
class State:
    """What the list may know of a supplier on a day."""

    status: str
    rule: str
    qualified: str | None
    qualified_to: int | None
    standing: str | None
    entry_to: int | None
    for_ship_to: bool | None
    is_for_sku: bool
    may_be_ordered: bool
    needs_justification: bool
    is_admitted: bool
    is_explained: bool


states = st.builds(
    State,
    status=st.sampled_from(["active", "active", "active", "blocked", "archived"]),
    rule=st.sampled_from(Category.OffListRule.values),
    qualified=st.sampled_from([None, "qualified", *Qualification.Status.values]),
    qualified_to=DAYS,
    standing=st.sampled_from([None, *ApprovedVendor.Standing.values]),
    entry_to=DAYS,
    for_ship_to=st.sampled_from([None, True, False]),
    is_for_sku=st.booleans(),
    may_be_ordered=st.sampled_from([True, True, False]),
    needs_justification=st.booleans(),
    is_admitted=st.sampled_from([False, False, True]),
    is_explained=st.booleans(),
)


def put(world: World, state: State) -> None:
    """Makes Kestrel be known so, whatever was known before."""
    day = lambda offset: None if offset is None else today() + timedelta(offset)  # noqa: E731
    elsewhere = Location.objects.create(code="ELSE", name="Elsewhere")
    places = {None: None, True: world.reno, False: elsewhere}
    ApprovedVendor.objects.filter(supplier=world.kestrel).update(valid_to=today() - timedelta(10))
    Qualification.objects.filter(supplier=world.kestrel).delete()
    Category.objects.update(off_list_rule=state.rule)
    if state.is_admitted:
        admit_provisionally(
            world.kestrel, category=world.packaging, maximum_spend=Decimal(10_000),
            maximum_orders=9, expires_on=today(), tasks=["Audit"], reason="Fire",
            actor=world.people["sourcing_lead"],
        )  # fmt: skip
    if state.standing:
        scope = {"sku": world.shipper} if state.is_for_sku else {"category": world.packaging}
        ApprovedVendor.objects.create(
            supplier=world.kestrel, standing=state.standing, location=places[state.for_ship_to],
            valid_from=today() - timedelta(9), valid_to=day(state.entry_to),
            may_be_ordered=state.may_be_ordered, needs_justification=state.needs_justification,
            **scope,
        )  # fmt: skip
    if state.qualified:
        Qualification.objects.create(
            supplier=world.kestrel, category=world.packaging, status=state.qualified, note="Audit",
            valid_to=day(state.qualified_to),
        )  # fmt: skip
    Supplier.objects.filter(pk=world.kestrel.pk).update(status=state.status)


def listed(world: World, *, ship_to: Location | None) -> ListDecision:
    pair = (world.kestrel.pk, world.shipper.pk)
    return list_decisions([pair], today(), ship_to=ship_to and ship_to.pk)[pair]


def asks_reason(decision: ListDecision) -> bool:
    """A plain reading of the rules, beside the house's own."""
    if decision.standing == "provisional":
        return True
    if decision.standing == "off_list":
        return decision.rule in ("justify", "approve")
    return decision.needs_justification and decision.rule != "off"


def start(world: World) -> None:
    """A world in which Kestrel may be ordered from, so that every path can begin."""
    ApprovedVendor.objects.create(
        supplier=world.kestrel, category=world.packaging, standing="approved",
        valid_from=today() - timedelta(30),
    )  # fmt: skip


class Undone(Exception):
    """Takes a drawn state back, so that the next begins in the same world."""
