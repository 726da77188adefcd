from __future__ import annotations

import pytest

from suppliers.models import Qualification, Supplier
from tests.imports.support import counts, everything, refusals, table, take_in
from tests.world import World

pytestmark = pytest.mark.django_db

ALL = (
    "supplier_code,name,legal_name,tax_id,country,currency,payment_terms_days,incoterm,email,"
    "status,categories"
)


def test_a_supplier_comes_in_with_all_its_columns(world: World) -> None:
    row = "S1,One,One Ltd,DE123,Germany,eur,14,FCA,buy@one.test,Active,BOX; New group"
    assert counts(take_in(world, "suppliers", table(ALL, row))) == (1, 0, 0, 0)
    with world.inside():
        one = Supplier.objects.get(code="S1")
        vetted = Qualification.objects.filter(supplier=one).values_list("category__code", "status")
        assert sorted(vetted) == [("BOX", "prospect"), ("New group", "prospect")]
    assert (one.name, one.legal_name, one.tax_id, one.country) == (
        "One", "One Ltd", "DE123", "Germany",
    )  # fmt: skip
    assert (one.currency, one.payment_terms_days, one.incoterm) == ("EUR", 14, "FCA")
    assert (one.email, one.status) == ("buy@one.test", "active")


def test_what_the_file_leaves_open_is_the_organizations_or_stays(world: World) -> None:
    take_in(world, "suppliers", table("supplier_code,name", "S1,One"))
    with world.inside():
        one = Supplier.objects.get(code="S1")
        assert (one.currency, one.payment_terms_days, one.status) == ("USD", 30, "active")
        Supplier.objects.filter(pk=one.pk).update(payment_terms_days=7, country="Peru")
    result = take_in(
        world, "suppliers", table("supplier_code,name,payment_terms_days,country", "s1,One,,")
    )
    assert counts(result) == (0, 1, 0, 0)
    with world.inside():
        one.refresh_from_db()
    assert (one.code, one.payment_terms_days, one.country) == ("S1", 7, "")


def test_a_category_that_was_vetted_stays_as_it_was_decided(world: World) -> None:
    row = "NORTH,Northline Packaging,PACK"
    result = take_in(world, "suppliers", table("supplier_code,name,categories", row))
    assert counts(result) == (0, 0, 1, 0)
    with world.inside():
        assert Qualification.objects.get(supplier=world.northline).status == "qualified"


def test_a_new_category_makes_the_row_a_change(world: World) -> None:
    row = "NORTH,Northline Packaging,PACK;BOX"
    columns = "supplier_code,name,categories"
    assert counts(take_in(world, "suppliers", table(columns, row))) == (0, 1, 0, 0)
    assert counts(take_in(world, "suppliers", table(columns, row))) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",One,,,,,,,,,", "supplier_code"),
        ("S1,,,,,,,,,,", "name"),
        ("S1,One,,,,Dollars,,,,,", "currency"),
        ("S1,One,,,,,-1,,,,", "payment_terms_days"),
        ("S1,One,,,,,99999,,,,", "payment_terms_days"),
        ("S1,One,,,,,,,nobody,,", "email"),
        ("S1,One,,,,,,,,gone,", "status"),
        (f"{'S' * 61},One,,,,,,,,,", "supplier_code"),
        (f"S1,{'x' * 201},,,,,,,,,", "name"),
    ],
)
def test_every_bad_cell_refuses_the_file(world: World, row: str, column: str) -> None:
    before = everything(world)
    result = take_in(world, "suppliers", table(ALL, "S0,Good,,,,,,,,,", row))
    assert [(line, name) for line, name, _ in refusals(result)] == [(3, column)]
    assert everything(world) == before
