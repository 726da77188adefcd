"""The screens of checklists, qualifications and provisional admissions, as a sourcing lead uses them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from suppliers.models import (
    AdmissionTask,
    CriterionAnswer,
    ProvisionalAdmission,
    Qualification,
    QualificationCriterion,
)
from tests.factories import QualificationFactory
from tests.world import World, make_world

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF"


def once(**values: Any) -> dict[str, Any]:
    return {"idempotency_key": str(uuid.uuid4()), **values}


@pytest.fixture
def world(db: None) -> World:
    """The company of the screens, in place of this folder's own."""
    return make_world()


@pytest.fixture
def lead(world: World) -> Client:
    return world.client("sourcing_lead")


def test_a_supplier_is_vetted_from_the_checklist_to_qualified(world: World, lead: Client) -> None:
    checklist = world.url(f"categories/{world.boxes.public_id}/checklist/")
    assert b"Nothing is asked yet" in lead.get(checklist).content
    details = once(name="Insurance", is_mandatory="on", needs_evidence="on", validity_months="12")
    assert lead.post(f"{checklist}new/", details).status_code == 302
    assert b"Insurance" in lead.get(checklist).content
    assert b"Insurance" in lead.get(world.url(f"categories/{world.boxes.public_id}/")).content

    decide = world.url(f"suppliers/{world.kestrel.public_id}/qualification/")
    category = str(world.boxes.public_id)
    lead.post(decide, once(category=category, status="in_review"))
    with world.inside():
        review = Qualification.objects.get(supplier=world.kestrel)
        criterion = QualificationCriterion.objects.get()
    page = world.url(f"qualifications/{review.public_id}/")
    assert "Insurance is not answered" in lead.get(page).content.decode()
    refused = lead.post(decide, once(category=category, status="qualified"))
    assert refused.status_code == 422
    assert "Not yet: Insurance is not answered." in refused.content.decode()

    upload = SimpleUploadedFile("insurance.pdf", PDF, "application/pdf")
    answer = f"{page}criteria/{criterion.public_id}/"
    assert lead.get(answer).status_code == 200
    assert lead.post(answer, once(outcome="waived")).status_code == 422
    assert lead.post(answer, once(outcome="met", upload=upload)).status_code == 302
    assert "insurance.pdf" in lead.get(page).content.decode()
    assert lead.post(decide, once(category=category, status="qualified")).status_code == 302
    shown = lead.get(world.url(f"suppliers/{world.kestrel.public_id}/")).content.decode()
    assert "1 of 1 met" in shown


def test_only_steps_that_follow_are_offered(world: World, lead: Client) -> None:
    with world.inside():
        Qualification.objects.update(status="disqualified", note="Fraud")
        known = Qualification.objects.get()
    text = lead.get(world.url(f"qualifications/{known.public_id}/")).content.decode()
    assert "Review again" in text
    assert ">Qualify<" not in text


def test_a_criterion_is_changed_and_retired(world: World, lead: Client) -> None:
    with world.inside():
        one = QualificationCriterion.objects.create(category=world.boxes, name="Insurance")
    path = world.url(f"criteria/{one.public_id}/")
    assert lead.post(path, once(name="")).status_code == 422
    assert lead.post(path, once(name="Liability")).status_code == 302
    assert lead.get(f"{path}retire/").status_code == 200
    assert lead.post(f"{path}retire/", once()).status_code == 302
    with world.inside():
        one.refresh_from_db()
        assert (one.name, one.is_mandatory, one.retired_at is None) == ("Liability", False, False)


def test_the_list_has_views_for_what_ends_and_what_is_reviewed(world: World, lead: Client) -> None:
    soon = timezone.localdate() + timedelta(days=12)
    with world.inside():
        QualificationFactory(supplier=world.kestrel, category=world.boxes, valid_to=soon)
    shown = {
        query: [name for name in ("Northline", "Kestrel") if name in text]
        for query in ("", "?state=expiring", "?state=expired", "?status=in_review")
        for text in [lead.get(world.url(f"qualifications/{query}")).content.decode()]
    }
    assert shown == {
        "": ["Northline", "Kestrel"],
        "?state=expiring": ["Kestrel"],
        "?state=expired": [],
        "?status=in_review": [],
    }


def test_the_list_takes_the_same_statements_for_any_number(world: World, lead: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert lead.get(world.url("qualifications/")).status_code == 200
        return len(captured)

    with world.inside():
        criterion = QualificationCriterion.objects.create(category=world.packaging, name="Audit")
        one = Qualification.objects.get()
        CriterionAnswer.objects.create(
            qualification=one, criterion=criterion, outcome="met",
            answered_by=world.people["buyer"],
        )  # fmt: skip
    lead.get(world.url("qualifications/"))
    few = statements()
    with world.inside():
        QualificationFactory.create_batch(20, category=world.boxes)
    assert statements() == few


def test_an_admission_is_given_ticked_off_and_ended(world: World, lead: Client) -> None:
    supplier = world.url(f"suppliers/{world.kestrel.public_id}/")
    values = once(
        category=str(world.boxes.public_id), maximum_spend="5000", maximum_orders="2",
        expires_on=str(timezone.localdate() + timedelta(days=30)), tasks="Insurance\n\nAudit",
        reason="Fire",
    )  # fmt: skip
    assert lead.get(f"{supplier}admit/?category={world.boxes.public_id}").status_code == 200
    assert lead.post(f"{supplier}admit/", {**values, "tasks": " "}).status_code == 422
    assert lead.post(f"{supplier}admit/", {**values, **once()}).status_code == 302
    with world.inside():
        admission = ProvisionalAdmission.objects.get()
        task = AdmissionTask.objects.earliest("position")
    text = lead.get(supplier).content.decode()
    assert "Provisional for Boxes" in text
    used = world.url(f"admissions/{admission.public_id}/used/")
    assert "0 of 2 orders" in lead.get(used).content.decode()
    assert lead.get(used, headers={"HX-Request": "true"}).content.startswith(b"0 of 2")
    tick = world.url(f"admission-tasks/{task.public_id}/")
    assert lead.get(tick).status_code == 405
    assert lead.post(tick, once(done="yes")).status_code == 302
    end = world.url(f"admissions/{admission.public_id}/end/")
    assert lead.get(end).status_code == 200
    assert lead.post(end, once(reason="Qualified")).status_code == 302
    assert "Provisional for Boxes" not in lead.get(supplier).content.decode()
    with world.inside():
        task.refresh_from_db()
        assert task.done_by == world.people["sourcing_lead"]
