"""Agreements that end: reminded of at 30 and 7 days, once each, unless other prices follow."""

from django.core import mail

from procure.models import BusinessEvent
from suppliers.ending import REMINDED, mail_ending_agreements, remind_of_ending_agreements
from suppliers.models import Supplier
from tests.suppliers.support import day, nothing_changes
from tests.suppliers.world import agreement


def ends(world, offset, number="N-1", skus=("small", "large"), first=-99, who=None):
    return agreement(
        number, who or world.northline, *((getattr(world, one), "0", "1") for one in skus),
        valid_from=day(first), valid_to=day(offset),
    )  # fmt: skip


def stages():
    told = BusinessEvent.objects.filter(kind=REMINDED).order_by("pk")
    return [one.payload["days_before"] for one in told]


def test_reminders_come_at_30_and_7_days_once_each(world):
    made = ends(world, 60, who=world.delta)
    for offset, expected in ((31, []), (30, [30]), (8, [30]), (7, [30, 7]), (0, [30, 7])):
        made.valid_to = day(offset)
        made.save()
        made.breaks.update(valid_to=None)
        remind_of_ending_agreements()
        assert sorted(set(stages()), reverse=True) == expected
        with nothing_changes():
            remind_of_ending_agreements()


def test_what_follows_for_all_its_skus_needs_no_reminder(world):
    ends(world, 10)
    ends(world, 400, "N-2", ("small",), first=11)
    remind_of_ending_agreements()
    told = BusinessEvent.objects.get(kind=REMINDED)
    assert told.summary.endswith("; no price follows for 1 of its 2 SKUs.")
    ends(world, 9, "N-3", ("small",), who=world.northline)
    ends(world, 400, "N-4", ("large",), first=5)
    with nothing_changes():
        remind_of_ending_agreements()


def test_a_gap_of_one_day_is_no_succession(world):
    ends(world, 10, skus=("small",))
    ends(world, 400, "N-2", ("small",), first=12)
    remind_of_ending_agreements()
    assert stages() == [30]


def test_nobody_is_reminded_of_an_archived_supplier(world):
    ends(world, 10)
    Supplier.objects.update(status="archived")
    with nothing_changes():
        remind_of_ending_agreements()


def test_who_agreed_is_told_and_of_an_imported_one_the_sourcing_leads(world):
    made = ends(world, 10)
    remind_of_ending_agreements()
    events = list(BusinessEvent.objects.filter(kind=REMINDED))
    mail_ending_agreements(events)
    assert [one.to for one in mail.outbox] == [[world.sana.email]]
    assert "no price follows for its 2 SKUs" in mail.outbox[0].subject
    assert f"/agreements/{made.public_id}/" in mail.outbox[0].body
    BusinessEvent.objects.create(
        kind="price_agreement.agreed", subject_type="suppliers.priceagreement",
        subject_id=made.pk, actor=world.maya,
    )  # fmt: skip
    mail_ending_agreements(events)
    assert mail.outbox[1].to == [world.maya.email]
