"""The numbered choices for a held invoice, each with its consequence in money or people.

One is suggested, with the reason. What needs somebody else's authority says whose before it is
picked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils import timezone

from matching.authority import Authority, authority_over
from matching.comparison import Comparison
from matching.holds import STOPS_PAYMENT
from matching.models import Hold, MatchResult, SupplierInvoice
from matching.order_changes import AskedChange
from matching.order_ranking import LIKELY, RankedOrder
from matching.questions import HoldQuestion
from matching.results import Check
from procure.figures import money, short_date
from procure.models import Membership, User
from procure.money import ZERO
from procure.permissions import Role

TAKE = "take_order"
MOST_ORDERS = 3
PAYERS = {Role.AP_CLERK, Role.AP_LEAD}
NO_CREDIT = {Check.AWAITING_RECEIPT, Check.NO_PO, Check.LINE_UNMATCHED, Check.PO_STATUS}
OF_RECEIVER = {Check.AWAITING_RECEIPT, Check.QTY_RECEIVED, Check.QUALITY}


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to go on; `why_not` says who else may pick it."""

    kind: str
    icon: str
    title: str
    text: str = ""
    suggestion: str = ""
    why_not: str = ""

    @property
    def is_open(self) -> bool:
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Colleague:
    """Whom to ask about a held invoice, and why them."""

    person: User
    because: str


def choices_for(
    invoice: SupplierInvoice,
    holds: Sequence[Hold],
    result: MatchResult,
    membership: Membership,
    colleague: Colleague | None,
    comparison: Comparison,
    asked: AskedChange | None = None,
    is_credit_asked: bool = False,
    ranked: Sequence[RankedOrder] = (),
    question: HoldQuestion | None = None,
) -> list[Choice]:
    """At most five, the suggested one first."""
    if not holds or not membership.may("holds.resolve"):
        return []
    authority = authority_over(invoice, holds, membership)
    is_payer = bool(PAYERS & set(membership.roles))
    codes = {hold.check_code for hold in holds}
    if Check.DUPLICATE_SUSPECT in codes:
        found = _about_duplicate(invoice, holds, authority, is_payer)
    elif Check.NO_PO in codes and is_payer and ranked:
        found = [_take(one) for one in ranked[:MOST_ORDERS]]
    else:
        found = _about_difference(invoice, result, authority, is_payer, codes, is_credit_asked)
    is_buyer = membership.may("orders.write")
    if asked is not None and is_buyer:
        found.insert(1, _change_order(asked))
    if colleague is not None and colleague.person.pk != membership.user_id and len(found) < 3:
        found.append(_ask(colleague, None if is_buyer else asked))
    if is_payer and Check.DUPLICATE_SUSPECT not in codes:
        found.append(_give_back(invoice))
    found.append(_put_aside(comparison, codes))
    if question is not None and question.answered_at is None:
        return [_answer(question), *found[:4]]
    likely = ranked[0] if ranked and Check.NO_PO in codes and ranked[0].rank >= LIKELY else None
    return _suggested_first(found[:5], codes, invoice, likely)


def colleague_for(holds: Sequence[Hold], comparison: Comparison) -> Colleague | None:
    """Who knows: the receiver of the goods for quantities, else the buyer of the order."""
    owners = {hold.owner_role for hold in holds}
    if Role.RECEIVER in owners and comparison.receipts:
        receipt = comparison.receipts[-1]
        if receipt.posted_by is not None:
            return Colleague(receipt.posted_by, f"posted {receipt.number}")
    for order in comparison.orders:
        buyer = order.issued_by or order.submitted_by or order.created_by
        if buyer is not None:
            return Colleague(buyer, f"raised {order.number}")
    return None


def suggested_day(comparison: Comparison) -> date:
    """The day to look again: when the goods are promised, at least tomorrow."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    promised = comparison.promised_on
    return tomorrow if promised is None else max(tomorrow, promised)


def _about_difference(
    invoice: SupplierInvoice,
    result: MatchResult,
    authority: Authority,
    is_payer: bool,
    codes: set[str],
    is_credit_asked: bool,
) -> list[Choice]:
    supported, disputed = result.supported_amount or ZERO, result.disputed_amount or ZERO
    currency = invoice.currency
    found = []
    if codes & STOPS_PAYMENT:
        return [_approve(invoice, authority, codes)]
    if is_payer and supported > 0 and disputed > 0 and invoice.kind != SupplierInvoice.Kind.CREDIT:
        found.append(
            Choice(
                "pay_supported",
                "receipt-text",
                f"Pay {money(supported, currency)}, claim {money(disputed, currency)}",
                f"Approves the supported amount; a debit note for the rest goes to "
                f"{_by_mail(invoice)}.",
            )
        )
    elif not codes <= NO_CREDIT:
        found.append(
            Choice(
                "request_credit",
                "receipt-text",
                f"Request a credit of {money(disputed, currency)}",
                f"The request goes to {_by_mail(invoice)}; {money(invoice.total_amount, currency)} "
                "stay held until the credit note comes.",
                why_not="It is asked for already." if is_credit_asked else "",
            )
        )
    found.append(_approve(invoice, authority, codes))
    return found


def _approve(invoice: SupplierInvoice, authority: Authority, codes: set[str]) -> Choice:
    is_sample = codes == {Check.SAMPLE}
    return Choice(
        "accept",
        "check",
        "Looked at, it is right" if is_sample else "Accept the difference",
        f"Approves {money(invoice.total_amount, invoice.currency)} in full.",
        why_not=authority.why_not,
    )


def _by_mail(invoice: SupplierInvoice) -> str:
    supplier = invoice.supplier
    return f"{supplier} by mail, with the evidence" if supplier.email else f"{supplier} on paper"


def _about_duplicate(
    invoice: SupplierInvoice, holds: Sequence[Hold], authority: Authority, is_payer: bool
) -> list[Choice]:
    earlier = next(h.expected for h in holds if h.check_code == Check.DUPLICATE_SUSPECT)
    back = Choice(
        "return",
        "ban",
        f"Void as a duplicate of {earlier}",
        f"Nothing of {money(invoice.total_amount, invoice.currency)} is paid.",
        why_not="" if is_payer else "Only accounts payable voids an invoice.",
    )
    keep = Choice(
        "keep",
        "check",
        "Keep, it is not a duplicate",
        "It is then matched like any other invoice.",
        why_not=authority.why_not,
    )
    return [back, keep]


def _take(one: RankedOrder) -> Choice:
    return Choice(f"{TAKE}/{one.order.public_id}", "link", f"Bill {one.order}", one.because)


def _change_order(asked: AskedChange) -> Choice:
    waits = "A change of this order waits for approval; the hold ends with it."
    return Choice(
        "change_order",
        "pencil-line",
        asked.title,
        asked.consequence,
        why_not=waits if asked.is_waiting else "",
    )


def _ask(colleague: Colleague, asked: AskedChange | None = None) -> Choice:
    words = f"{colleague.person} {colleague.because}."
    if asked is not None:
        change = asked.title[0].lower() + asked.title[1:]
        words += f" A buyer can {change}."
    return Choice(
        "ask",
        "message-square-text",
        f"Ask {colleague.person}",
        words,
    )


def _answer(question: HoldQuestion) -> Choice:
    return Choice(
        "answer",
        "message-square-text",
        f"Answer {question.asked_by}",
        f"“{question.question}” Your answer goes back to them.",
        suggestion="Suggested: they wait for you",
    )


def _give_back(invoice: SupplierInvoice) -> Choice:
    return Choice(
        "return",
        "corner-down-left",
        "Return to supplier",
        f"Voids the invoice, nothing of {money(invoice.total_amount, invoice.currency)} is paid; "
        f"{invoice.supplier} sends a corrected one.",
    )


def _put_aside(comparison: Comparison, codes: set[str]) -> Choice:
    text = "Moves to the end of the queue until then."
    if codes <= {Check.AWAITING_RECEIPT}:
        text = f"Clears by itself with the receipt; look again on {short_date(suggested_day(comparison))}."
    return Choice("put_aside", "hand", "Hold until…", text)


def _suggested_first(
    found: list[Choice],
    codes: set[str],
    invoice: SupplierInvoice,
    likely: RankedOrder | None = None,
) -> list[Choice]:
    """Marks one choice as suggested, with the reason, and puts it first."""
    wanted, why = _suggestion(codes, invoice)
    if likely is not None:
        wanted, why = f"{TAKE}/{likely.order.public_id}", "Suggested: it fits best"
    kinds = {choice.kind for choice in found if choice.is_open}
    if wanted == "ask" and Check.QTY_ORDERED in codes and "change_order" in kinds:
        wanted, why = "change_order", "Suggested: the goods are here"
    for choice in found:
        if choice.kind == wanted and choice.is_open:
            rest = [other for other in found if other is not choice]
            return [replace(choice, suggestion=why), *rest]
    return found


def _suggestion(codes: set[str], invoice: SupplierInvoice) -> tuple[str, str]:
    if Check.DUPLICATE_SUSPECT in codes:
        return "return", "Suggested: the earlier one is on file"
    if codes <= {Check.AWAITING_RECEIPT}:
        return "put_aside", "Suggested: nothing is wrong yet"
    if codes == {Check.SAMPLE}:
        return "accept", "Suggested: every check passed"
    if codes & STOPS_PAYMENT:
        return "put_aside", "Suggested: it ends when the supplier is cleared"
    if Check.QTY_ORDERED in codes and not codes & OF_RECEIVER:
        return "ask", "Suggested: the goods are here, the order can be raised"
    if codes & {Check.NO_PO, Check.LINE_UNMATCHED}:
        return "put_aside", "Suggested: place the lines first, under the comparison"
    if codes & {Check.PO_STATUS, Check.UOM_UNKNOWN}:
        return "ask", "Suggested: the order or the unit has to be put right first"
    until = invoice.discount_until
    if until is not None and until >= timezone.localdate() and invoice.early_discount_percent:
        return (
            "pay_supported",
            f"Suggested: keeps the {invoice.early_discount_percent.normalize():f}% discount",
        )
    return "pay_supported", "Suggested: pays what is not in dispute on time"
