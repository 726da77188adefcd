from __future__ import annotations

from datetime import date

import pytest

from suppliers.models import ApprovedVendor, Qualification, Supplier
from tests.imports.support import counts, everything, refusals, table, take_in
from tests.world import World

pytestmark = pytest.mark.django_db

COLUMNS = "supplier_code,category_code,sku,standing,rank,valid_from,valid_to,reason"


def test_entries_come_in_for_categories_and_skus(world: World) -> None:
    clerk = world.people["sourcing_lead"]
    rows = (
        "KESTREL,BOX,,backup,2,2026-01-01,2026-12-31,Second source",
        "KESTREL,,DIV-12-SB,preferred,,2026-01-01,,",
    )
    result = take_in(world, "approved_vendors", table(COLUMNS, *rows), actor=clerk)
    assert counts(result) == (2, 0, 0, 0)
    with world.inside():
        group, single = ApprovedVendor.objects.filter(supplier=world.kestrel).order_by("pk")
    assert (group.category_id, group.sku_id, group.standing, group.rank) == (
        world.boxes.pk, None, "backup", 2,
    )  # fmt: skip
    assert (group.valid_from, group.valid_to, group.reason, group.decided_by_id) == (
        date(2026, 1, 1), date(2026, 12, 31), "Second source", clerk.pk,
    )  # fmt: skip
    assert (single.category_id, single.sku_id, single.rank) == (None, world.divider.pk, 1)


def test_without_a_first_day_the_entry_in_force_is_meant(world: World) -> None:
    columns = "supplier_code,category_code,standing"
    result = take_in(world, "approved_vendors", table(columns, "NORTH,PACK,approved"))
    assert counts(result) == (0, 1, 0, 0)
    new = take_in(world, "approved_vendors", table(columns, "KESTREL,PACK,approved"))
    again = take_in(world, "approved_vendors", table(columns, "KESTREL,PACK,approved"))
    assert (counts(new), counts(again)) == ((1, 0, 0, 0), (0, 0, 1, 0))


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",BOX,,approved,,2026-01-01,,", "supplier_code", "missing"),
        ("KESTREL,,,approved,,2026-01-01,,", "category_code", "either"),
        ("KESTREL,BOX,DIV-12-SB,approved,,2026-01-01,,", "category_code", "either"),
        ("KESTREL,NONE,,approved,,2026-01-01,,", "category_code", "no category"),
        ("KESTREL,,NONE,approved,,2026-01-01,,", "sku", "no SKU"),
        ("NONE,BOX,,approved,,2026-01-01,,", "supplier_code", "no supplier"),
        ("KESTREL,BOX,,best,,2026-01-01,,", "standing", "none of"),
        ("KESTREL,BOX,,approved,first,2026-01-01,,", "rank", "whole number"),
        ("KESTREL,BOX,,approved,,2026-01-01,2025-01-01,", "valid_to", "before"),
        ("NORTH,PACK,,approved,,2027-01-01,,", "valid_from", "still holds"),
    ],
)
def test_what_is_no_entry_is_refused(world: World, row: str, column: str, words: str) -> None:
    before = everything(world)
    result = take_in(world, "approved_vendors", table(COLUMNS, row))
    ((line, name, message),) = refusals(result)
    assert (line, name) == (2, column)
    assert words in message
    assert everything(world) == before


def test_two_rows_that_mean_the_same_entry_are_refused(world: World) -> None:
    with world.inside():
        first = ApprovedVendor.objects.get(supplier=world.northline).valid_from
    rows = (f"NORTH,PACK,,approved,,{first},,", "NORTH,PACK,,backup,,,,")
    result = take_in(world, "approved_vendors", table(COLUMNS, *rows))
    assert refusals(result) == [(3, "valid_from", "Line 2 means the same entry.")]


def test_a_supplier_that_may_not_be_ordered_from_is_not_approved(world: World) -> None:
    with world.inside():
        Supplier.objects.filter(pk=world.kestrel.pk).update(status="blocked")
        Qualification.objects.create(
            supplier=world.northline, category=world.boxes, status="suspended", note="Audit"
        )
    rows = ("KESTREL,BOX,,approved,,2026-01-01,,", "NORTH,,DIV-12-SB,approved,,2026-01-01,,")
    result = take_in(world, "approved_vendors", table(COLUMNS, *rows))
    assert [message for _, _, message in refusals(result)] == [
        "The supplier is blocked.", "The supplier is suspended there.",
    ]  # fmt: skip


def test_ship_to_share_and_flags_come_in_and_go_out(world: World) -> None:
    columns = (
        "supplier_code,category_code,standing,valid_from,ship_to,share_percent,"
        "may_be_suggested,may_be_ordered,needs_justification"
    )
    place = world.reno.code
    rows = (
        f"KESTREL,BOX,backup,2026-01-01,{place},40,no,yes,yes",
        f"NORTH,BOX,preferred,2026-01-01,{place},60,,,",
    )
    assert counts(take_in(world, "approved_vendors", table(columns, *rows))) == (2, 0, 0, 0)
    assert counts(take_in(world, "approved_vendors", table(columns, *rows))) == (0, 0, 2, 0)
    with world.inside():
        entry = ApprovedVendor.objects.get(supplier=world.kestrel)
    assert (entry.location_id, entry.share_percent) == (world.reno.pk, 40)
    assert (entry.may_be_suggested, entry.may_be_ordered, entry.needs_justification) == (
        False, True, True,
    )  # fmt: skip
    plain = take_in(world, "approved_vendors", table("supplier_code,category_code,standing",
                                                     "KESTREL,BOX,approved"))  # fmt: skip
    assert counts(plain) == (1, 0, 0, 0)  # without a ship-to it is an entry for anywhere


def test_shares_of_a_file_above_the_whole_are_refused(world: World) -> None:
    columns = "supplier_code,category_code,standing,valid_from,ship_to,share_percent"
    before = everything(world)
    rows = ("KESTREL,BOX,backup,2026-01-01,,50", "NORTH,BOX,preferred,2026-02-01,,50.5")
    rows += ("KESTREL,BOX,backup,2026-01-01,NOWHERE,50",)
    result = take_in(world, "approved_vendors", table(columns, *rows))
    assert [(line, name) for line, name, _ in refusals(result)] == [
        (2, "share_percent"), (3, "share_percent"), (4, "ship_to"),
    ]  # fmt: skip
    assert refusals(result)[0][2].startswith("The shares here make 100.5 % from Feb 1, 2026 on.")
    assert everything(world) == before
