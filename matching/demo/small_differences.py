"""Small differences as every company has them: most inside the usual limits, some just outside.

Freight that no order expects, a price without an agreement rounded up or an agreed one raised a
little, goods that weigh less on our scales than on theirs.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from matching.demo.company import Company
from matching.models import SupplierInvoice
from procure.units import is_weighed
from purchasing.models import GoodsReceiptLine

CENT = Decimal("0.01")
PRICE_PLACES = Decimal("0.0001")
LONG_AGO = timedelta(days=75)  # what came short is closed by then
FREIGHT, SHORT_WEIGHT, FREE_PRICE, AGREED_PRICE = 0.06, 0.06, 0.25, 0.02
FREE_RISES = ("1.002", "1.004", "1.006", "1.008", "1.009", "1.012", "1.016")
AGREED_RISES = ("1.003", "1.005", "1.008", "1.012")
FREIGHTS = (
    "14.50",
    "18.00",
    "22.40",
    "27.50",
    "31.80",
    "36.00",
    "42.00",
    "48.50",
    "58.00",
    "74.00",
)
SHORTFALLS = ("0.003", "0.006", "0.009", "0.012", "0.016", "0.019", "0.024")


def missing_weight(company: Company, row: GoodsReceiptLine) -> Decimal:
    """What a weighed delivery of long ago lacked on our scales: mostly nothing."""
    small, line = company.small_differences, row.order_line
    is_old = row.receipt.received_on < company.today - LONG_AGO
    is_whole = row.received_quantity == line.ordered_quantity and not row.rejected_quantity
    if not (is_old and is_whole and is_weighed(line.unit) and small.random() < SHORT_WEIGHT):
        return Decimal(0)
    ordered: Decimal = line.ordered_quantity
    return (ordered * Decimal(small.choice(SHORTFALLS))).quantize(CENT)


def billed_price(company: Company, row: GoodsReceiptLine) -> Decimal:
    """The order's price, or a little more."""
    small, line = company.small_differences, row.order_line
    price: Decimal = line.unit_price
    is_agreed = line.agreed_price is not None
    if small.random() >= (AGREED_PRICE if is_agreed else FREE_PRICE):
        return price
    rise = Decimal(small.choice(AGREED_RISES if is_agreed else FREE_RISES))
    return (price * rise).quantize(PRICE_PLACES)


def add_freight(company: Company, invoice: SupplierInvoice) -> None:
    """Now and then the supplier adds freight that the order does not know of."""
    small = company.small_differences
    if small.random() < FREIGHT:
        freight = Decimal(small.choice(FREIGHTS))
        invoice.charges = {"freight": str(freight)}
        invoice.total_amount += freight
