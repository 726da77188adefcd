from django.core import mail

from procure.daily import do_daily_work
from procure.events import work_off
from procure.models import BusinessEvent
from suppliers.approved_vendors import list_decisions
from suppliers.criteria import CriterionDetails, add_criterion
from suppliers.expiring import let_lapsed_qualifications_fall, remind_of_expiries
from suppliers.merging import merge_suppliers
from suppliers.models import (
    ApprovedVendor,
    Category,
    CriterionAnswer,
    ExpiryReminder,
    Qualification,
)
from tests.suppliers.support import day, kinds, nothing_changes
from tests.suppliers.world import entry, qualification


def northline(world):
    return Qualification.objects.get(supplier=world.northline)


def ends(world, offset):
    Qualification.objects.filter(supplier=world.northline).update(
        valid_to=day(offset), decided_by=world.sana
    )


def evidence(world, offset, **details):
    insurance = add_criterion(
        world.packaging, details=CriterionDetails("Insurance", **details), actor=world.sana
    )
    return CriterionAnswer.objects.create(
        qualification=northline(world), criterion=insurance, outcome="met", valid_to=day(offset),
        answered_by=world.sana,
    )  # fmt: skip


def stages():
    return list(ExpiryReminder.objects.order_by("pk").values_list("days_before", flat=True))


def test_reminders_come_at_30_14_and_3_days_once_each(world):
    for offset, expected in ((31, []), (30, [30]), (15, [30, 30]), (14, [30, 30, 14])):
        ends(world, offset)
        remind_of_expiries()
        assert stages() == expected
        with nothing_changes():
            remind_of_expiries()


def test_who_comes_late_is_reminded_of_the_nearest_only(world):
    ends(world, 2)
    remind_of_expiries()
    assert (stages(), kinds()) == ([3], ["supplier.expiry_reminded"])


def test_evidence_is_reminded_of_on_its_own(world):
    evidence(world, 10)
    ends(world, 10)
    remind_of_expiries()
    assert sorted(BusinessEvent.objects.exclude(actor=world.sana).values_list("summary", flat=True))
    told = BusinessEvent.objects.filter(kind="supplier.expiry_reminded")
    assert sorted(one.payload["what"] for one in told) == [
        "Insurance for Packaging", "Qualification for Packaging",
    ]  # fmt: skip


def test_the_owner_and_who_decided_get_one_mail(world, settings):
    Category.objects.filter(pk=world.packaging.pk).update(owner=world.maya)
    ends(world, 3)
    remind_of_expiries()
    from suppliers.reactions import mail_expiry_reminders

    mail_expiry_reminders(list(BusinessEvent.objects.filter(kind="supplier.expiry_reminded")))
    (sent,) = mail.outbox
    assert sent.to == [world.maya.email, world.sana.email]
    assert sent.subject.startswith("Northline Packaging: Qualification for Packaging ends on")
    assert str(northline(world).public_id) in sent.body


def test_after_its_last_day_the_status_falls_by_rule_and_preferred_with_it(world):
    ends(world, 0)
    let_lapsed_qualifications_fall()
    assert northline(world).status == "qualified"
    ends(world, -1)
    let_lapsed_qualifications_fall()
    fallen = northline(world)
    assert (fallen.status, fallen.decided_by) == ("in_review", None)
    assert fallen.note.startswith("The qualification expired on")
    (told,) = BusinessEvent.objects.all()
    assert (told.kind, told.actor) == ("supplier.qualification_expired", None)
    current = ApprovedVendor.objects.get(supplier=world.northline, valid_to__isnull=True)
    assert current.standing == "approved"
    with nothing_changes():
        let_lapsed_qualifications_fall()


def test_the_list_does_not_wait_for_the_status_to_fall(world):
    evidence(world, -1)
    pair = (world.northline.pk, world.small.pk)
    found = list_decisions([pair], day())[pair]
    assert found.standing == "off_list"
    assert found.missing.startswith("A mandatory document for Packaging expired on")
    assert list_decisions([pair], day(-1))[pair].standing == "preferred"


def test_an_optional_document_takes_nothing_away(world):
    evidence(world, -1, is_mandatory=False)
    let_lapsed_qualifications_fall()
    assert northline(world).status == "qualified"


def test_a_mandatory_document_takes_the_qualification_with_it(world):
    evidence(world, -1)
    let_lapsed_qualifications_fall()
    assert northline(world).note.startswith("A mandatory document expired on")


def test_an_organizations_day_is_worked_off_in_its_own_transaction(db):
    from tests.world import make_world

    world = make_world()
    with world.inside():
        Qualification.objects.update(valid_to=day(-1))
    do_daily_work(world.organization.pk)
    do_daily_work(world.organization.pk)
    work_off(world.organization.pk)
    with world.inside():
        assert Qualification.objects.get().status == "in_review"
        assert kinds() == ["supplier.qualification_expired"]


def test_what_nobody_asked_for_is_written_with_the_organizations_days(db):
    from tests.world import make_world

    world = make_world()
    world.organization.locale = "de_DE"
    world.organization.save(update_fields=["locale"])
    last_day = day(-1)
    with world.inside():
        Qualification.objects.update(valid_to=last_day)
    do_daily_work(world.organization.pk)
    with world.inside():
        summary = BusinessEvent.objects.get(kind="supplier.qualification_expired").summary
    assert f"{last_day:%d.%m.%Y}" in summary


def test_what_stayed_behind_with_a_merged_record_stops_nobodys_daily_work(world):
    """Kestrel was preferred until a qualification that ends; both stayed with its record."""
    there = northline(world).category
    entry(world.northline, there)
    qualification(world.kestrel, there, valid_to=day(1))
    entry(world.kestrel, there, "preferred")
    merge_suppliers(world.kestrel, remaining=world.northline, reason="One", actor=world.sana)
    remind_of_expiries()
    assert stages() == []
    left = Qualification.objects.filter(supplier=world.kestrel, category=there)
    assert left.update(valid_to=day(-1)) == 1
    ends(world, -1)
    let_lapsed_qualifications_fall()
    of = {one.supplier_id: one.status for one in Qualification.objects.filter(category=there)}
    assert of[world.northline.pk] == "in_review"
    assert of[world.kestrel.pk] == "qualified"
