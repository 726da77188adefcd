"""An electronic invoice that came and was captured, read once for all tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from matching.demo.einvoice_files import Sale, SoldLine, xml_of
from matching.einvoices.document import Reading
from matching.einvoices.reading import read_einvoice
from matching.models import SupplierInvoice
from matching.reading_files import claim_file, end_reading
from matching.receiving_files import receive_file
from tests.matching.paying import an_order, receive
from tests.world import World

THEIRS, OURS = "0060:080014123", "0088:7300010000001"
SALE = Sale(
    number="NL-77",
    issued_on=date(2026, 5, 4),
    seller="Northline Packaging",
    lines=[SoldLine(Decimal(10), Decimal(2), "Shipper", order_line="1")],
    order_number="PO-1",
    seller_address=THEIRS,
    buyer_address=OURS,
)


@cache
def content() -> bytes:
    return xml_of(SALE)


@cache
def reading() -> Reading:
    return read_einvoice(content())


def came(
    world: World, price: object = 1, received: int = 10, *, is_ordered: bool = True, **changes: Any
) -> SupplierInvoice:
    """NL-77 over ten shippers at this price; ordered at 1.00, so many received."""
    if is_ordered:
        order = an_order(world, (world.shipper, 10, 1))
        receive(world, order, (1, received))
    document = reading().document
    assert document is not None
    amount = 10 * Decimal(str(price))
    lines = (replace(document.lines[0], price=Decimal(str(price)), amount=amount),)
    document = replace(document, lines=lines, payable=amount, total=amount, **changes)
    receive_file(upload=SimpleUploadedFile("i.xml", content()), actor=world.people["ap_clerk"])
    file = claim_file()
    assert file is not None
    end_reading(world.organization.pk, file, replace(reading(), document=document))
    file.refresh_from_db()
    assert file.invoice is not None, file.sentence
    return file.invoice
