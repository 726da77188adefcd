from django.db import connection

from procure.tenancy import tenant_atomic
from suppliers.finding import find_skus, find_suppliers, found_ids, word_patterns
from suppliers.models import PriceBreak, Sku, Supplier
from tests.suppliers.world import agreement, company, fernhill, sku


def codes(rows):
    return [row.code for row in rows]


def test_every_word_must_be_somewhere_and_beginnings_come_first(world):
    tape = sku("TAPE-48", world.packaging)
    Sku.objects.filter(pk=tape.pk).update(description="Carton tape 48 mm, clear")
    sku("CARTON-1", world.corrugate)
    assert codes(find_skus("carton")) == ["CARTON-1", "TAPE-48"]
    assert codes(find_skus("tape carton")) == ["TAPE-48"]
    assert codes(find_skus("tape paper")) == []
    assert codes(find_skus("  ")) == []


def test_a_suppliers_own_code_finds_the_sku(world):
    agreement("NL-1", world.northline, (world.small, "0", "0.60"))
    PriceBreak.objects.update(supplier_sku="nl-77/b")
    assert codes(find_skus("NL-77")) == ["CTN-12"]


def test_signs_of_patterns_are_only_letters(world):
    odd = sku("50%_A\\B", world.corrugate)
    assert word_patterns("a_b 100%") == ["%100\\%%", "%a\\_b%"]
    assert find_skus("50%_a\\b") == [odd]
    assert find_skus("C%N") == []


def test_inactive_skus_and_archived_suppliers_are_not_offered(world):
    Sku.objects.filter(pk=world.small.pk).update(is_active=False)
    Supplier.objects.filter(pk=world.delta.pk).update(status="archived")
    assert codes(find_skus("ctn")) == ["CTN-24"]
    assert find_suppliers("delta") == []
    assert codes(find_suppliers("north pack")) == ["NORTHLINE"]


def test_only_the_current_organization_is_searched(db):
    one, other = company("one"), company("other")
    with tenant_atomic(one.pk):
        mine = fernhill()
    with tenant_atomic(other.pk):
        fernhill()
        assert mine.small.pk not in found_ids("sku", "ctn")
        assert len(found_ids("sku", "ctn")) == 2
        assert len(found_ids("supplier", "northline")) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT suppliers_search('sku', ARRAY['%%CTN%%'], 'CTN%%', 10)", [])
        assert cursor.fetchall() == []
