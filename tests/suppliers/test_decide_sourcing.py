import json
from datetime import date
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction
from django.test.utils import CaptureQueriesContext

from procure.exports import ExportOptions, export
from procure.models import BusinessEvent
from suppliers.agreeing import PriceRow, agree_prices
from suppliers.decided import decisions_behind
from suppliers.deciding import Candidate, decide_sourcing
from suppliers.models import ApprovedVendor, DecisionCandidate, SourcingDecision
from suppliers.vendor_approval import approve_vendor, change_vendor_approval
from tests.suppliers.support import day, kinds, nothing_changes, refused
from tests.suppliers.world import agreement, last_paid, qualification, scorecard, sku, supplier


def decide(world, *candidates, **changes):
    """Northline 70, Ashgrove 30, Kestrel looked at."""
    values = {
        "category": world.corrugate, "sku": None, "title": "Corrugate for 2027", "review_on": None,
        "reason": "Northline was late in spring.", "supersedes": None,
        "candidates": candidates or [
            Candidate(supplier=world.northline, is_chosen=True, share_percent=Decimal(70)),
            Candidate(supplier=world.ashgrove, is_chosen=True, share_percent=Decimal(30)),
            Candidate(supplier=world.kestrel, note="Insurance missing"),
        ],
    }  # fmt: skip
    return decide_sourcing(**{**values, **changes}, actor=world.sana)


def chosen(world, who, **changes):
    return decide(world, Candidate(supplier=who, is_chosen=True), **changes)


def test_a_decision_keeps_its_candidates_with_the_figures_of_the_day(world):
    scorecard(world.northline, "91.4", 70, lead_time_p90=Decimal(19), lead_time_n=60,
              score=Decimal("86.1"), grade="B")  # fmt: skip
    made = decide(world, review_on=day(180))
    assert (made.number, made.origin, made.decided_on) == ("SD-1001", "entered", day())
    assert (made.decided_by, made.review_on) == (world.sana, day(180))
    north, ash, kestrel = made.candidates.all()
    assert (north.supplier, north.share_percent) == (world.northline, Decimal(70))
    assert (north.on_time_percent, north.lines_due) == (Decimal("91.4"), 70)
    assert (north.lead_time_p90, north.lead_time_n) == (Decimal(19), 60)
    assert (north.score, north.grade) == (Decimal("86.1"), "B")
    assert (north.qualification, north.standing) == ("Qualified", "Preferred")
    assert (north.unit_price, ash.score, ash.lines_due) == (None, None, 0)
    assert (kestrel.is_chosen, kestrel.note) == (False, "Insurance missing")
    assert (kestrel.qualification, kestrel.standing) == ("In review", "Not approved")
    event = BusinessEvent.objects.get(kind="sourcing.decided")
    assert event.summary == "Corrugate: Northline Packaging 70%, Ashgrove Box 30% chosen of 3."


def test_a_decision_about_a_sku_keeps_prices_where_they_are_known(world):
    agreement("NL-1", world.northline, (world.small, "0", "0.612"))
    cost = last_paid(world.northline, world.small, "0.70")
    cost.landed_price = Decimal("0.66")
    cost.save()
    last_paid(world.ashgrove, world.small, "0.58")
    made = decide(
        world,
        Candidate(supplier=world.northline, is_chosen=True),
        Candidate(supplier=world.ashgrove),
        Candidate(supplier=world.delta),
        Candidate(supplier=world.kestrel, unit_price=Decimal("0.5"), landed_price=Decimal("0.55")),
        sku=world.small,
    )
    prices = {
        one.supplier.code: (one.unit_price, one.landed_price) for one in made.candidates.all()
    }
    assert prices == {
        "NORTHLINE": (Decimal("0.612"), Decimal("0.66")),
        "ASHGROVE": (Decimal("0.58"), None),
        "DELTA": (None, None),
        "KESTREL": (Decimal("0.5"), Decimal("0.55")),
    }


def test_a_decision_without_choice_reason_or_sense_is_refused(world):
    half = Candidate(supplier=world.northline, is_chosen=True, share_percent=Decimal(50))
    open_share = Candidate(supplier=world.ashgrove, is_chosen=True)
    with refused("nobody_chosen", field="candidates"):
        decide(world, Candidate(supplier=world.northline))
    with refused("reason_missing", field="reason"):
        decide(world, reason="  ")
    with refused("title_missing", field="title"):
        decide(world, title="")
    with refused("in_the_past", field="review_on"):
        decide(world, review_on=day(-1))
    sentence = "The shares of the chosen suppliers make 50%; they have to make 100%."
    with refused("shares_not_whole", sentence, "candidates"):
        decide(world, half)
    with refused("shares_not_whole", sentence, "candidates"):
        decide(world, half, open_share)
    with refused("share_not_chosen", field="candidates"):
        decide(world, open_share, Candidate(supplier=world.delta, share_percent=Decimal(100)))
    with refused("named_twice", field="candidates"):
        decide(world, half, half)
    assert not SourcingDecision.objects.exists()


def test_a_supplier_that_is_blocked_is_not_chosen_and_a_sku_belongs_to_its_category(world):
    world.kestrel.status = "blocked"
    world.kestrel.save()
    with refused("wrong_status", field="candidates"):
        chosen(world, world.kestrel)
    label = sku("LBL", world.packaging)
    with refused("scope", field="sku"):
        decide(world, sku=label)


def test_a_decision_takes_the_place_of_one_about_the_same_once(world):
    first = decide(world)
    second = chosen(world, world.ashgrove, supersedes=first)
    first.refresh_from_db()
    assert (first.superseded_by, first.is_in_force, second.is_in_force) == (second, False, True)
    with refused("superseded", "SD-1001 was superseded before.", "supersedes"):
        decide(world, supersedes=first)
    with refused("other_scope", field="supersedes"):
        decide(world, category=world.packaging, supersedes=second)
    assert kinds() == ["sourcing.decided"] * 2


@pytest.mark.parametrize("change", [
    "UPDATE suppliers_sourcingdecision SET reason = 'Another'",
    "UPDATE suppliers_sourcingdecision SET superseded_by_id = NULL",
    "DELETE FROM suppliers_sourcingdecision",
    "UPDATE suppliers_decisioncandidate SET unit_price = 1",
    "DELETE FROM suppliers_decisioncandidate",
])  # fmt: skip
def test_the_database_keeps_decisions_as_they_were_made(world, change):
    chosen(world, world.ashgrove, supersedes=decide(world))
    before = list(SourcingDecision.objects.values()), list(DecisionCandidate.objects.values())
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert before == (
        list(SourcingDecision.objects.values()),
        list(DecisionCandidate.objects.values()),
    )


def test_the_decision_behind_an_order_is_the_nearest_and_latest_in_force(world):
    def behind(who, *skus):
        return decisions_behind(who, world.corrugate, {one.pk for one in skus}, day()).first()

    both = (world.small, world.large)
    assert behind(world.northline, *both) is None
    above = chosen(world, world.northline, category=world.packaging)
    assert behind(world.northline, *both) == above
    own = decide(world)
    assert behind(world.northline, *both) == own
    later = chosen(world, world.northline)
    single = chosen(world, world.northline, sku=world.small)
    assert behind(world.northline, *both) == later
    assert behind(world.northline, world.small) == single
    assert behind(world.kestrel, *both) is None, "it was weighed, not chosen"
    decide(world, supersedes=later)
    assert behind(world.ashgrove, *both).pk > later.pk


def test_entries_and_agreements_rest_on_a_decision_that_chose_their_supplier(world):
    made = chosen(world, world.northline)
    rows = [PriceRow(sku=world.small, unit_price=Decimal("0.6"))]
    terms = {"valid_from": day(), "valid_to": None, "note": "", "prices": rows}
    agreed = agree_prices(world.northline, number="N", decision=made, actor=world.sana, **terms)
    listed = {"sku": world.small, "standing": "backup", "valid_from": day(), "decision": made}
    entry = approve_vendor(world.northline, **listed, actor=world.sana)
    assert (agreed.decision, entry.decision) == (made, made)
    with refused("not_chosen", "SD-1001 did not choose Ashgrove Box.", "decision"):
        agree_prices(world.ashgrove, number="A", decision=made, actor=world.sana, **terms)
    with refused("not_chosen", field="decision"):
        approve_vendor(world.ashgrove, **listed, actor=world.sana)


def test_an_entry_that_is_changed_keeps_its_decision(world):
    made = chosen(world, world.delta)
    old = ApprovedVendor.objects.get(supplier=world.delta)
    ApprovedVendor.objects.filter(pk=old.pk).update(decision=made, valid_from=date(2025, 1, 1))
    old.refresh_from_db()
    values = {"standing": "approved", "rank": 1, "valid_to": None, "reason": ""}
    changed = change_vendor_approval(old, **values, actor=world.sana)
    assert changed.pk != old.pk
    assert changed.decision == made


def test_the_figures_of_many_candidates_take_as_many_statements_as_those_of_few(world):
    def statements(*more):
        with CaptureQueriesContext(connection) as captured:
            decide(
                world,
                Candidate(supplier=world.northline, is_chosen=True),
                Candidate(supplier=world.ashgrove),
                Candidate(supplier=unlisted),
                *(Candidate(supplier=one) for one in more),
                sku=world.small,
            )
        return len(captured)

    unlisted = supplier("Unlisted Ltd")
    qualification(unlisted, world.packaging)
    few = statements()
    many = [supplier(f"S{number} Ltd") for number in range(20)]
    for one in many:
        qualification(one, world.packaging)
    assert statements(*many) == few


def test_what_is_superseded_while_it_is_shown_changes_nothing(world):
    first = decide(world)
    chosen(world, world.ashgrove, supersedes=first)
    with nothing_changes(), refused("superseded", field="supersedes"):
        chosen(world, world.delta, supersedes=first)


def test_the_log_is_exported_with_a_row_per_candidate(world):
    chosen(world, world.ashgrove, supersedes=decide(world))
    rows = json.loads(export("sourcing_decisions", ExportOptions(), "json"))
    assert len(rows) == 4
    assert (rows[0]["decision_number"], rows[0]["superseded_by"]) == ("SD-1001", "SD-1002")
    assert [(row["supplier_code"], row["chosen"], row["share_percent"]) for row in rows[:3]] == [
        ("NORTHLINE", "yes", "70"),
        ("ASHGROVE", "yes", "30"),
        ("KESTREL", "no", None),
    ]
    assert rows[3]["decided_by"] == world.sana.email
