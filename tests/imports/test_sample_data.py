"""The real delivery history: every row comes in, its oddities are warned, the raw file is refused."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path

import pytest
from django.db.models import Sum

from procure.imports import ImportResult
from procure.models import ImportRun, Organization
from procure.tenancy import tenant_atomic
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from suppliers.models import Sku, Supplier
from tests.factories import OrganizationFactory
from tests.imports.support import counts, everything, refusals, take_in
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("PROCURE_SAMPLE_DATA", ROOT.parent / "shared" / "data")) / "scms"
TABLES = {
    "suppliers": "suppliers.csv",
    "skus": "items.csv",
    "purchase_orders": "po_lines.csv",
    "receipts": "receipts.csv",
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(),
        reason=f"no sample data in {FOLDER}; set PROCURE_SAMPLE_DATA to its folder",
    ),
]


def in_scms(organization: Organization) -> World:
    return World(organization)


def bring_in(world: World) -> dict[str, ImportResult]:
    return {
        kind: take_in(world, kind, (FOLDER / name).read_bytes()) for kind, name in TABLES.items()
    }


def test_the_four_tables_import_as_they_are_and_again_change_nothing(db: None) -> None:
    world = in_scms(OrganizationFactory(slug="scms"))
    first = bring_in(world)
    assert {kind: counts(result) for kind, result in first.items()} == {
        "suppliers": (73, 0, 0, 0),
        "skus": (184, 0, 0, 0),
        "purchase_orders": (10_324, 0, 0, 0),
        "receipts": (10_324, 0, 0, 0),
    }
    warnings = Counter(
        (kind, one.column) for kind, result in first.items() for one in result.warnings
    )
    assert warnings == {
        ("skus", "sub_classification"): 1,
        ("skus", "molecule_or_test_type"): 1,
        ("skus", "dosage_form"): 1,
        ("purchase_orders", "shipment_mode"): 1,
        ("purchase_orders", "unit_price"): 18,
        ("purchase_orders", "order_date"): 4,
        ("purchase_orders", "line_amount"): 598,
        ("receipts", "received_date"): 5,
    }
    with world.inside():
        assert (Supplier.objects.count(), Sku.objects.count()) == (73, 184)
        assert (PurchaseOrder.objects.count(), GoodsReceipt.objects.count()) == (6_233, 7_030)
        assert PurchaseOrderLine.objects.count() == GoodsReceiptLine.objects.count() == 10_324
        spend = PurchaseOrderLine.objects.aggregate(Sum("amount"))["amount__sum"]
    assert str(spend) == "1627584457.2900"
    second = bring_in(world)
    assert {kind: counts(result)[2] for kind, result in second.items()} == {
        "suppliers": 73, "skus": 184, "purchase_orders": 10_324, "receipts": 10_324,
    }  # fmt: skip
    assert not any(counts(result)[:2] != (0, 0) for result in second.values())
    with world.inside():
        assert ImportRun.objects.count() == 4


@pytest.mark.parametrize("kind", list(TABLES))
def test_the_raw_history_is_refused_and_not_mangled(db: None, kind: str) -> None:
    world = in_scms(OrganizationFactory(slug="scms"))
    packed = (FOLDER / "delivery_history.csv.gz").read_bytes()
    before = everything(world)
    result = take_in(world, kind, packed)
    assert refusals(result) == [
        (1, "file", "This is a gzip archive, not a table. Unpack it and send the CSV inside.")
    ]
    result = take_in(world, kind, gzip.decompress(packed))
    assert result.rows == 0
    assert all(message.endswith("is missing.") for _, _, message in refusals(result))
    assert everything(world) == before


def test_control_another_organization_sees_nothing_of_it(db: None) -> None:
    world = in_scms(OrganizationFactory(slug="scms"))
    take_in(world, "suppliers", (FOLDER / "suppliers.csv").read_bytes())
    with tenant_atomic(OrganizationFactory(slug="other").pk):
        assert not Supplier.objects.exists()
