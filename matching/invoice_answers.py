"""What can be told to the supplier of an electronic invoice now, read from what is stored.

    answers = answers_for(invoice)      what may be told, the fitting one first, or why nothing can

The codes are those of Peppol BIS Invoice Response 3: statuses of UNCL 4343 that only move on, with
reasons and requested actions. What the supplier is no party to (a sample, changing bank details, a
block, an awaited receipt) is never told as a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from matching.captured_files import CapturedFile
from matching.einvoices.document import Einvoice, Kind, Party, from_json
from matching.einvoices.response import ACTION, REASON, Clarification, in_order, is_address
from matching.expected_credits import ExpectedCredit
from matching.hold_reasons import asked_about, reason_for
from matching.invoice_responses import InvoiceResponse
from matching.models import Hold, SupplierInvoice
from matching.payables import with_open_amount
from matching.results import Check
from procure.figures import money
from procure.money import ZERO

Told = InvoiceResponse.Status
Status = SupplierInvoice.Status
ORDER = tuple(Told)
TYPE_CODES = {Kind.INVOICE: "380", Kind.CREDIT: "381"}
NOTHING_TO_DO = Clarification(ACTION, "NOA", "Nothing needs to be done.")
SEND_ANOTHER = Clarification(ACTION, "NIN", "Please send a corrected invoice.")


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that may be told, since which day it holds, and what goes with it."""

    status: Told
    effective_on: date
    clarifications: tuple[Clarification, ...] = ()
    is_final: bool = False
    payment_reference: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What may be told about an invoice; `why_not` says why nothing can be, `told` what was."""

    answers: tuple[Answer, ...] = ()
    told: tuple[InvoiceResponse, ...] = ()
    why_not: str = ""
    document: Einvoice | None = None

    def of(self, status: str) -> Answer | None:
        """The answer of this status, where it may be told now."""
        return next((one for one in self.answers if one.status == status), None)


def answers_for(invoice: SupplierInvoice) -> Answers:
    """What may be told about an invoice now: at most eight statements."""
    told = tuple(invoice.responses.select_related("made_by").order_by("pk"))
    file = (
        CapturedFile.objects.filter(invoice=invoice, document__isnull=False).order_by("-pk").first()
    )
    if file is None:
        return Answers(told=told, why_not="It did not come as an electronic invoice.")
    document = from_json(Einvoice, file.document or {})
    why_not = _missing(document) or _is_over(told)
    if why_not:
        return Answers(told=told, why_not=why_not, document=document)
    answers = tuple(one for one in _possible(invoice) if _moves_on(one, told))
    if not answers:
        last = told[-1]
        why_not = f"{last} told that it is {last.get_status_display().lower()}; "
        why_not += "nothing new can be told in this form now."
    return Answers(answers, told, why_not, document)


def _missing(document: Einvoice) -> str:
    """What the file does not say and an answer needs."""
    for party, words in ((document.seller, "its seller"), (document.buyer, "us")):
        if not is_address(party.endpoint):
            return f"Its file has no electronic address of {words}, which a response needs."
    return ""


def _is_over(told: Sequence[InvoiceResponse]) -> str:
    final = next((one for one in told if one.is_final), None)
    if final is None:
        return ""
    return f"{final} told that it is {final.get_status_display().lower()}, and that is final."


def _moves_on(answer: Answer, told: Sequence[InvoiceResponse]) -> bool:
    """Statuses only move on; what is told again has other reasons."""
    if not told:
        return True
    last = told[-1]
    if answer.status == last.status:
        return bool(as_stored(answer.clarifications) != last.clarifications)
    if last.status == Told.ACCEPTED:
        return answer.status == Told.PAID
    return ORDER.index(answer.status) > ORDER.index(Told(last.status))


def as_stored(clarifications: Iterable[Clarification]) -> list[dict[str, str]]:
    """Clarifications as the response keeps them."""
    return [{"list": one.code_list, "code": one.code, "words": one.words} for one in clarifications]


def name_of(party: Party, otherwise: str) -> str:
    """The party's registered name, as far as the file gives one."""
    return party.legal_name or party.name or otherwise


def type_code_of(document: Einvoice) -> str:
    """The type that the file gives itself; files read before this was kept go by their kind."""
    return document.type_code or TYPE_CODES[document.kind]


# --- What each state of an invoice tells --------------------------------------------------------


def _possible(invoice: SupplierInvoice) -> list[Answer]:
    if invoice.status == Status.VOID:
        return [_rejected(invoice)]
    if invoice.status == Status.OPEN:
        return _while_open(invoice)
    return _once_approved(invoice)


def _while_open(invoice: SupplierInvoice) -> list[Answer]:
    """Received, in process, or a query about what differs."""
    today = timezone.localdate()
    holds = list(
        invoice.holds.filter(status=Hold.Status.OPEN)
        .select_related("invoice_line", "order_line__sku")
        .order_by("pk")
    )
    plain = [Answer(Told.IN_PROCESS, today), Answer(Told.RECEIVED, _day(invoice.captured_at))]
    reasons = [reason_for(invoice, hold) for hold in holds if asked_about(hold)]
    if not reasons:
        return plain
    asked = _requested(invoice) or [_question({hold.check_code for hold in holds})]
    query = Answer(Told.QUERIED, today, in_order([*reasons, *asked]))
    # Where only goods are awaited, the supplier has nothing to answer.
    waits = all(hold.check_code == Check.AWAITING_RECEIPT for hold in holds)
    return [*plain, query] if waits else [query, *plain]


def _question(checks: set[str]) -> Clarification:
    if checks & {Check.NO_PO, Check.PO_SUPPLIER, Check.LINE_UNMATCHED}:
        return Clarification(ACTION, "PIN", "Please tell us our order number and its lines.")
    return Clarification(ACTION, "PIN", "Please tell us how this comes about.")


def _requested(invoice: SupplierInvoice) -> list[Clarification]:
    """The credit that was asked for, in full or in part."""
    return [
        _credit(invoice, credit)
        for credit in invoice.expected_credits.filter(status=ExpectedCredit.Status.OPEN)
    ]


def _credit(invoice: SupplierInvoice, credit: ExpectedCredit) -> Clarification:
    code = "CNF" if credit.amount >= invoice.total_amount else "CNP"
    amount = f"{money(credit.amount, invoice.currency)} {invoice.currency}"
    words = f"Please send a credit note of {amount}, as our {credit.document_name.lower()} {credit} asks."
    return Clarification(ACTION, code, words)


def _rejected(invoice: SupplierInvoice) -> Answer:
    """Voided: for what held it then, in the words of whoever voided it."""
    assert invoice.voided_at is not None
    holds = list(
        invoice.holds.filter(closed_at=invoice.voided_at)
        .select_related("invoice_line", "order_line__sku")
        .order_by("pk")
    )
    reasons = [reason_for(invoice, hold) for hold in holds if asked_about(hold)]
    said = Clarification(REASON, "OTH", invoice.void_reason)
    repeats = any(hold.check_code == Check.DUPLICATE_SUSPECT for hold in holds)
    wanted = NOTHING_TO_DO if repeats else SEND_ANOTHER
    return Answer(
        Told.REJECTED, _day(invoice.voided_at), in_order([*reasons, said, wanted]), is_final=True
    )


def _once_approved(invoice: SupplierInvoice) -> list[Answer]:
    """Accepted, in full or in part, and paid."""
    assert invoice.approved_at is not None
    approved_on = _day(invoice.approved_at)
    short = _short_paid(invoice)
    if short:
        accepted = Answer(Told.CONDITIONAL, approved_on, short)
    else:
        accepted = Answer(Told.ACCEPTED, approved_on)
    last = invoice.payments.order_by("paid_on", "pk").last()
    paid_on, reference = (last.paid_on, last.reference) if last else (approved_on, "")
    if invoice.status == Status.PAID:
        return [Answer(Told.PAID, paid_on, short, is_final=True, payment_reference=reference)]
    with_sums: Any = with_open_amount().get(pk=invoice.pk)
    settled = with_sums.settled
    if settled <= ZERO or invoice.kind == SupplierInvoice.Kind.CREDIT:
        return [accepted]
    amounts = [money(one, invoice.currency) for one in (settled, invoice.approved_amount)]
    words = f"{amounts[0]} of {amounts[1]} {invoice.currency} are paid."
    partly = Clarification(REASON, "PPD", words)
    return [
        Answer(Told.PAID, paid_on, in_order([partly, *short]), payment_reference=reference),
        accepted,
    ]


def _short_paid(invoice: SupplierInvoice) -> tuple[Clarification, ...]:
    """Why less than the total was approved, and the credit note that makes up for it."""
    asked = invoice.expected_credits.filter(kind=ExpectedCredit.Kind.SHORT_PAID)
    claims = list(asked.exclude(status=ExpectedCredit.Status.DROPPED).order_by("pk"))
    if not claims or (invoice.approved_amount or ZERO) >= invoice.total_amount:
        return ()
    holds = (
        Hold.objects.filter(resolution__invoice=invoice, resolution__claimed_amount__gt=0)
        .exclude(status=Hold.Status.OPEN)
        .select_related("invoice_line", "order_line__sku")
        .order_by("pk")
    )
    reasons = [reason_for(invoice, hold) for hold in holds if asked_about(hold)]
    wanted = [_credit(invoice, claim) for claim in claims]
    return in_order([*(reasons or [Clarification(REASON, "OTH", claims[0].reason)]), *wanted])


def _day(moment: Any) -> date:
    return timezone.localdate(moment)
