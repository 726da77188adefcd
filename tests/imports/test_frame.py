"""What holds for every kind: all or none, trial, columns, repeated rows, the trail, commands."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from procure.models import BusinessEvent, ImportRun, Membership, Organization
from suppliers.models import Supplier
from tests.imports.support import counts, everything, refusals, table, take_in, warned, workbook
from tests.world import World

COLUMNS = "supplier_code,name,payment_terms_days"
GOOD = ("S1,One,30", "S2,Two,14", "S3,Three,60")

pytestmark = pytest.mark.django_db


def test_a_file_whose_last_row_is_wrong_changes_nothing(world: World) -> None:
    before = everything(world)
    result = take_in(world, "suppliers", table(COLUMNS, *GOOD, "S4,Four,soon"))
    assert counts(result) == (0, 0, 0, 1)
    assert refusals(result) == [(5, "payment_terms_days", "“soon” is not a whole number.")]
    assert everything(world) == before


def test_control_without_the_wrong_row_the_same_file_goes_in(world: World) -> None:
    assert counts(take_in(world, "suppliers", table(COLUMNS, *GOOD))) == (3, 0, 0, 0)


def test_partial_takes_the_good_rows_and_names_the_others(world: World) -> None:
    result = take_in(world, "suppliers", table(COLUMNS, "S0,Zero,x", *GOOD), partial=True)
    assert counts(result) == (3, 0, 0, 1)
    assert result.refused[0].row == 2
    with world.inside():
        assert Supplier.objects.filter(code__startswith="S").count() == 3


def test_a_dry_run_says_what_would_happen_and_changes_nothing(world: World) -> None:
    before = everything(world)
    result = take_in(world, "suppliers", table(COLUMNS, *GOOD), dry_run=True)
    assert counts(result) == (3, 0, 0, 0)
    assert not result.is_applied
    assert everything(world) == before


def test_importing_a_file_again_changes_nothing(world: World) -> None:
    take_in(world, "suppliers", table(COLUMNS, *GOOD))
    before = everything(world)
    assert counts(take_in(world, "suppliers", table(COLUMNS, *GOOD))) == (0, 0, 3, 0)
    assert everything(world) == before


def test_an_applied_import_leaves_one_run_and_one_event(world: World) -> None:
    clerk = world.people["sourcing_lead"]
    take_in(world, "suppliers", table(COLUMNS, *GOOD), actor=clerk)
    with world.inside():
        (run,) = ImportRun.objects.all()
        (event,) = BusinessEvent.objects.filter(kind="import.applied")
    assert (run.kind, run.file_name, run.started_by, run.is_dry_run) == (
        "suppliers", "suppliers.csv", clerk, False,
    )  # fmt: skip
    assert run.result["created"] == 3
    assert (event.actor, event.subject_id) == (clerk, run.pk)
    assert event.summary == "3 created, 0 updated, 0 unchanged from suppliers.csv."


def test_every_missing_required_column_is_named(world: World) -> None:
    result = take_in(world, "price_agreements", table("agreement_number,unit_price", "A,1"))
    assert refusals(result) == [
        (1, name, f"The column {name} is missing.")
        for name in ("supplier_code", "sku", "valid_from")
    ]
    assert result.rows == 0


def test_unknown_columns_are_warned_and_not_read(world: World) -> None:
    result = take_in(world, "suppliers", table("supplier_code,colour,name", "S1,red,One"))
    assert counts(result) == (1, 0, 0, 0)
    assert [(one.row, one.column, one.message) for one in result.warnings] == [
        (1, "colour", "The column colour is unknown and was not read.")
    ]


def test_two_names_of_one_column_are_refused(world: World) -> None:
    columns = "po_number,line_no,supplier_code,sku,quantity,unit_price,promised_date"
    result = take_in(world, "purchase_orders", table(f"{columns},line_amount,line_value"))
    assert refusals(result) == [
        (1, "line_value", "The columns line_amount and line_value mean the same. Keep one.")
    ]


@pytest.mark.parametrize("row", ["S1,One", "S1,One,30,more"])
def test_a_row_with_other_cells_than_the_header_is_refused(world: World, row: str) -> None:
    result = take_in(world, "suppliers", table(COLUMNS, row))
    cells = row.count(",") + 1
    assert refusals(result) == [(2, "", f"The row has {cells} cells where the header has 3.")]


def test_a_key_that_stands_twice_with_other_content_is_refused(world: World) -> None:
    result = take_in(world, "suppliers", table(COLUMNS, "S1,One,30", "s1,Other,30"))
    assert refusals(result) == [(3, "supplier_code", "Line 2 gives the same with other content.")]


def test_a_row_that_repeats_another_counts_once(world: World) -> None:
    result = take_in(world, "suppliers", table(COLUMNS, "S1,One,30", "S1,One,30"))
    assert counts(result) == (1, 0, 1, 0)
    assert warned(result) == [(3, "supplier_code")]


def test_a_workbook_is_imported_like_a_csv(world: World) -> None:
    content = workbook(["supplier_code", "name", "payment_terms_days"], ["S1", "One", 30])
    assert counts(take_in(world, "suppliers", content, decimal_comma=True)) == (1, 0, 0, 0)


def test_the_number_of_statements_does_not_depend_on_the_rows(world: World) -> None:
    def statements(prefix: str, number: int) -> int:
        rows = (f"{prefix}{n},Supplier {prefix}{n},30" for n in range(number))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            take_in(world, "suppliers", table(COLUMNS, *rows))
        return len(queries)

    assert statements("A", 10) == statements("B", 400)


# --- Commands ----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "suppliers.csv"


@pytest.mark.django_db(transaction=True)
def test_the_command_prints_one_object_and_ends_well(world: World, file: Path) -> None:
    file.write_bytes(table(COLUMNS, *GOOD))
    out = StringIO()
    call_command("import_csv", "suppliers", file, organization="acme", json=True, stdout=out)
    result = json.loads(out.getvalue())
    assert set(result) == {
        "kind", "rows", "created", "updated", "unchanged", "refused", "warnings", "seconds",
    }  # fmt: skip
    assert (result["kind"], result["rows"], result["created"]) == ("suppliers", 3, 3)
    assert isinstance(result["seconds"], float)


@pytest.mark.django_db(transaction=True)
def test_the_command_ends_with_1_when_a_row_is_refused(world: World, file: Path) -> None:
    file.write_bytes(table(COLUMNS, *GOOD, "S4,Four,soon"))
    for options in ({}, {"partial": True}):
        out = StringIO()
        with pytest.raises(SystemExit) as end:
            call_command(
                "import_csv", "suppliers", file, organization="acme", json=True, stdout=out,
                **options,
            )  # fmt: skip
        assert end.value.code == 1
        assert json.loads(out.getvalue())["refused"] == [
            {
                "row": 5,
                "column": "payment_terms_days",
                "value": "soon",
                "message": "“soon” is not a whole number.",
            }
        ]


@pytest.mark.django_db(transaction=True)
def test_the_command_says_in_words_what_it_did(world: World, file: Path) -> None:
    file.write_bytes(table(COLUMNS, *GOOD))
    out = StringIO()
    call_command("import_csv", "suppliers", file, organization="acme", dry_run=True, stdout=out)
    assert out.getvalue().startswith("Would be: 3 rows: 3 created, 0 updated, 0 unchanged")


@pytest.mark.parametrize("command", ["import_csv", "export"])
def test_an_unknown_organization_is_named(world: World, file: Path, command: str) -> None:
    file.write_bytes(b"")
    arguments = ("suppliers", file) if command == "import_csv" else ("suppliers",)
    with pytest.raises(CommandError, match="no organization “nobody”"):
        call_command(command, *arguments, organization="nobody")


def test_a_file_that_is_not_there_is_named(world: World, file: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_csv", "suppliers", file, organization="acme")


@pytest.mark.django_db(transaction=True)
def test_the_export_command_writes_a_file_or_prints(world: World, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    call_command("export", "suppliers", organization="acme", output=target)
    out = StringIO()
    call_command("export", "suppliers", organization="acme", stdout=out)
    assert target.read_bytes().decode() == out.getvalue()
    assert target.read_bytes().startswith(b"supplier_code,name,legal_name")
    call_command("export", "suppliers", organization="acme", format="json", output=target)
    assert [row["supplier_code"] for row in json.loads(target.read_text())] == ["KESTREL", "NORTH"]


def test_create_organization_founds_an_empty_one(db: None) -> None:
    call_command(
        "create_organization", "scms", name="SCMS", currency="usd", owner="o@scms.test",
        password="long-enough-9", stdout=StringIO(),
    )  # fmt: skip
    organization = Organization.objects.get(slug="scms")
    assert (organization.name, organization.currency) == ("SCMS", "USD")
    membership = Membership.objects.get(organization=organization)
    assert membership.user.email == "o@scms.test"
    assert membership.roles == ["admin", "sourcing_lead", "buyer", "receiver", "ap_clerk"]


@pytest.mark.parametrize(
    ("slug", "currency", "owner", "words"),
    [
        ("acme", "USD", "o@x.test", "already"),
        ("a b", "USD", "o@x.test", "slug"),
        ("new", "XQQ", "o@x.test", "currency"),
        ("new", "USD", "nobody", "email"),
        ("static", "USD", "o@x.test", "kept"),
    ],
)
def test_create_organization_refuses_with_a_sentence(
    world: World, slug: str, currency: str, owner: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        call_command(
            "create_organization", slug, name="X", currency=currency, owner=owner, password="x"
        )
    assert Organization.objects.count() == 1
