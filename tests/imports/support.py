"""What the tests of imports share: a table as text, an import, and everything that is stored."""

from __future__ import annotations

import io
from typing import Any

from django.apps import apps
from openpyxl import Workbook

from procure.columns import Notation
from procure.exports import ExportOptions, export
from procure.imports import ImportOptions, ImportResult, run_import
from procure.models import User
from procure.tenancy import OrganizationOwned
from tests.world import World

ORDER_COLUMNS = "po_number,line_no,supplier_code,sku,quantity,unit_price,order_date,promised_date"
ORDER_ROWS = (
    "H-1,1,NORTH,CTN-12-KR,100,0.5,2026-01-05,2026-02-01",
    "H-1,2,NORTH,DIV-12-SB,40,0.08,2026-01-05,2026-02-01",
    "H-2,1,KESTREL,CTN-12-KR,10,0.6,2026-01-07,2026-02-09",
)
RECEIPT_COLUMNS = "receipt_number,po_number,line_no,quantity_received,received_date"
INVOICE_COLUMNS = "invoice_number,supplier_code,invoice_date,po_number,line_no,quantity,unit_price"


def table(columns: str, *rows: str) -> bytes:
    return ("\n".join((columns, *rows)) + "\n").encode()


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def take_in(
    world: World,
    kind: str,
    content: bytes,
    *,
    partial: bool = False,
    dry_run: bool = False,
    date_format: str = "",
    decimal_comma: bool = False,
    actor: User | None = None,
) -> ImportResult:
    return run_import(
        kind,
        content,
        file_name=f"{kind}.csv",
        organization_id=world.organization.pk,
        options=ImportOptions(Notation(date_format, decimal_comma), partial, dry_run),
        actor=actor,
    )


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, refused."""
    return result.created, result.updated, result.unchanged, len(result.refused)


def refusals(result: ImportResult) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.message) for one in result.refused]


def warned(result: ImportResult) -> list[tuple[int, str]]:
    return [(one.row, one.column) for one in result.warnings]


def everything(world: World) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the organization."""
    with world.inside():
        return {
            model._meta.label: list(model.objects.order_by("pk").values())
            for model in apps.get_models()
            if issubclass(model, OrganizationOwned)
        }


def exported(world: World, kind: str, file_format: str = "csv") -> str:
    with world.inside():
        return export(kind, ExportOptions(), file_format)


def import_orders(world: World, *rows: str) -> ImportResult:
    result = take_in(world, "purchase_orders", table(ORDER_COLUMNS, *(rows or ORDER_ROWS)))
    assert not result.refused, result.refused
    return result
