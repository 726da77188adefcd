"""Entries for one ship-to, with a share of volume, and with flags of their own."""

from decimal import Decimal

import pytest

from procure.models import Location
from suppliers.approved_vendors import category_decisions, list_decisions
from suppliers.models import ApprovedVendor, Qualification
from suppliers.sourcing import WantedLine, supplier_ranking
from suppliers.terms_forms import ApprovalForm, shown_flags
from tests.suppliers.support import day, refused
from tests.suppliers.test_approve_vendor import approve, change
from tests.suppliers.world import TODAY, entry


def decision(who, what, ship_to=None):
    pair = (who.pk, what.pk)
    return list_decisions([pair], TODAY, ship_to=ship_to and ship_to.pk)[pair]


@pytest.fixture
def reno(world):
    return Location.objects.create(code="RENO", name="Reno")


@pytest.fixture
def dallas(world):
    return Location.objects.create(code="DAL", name="Dallas")


def test_an_entry_for_the_ship_to_counts_before_one_without(world, reno, dallas):
    own = entry(world.delta, world.corrugate, "preferred", location=reno)
    assert decision(world.delta, world.small, reno).entry_id == own.pk
    assert decision(world.delta, world.small, dallas).standing == "backup"
    assert decision(world.delta, world.small).standing == "backup"
    ids = [world.delta.pk]
    whole = category_decisions(ids, world.corrugate, TODAY, ship_to=reno.pk)
    assert whole[world.delta.pk].standing == "preferred"


def test_the_nearer_place_in_the_tree_counts_before_the_ship_to(world, reno):
    entry(world.delta, world.packaging, "preferred", location=reno)
    assert decision(world.delta, world.small, reno).standing == "backup"
    entry(world.delta, world.small, "approved")
    assert decision(world.delta, world.small, reno).standing == "approved"
    entry(world.delta, world.small, "preferred", location=reno)
    assert decision(world.delta, world.small, reno).standing == "preferred"


def test_a_supplier_listed_for_one_place_is_off_the_list_elsewhere(world, reno, dallas):
    Qualification.objects.filter(supplier=world.kestrel).update(status="qualified")
    approve(world, location=reno, valid_from=day(-9))
    for place, standing in ((reno, "approved"), (dallas, "off_list"), (None, "off_list")):
        pair = (world.kestrel.pk, world.small.pk)
        found = list_decisions([pair], day(), ship_to=place and place.pk)[pair]
        assert found.standing == standing


def test_one_place_has_one_entry_a_day(world, reno, dallas):
    approve(world, world.northline, location=reno)
    approve(world, world.northline, location=dallas)
    with refused("already_listed", field="valid_from"):
        approve(world, world.northline, location=reno)


def test_shares_make_the_whole_and_no_more(world, reno):
    Qualification.objects.filter(supplier=world.kestrel).update(status="qualified")
    mine = change(world, ApprovedVendor.objects.get(supplier=world.northline), share_percent=60)
    assert (mine.share_percent, mine.valid_from) == (60, day())
    sentence = (
        f"The shares here make 100.5 % from {day(3):%b} {day(3).day}, {day(3).year} on. "
        "Together they may be 100 % at most."
    )
    with refused("share_over", sentence, "share_percent"):
        approve(world, share_percent=Decimal("40.5"), valid_from=day(3))
    other = approve(world, share_percent=40, valid_from=day(3))
    approve(world, world.delta, share_percent=100, location=reno)
    with refused("share_over", field="share_percent"):
        change(world, other, share_percent=41)
    change(world, mine, share_percent=60, valid_to=day(2))
    assert change(world, other, share_percent=100).share_percent == 100


def test_one_that_is_not_suggested_comes_after_those_that_are(world):
    ApprovedVendor.objects.filter(supplier=world.northline).update(may_be_suggested=False)
    ranked = supplier_ranking(
        category=world.corrugate, lines=[WantedLine(world.small.pk, Decimal(1))],
        needed_on=None, on=TODAY,
    )  # fmt: skip
    assert [(row.supplier.code, row.is_suggested) for row in ranked] == [
        ("ASHGROVE", True), ("DELTA", True), ("NORTHLINE", False), ("KESTREL", False),
    ]  # fmt: skip
    assert ranked[2].is_approved
    assert ranked[2].reasons == ("only when chosen",)


def test_one_that_may_not_be_ordered_from_is_refused_in_words(world):
    ApprovedVendor.objects.filter(supplier=world.northline).update(may_be_ordered=False)
    found = decision(world.northline, world.small)
    assert (found.standing, found.entry_id, found.is_blocked) == ("off_list", None, True)
    assert found.missing == "Its entry for Corrugate says that it may not be ordered from."


def test_a_flag_is_another_entry_from_today_on(world):
    old = ApprovedVendor.objects.get(supplier=world.delta)
    made = change(world, old, needs_justification=True)
    old.refresh_from_db()
    assert (old.needs_justification, old.valid_to) == (False, day(-1))
    assert (made.needs_justification, made.valid_from) == (True, day())
    pair = (world.delta.pk, world.small.pk)
    assert list_decisions([pair], day())[pair].needs_justification
    assert not list_decisions([pair], day(-1))[pair].needs_justification


def test_the_form_takes_the_flags_from_the_standing_until_somebody_says_otherwise(world):
    given = {"supplier": world.kestrel.public_id, "category": world.corrugate.public_id,
             "standing": "backup", "valid_from": day(), "rank": 1}  # fmt: skip

    def flags(**said):
        form = ApprovalForm({**given, **said})
        assert form.is_valid(), form.errors
        names = ("may_be_suggested", "may_be_ordered", "needs_justification")
        return tuple(form.cleaned_data[name] for name in names)

    assert flags() == (False, True, False)
    assert flags(standing="preferred") == (True, True, False)
    assert flags(may_be_suggested="yes", may_be_ordered="no") == (True, False, False)
    entry = ApprovedVendor(standing="backup", may_be_suggested=False, needs_justification=True)
    assert shown_flags(entry) == {
        "may_be_suggested": "", "may_be_ordered": "", "needs_justification": "yes",
    }  # fmt: skip
