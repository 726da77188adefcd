"""Property: an award never brings a supplier round the approved vendor list.

Whatever the list says of a supplier, its award is either refused and leaves nothing behind, or
leaves it on the list for the SKU at the place that was asked for.
"""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procure.errors import BusinessRuleError
from suppliers import awarding, vendor_approval
from suppliers.awarding import AwardChoice, award_quotation
from suppliers.models import Qualification, QuotationRequest, Supplier
from tests.imports.support import everything
from tests.purchasing.buying import today
from tests.quoting.asking import quoted, sent_request
from tests.safety.list_states import State, Undone, listed, put, start, states
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_quoted(world: World) -> QuotationRequest:
    """Kestrel, which is on the list, has quoted for Reno."""
    with world.inside():
        start(world)
        request = sent_request(world, ship_to=world.reno)
        quoted(request, world.kestrel, "1.00")
    return request


def award(world: World, request: QuotationRequest, condition: str) -> None:
    supplier = Supplier.objects.get(pk=world.kestrel.pk)
    award_quotation(
        request,
        choices=[AwardChoice(line_no=1, supplier=supplier, condition=condition)],
        reason="Lowest",
        review_on=None,
        actor=world.people["sourcing_lead"],
    )


def may_be_awarded(world: World, condition: str) -> bool:
    """A plain reading of the rules, beside the house's own."""
    if listed(world, ship_to=world.reno).is_approved:
        return True
    vetted = Qualification.objects.filter(supplier=world.kestrel).first()
    if vetted is not None and vetted.status in Qualification.REFUSING:
        return False
    is_over = vetted is not None and vetted.valid_to is not None and vetted.valid_to < today()
    is_held = vetted is not None and vetted.status in Qualification.USABLE and not is_over
    return is_held or bool(condition)


def obeys(world: World, request: QuotationRequest, state: State, condition: str) -> None:
    put(world, state)
    allowed = state.status == "active" and may_be_awarded(world, condition)
    before = everything(world)
    refused = ""
    try:
        with transaction.atomic():
            award(world, request, condition)
    except BusinessRuleError as error:
        refused = error.code
    if refused:
        # An entry of its own that refuses orders stays: an award does not overrule it.
        assert not allowed or refused == "already_listed", (refused, state)
        assert everything(world) == before
        return
    assert allowed, state
    assert listed(world, ship_to=world.reno).is_approved


def tried(world: World, request: QuotationRequest, state: State, condition: str) -> None:
    with world.inside():
        try:
            with transaction.atomic():
                obeys(world, request, state, condition)
                raise Undone
        except Undone:
            pass


@settings(
    max_examples=16, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(state=states, condition=st.sampled_from(["", "Insurance by March."]))
def test_no_award_gets_round_the_list(
    world: World, request_quoted: QuotationRequest, state: State, condition: str
) -> None:
    tried(world, request_quoted, state, condition)


REFUSED = {
    "suspended": State(
        "active", "approve", "suspended", None, None, None, None, False, True, False, False, True
    ),
    "nobody vetted it": State(
        "active", "warn", None, None, None, None, None, False, True, False, False, True
    ),
    "archived": State(
        "archived", "warn", "qualified", 1, "approved", 1, None, False, True, False, False, True
    ),
}


@pytest.mark.parametrize("state", REFUSED.values(), ids=REFUSED)
def test_control_without_its_guards_an_award_overrules_the_list(
    world: World,
    request_quoted: QuotationRequest,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(awarding, "_require_qualified", lambda *_: None)
    monkeypatch.setattr(vendor_approval, "_require_not_refused", lambda *_: None)
    for module in ("vendor_approval", "agreeing", "deciding"):
        monkeypatch.setattr(f"suppliers.{module}.require_status", lambda *_: None, raising=False)
    monkeypatch.setattr("suppliers.deciding._require_choice", lambda candidates: None)
    with pytest.raises(AssertionError):
        tried(world, request_quoted, state, "")
