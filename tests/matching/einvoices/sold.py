"""What a supplier sold in these tests, and the files it sends about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from weasyprint import HTML

from matching.demo.einvoice_files import Sale, SoldLine, pdf_of, xml_of

SALE = Sale(
    number="NL-77/2026",
    issued_on=date(2026, 5, 4),
    seller="Northline Packaging",
    lines=[
        SoldLine(
            Decimal(1000), Decimal("61.20"), "Shipper 12-ct",
            order_line="1", sku="CTN-12-KR", supplier_sku="N-4411", base_quantity=Decimal(100),
        ),
        SoldLine(Decimal("2.5"), Decimal("8"), "Divider", order_line="2", sku="DIV-12-SB", unit="KGM"),
    ],
    tax_id="DE136695976",
    order_number="PO-1001",
    currency="EUR",
    tax_rate=Decimal(19),
    freight=Decimal(10),
    discount=Decimal(5),
    prepaid=Decimal(3),
    account="DE88200800000970375700",
    due_on=date(2026, 6, 3),
    delivery_note="LS-7",
    text="Delivered in two parts",
)  # fmt: skip


def sold(**changes: Any) -> Sale:
    return replace(SALE, **changes)


@cache
def paper() -> bytes:
    """A PDF without data."""
    content: bytes = HTML(string="<h1>Invoice</h1>").write_pdf()
    return content


@cache
def ubl() -> bytes:
    return xml_of(SALE)


@cache
def cii() -> bytes:
    return xml_of(SALE, "factur-x")


@cache
def hybrid() -> bytes:
    return pdf_of(SALE, paper())
