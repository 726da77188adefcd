"""The screens on which two supplier records become one, and the hint that they may be."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from procure.models import BusinessEvent
from suppliers.merging import merge_suppliers
from suppliers.models import Contact, Supplier, SupplierMerge, SuppliersToldApart
from suppliers.possible_duplicates import likenesses, possible_duplicates, tell_apart
from suppliers.references import suppliers_by_code
from tests.factories import ApprovedVendorFactory, SupplierFactory
from tests.world import World


def of_kestrel(world: World, step: str = "") -> str:
    return world.url(f"suppliers/{world.kestrel.public_id}/{step}")


def test_two_records_are_compared_merged_and_made_two_again_on_their_screens(world: World) -> None:
    lead = world.client("sourcing_lead")
    choice = lead.get(of_kestrel(world, "merge/"))
    assert b"Choose a supplier" in choice.content
    path = f"{of_kestrel(world, 'merge/')}?into={world.northline.public_id}"
    page = lead.get(path).content.decode()
    assert "Merge Kestrel Pack into Northline Packaging" in page
    assert lead.post(path, {"reason": ""}).status_code == 422
    assert lead.post(path, {"reason": "Same tax id."}).status_code == 302
    with world.inside():
        merge = SupplierMerge.objects.get()
    gone = lead.get(of_kestrel(world)).content.decode()
    assert "Merged into" in gone
    assert "Same tax id." in gone
    assert "Add a contact" not in gone
    listed = lead.get(world.url("suppliers/")).content.decode()
    assert "Kestrel Pack" not in listed
    assert "Kestrel Pack" in lead.get(world.url("suppliers/?status=merged")).content.decode()
    sameness = world.url(f"suppliers/{world.northline.public_id}/sameness/")
    kept = lead.get(sameness).content.decode()
    assert "was merged into this record" in kept
    undo = world.url(f"supplier-merges/{merge.public_id}/undo/")
    assert b"only the record itself comes back" in lead.get(undo).content
    assert lead.post(undo, {"reason": "Two plants."}).status_code == 302
    with world.inside():
        assert Supplier.objects.get(pk=world.kestrel.pk).status == "active"


def test_the_preview_takes_the_same_statements_however_much_there_is(world: World) -> None:
    lead = world.client("sourcing_lead")
    path = f"{of_kestrel(world, 'merge/')}?into={world.northline.public_id}"
    lead.get(path)
    with CaptureQueriesContext(connection) as few:
        lead.get(path)
    with world.inside():
        for category in (world.packaging, world.boxes):
            ApprovedVendorFactory(supplier=world.kestrel, category=category)
            Contact.objects.create(supplier=world.kestrel, name="Ida")
    with CaptureQueriesContext(connection) as many:
        page = lead.get(path).content.decode()
    assert len(many) == len(few)
    assert "To Northline Packaging go 2 contacts and 1 list entry" in page
    assert "1 list entry stays with Kestrel Pack" in page


def test_what_two_records_share_is_told_in_words_the_strongest_first(inside: World) -> None:
    world = inside
    Supplier.objects.filter(pk=world.northline.pk).update(
        tax_id="DE 123 456", name="Muster G.m.b.H. & Co. KG", email="a@muster.example"
    )
    Supplier.objects.filter(pk=world.kestrel.pk).update(
        tax_id="de123456", name="MUSTER", email="b@gmail.com"
    )
    Contact.objects.create(supplier=world.kestrel, name="Ida", email="c@MUSTER.example")
    for number in range(7):
        SupplierFactory(name=f"Other {number}", email="x@gmail.com", tax_id="DE999")
    (pair,) = possible_duplicates()
    assert (pair.first, pair.second) == (world.northline, world.kestrel)
    assert pair.reason == "same tax id, same name, same mail domain"
    assert [one.reason for one in likenesses([world.kestrel.pk])] == [pair.reason]
    tell_apart(world.kestrel, other=world.northline, actor=world.people["sourcing_lead"])
    assert possible_duplicates() == likenesses([world.kestrel.pk]) == []


def test_the_hint_leads_to_the_comparison_and_can_be_dismissed(world: World) -> None:
    with world.inside():
        Supplier.objects.filter(pk__in=[world.northline.pk, world.kestrel.pk]).update(tax_id="X-1")
    lead = world.client("sourcing_lead")
    page = lead.get(of_kestrel(world, "sameness/")).content.decode()
    assert "May be the same as" in page
    assert "same tax id" in page
    assert b"Same tax id" in lead.get(world.url("suppliers/duplicates/")).content
    other = {"other": world.northline.public_id, "next": "list"}
    assert world.client("buyer").post(of_kestrel(world, "tell-apart/"), other).status_code == 403
    assert lead.post(of_kestrel(world, "tell-apart/"), other).status_code == 302
    with world.inside():
        assert SuppliersToldApart.objects.count() == 1
    assert "May be the same as" not in lead.get(of_kestrel(world, "sameness/")).content.decode()


def test_a_new_supplier_with_a_known_tax_id_is_asked_about_once(world: World) -> None:
    with world.inside():
        Supplier.objects.filter(pk=world.kestrel.pk).update(tax_id="DE 7")
    lead = world.client("sourcing_lead")
    typed = {
        "name": "Somebody",
        "code": "SB",
        "tax_id": "de7",
        "currency": "USD",
        "payment_terms_days": "30",
        "early_late_days": "0",
    }
    asked = lead.post(world.url("suppliers/new/"), typed)
    assert (asked.status_code, b"same tax id" in asked.content) == (422, True)
    with world.inside():
        assert not Supplier.objects.filter(code="SB").exists()
    done = lead.post(world.url("suppliers/new/"), {**typed, "add_anyway": "1"})
    assert done.status_code == 302
    with world.inside():
        assert Supplier.objects.filter(code="SB").exists()


def test_a_merged_record_is_ordered_from_no_more_and_its_code_names_the_other(
    inside: World,
) -> None:
    world = inside
    merge_suppliers(
        world.kestrel,
        remaining=world.northline,
        reason="One",
        actor=world.people["sourcing_lead"],
    )
    assert suppliers_by_code(["kestrel"]) == {"KESTREL": world.northline}


def test_every_step_on_a_merged_record_says_which_one_to_take(world: World) -> None:
    """Whoever still had the old page open reads where the record went, and nothing changes."""
    with world.inside():
        Contact.objects.create(supplier=world.kestrel, name="Ida", phone="+1 555 0101")
        behind = ApprovedVendorFactory(supplier=world.kestrel, category=world.packaging)
        merge_suppliers(
            world.kestrel, remaining=world.northline, reason="One", actor=world.people["admin"]
        )
    today = timezone.localdate()
    box = str(world.boxes.public_id)
    steps: list[tuple[str, dict[str, object]]] = [
        (
            "edit/",
            {
                "name": "K",
                "code": "K",
                "currency": "USD",
                "payment_terms_days": 30,
                "early_late_days": 3,
            },
        ),
        ("block/", {"reason": "Fraud"}),
        ("contacts/new/", {"name": "Too late"}),
        ("addresses/remit_to/", {"address": "1 Main St"}),
        ("risks/new/", {"kind": "financial", "severity": "high", "text": "Late"}),
        ("qualification/", {"category": box, "status": "suspended", "note": "Late"}),
        (
            "admit/",
            {
                "category": box,
                "maximum_spend": "10",
                "maximum_orders": "1",
                "expires_on": today,
                "tasks": "Insurance",
                "reason": "Flood",
            },
        ),
        (
            "agreements/new/",
            {
                "number": "K-9",
                "valid_from": today,
                "prices-TOTAL_FORMS": "1",
                "prices-INITIAL_FORMS": "0",
                "prices-0-sku": "CTN-12-KR",
                "prices-0-unit_price": "1",
            },
        ),
    ]
    lead = world.client("sourcing_lead")
    with world.inside():
        before = BusinessEvent.objects.count()
    for step, typed in steps:
        words = lead.post(of_kestrel(world, step), typed).content.decode()
        assert "Kestrel Pack was merged into Northline Packaging (NORTH)" in words, step
    entry = world.url(f"approved-vendors/{behind.public_id}/")
    words = lead.post(entry, {"standing": "backup", "rank": "1"}).content.decode()
    assert "Kestrel Pack was merged into Northline Packaging (NORTH)" in words
    with world.inside():
        assert BusinessEvent.objects.count() == before
