from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from procure.imports import ImportOptions, run_import
from procure.models import Attachment, Organization
from suppliers.approved_vendors import list_decisions
from suppliers.checklists import checklist_of
from suppliers.criteria import (
    CriterionDetails,
    add_criterion,
    answer_criterion,
    change_criterion,
    months_later,
    retire_criterion,
)
from suppliers.models import ApprovedVendor, CriterionAnswer, Qualification, Supplier
from suppliers.qualification import NEXT, qualify_supplier
from suppliers.vendor_approval import change_vendor_approval
from tests.suppliers.support import day, kinds, nothing_changes, refused
from tests.suppliers.world import entry, person, qualification

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF"


def qualify(world, status, valid_to=None, note="", **changes):
    given = {"category": world.corrugate, "actor": world.sana, **changes}
    supplier = given.pop("supplier", world.kestrel)
    return qualify_supplier(supplier, status=status, valid_to=valid_to, note=note, **given)


def criterion(world, name, of=None, **details):
    return add_criterion(
        of or world.packaging, details=CriterionDetails(name, **details), actor=world.sana
    )


def answer(world, what, outcome="met", **changes):
    review = Qualification.objects.get(supplier=world.kestrel)
    return answer_criterion(
        review, criterion=what, outcome=outcome, **{**changes, "actor": world.sana}
    )


def upload(name="insurance.pdf"):
    return SimpleUploadedFile(name, PDF, "application/pdf")


def test_a_supplier_becomes_qualified_until_a_day(world):
    made = qualify(world, "qualified", day(365))
    assert (made.status, made.valid_to, made.decided_by) == ("qualified", day(365), world.sana)
    assert Qualification.objects.filter(supplier=world.kestrel).count() == 1
    assert kinds() == ["supplier.qualified"]
    with nothing_changes():
        qualify(world, "qualified", day(365))


def test_an_end_in_the_past_is_refused(world):
    qualify(world, "qualified", day())
    with refused("already_over", field="valid_to"):
        qualify(world, "qualified", day(-1))


@pytest.mark.parametrize(
    ("status", "label"),
    [
        ("conditional", "conditionally qualified"),
        ("suspended", "suspended"),
        ("disqualified", "disqualified"),
    ],
)
def test_a_decision_that_needs_its_reason_is_refused_without_one(world, status, label):
    with refused("reason_missing", f"Say why it is {label}.", "note"):
        qualify(world, status, note=" ")


def test_a_condition_needs_its_end(world):
    with refused("end_missing", field="valid_to"):
        qualify(world, "conditional", note="Until the audit")
    assert qualify(world, "conditional", day(60), "Until the audit").status == "conditional"


# --- The way from status to status --------------------------------------------------------------


@pytest.mark.parametrize("before", Qualification.Status.values)
def test_a_step_that_does_not_follow_is_refused(world, before):
    Qualification.objects.filter(supplier=world.kestrel).update(status=before, note="Old")
    for status in Qualification.Status.values:
        if status != before and status not in NEXT[before]:
            with refused("wrong_step", field="status"):
                qualify(world, status, day(9), "New")
    for status in NEXT[before]:
        Qualification.objects.filter(supplier=world.kestrel).update(status=before)
        assert qualify(world, status, day(9), "New").status == status


def test_the_refusal_names_the_ways_that_are_open(world):
    Qualification.objects.filter(supplier=world.kestrel).update(status="disqualified")
    with refused(
        "wrong_step", "The supplier is disqualified here; it can become in review.", "status"
    ):
        qualify(world, "qualified")


# --- The checklist ------------------------------------------------------------------------------


def test_a_mandatory_criterion_that_is_open_keeps_a_supplier_from_being_qualified(world):
    insurance = criterion(world, "Insurance")
    criterion(world, "Site visit", world.corrugate)
    criterion(world, "Newsletter", is_mandatory=False)
    with refused(
        "checklist_open",
        "Not yet: Insurance is not answered; Site visit is not answered.",
        "status",
    ):
        qualify(world, "qualified")
    answer(world, insurance, "not_met")
    with refused("checklist_open", field="status"):
        qualify(world, "qualified")
    assert qualify(world, "conditional", day(30), "Insurance to come").status == "conditional"


def test_met_and_waived_criteria_let_it_pass(world):
    answer(world, criterion(world, "Insurance"))
    answer(world, criterion(world, "Site visit"), "waived", reason="Visited last year")
    assert qualify(world, "qualified").status == "qualified"


def test_a_waiver_needs_its_reason(world):
    visit = criterion(world, "Site visit")
    with refused("reason_missing", field="reason"):
        answer(world, visit, "waived", reason=" ")
    assert not CriterionAnswer.objects.exists()


def test_evidence_is_asked_for_kept_and_ages(world):
    insurance = criterion(world, "Insurance", needs_evidence=True, validity_months=12)
    with refused("evidence_missing", "Insurance asks for a document. Attach it.", "upload"):
        answer(world, insurance)
    given = answer(world, insurance, upload=upload())
    assert given.valid_to == months_later(day(), 12)
    assert Attachment.objects.get().subject_type == "suppliers.criterionanswer"
    CriterionAnswer.objects.update(valid_to=date(2026, 1, 31))
    with refused("checklist_open", "Not yet: Insurance expired on Jan 31, 2026.", "status"):
        qualify(world, "qualified")


def test_a_month_has_as_many_days_as_it_has():
    assert months_later(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_later(date(2026, 11, 30), 14) == date(2028, 1, 30)


def test_what_is_retired_is_asked_no_more(world):
    insurance = criterion(world, "Insurance")
    retire_criterion(insurance, actor=world.sana)
    assert qualify(world, "qualified").status == "qualified"
    with refused("not_asked"):
        answer(world, insurance)
    with refused("retired"):
        retire_criterion(insurance, actor=world.sana)


def test_a_changed_criterion_counts_for_the_next_decision(world):
    insurance = criterion(world, "Insurance", is_mandatory=False)
    qualify(world, "qualified")
    change_criterion(insurance, details=CriterionDetails("Liability"), actor=world.sana)
    with refused("checklist_open", "Not yet: Liability is not answered.", "status"):
        qualify(world, "qualified", day(9))
    with refused("name_taken", field="name"):
        criterion(world, "Liability")


def test_the_checklist_of_a_category_begins_with_what_is_inherited(world):
    criterion(world, "Site visit", world.corrugate)
    criterion(world, "Insurance")
    review = Qualification.objects.get(supplier=world.kestrel)
    assert [str(row.criterion) for row in checklist_of(review, day()).rows] == [
        "Insurance", "Site visit",
    ]  # fmt: skip


# --- Two people ---------------------------------------------------------------------------------


def test_who_added_a_supplier_does_not_qualify_it(world):
    Supplier.objects.filter(pk=world.kestrel.pk).update(created_by=world.sana)
    second = person("Sven", world.organization, "sourcing_lead")
    with refused("own_supplier", field="status"):
        qualify(world, "qualified")
    assert qualify(world, "qualified", actor=second).decided_by == second


def test_a_company_with_one_sourcing_lead_goes_on(world):
    Supplier.objects.filter(pk=world.kestrel.pk).update(created_by=world.sana)
    assert qualify(world, "qualified").decided_by == world.sana


def test_an_organization_may_relax_the_second_person(world):
    Supplier.objects.filter(pk=world.kestrel.pk).update(created_by=world.sana)
    person("Sven", world.organization, "sourcing_lead")
    Organization.objects.update(separate_supplier_approval=False)
    assert qualify(world, "qualified").status == "qualified"


@pytest.mark.parametrize("refusing", ["suspended", "disqualified"])
def test_who_stopped_a_supplier_does_not_lift_it(world, refusing):
    sven = person("Sven", world.organization, "sourcing_lead")
    qualify(world, refusing, note="Failed audit")
    sentence = f"You {refusing} Kestrel Pack here. Somebody else in sourcing has to lift it."
    with refused("own_suspension", sentence, "status"):
        qualify(world, "in_review")
    row = f"{world.kestrel.code},{world.corrugate.code},in_review"
    table = f"supplier_code,category_code,status\n{row}\n".encode()
    again = run_import(
        "qualifications", table, file_name="q.csv", organization_id=world.organization.pk,
        options=ImportOptions(), actor=world.sana,
    )  # fmt: skip
    assert [one.message for one in again.refused] == [sentence]
    assert qualify(world, "in_review", actor=sven).decided_by == sven


def test_who_added_a_supplier_does_not_lift_its_suspension(world):
    sven = person("Sven", world.organization, "sourcing_lead")
    qualify(world, "suspended", note="Failed audit", actor=sven)
    Supplier.objects.filter(pk=world.kestrel.pk).update(created_by=world.sana)
    with refused("own_supplier", field="status"):
        qualify(world, "in_review")


def test_one_person_is_enough_to_stop_and_a_lead_alone_may_lift(world):
    assert qualify(world, "suspended", note="Failed audit").status == "suspended"
    assert qualify(world, "in_review").status == "in_review"


# --- Losing it ----------------------------------------------------------------------------------


def standing(world, who, what):
    pair = (who.pk, what.pk)
    return list_decisions([pair], day())[pair]


def lose(world, status="suspended", **changes):
    return qualify(
        world, status, note="Failed audit", supplier=world.northline, category=world.packaging,
        **changes,
    )  # fmt: skip


def test_losing_it_takes_the_standing_and_preferred_away(world):
    assert standing(world, world.northline, world.small).standing == "preferred"
    lose(world)
    found = standing(world, world.northline, world.small)
    assert (found.standing, found.missing) == ("off_list", "Suspended for Packaging: Failed audit.")
    old, new = ApprovedVendor.objects.filter(supplier=world.northline).order_by("valid_from")
    assert (old.standing, old.valid_to) == ("preferred", day(-1))
    assert (new.standing, new.valid_from, new.decided_by) == ("approved", day(), world.sana)
    assert kinds() == ["supplier.qualified"]


def test_preferred_comes_back_by_a_person_only(world):
    lose(world)
    qualify(world, "qualified", supplier=world.northline, category=world.packaging)
    assert standing(world, world.northline, world.small).standing == "approved"
    new = ApprovedVendor.objects.get(supplier=world.northline, valid_from=day())
    change_vendor_approval(
        new, standing="preferred", rank=1, valid_to=None, reason="Audit passed", actor=world.sana
    )
    assert standing(world, world.northline, world.small).standing == "preferred"


def test_a_disqualified_supplier_leaves_the_list(world):
    lose(world, "disqualified")
    (only,) = ApprovedVendor.objects.filter(supplier=world.northline)
    assert (only.standing, only.valid_to) == ("preferred", day(-1))


def test_a_category_with_its_own_qualification_keeps_its_preferred(world):
    qualification(world.northline, world.corrugate)
    entry(world.northline, world.packaging, "preferred")
    lose(world)
    current = ApprovedVendor.objects.filter(supplier=world.northline, valid_to__isnull=True)
    assert {(one.category, one.standing) for one in current} == {
        (world.corrugate, "preferred"), (world.packaging, "approved"),
    }  # fmt: skip


def test_renewing_one_that_had_lapsed_does_not_bring_preferred_back(world):
    Qualification.objects.filter(supplier=world.northline).update(valid_to=day(-1))
    qualify(world, "qualified", day(99), supplier=world.northline, category=world.packaging)
    assert standing(world, world.northline, world.small).standing == "approved"
