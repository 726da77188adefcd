"""The screens: upload, preview with reasons, apply, refused rows as a file; exports as links."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from procure.models import Attachment, BusinessEvent, ImportRun
from suppliers.models import SourcingDecision, Supplier
from tests.imports.support import everything, table, workbook
from tests.world import World

pytestmark = pytest.mark.django_db

COLUMNS = "supplier_code,name,payment_terms_days"
GOOD = table(COLUMNS, "S1,One,30", "NORTH,Northline,14")
MIXED = table(COLUMNS, "S1,One,30", 'S2,"Two, too",soon', "S3,Three,never")


@pytest.fixture
def lead(world: World) -> Client:
    return world.client("sourcing_lead")


def upload(world: World, client: Client, content: bytes, **fields: str) -> HttpResponse:
    file = SimpleUploadedFile(fields.pop("name", "mine.csv"), content)
    return client.post(
        world.url("imports/new/"), {"kind": "suppliers", "file": file, **fields}, follow=True
    )


def run_of(world: World) -> ImportRun:
    with world.inside():
        return ImportRun.objects.get()


def page(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_the_preview_shows_new_and_changed_rows_and_changes_no_supplier(
    world: World, lead: Client
) -> None:
    before = everything(world)
    text = page(upload(world, lead, GOOD))
    assert "New rows" in text
    assert "Changed rows" in text
    assert "Import 2 rows" in text
    after = everything(world)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"procure.ImportRun", "procure.Attachment", "procure.BusinessEvent"}
    assert run_of(world).is_dry_run
    with world.inside():
        assert Attachment.objects.get().size == len(GOOD)


def test_applying_writes_the_rows_once(world: World, lead: Client) -> None:
    upload(world, lead, GOOD)
    address = world.url(f"imports/{run_of(world).public_id}/apply/")
    assert "mine.csv is imported." in page(lead.post(address, follow=True))
    with world.inside():
        assert Supplier.objects.get(code="S1").name == "One"
        assert Supplier.objects.get(code="NORTH").payment_terms_days == 14
        kinds = list(BusinessEvent.objects.values_list("kind", flat=True).order_by("pk"))
    assert kinds[-2:] == ["import.tried", "import.applied"]
    assert not run_of(world).is_dry_run
    before = everything(world)
    assert "applied already" in page(lead.post(address, follow=True))
    assert everything(world) == before


def test_refused_rows_are_shown_with_the_reason_of_each_cell(world: World, lead: Client) -> None:
    text = page(upload(world, lead, MIXED))
    assert "“soon” is not a whole number." in text
    assert "Import without the 2 refused rows" in text
    address = world.url(f"imports/{run_of(world).public_id}/apply/")
    before = everything(world)
    assert "Nothing was imported." in page(lead.post(address, follow=True))
    assert everything(world) == before
    lead.post(address, {"partial": "1"})
    with world.inside():
        assert Supplier.objects.filter(code__startswith="S").count() == 1


def test_refused_rows_download_as_they_stood_with_the_reason(world: World, lead: Client) -> None:
    upload(world, lead, MIXED)
    answer = lead.get(world.url(f"imports/{run_of(world).public_id}/refused.csv"))
    assert answer["Content-Disposition"] == 'attachment; filename="refused-suppliers.csv"'
    assert list(csv.reader(io.StringIO(answer.content.decode(), newline=""))) == [
        ["supplier_code", "name", "payment_terms_days", "why_refused"],
        ["S2", "Two, too", "soon", "payment_terms_days: “soon” is not a whole number."],
        ["S3", "Three", "never", "payment_terms_days: “never” is not a whole number."],
    ]


def test_a_workbook_with_its_own_notation_is_taken(world: World, lead: Client) -> None:
    content = workbook(["supplier_code", "name"], ["S1", "One"])
    assert "Import 1 row" in page(upload(world, lead, content, name="mine.xlsx"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "This is a PDF"),
        (b"supplier_code\n", "The column name is missing."),
        (b" ", "The file is empty."),
        (b"supplier_code,name\n" + b"x" * (10 * 1024 * 1024), "larger than 10 MB"),
        (table(COLUMNS, *(f"S{n},x,1" for n in range(20_001))), "more than 20,000 rows"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_at_its_field(
    world: World, lead: Client, content: bytes, words: str
) -> None:
    before = everything(world)
    text = page(upload(world, lead, content))
    assert words in text
    assert everything(world) == before


def test_the_list_offers_a_template_of_each_kind(world: World, lead: Client) -> None:
    upload(world, lead, GOOD)
    assert "mine.csv" in page(lead.get(world.url("imports/")))
    answer = lead.get(world.url("imports/templates/exchange_rates.csv"))
    assert answer.content == b"currency,per_currency,rate,valid_from\r\n"
    assert lead.get(world.url("imports/templates/nothing.csv")).status_code == 404


def test_only_those_who_may_import_see_the_screens(world: World) -> None:
    for path in ("imports/", "imports/new/", "imports/templates/skus.csv"):
        assert world.client("auditor").get(world.url(path)).status_code == 403


def test_anybody_takes_tables_out_but_the_trail(world: World) -> None:
    answer = world.client("receiver").get(world.url("exports/suppliers.csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"supplier_code,name")
    assert world.client("receiver").get(world.url("exports/event_trail.csv")).status_code == 403
    assert world.client("auditor").get(world.url("exports/event_trail.csv")).status_code == 200
    assert world.client("auditor").get(world.url("exports/nothing.csv")).status_code == 404


def test_another_companys_run_is_not_found(world: World, other_world: World, lead: Client) -> None:
    upload(world, lead, GOOD)
    stranger = other_world.client("sourcing_lead")
    for end in ("", "refused.csv"):
        path = other_world.url(f"imports/{run_of(world).public_id}/{end}")
        assert stranger.get(path).status_code == 404
    apply = other_world.url(f"imports/{run_of(world).public_id}/apply/")
    assert stranger.post(apply).status_code == 404


def test_the_tables_of_sourcing_come_in_by_upload_one_after_the_other(
    world: World, lead: Client
) -> None:
    strategies = table("category_code,objective,preferred", "BOX,Two mills,NORTH:70;KESTREL:30")
    head = "decision_number,category_code,title,decided_on,reason,supplier_code,chosen"
    decisions = table(
        head,
        "D-7,BOX,Boxes,2026-03-01,On time,NORTH,yes",
        "D-7,BOX,Boxes,2026-03-01,On time,KESTREL,no",
    )
    for kind, content, button in (
        ("category_strategies", strategies, "Import 1 row"),
        ("sourcing_decisions", decisions, "Import 2 rows"),
    ):
        trial = upload(world, lead, content, kind=kind, name=f"{kind}.csv")
        assert button in page(trial)
        with world.inside():
            assert not SourcingDecision.objects.exists()
        address = f"{trial.redirect_chain[-1][0]}apply/"
        assert f"{kind}.csv is imported." in page(lead.post(address, follow=True))
    with world.inside():
        decision = SourcingDecision.objects.get(number="D-7")
        assert decision.candidates.filter(is_chosen=True).get().supplier == world.northline
        category = world.boxes.public_id
    seen = page(lead.get(world.url(f"categories/{category}/")))
    assert "Two mills" in seen
    assert "D-7" in seen


def test_payments_are_imported_by_whoever_pays_and_tables_by_whoever_sets_up(
    world: World, lead: Client
) -> None:
    clerk = world.client("ap_clerk")
    bank = table("supplier_code,paid_on,amount,invoice_number", "NORTH,2026-05-04,1,X")
    assert "Select a valid choice" in page(upload(world, lead, bank, kind="payments"))
    assert "Select a valid choice" in page(upload(world, clerk, GOOD))
    with world.inside():
        assert not ImportRun.objects.exists()
    assert "has no invoice of this number" in page(upload(world, clerk, bank, kind="payments"))
    address = world.url(f"imports/{run_of(world).public_id}/")
    for path in (address, f"{address}refused.csv"):
        assert lead.get(path).status_code == 403
    assert lead.post(f"{address}apply/", {"partial": "1"}).status_code == 403
    assert run_of(world).is_dry_run
    assert "mine.csv" not in page(lead.get(world.url("imports/")))
