"""Which suppliers must not be paid at the moment, because their bank details are changing.

They also change for what was billed under a record that was merged into one with another account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils import timezone

from procure.figures import long_date
from suppliers.models import BankAccount, SupplierMerge


@dataclass(frozen=True, slots=True)
class PaymentHold:
    """Payments wait: until a day where that is known, else until the change is decided."""

    supplier_id: int
    until: date | None

    @property
    def sentence(self) -> str:
        if self.until is not None:
            return f"Bank details are changing: payment waits until {long_date(self.until)}."
        return (
            "Bank details are changing: payment waits until the call-back is made, a second "
            "person has confirmed and the waiting period is over."
        )


def payments_held(supplier_ids: Iterable[int], on: date | None = None) -> dict[int, PaymentHold]:
    """The holds of these suppliers by id, those without one left out: one statement.

    A change that is not decided weighs more than one in its waiting period.
    """
    today = on or timezone.localdate()
    supplier_ids = list(supplier_ids)
    changing = BankAccount.objects.filter(
        Q(status__in=BankAccount.OPEN) | Q(status="confirmed", usable_from__gt=today),
        supplier_id__in=supplier_ids,
    ).order_by()
    merges = SupplierMerge.objects.filter(
        remaining_id__in=supplier_ids, payments_from__gt=today, undone_at__isnull=True
    ).order_by()
    rows = changing.values_list("supplier_id", "usable_from").union(
        merges.values_list("remaining_id", "payments_from")
    )
    found: dict[int, list[date | None]] = {}
    for supplier_id, usable_from in rows:
        found.setdefault(supplier_id, []).append(usable_from)
    return {supplier_id: _hold(supplier_id, ends) for supplier_id, ends in found.items()}


def changing_accounts(supplier_ids: Iterable[int], on: date) -> dict[int, tuple[str, str]]:
    """Per supplier with a change on its way: the account in force and the one asked for, masked.

    One statement. A first account changes nothing and is left out.
    """
    found: dict[int, tuple[str, str]] = {}
    in_force: dict[int, str] = {}
    accounts = BankAccount.objects.filter(supplier_id__in=set(supplier_ids)).exclude(
        status=BankAccount.Status.REJECTED
    )
    for account in accounts.order_by("supplier_id", "version"):
        if account.is_in_force(on):
            in_force[account.supplier_id] = account.masked
            found.pop(account.supplier_id, None)
        elif account.supplier_id in in_force:
            found[account.supplier_id] = in_force[account.supplier_id], account.masked
    return found


def hold_among(supplier_id: int, accounts: Iterable[BankAccount], on: date) -> PaymentHold | None:
    """What changes of its details hold, for one supplier of whom every version is at hand: no
    statement. What a merge holds is said beside the merge."""
    ends = [one.usable_from for one in accounts if one.is_open or one.is_waiting(on)]
    return _hold(supplier_id, ends) if ends else None


def _hold(supplier_id: int, ends: Iterable[date | None]) -> PaymentHold:
    days = list(ends)
    known = [day for day in days if day is not None]
    return PaymentHold(supplier_id, max(known) if len(known) == len(days) else None)
