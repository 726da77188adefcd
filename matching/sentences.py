"""Holds and evidence as sentences, with links to the documents they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.urls import NoReverseMatch, reverse

from matching.agreed import AgreedTerms
from matching.comparison import Comparison
from matching.header_checks import PRINTED
from matching.hold_figures import limit_of
from matching.models import Hold, SupplierInvoice, SupplierInvoiceLine
from matching.queries import CHECK_WORDS
from matching.results import Check
from procure.attachments import files_of_all
from procure.figures import long_date, money, quantity, short_date, unit_price
from procure.models import Attachment

RECENT_INVOICES = 12
MOST_LIMITS = 3
PRICE_CHECKS = {Check.PRICE.value, Check.CONTRACT_PRICE.value}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence with an icon; `link_words` before or after it lead to `address`, where that is."""

    icon: str
    text: str
    link_words: str = ""
    address: str = ""
    is_link_last: bool = False
    photos: Sequence[Attachment] = ()
    is_step: bool = False  # what ends the hold: it is offered beside the choices too


def header_sentences(invoice: SupplierInvoice, holds: Iterable[Hold]) -> list[tuple[str, str]]:
    """What is wrong with the invoice as a whole, each with the tone in which it is said."""
    return [
        ("info" if hold.check_code == Check.SAMPLE else "bad", _sentence(invoice, hold))
        for hold in holds
        if hold.invoice_line_id is None and hold.check_code not in {Check.CHARGE, Check.TAX}
    ]


def _sentence(invoice: SupplierInvoice, hold: Hold) -> str:
    expected, actual = hold.expected, hold.actual
    if hold.code == PRINTED:
        return (
            f"The invoice asks for payment to {actual}; on file for {invoice.supplier} is {expected}. "
            "Call them back on a number that is on file."
        )
    figures = money(hold.expected, invoice.currency), money(hold.actual, invoice.currency)
    sentences = {
        Check.DUPLICATE_SUSPECT: f"This seems to repeat invoice {expected}.",
        Check.HEADER_BALANCE: f"The total is {figures[1]}, but its parts add up to {figures[0]}.",
        Check.HEADER_CAP: f"Small differences add up to {figures[1]}; together {figures[0]} may pass.",
        Check.NO_PO: f"There is no order {actual}." if actual else "The invoice names no order.",
        Check.PO_SUPPLIER: f"The order went to supplier {expected}, the invoice comes from {actual}.",
        Check.PO_STATUS: f"Order {hold.order or ''} is {actual}; only an issued order can be billed.",
        Check.SUPPLIER_BLOCKED: f"{invoice.supplier} is blocked: nothing is paid to it.",
        Check.BANK_CHANGED: f"Bank details are changing from {expected} to {actual}; the change is "
        "not confirmed yet.",
        Check.SAMPLE: "Nothing is wrong: it was drawn for a look before it is paid.",
        Check.CURRENCY: f"The order is in {expected}, the invoice in {actual}.",
    }
    return sentences.get(Check(hold.check_code), f"{hold.check_code}: {expected}, {actual}")


def evidence_for(
    slug: str,
    invoice: SupplierInvoice,
    lines: Sequence[SupplierInvoiceLine],
    holds: Sequence[Hold],
    comparison: Comparison,
    *,
    may_see_limits: bool,
    may_add_factor: bool,
    may_change_bank: bool,
) -> list[Evidence]:
    """Agreement clause, receipt note, the supplier's record of the same, the limits in force."""
    checks = {hold.check_code for hold in holds}
    found: list[Evidence] = []
    if checks & PRICE_CHECKS:
        held = {h.invoice_line_id for h in holds if h.check_code in PRICE_CHECKS}
        found += _agreements(slug, [line for line in lines if line.pk in held])
    if Check.UOM_UNKNOWN in checks:
        found += _units(slug, invoice, lines, holds, may_add_factor)
    found += _receipts(slug, comparison)
    if checks:
        found += _record(slug, invoice, checks)
    limits = {hold.check_code: limit_of(hold, invoice.currency) for hold in holds if hold.rule}
    rules = (
        reverse("matching:tolerance_list", kwargs={"organization_slug": slug})
        if may_see_limits
        else ""
    )
    found += [
        Evidence(
            "scale",
            f"Limit in force for “{CHECK_WORDS[Check(check)].lower()}”: {rule}. ",
            "See the limits" if rules else "",
            rules,
            is_link_last=True,
        )
        for check, rule in list(limits.items())[:MOST_LIMITS]
    ]
    if Check.DUPLICATE_SUSPECT in checks:
        found += _earlier(slug, invoice, holds)
    if any(hold.code == PRINTED for hold in holds):
        found += _bank_details(slug, invoice, may_change_bank)
    return found


def _agreements(slug: str, lines: Sequence[SupplierInvoiceLine]) -> list[Evidence]:
    order_lines = [line.order_line for line in lines if line.order_line is not None]
    terms = AgreedTerms([line.order for line in order_lines], order_lines)
    found = []
    for line in order_lines:
        agreed = terms.agreement_price(line)
        if agreed is None:
            found.append(Evidence("file-text", f"No agreement fixes a price for {line.sku}."))
            continue
        until = f" until {long_date(agreed.valid_to)}" if agreed.valid_to else ""
        found.append(
            Evidence(
                "file-text",
                f" fixes {line.sku} at {unit_price(agreed.unit_price)}{until}.",
                f"Agreement {agreed.agreement_number}",
                _address("suppliers:agreement_detail", slug, terms.agreement_of(agreed).public_id),
            )
        )
    return found


def _units(
    slug: str,
    invoice: SupplierInvoice,
    lines: Sequence[SupplierInvoiceLine],
    holds: Sequence[Hold],
    may_add: bool,
) -> list[Evidence]:
    """The units that nobody said the size of, each with the way to say it."""
    held = {hold.invoice_line_id for hold in holds if hold.check_code == Check.UOM_UNKNOWN}
    unknown = {
        (line.order_line.sku_id, line.unit): line
        for line in lines
        if line.pk in held and line.order_line is not None
    }
    back = reverse("matching:exception_detail", args=[slug, invoice.public_id])
    found = []
    for line in unknown.values():
        sku = line.order_line.sku
        given = {"unit": line.unit, "from": invoice.received_on.isoformat(), "back": back}
        address = f"{_address('suppliers:unit_factor_new', slug, sku.public_id)}?{urlencode(given)}"
        text = f"Nobody said how many {line.order_line.unit} one {line.unit} of {sku} holds. "
        words = f"Say what 1 {line.unit} holds" if may_add else ""
        found.append(
            Evidence("ruler", text, words, address if may_add else "", is_link_last=True,
                     is_step=may_add)
        )  # fmt: skip
    return found


def _receipts(slug: str, comparison: Comparison) -> list[Evidence]:
    found = []
    rejected = [line for line in comparison.receipt_lines if line.rejected_quantity]
    photos = files_of_all(rejected)
    for line in rejected:
        who = line.receipt.posted_by or "Somebody"
        found.append(
            Evidence(
                "truck",
                f": {who} rejected {quantity(line.rejected_quantity)} × {line.order_line.sku} on "
                f"{short_date(line.receipt.received_on)}, {line.reject_reason.replace('_', ' ')}.",
                line.receipt.number,
                _address("purchasing:receipt_detail", slug, line.receipt.public_id),
                photos=photos.get(line.pk, ()),
            )
        )
    missing = [
        row.name for row in comparison.lines if row.ordered and not row.received and row.words
    ]
    if missing:
        promised = long_date(comparison.promised_on)
        names = ", ".join(missing[:4])
        found.append(
            Evidence("truck", f"Nothing of {names} was received yet, promised {promised}.")
        )
    return found


def _record(slug: str, invoice: SupplierInvoice, checks: set[str]) -> list[Evidence]:
    same = Exists(Hold.objects.filter(invoice=OuterRef("pk"), check_code__in=checks))
    recent = (
        SupplierInvoice.objects.filter(supplier=invoice.supplier_id, pk__lt=invoice.pk)
        .exclude(status=SupplierInvoice.Status.VOID)
        .annotate(is_same=same)
        .order_by("-pk")
        .values_list("is_same", flat=True)[:RECENT_INVOICES]
    )
    flags = list(recent)
    if not flags:
        return [Evidence("history", f"This is the first invoice of {invoice.supplier}.")]
    of = f"the last {len(flags)} invoices" if len(flags) > 1 else "the invoice before"
    text = f"{invoice.supplier} had the same difference on {sum(flags)} of {of}. "
    if not any(flags):
        text = f"{invoice.supplier} had no such difference on {of}. "
    address = reverse("matching:invoice_list", kwargs={"organization_slug": slug})
    return [
        Evidence(
            "history",
            text,
            "See its invoices",
            f"{address}?supplier={invoice.supplier.public_id}",
            is_link_last=True,
        )
    ]


def _bank_details(slug: str, invoice: SupplierInvoice, may_change: bool) -> list[Evidence]:
    """What ends the hold: the printed account is confirmed, or the supplier bills anew."""
    supplier = invoice.supplier
    found = [
        Evidence(
            "landmark",
            f": the hold ends when {supplier} confirms the printed account by call-back and a second "
            "person agrees, or when this invoice is void and a right one comes.",
            "Bank details on file",
            _address("suppliers:supplier_detail", slug, supplier.public_id),
        )
    ]
    if may_change:
        address = _address("suppliers:bank_account_new", slug, supplier.public_id)
        found.append(Evidence("landmark", "", "Propose new bank details", address, is_step=True))
    return found


def _earlier(slug: str, invoice: SupplierInvoice, holds: Sequence[Hold]) -> list[Evidence]:
    numbers = [h.expected for h in holds if h.check_code == Check.DUPLICATE_SUSPECT]
    return [
        Evidence(
            "copy",
            f"{_of_other(earlier, invoice)} of {long_date(earlier.invoiced_on)} asks for "
            f"{money(earlier.total_amount, earlier.currency)} and is "
            f"{earlier.get_status_display().lower()}.",
            f"Invoice {earlier.number}",
            _address("matching:invoice_detail", slug, earlier.public_id),
        )
        for earlier in SupplierInvoice.objects.filter(
            number__in=numbers, pk__lt=invoice.pk
        ).select_related("supplier")[:2]
    ]


def _of_other(earlier: SupplierInvoice, invoice: SupplierInvoice) -> str:
    """Whose it is, where it came under another supplier's name."""
    return "" if earlier.supplier_id == invoice.supplier_id else f" of {earlier.supplier}"


def _address(name: str, slug: str, public_id: object) -> str:
    """A page of the organization, or "" while its app has none."""
    try:
        return reverse(name, kwargs={"organization_slug": slug, "public_id": public_id})
    except NoReverseMatch:
        return ""
