"""What limits let pass adds up: past a cap per supplier and month, tolerance ends until reviewed.

`withdraw_tolerances` follows approvals in the worker; `restore_tolerances` is the review. What was
accepted before a review is not counted again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from matching.holds import Cause
from matching.ledger import PAYABLE
from matching.models import MatchResult, SupplierInvoice, ToleranceSuspension
from matching.rematching import match_invoices
from matching.telling import tell_matched
from matching.tolerances import Tolerances
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import reacts_to, record
from procure.exchange import rates_on
from procure.figures import money
from procure.models import BusinessEvent, Organization, User
from procure.money import ZERO, round_money
from procure.tenancy import current_organization_id
from suppliers.models import Supplier

Status = SupplierInvoice.Status
Month = tuple[int, date]  # supplier, first day


@dataclass(frozen=True, slots=True)
class Leak:
    """What was accepted from a supplier in a month, where it passes the cap; in this currency."""

    supplier_id: int
    month: date
    accepted: Decimal
    cap: Decimal
    currency: str


@reacts_to("supplier_invoice.captured", "supplier_invoice.approved")
def withdraw_tolerances(events: Sequence[BusinessEvent]) -> None:
    """Judges a supplier exactly from now on when the accepted differences of a month pass the cap."""
    today = timezone.localdate()
    rules = Tolerances({today})
    if not rules.has_leakage_cap:
        return
    ids = {event.subject_id for event in events}
    invoices = SupplierInvoice.objects.filter(pk__in=ids, status__in=PAYABLE)
    pairs = {
        (supplier_id, received_on.replace(day=1))
        for supplier_id, received_on in invoices.values_list("supplier_id", "received_on")
    }
    for leak in _leaks(pairs, rules, today):
        _withdraw(leak)


@transaction.atomic
def restore_tolerances(
    suspension: ToleranceSuspension, *, review: str, actor: User
) -> ToleranceSuspension:
    """Ends a suspension after somebody looked at what was accepted; counting begins anew.

    Refused: no word about what was found, a suspension that was reviewed already.
    """
    if not review.strip():
        raise BusinessRuleError("review", "Say what you found.", "review")
    suspension = lock(suspension)
    if suspension.reviewed_at is not None:
        raise BusinessRuleError("reviewed", "This was reviewed already.")
    suspension.reviewed_at, suspension.reviewed_by = timezone.now(), actor
    suspension.review = review.strip()[:300]
    suspension.save(update_fields=["reviewed_at", "reviewed_by", "review"])
    record(
        "tolerance.restored",
        suspension.supplier,
        actor=actor,
        summary=f"Tolerances apply again: {suspension.review}",
    )
    return suspension


@reacts_to(
    "tolerance.restored",
    "supplier.blocked",
    "supplier.unblocked",
    "supplier.bank_account_proposed",
    "supplier.bank_account_confirmed",
    "supplier.bank_account_rejected",
    "supplier.merged",
    "supplier.merge_undone",
)
def match_after_supplier_change(events: Sequence[BusinessEvent]) -> None:
    """What is decided about a supplier holds or releases its open invoices: so does a merge, after
    which they are of another supplier, beside its orders, limits and earlier invoices."""
    suppliers = {event.subject_id for event in events}
    ids = SupplierInvoice.objects.filter(supplier_id__in=suppliers, status=Status.OPEN)
    cause = Cause.because(f"{event.label}: {event.summary}" for event in events)
    tell_matched(match_invoices(list(ids.values_list("pk", flat=True)), cause), cause, None)


def open_suspensions() -> list[ToleranceSuspension]:
    """The suppliers that are judged exactly at the moment: one statement."""
    return list(
        ToleranceSuspension.objects.filter(reviewed_at__isnull=True).select_related("supplier")
    )


def _leaks(pairs: Collection[Month], rules: Tolerances, today: date) -> Iterable[Leak]:
    organization = Organization.objects.get(pk=current_organization_id())
    for (supplier_id, month), accepted in _accepted(pairs, organization.currency, today).items():
        cap = rules.policy(supplier_id, None, (), today).leakage_cap
        if cap is not None and accepted > cap:
            yield Leak(supplier_id, month, accepted, cap, organization.currency)


def _accepted(pairs: Collection[Month], currency: str, today: date) -> dict[Month, Decimal]:
    """Accepted money per supplier and month since its last review, in this currency.

    What has no rate into it is left out.
    """
    suppliers = {supplier_id for supplier_id, _ in pairs}
    reviewed: dict[int, datetime] = dict(
        ToleranceSuspension.objects.filter(supplier_id__in=suppliers, reviewed_at__isnull=False)
        .order_by()
        .values_list("supplier_id")
        .annotate(Max("reviewed_at"))
    )
    rates = rates_on(today)
    sums: dict[Month, Decimal] = defaultdict(lambda: ZERO)
    rows = (
        MatchResult.objects.filter(
            invoice__supplier_id__in=suppliers,
            invoice__received_on__gte=min(month for _, month in pairs) if pairs else today,
            invoice__status__in=PAYABLE,
            accepted_amount__gt=0,
        )
        .annotate(month=TruncMonth("invoice__received_on"))
        .order_by()
        .values_list("invoice__supplier_id", "month", "invoice__currency", "invoice__approved_at")
        .annotate(Sum("accepted_amount"))
    )
    for supplier_id, month, billed_in, approved_at, amount in rows:
        since = reviewed.get(supplier_id)
        converted = rates.convert(amount, billed_in, currency)
        is_counted = (supplier_id, month) in pairs and (since is None or approved_at > since)
        if is_counted and converted is not None:
            sums[supplier_id, month] += converted
    return {pair: round_money(amount, currency) for pair, amount in sums.items()}


@transaction.atomic
def _withdraw(leak: Leak) -> None:
    """Opens a suspension, unless one is open."""
    supplier = lock(Supplier.objects.get(pk=leak.supplier_id))
    suspension, is_new = ToleranceSuspension.objects.get_or_create(
        supplier=supplier,
        reviewed_at=None,
        defaults={
            "month": leak.month,
            "accepted_amount": leak.accepted,
            "cap_amount": leak.cap,
        },
    )
    if is_new:
        accepted, cap = (money(one, leak.currency) for one in (leak.accepted, leak.cap))
        record(
            "tolerance.withdrawn",
            supplier,
            actor=None,
            summary=f"Differences of {accepted} {leak.currency} were accepted in "
            f"{leak.month:%B %Y}, over the cap of {cap}: matched without tolerance until reviewed.",
            suspension_id=suspension.pk,
        )
