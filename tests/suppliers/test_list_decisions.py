from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suppliers.approved_vendors import category_decisions, list_decisions
from suppliers.models import ApprovedVendor, Category, Qualification, Supplier
from suppliers.sourcing import WantedLine, supplier_ranking
from tests.suppliers.world import TODAY, entry, qualification, sku, supplier


def decision(who, what, on=TODAY):
    return list_decisions([(who.pk, what.pk)], on)[who.pk, what.pk]


def test_the_nearest_entry_decides(world):
    assert decision(world.ashgrove, world.small).standing == "approved"
    near = entry(world.ashgrove, world.corrugate, "backup")
    assert decision(world.ashgrove, world.small).entry_id == near.pk
    own = entry(world.ashgrove, world.small, "preferred")
    assert decision(world.ashgrove, world.small).entry_id == own.pk
    assert decision(world.ashgrove, world.large).standing == "backup"


def test_a_supplier_without_an_entry_is_off_the_list_in_words(world):
    found = decision(supplier("Acme"), world.small)
    assert (found.standing, found.entry_id, found.rule) == ("off_list", None, "approve")
    assert found.missing == "Not on the approved vendor list for Corrugate."
    assert not found.is_blocked


def test_what_a_review_still_lacks_is_named(world):
    assert decision(world.kestrel, world.small).missing == (
        "In review for Corrugate: Insurance certificate missing."
    )


def test_an_entry_counts_on_its_last_day_and_not_after(world):
    ApprovedVendor.objects.filter(supplier=world.delta).update(valid_to=TODAY)
    assert decision(world.delta, world.small).standing == "backup"
    later = decision(world.delta, world.small, TODAY + timedelta(days=1))
    assert later.standing == "off_list"
    assert later.missing == "The entry for Corrugate ended on Nov 23, 2026."


def test_an_expired_qualification_takes_the_approval_away(world):
    Qualification.objects.filter(supplier=world.delta).update(valid_to=date(2026, 11, 22))
    found = decision(world.delta, world.small)
    assert found.standing == "off_list"
    assert found.missing == "The qualification for Packaging expired on Nov 22, 2026."
    assert decision(world.delta, world.small, date(2026, 11, 22)).standing == "backup"


def test_a_nearer_qualification_counts_before_a_wider_one(world):
    qualification(world.delta, world.corrugate, "suspended")
    assert decision(world.delta, world.small).missing == "Suspended for Corrugate."


@pytest.mark.parametrize("status", ["blocked", "archived"])
def test_a_blocked_or_archived_supplier_may_get_no_order(world, status):
    Supplier.objects.filter(pk=world.northline.pk).update(status=status)
    found = decision(world.northline, world.small)
    assert (found.standing, found.is_blocked) == ("off_list", True)
    assert found.missing == f"The supplier is {status}."


def test_a_disqualified_supplier_may_get_no_order(world):
    Qualification.objects.filter(supplier=world.northline).update(status="disqualified")
    assert decision(world.northline, world.small).is_blocked


def test_the_rule_of_the_skus_category_is_named_and_block_refuses(world):
    Category.objects.filter(pk=world.corrugate.pk).update(off_list_rule="block")
    found = decision(world.kestrel, world.small)
    assert (found.rule, found.is_blocked) == ("block", True)
    assert not decision(world.northline, world.small).is_blocked


def test_unknown_ids_are_refused(world):
    assert list_decisions([(0, world.small.pk)], TODAY)[0, world.small.pk].is_blocked
    assert list_decisions([(world.delta.pk, 0)], TODAY)[world.delta.pk, 0].is_blocked


def test_a_category_is_decided_before_there_are_lines(world):
    found = category_decisions([world.northline.pk, world.kestrel.pk], world.corrugate, TODAY)
    assert found[world.northline.pk].standing == "preferred"
    assert found[world.kestrel.pk].standing == "off_list"


@pytest.mark.parametrize("count", [1, 50])
def test_one_statement_decides_any_number(world, count):
    skus = [sku(f"X-{n}", world.corrugate) for n in range(count)]
    pairs = [(one.pk, each.pk) for one in (world.northline, world.delta) for each in skus]
    with CaptureQueriesContext(connection) as statements:
        assert len(list_decisions(pairs, TODAY)) == 2 * count
    assert len(statements) == 1


days = st.sampled_from([None, -40, -1, 0, 1, 40])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    status=st.sampled_from(Supplier.Status.values),
    qualified=st.sampled_from([None, *Qualification.Status.values]),
    qualified_to=days,
    on_sku=st.booleans(),
    has_entry=st.booleans(),
    begins=st.sampled_from([-40, 0, 1]),
    ends=days,
)
def test_off_list_blocked_or_expired_is_never_approved(
    world, status, qualified, qualified_to, on_sku, has_entry, begins, ends
):
    """Whatever the rows say, decision and ranking agree with a plain reading of the rules."""
    ApprovedVendor.objects.filter(supplier=world.delta).delete()
    Qualification.objects.filter(supplier=world.delta).delete()
    Supplier.objects.filter(pk=world.delta.pk).update(status="active")
    day = {
        offset: None if offset is None else TODAY + timedelta(offset)
        for offset in {*[ends, qualified_to]}
    }
    begin = TODAY + timedelta(begins)
    has_entry = has_entry and (day[ends] is None or day[ends] >= begin)
    if has_entry:
        entry(
            world.delta,
            world.small if on_sku else world.packaging,
            valid_from=begin,
            valid_to=day[ends],
        )
    if qualified:
        qualification(world.delta, world.packaging, qualified, valid_to=day[qualified_to])
    Supplier.objects.filter(pk=world.delta.pk).update(status=status)
    is_approved = (
        status == "active"
        and has_entry and begins <= 0 and (ends is None or ends >= 0)
        and (qualified is None or (qualified in ("qualified", "conditional") and (qualified_to is None or qualified_to >= 0)))
    )  # fmt: skip
    found = decision(world.delta, world.small)
    assert found.is_approved == is_approved
    assert bool(found.missing) == (not is_approved)
    ranking = supplier_ranking(
        category=world.corrugate, lines=[WantedLine(world.small.pk, Decimal(1))],
        needed_on=None, on=TODAY, including=[world.delta.pk],
    )  # fmt: skip
    assert [row.is_approved for row in ranking] == sorted(
        (row.is_approved for row in ranking), reverse=True
    )
    for row in ranking:
        if row.supplier.pk == world.delta.pk:
            assert row.is_approved == is_approved
