"""The invoices of a past period as the tolerance lab judges them again, read once.

    past_invoices(since, today) -> Past

A fixed number of statements reads at most MOST_INVOICES of them, the latest; nothing is locked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from matching.feeding import Feed, InvoiceLines, names_of, read_orders
from matching.ledger import Earlier, read_earlier
from matching.models import Hold, SupplierInvoice, SupplierInvoiceLine
from matching.results import Check
from matching.tolerances import RulesOnTrial
from procure.exchange import Rates, rates_on
from procure.figures import decimal_of
from procure.models import Organization
from procure.tenancy import current_organization_id
from suppliers.models import Category

MOST_INVOICES = 3000
CHANGED_SINCE = (Check.PRICE, Check.CONTRACT_PRICE, Check.QTY_ORDERED)
Place = tuple[str, str]  # an order's number and its line


@dataclass(slots=True)
class Then:
    """What held one invoice in its time: every check, and the figures it was compared with."""

    checks: set[str] = field(default_factory=set)
    expected: dict[Place, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True)
class Past:
    """The invoices of a period with all that the engine asks about them, read once."""

    invoices: Sequence[SupplierInvoice]
    lines: InvoiceLines
    feed: Feed
    rules: RulesOnTrial
    earlier: Earlier
    then: Mapping[int, Then]
    is_cut: bool
    currency: str
    rates: Rates

    @cached_property
    def categories(self) -> dict[int, Category]:
        """The category of every order line, by id."""
        return {line.pk: line.sku.category for line in self.feed.order_line_by_id.values()}

    @cached_property
    def in_order(self) -> list[SupplierInvoice]:
        """As they arrived."""
        return sorted(self.invoices, key=lambda one: (one.received_on, one.pk))

    def in_own_currency(self, amount: Decimal, currency: str) -> Decimal | None:
        """Money in the organization's currency by today's rates; None where no rate leads there."""
        return self.rates.convert(amount, currency, self.currency)


def past_invoices(since: date, today: date) -> Past:
    """Invoices and credits received since that day, the latest where there are too many."""
    known = (
        SupplierInvoice.objects.filter(received_on__gte=since, matched_at__isnull=False)
        .exclude(status=SupplierInvoice.Status.VOID)
        .select_related("supplier")
    )
    latest = list(known.order_by("-received_on", "-pk")[: MOST_INVOICES + 1])
    invoices = latest[:MOST_INVOICES]
    lines: dict[int, list[SupplierInvoiceLine]] = defaultdict(list)
    ids = [invoice.pk for invoice in invoices]
    for line in SupplierInvoiceLine.objects.filter(invoice_id__in=ids).order_by(
        "invoice_id", "position"
    ):
        lines[line.invoice_id].append(line)
    names = {name for one in invoices for name in names_of(one, lines.get(one.pk, ()))}
    linked = {line.order_line_id for rows in lines.values() for line in rows if line.order_line_id}
    rules = RulesOnTrial(today)
    feed = Feed(invoices, lines, read_orders(names, linked), rules)
    return Past(
        invoices=invoices,
        lines=lines,
        feed=feed,
        rules=rules,
        earlier=read_earlier(feed),
        then=_held_then(ids),
        is_cut=len(latest) > MOST_INVOICES,
        currency=Organization.objects.get(pk=current_organization_id()).currency,
        rates=rates_on(today),
    )


def _held_then(invoice_ids: Collection[int]) -> dict[int, Then]:
    then: dict[int, Then] = defaultdict(Then)
    rows = (
        Hold.objects.filter(invoice_id__in=invoice_ids)
        .order_by("pk")
        .values_list(
            "invoice_id", "check_code", "expected", "order_line__order__number",
            "order_line__line_no",
        )
    )  # fmt: skip
    for invoice_id, check, expected, order, line_no in rows:
        held = then[invoice_id]
        held.checks.add(check)
        figure = decimal_of(expected) if check in CHANGED_SINCE else None
        if order and figure is not None:
            held.expected[order, str(line_no)].setdefault(check, figure)
    return then
