"""Who may accept a difference: the owner of the hold, or somebody whose limit covers it.

Nobody accepts a difference on an invoice they entered, or on goods they received themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from matching.holds import NOT_ACCEPTED, RECEIPT_CHECKS
from matching.models import Hold, SupplierInvoice
from matching.results import Check
from procure.errors import BusinessRuleError
from procure.exchange import rates_on
from procure.figures import money
from procure.models import Membership, User
from procure.money import ZERO
from procure.permissions import Role
from procure.tenancy import current_organization_id
from purchasing.models import GoodsReceipt, GoodsReceiptLine

ALSO_OWNED_BY = {Check.QTY_RECEIVED.value: Role.BUYER}


@dataclass(frozen=True, slots=True)
class Authority:
    """Whether a person may accept these holds, and in words why not."""

    is_given: bool
    code: str = ""
    why_not: str = ""


GIVEN = Authority(True)
NOBODY_ACCEPTS = (
    "Nobody accepts this: the hold ends when the supplier is active again and its bank details are "
    "confirmed by call-back."
)


def membership_of(person: User) -> Membership:
    """The person's seat in the current organization."""
    return Membership.objects.select_related("organization").get(
        user=person, organization_id=current_organization_id(), is_active=True
    )


def authority_over(
    invoice: SupplierInvoice, holds: Sequence[Hold], membership: Membership
) -> Authority:
    """Whether this member may accept all of these holds of an invoice."""
    if invoice.captured_by_id == membership.user_id:
        return Authority(
            False, "own_invoice", "You entered this invoice; somebody else accepts its differences."
        )
    if received_themselves(membership.user_id, holds):
        return Authority(
            False, "own_receipt", "You received these goods; somebody else accepts the difference."
        )
    if any(hold.check_code in NOT_ACCEPTED for hold in holds):
        return Authority(False, "not_accepted", NOBODY_ACCEPTS)
    foreign = [hold for hold in holds if not owns(membership, hold)]
    if not foreign:
        return GIVEN
    return _within_limit(invoice, foreign, membership)


def _within_limit(
    invoice: SupplierInvoice, holds: Sequence[Hold], membership: Membership
) -> Authority:
    """Whether the limit of a member who owns none of these holds covers them all."""
    stake = sum((hold.amount_at_stake for hold in holds), ZERO)
    own, limit = membership.organization.currency, membership.acceptance_limit
    who = " and the ".join(sorted({_spoken(hold.owner_role) for hold in holds}))
    if not limit:
        asked = f"{money(stake, invoice.currency)} {invoice.currency}"
        return Authority(False, "authority", f"Needs the {who}, or a limit that covers {asked}.")
    amount = stake if invoice.currency == own else _in_currency(own, stake, invoice.currency)
    if amount is None:
        why_not = f"Needs the {who}: no exchange rate leads from {invoice.currency} to {own}."
        return Authority(False, "authority", why_not)
    if amount > limit:
        why_not = f"Over your limit of {money(limit, own)} {own}; needs the {who}."
        return Authority(False, "authority", why_not)
    return GIVEN


def _in_currency(own: str, stake: Decimal, currency: str) -> Decimal | None:
    """At the rate of today: one statement."""
    return rates_on(timezone.localdate()).convert(stake, currency, own)


def _spoken(role: str) -> str:
    """A role within a sentence: buyer, AP lead."""
    label = Role(role).label
    return label if label.startswith("AP ") else label.lower()


def require_authority(
    invoice: SupplierInvoice, holds: Sequence[Hold], membership: Membership
) -> None:
    """Refuses the acceptance in words."""
    authority = authority_over(invoice, holds, membership)
    if not authority.is_given:
        raise BusinessRuleError(authority.code, authority.why_not)


def owns(membership: Membership, hold: Hold) -> bool:
    """Whether a role of this member owns the hold; the AP lead stands in for the clerks."""
    owners = {hold.owner_role, ALSO_OWNED_BY.get(hold.check_code)}
    if Role.AP_CLERK in owners:
        owners.add(Role.AP_LEAD)
    return any(role in owners for role in membership.roles)


def received_themselves(user_id: int, holds: Collection[Hold]) -> bool:
    """Whether a hold about goods rests on a receipt that this person posted."""
    line_ids = [hold.order_line_id for hold in holds if hold.check_code in RECEIPT_CHECKS]
    return bool(line_ids) and (
        GoodsReceiptLine.objects.filter(
            Q(receipt__posted_by=user_id),
            order_line_id__in=line_ids,
            receipt__status=GoodsReceipt.Status.POSTED,
        ).exists()
    )
