"""Electronic invoices as a supplier's software writes them, for the demo and for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from facturx.facturx import generate_from_binary
from facturx.generate_xml import generate_xml
from stdnum import iban

from procure.money import HUNDRED, ZERO, round_money


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as sold: quantity and unit price, and by which names the article goes."""

    quantity: Decimal
    unit_price: Decimal
    name: str
    order_line: str = ""
    sku: str = ""
    supplier_sku: str = ""
    unit: str = "EA"
    base_quantity: Decimal = Decimal(1)

    def amount(self, currency: str) -> Decimal:
        """Quantity x price, rounded."""
        return round_money(self.quantity * self.unit_price / self.base_quantity, currency)


@dataclass(frozen=True, slots=True)
class Sale:
    """What a supplier bills; tax is one rate for all of it. Addresses are `scheme:id`."""

    number: str
    issued_on: date
    seller: str
    lines: Sequence[SoldLine]
    tax_id: str = ""
    order_number: str = ""
    currency: str = "USD"
    tax_rate: Decimal = ZERO
    freight: Decimal = ZERO
    discount: Decimal = ZERO
    prepaid: Decimal = ZERO
    account: str = ""
    credits_number: str = ""
    due_on: date | None = None
    delivery_note: str = ""
    text: str = ""
    seller_address: str = ""
    buyer_address: str = ""


def xml_of(sale: Sale, flavor: str = "ubl-2.1") -> bytes:
    """The sale as UBL 2.1, or as CII with the flavor `factur-x`; checked against its schema."""
    content: bytes = generate_xml(
        _fields(sale), flavor=flavor, level="en16931", check_schematron=None
    )
    return content


def pdf_of(sale: Sale, paper: bytes) -> bytes:
    """A PDF that carries the sale as CII, as Factur-X and ZUGFeRD 2 do."""
    content: bytes = generate_from_binary(
        paper, xml_of(sale, "factur-x"), check_xsd=False, check_schematron=False, level="en16931"
    )
    return content


def _fields(sale: Sale) -> dict[str, Any]:
    """By the names of EN 16931."""
    line_total = sum((line.amount(sale.currency) for line in sale.lines), ZERO)
    net = line_total + sale.freight - sale.discount
    tax = round_money(net * sale.tax_rate / HUNDRED, sale.currency)
    category = {"vat_category_code": "S" if sale.tax_rate else "Z", "vat_rate": str(sale.tax_rate)}
    fields: dict[str, Any] = {
        "BT-1": sale.number,
        "BT-2": sale.issued_on,
        "BT-3": "381" if sale.credits_number else "380",
        "BT-5": sale.currency,
        "BT-9": sale.due_on,
        "BT-13": sale.order_number,
        "BT-72": sale.issued_on,
        "BT-106": str(line_total),
        "BT-107": str(sale.discount),
        "BT-108": str(sale.freight),
        "BT-109": str(net),
        "BT-110": str(tax),
        "BT-112": str(net + tax),
        "BT-113": str(sale.prepaid),
        "BT-115": str(net + tax - sale.prepaid),
        "BG-4": {
            "name": sale.seller,
            "country_code": "US",
            "vat_identifier": sale.tax_id,
            **_address(sale.seller_address),
        },
        "BG-7": {
            "name": "Fernhill Foods",
            "country_code": "US",
            **_address(sale.buyer_address),
        },
        "BG-20": [{"amount": str(sale.discount), "reason": "Discount", **category}],
        "BG-21": [
            {"amount": str(sale.freight), "reason": "Freight", "reason_code": "FC", **category}
        ],
        "BG-23": [
            {
                "BT-116": str(net),
                "BT-117": str(tax),
                "BT-118": category["vat_category_code"],
                "BT-119": str(sale.tax_rate),
            }
        ],
        "BG-25": [_line_fields(sale, place, line) for place, line in enumerate(sale.lines, 1)],
    }
    if sale.delivery_note:
        fields["BT-16"] = sale.delivery_note
    if sale.text:
        fields["BG-1"] = [{"BT-22": sale.text}]
    if sale.account:
        means = "58" if iban.is_valid(sale.account) else "30"  # SEPA, or another transfer
        fields |= {"BT-81": means, "BT-84": sale.account}
    if sale.credits_number:
        fields["BG-3"] = [{"BT-25": sale.credits_number}]
    for name, amount in (("BG-20", sale.discount), ("BG-21", sale.freight)):
        if not amount:
            del fields[name]
    return fields


def _address(address: str) -> dict[str, str]:
    scheme, _, identifier = address.partition(":")
    if not identifier:
        return {}
    return {"einvoicing_addr": identifier, "einvoicing_addr_schemeid": scheme}


def _line_fields(sale: Sale, place: int, line: SoldLine) -> dict[str, Any]:
    return {
        "BT-126": str(place),
        "BT-129": str(line.quantity),
        "BT-130": line.unit,
        "BT-131": str(line.amount(sale.currency)),
        "BT-132": line.order_line,
        "BT-146": str(line.unit_price),
        "BT-149": str(line.base_quantity),
        "BT-151": "S" if sale.tax_rate else "Z",
        "BT-152": str(sale.tax_rate),
        "BT-153": line.name,
        "BT-155": line.supplier_sku,
        "BT-156": line.sku,
    }
