"""Two people give shares of volume at one instant: together they never make more than the whole."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from suppliers import vendor_approval
from suppliers.models import ApprovedVendor, Supplier
from suppliers.vendor_approval import approve_vendor, change_vendor_approval
from tests.safety.crowd import Meeting, at_once, refusals, rounds
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = rounds(4, 300)

Scope = Callable[[World], dict[str, Any]]
SCOPES: dict[str, Scope] = {
    "category": lambda world: {"category": world.packaging},
    "sku": lambda world: {"sku": world.divider, "location": world.reno},
}


def given(world: World, supplier: Supplier, share: int | None, scope: Scope) -> ApprovedVendor:
    return approve_vendor(
        supplier,
        **scope(world),
        standing="approved",
        share_percent=None if share is None else Decimal(share),
        valid_from=timezone.localdate(),
        actor=world.people["sourcing_lead"],
    )


def two_give_sixty(world: World, scope: Scope) -> list[Any]:
    """Two new entries of one scope, each with 60 %."""
    with world.inside():
        ApprovedVendor.objects.all().delete()

    def call(supplier: Supplier) -> Callable[[], Any]:
        def step() -> ApprovedVendor:
            with world.inside():
                return given(world, supplier, 60, scope)

        return step

    return at_once([call(world.northline), call(world.kestrel)])


def two_raise_to_sixty(world: World, scope: Scope) -> list[Any]:
    """Two entries that stand there with 20 % are each raised to 60 %."""
    with world.inside():
        ApprovedVendor.objects.all().delete()
        entries = [given(world, one, 20, scope) for one in (world.northline, world.kestrel)]

    def call(entry: ApprovedVendor) -> Callable[[], Any]:
        def step() -> ApprovedVendor:
            with world.inside():
                return change_vendor_approval(
                    entry,
                    standing="approved",
                    rank=1,
                    share_percent=Decimal(60),
                    valid_to=None,
                    reason="More",
                    actor=world.people["sourcing_lead"],
                )

        return step

    return at_once([call(entry) for entry in entries])


def shares(world: World) -> Decimal:
    with world.inside():
        today = timezone.localdate()
        held = ApprovedVendor.objects.exclude(valid_to__lt=today)
        return held.aggregate(whole=Sum("share_percent"))["whole"]


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_of_two_shares_given_at_once_one_is_refused(scope: Scope) -> None:
    world = make_world()
    for _ in range(ROUNDS):
        assert refusals(two_give_sixty(world, scope)) == ["share_over"]
        assert shares(world) == 60
    assert refusals(two_raise_to_sixty(world, scope)) == ["share_over"]
    assert shares(world) == 80


@pytest.mark.parametrize("give", [two_give_sixty, two_raise_to_sixty])
def test_control_without_holding_the_shares_they_make_more_than_the_whole(
    give: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, meeting = make_world(), Meeting(2)
    check = vendor_approval.require_share_free

    def check_and_wait(entry: ApprovedVendor) -> None:
        check(entry)
        if entry.share_percent == 60:
            meeting.wait()

    monkeypatch.setattr(vendor_approval, "hold_shares", lambda: None)
    monkeypatch.setattr(vendor_approval, "require_share_free", check_and_wait)
    assert refusals(give(world, SCOPES["category"])) == []
    assert shares(world) == 120
