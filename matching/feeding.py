"""What the engine is given, read from the documents: many invoices in a fixed number of statements.

    locked = lock_orders(names, ids)      orders and their lines, in the house's order of locks
    known = read_orders(names, line_ids)  the same unlocked, where nothing is decided on them
    feed = Feed(invoices, lines, locked)  everything the engine asks about them
    feed.invoice_terms(invoice)           as the engine reads it; so are its orders, by order_terms
    feed.header_policy(invoice, orders)   the rule of the invoice as a whole

What is billed so far changes while invoices of one batch are matched; it lives in `ledger.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from hashlib import sha256

from django.db.models import Q
from django.utils import timezone

from matching.agreed import AgreedTerms
from matching.incoterms import incoterm_in
from matching.limits import MatchLevel, Policy
from matching.models import SupplierInvoice, SupplierInvoiceLine
from matching.printed_accounts import PrintedAccounts
from matching.terms import (
    BankChange,
    InvoiceKind,
    InvoiceLineTerms,
    InvoiceTerms,
    OrderLineTerms,
    OrderStatus,
    OrderTerms,
)
from matching.tolerances import Tolerances
from procure.models import Organization
from procure.money import ZERO
from procure.prepared import locked_rows
from procure.tenancy import current_organization_id
from procure.units import NO_FACTORS, canonical_unit
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.queries import LineQuantities, line_quantities
from suppliers.payment_holds import changing_accounts

InvoiceLines = Mapping[int, Sequence[SupplierInvoiceLine]]


@dataclass(frozen=True, slots=True)
class LockedOrders:
    """Orders with their lines as they stand; nobody changes them until the transaction ends,
    unless they were only read."""

    orders: Mapping[int, PurchaseOrder] = field(default_factory=dict)
    lines: Mapping[int, Sequence[PurchaseOrderLine]] = field(default_factory=dict)

    @property
    def all_lines(self) -> list[PurchaseOrderLine]:
        return [line for lines in self.lines.values() for line in lines]


def references(text: str) -> list[str]:
    """The order numbers in a reference such as `PO-1042, PO-1043`, as written."""
    return [number.strip() for number in text.replace(";", ",").split(",") if number.strip()]


def names_of(invoice: SupplierInvoice, lines: Iterable[SupplierInvoiceLine]) -> list[str]:
    """The order numbers that an invoice and its lines name, as written."""
    return [
        *references(invoice.order_reference),
        *references(invoice.found_reference),
        *(line.order_number for line in lines if line.order_number),
    ]


def lock_orders(names: Collection[str], ids: Collection[int] = ()) -> LockedOrders:
    """Locks orders, then their lines, each in the order of ids: two statements.

    Orders are meant by number, in whatever case it is written, or by id.
    """
    numbers = {*names, *(name.upper() for name in names)}
    if not numbers and not ids:
        return LockedOrders()
    orders = {
        order.pk: order
        for order in locked_rows(
            PurchaseOrder,
            "row.organization_id = %(organization)s::bigint AND row.number IS NOT NULL "
            "AND (row.number = ANY(%(numbers)s::text[]) OR row.id = ANY(%(ids)s::bigint[]))",
            {
                "organization": current_organization_id(),
                "numbers": list(numbers),
                "ids": list(ids),
            },
            related=("supplier", "organization"),
        )
    }
    lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    if orders:
        for line in (
            PurchaseOrderLine.objects.filter(order_id__in=orders)
            .select_related("sku__category")
            .select_for_update(no_key=True, of=("self",))
            .order_by("pk")
        ):
            line.order = orders[line.order_id]
            lines[line.order_id].append(line)
    return LockedOrders(orders, lines)


def read_orders(names: Collection[str], line_ids: Collection[int]) -> LockedOrders:
    """Orders by number or by their lines, for a question: nobody is held up, nothing is written."""
    linked = PurchaseOrderLine.objects.filter(pk__in=line_ids).order_by().values("order_id")
    meant = Q(number__in={*names, *(name.upper() for name in names)}) | Q(pk__in=linked)
    orders = {
        order.pk: order
        for order in PurchaseOrder.objects.filter(meant, number__isnull=False)
        .select_related("supplier", "organization")
        .order_by("pk")
    }
    lines: dict[int, list[PurchaseOrderLine]] = defaultdict(list)
    for line in (
        PurchaseOrderLine.objects.filter(order_id__in=orders)
        .select_related("sku__category")
        .order_by("pk")
    ):
        line.order = orders[line.order_id]
        lines[line.order_id].append(line)
    return LockedOrders(orders, lines)


class Feed:
    """Everything the engine asks about a batch of invoices, read once.

    They are judged by the rules of their days, unless other `tolerances` are given.
    """

    def __init__(
        self,
        invoices: Sequence[SupplierInvoice],
        lines: InvoiceLines,
        locked: LockedOrders,
        tolerances: Tolerances | None = None,
    ) -> None:
        self.invoices = invoices
        self.lines = lines
        self.locked = locked
        self.numbers = {str(order.number).upper(): order for order in locked.orders.values()}
        self.order_line: dict[tuple[str, str], PurchaseOrderLine] = {
            (str(line.order.number), str(line.line_no)): line for line in locked.all_lines
        }
        self.order_line_by_id = {line.pk: line for line in locked.all_lines}
        self.quantities = line_quantities(list(self.order_line_by_id))
        self.tolerances = tolerances or Tolerances({invoice.received_on for invoice in invoices})
        self.bank_changes = changing_accounts(
            [invoice.supplier_id for invoice in invoices], timezone.localdate()
        )
        self.printed_accounts = PrintedAccounts(invoices)
        self.agreed = AgreedTerms(locked.orders.values(), locked.all_lines)
        self._goods: dict[int, list[SupplierInvoiceLine]] = {
            invoice.pk: [line for line in lines.get(invoice.pk, ()) if not line.charge_code]
            for invoice in invoices
        }

    def under(self, tolerances: Tolerances) -> Feed:
        """The same documents for other rules; nothing is read again."""
        other = copy(self)
        other.tolerances = tolerances
        return other

    @cached_property
    def _units_differ(self) -> bool:
        """Whether any line may need a unit factor; mostly none does."""
        lines = (line for lines in self.lines.values() for line in lines if line.unit)
        units = {canonical_unit(line.unit) for line in lines}
        return (
            bool(units)
            and len(units | {canonical_unit(line.unit) for line in self.locked.all_lines}) > 1
        )

    def line_at(self, invoice: SupplierInvoice, position: int) -> SupplierInvoiceLine:
        """The invoice's line at the engine's position, which leaves charges out."""
        return self._goods[invoice.pk][position - 1]

    def named_orders(self, invoice: SupplierInvoice) -> list[PurchaseOrder]:
        """The known orders that an invoice means: named by it or by a line, or linked by hand."""
        found: dict[int, PurchaseOrder] = {}
        for name in names_of(invoice, self.lines.get(invoice.pk, ())):
            order = self.numbers.get(name.upper())
            if order is not None:
                found[order.pk] = order
        for line in self.lines.get(invoice.pk, ()):
            if line.order_line_id in self.order_line_by_id and line.linked_by_hand:
                order = self.order_line_by_id[line.order_line_id].order
                found[order.pk] = order
        return list(found.values())

    def invoice_terms(self, invoice: SupplierInvoice) -> InvoiceTerms:
        """The invoice as the engine reads it; lines with a charge code become charges."""
        change = self.bank_changes.get(invoice.supplier_id)
        charges = {code: Decimal(amount) for code, amount in invoice.charges.items()}
        rates = {code: Decimal(rate) for code, rate in invoice.charge_tax_rates.items()}
        for line in self.lines.get(invoice.pk, ()):
            if line.charge_code:
                charges[line.charge_code] = charges.get(line.charge_code, ZERO) + line.amount
                if line.tax_rate is not None:
                    rates[line.charge_code] = line.tax_rate
        return InvoiceTerms(
            number=invoice.number,
            currency=invoice.currency,
            lines=tuple(
                self._line_terms(line, is_found=bool(invoice.found_reference))
                for line in self._goods[invoice.pk]
            ),
            kind=InvoiceKind(invoice.kind),
            credits=invoice.credits_number or None,
            supplier=invoice.supplier.code,
            received_at=invoice.received_on,
            invoiced_on=invoice.invoiced_on,
            due_on=invoice.due_on,
            incoterm=invoice.incoterm or None,
            charges=charges,
            charge_tax_rate=rates,
            tax=invoice.tax_amount,
            taxes={Decimal(rate): Decimal(tax) for rate, tax in invoice.taxes.items()} or None,
            discount=invoice.discount_amount,
            total=invoice.total_amount + invoice.prepaid_amount,
            supplier_status=invoice.supplier.status,
            bank_change=BankChange(*change) if change else None,
            billed_account=self.printed_accounts.of(invoice),
            draw=draw_of(invoice),
        )

    def _line_terms(self, line: SupplierInvoiceLine, *, is_found: bool) -> InvoiceLineTerms:
        """Where orders were found otherwise, a number that nobody knows names none of them."""
        number, line_no = line.order_number or None, line.order_line_no or None
        if line.linked_by_hand and line.order_line_id in self.order_line_by_id:
            linked = self.order_line_by_id[line.order_line_id]
            number, line_no = linked.order.number, str(linked.line_no)
        elif number is not None and number.upper() in self.numbers:
            number = self.numbers[number.upper()].number
        elif is_found:
            number = None
        if line_no is not None and line_no.isdecimal():
            line_no = str(int(line_no))
        return InvoiceLineTerms(
            quantity=line.quantity,
            unit_price=line.unit_price,
            amount=line.amount,
            unit=line.unit or None,
            order=number,
            order_line=line_no,
            supplier_sku=_key(line.supplier_sku),
            sku=_key(line.sku_code),
            gtin=line.gtin or None,
            discount=line.discount,
            tax_rate=line.tax_rate,
            linked_by_hand=line.linked_by_hand,
        )

    def order_terms(self, order: PurchaseOrder, received_on: date, is_billed_by: int) -> OrderTerms:
        """An order as it stands, nothing billed yet, with the rules of the day."""
        return OrderTerms(
            currency=order.currency,
            number=order.number,
            supplier=None if order.supplier is None else order.supplier.code,
            status=OrderStatus(order.status),
            incoterm=incoterm_in(order.incoterm) or None,
            payment_terms_days=order.payment_terms_days,
            lines=tuple(
                self._order_line_terms(line, received_on, is_billed_by)
                for line in self.locked.lines.get(order.pk, ())
            ),
        )

    def _order_line_terms(
        self, line: PurchaseOrderLine, received_on: date, supplier_id: int
    ) -> OrderLineTerms:
        quantities = self.quantities[line.pk]
        lineage = line.sku.category.lineage or [line.sku.category_id]
        requested = line.order.organization.due_date_basis == Organization.DueDate.REQUESTED
        return OrderLineTerms(
            line=str(line.line_no),
            quantity=line.ordered_quantity,
            cancelled=line.cancelled_quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            received=quantities.received,
            rejected=quantities.rejected,
            returned=quantities.returned,
            agreed_price=self.agreed.price(line),
            sku=_key(line.sku.code),
            supplier_sku=_key(line.supplier_sku),
            gtin=line.sku.gtin or None,
            match_level=self._match_level(line, quantities, received_on, supplier_id),
            due=(line.requested_on if requested else None) or line.promised_on,
            early_late_days=line.order.supplier.early_late_days if line.order.supplier else 0,
            policy=self.tolerances.policy(supplier_id, line.sku, lineage, received_on),
            unit_factors=self.agreed.factors(line.sku_id, received_on)
            if self._units_differ
            else NO_FACTORS,
        )

    def _match_level(
        self, line: PurchaseOrderLine, came: LineQuantities, on: date, supplier_id: int
    ) -> MatchLevel:
        """The line's own level, else its rule's, else its category's; four-way once rejected."""
        lineage = line.sku.category.lineage or [line.sku.category_id]
        level = (
            MatchLevel(line.match_level)
            if line.match_level
            else self.tolerances.match_level(supplier_id, line.sku, lineage, on)
            or MatchLevel(line.sku.category.match_level)
        )
        if came.rejected and level is not MatchLevel.NONE:
            return MatchLevel.FOUR_WAY
        return level

    def header_policy(self, invoice: SupplierInvoice, orders: Sequence[OrderTerms]) -> Policy:
        """The rule of all its order lines when they have one, else the supplier's or the house's."""
        policies = {line.policy for order in orders for line in order.lines}
        if len(policies) == 1 and (policy := policies.pop()) is not None:
            return policy
        return self.tolerances.policy(invoice.supplier_id, None, (), invoice.received_on)


def draw_of(invoice: SupplierInvoice) -> Decimal:
    """The invoice's lot in the random sample, from 0 to under 1: the same at every match."""
    return Decimal(int.from_bytes(sha256(invoice.public_id.bytes).digest()[:8])) / 2**64


def _key(code: str) -> str | None:
    return code.strip().upper() or None
