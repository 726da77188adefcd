"""Target shares of volume on the approved vendor list: together never more than the whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import connection

from procure.errors import BusinessRuleError
from procure.figures import long_date
from procure.money import ZERO, plain_decimal
from procure.tenancy import current_organization_id
from suppliers.models import ApprovedVendor

WHOLE = Decimal(100)
SHARES = 3  # the kind of advisory lock, beside those of `suppliers.rollups`


def hold_shares() -> None:
    """Waits until nobody else of the organization gives shares; taken before any row's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)", [(SHARES << 48) + current_organization_id()]
        )


def require_share_free(entry: ApprovedVendor) -> None:
    """Refuses an entry whose share makes more than 100 % with the others of its scope and ship-to
    on some day that it holds; the caller holds the shares."""
    if entry.share_percent is None:
        return
    others = ApprovedVendor.objects.filter(
        category=entry.category_id,
        sku=entry.sku_id,
        location=entry.location_id,
        share_percent__isnull=False,
    ).exclude(pk=entry.pk)
    if problem := what_is_too_much([entry, *others], since=entry.valid_from):
        raise BusinessRuleError("share_over", problem, "share_percent")


def what_is_too_much(entries: Iterable[ApprovedVendor], since: date | None = None) -> str:
    """The sentence for the first day, from `since` on, on which the shares of one scope and
    ship-to make more than 100 %; "" when there is none. Sums rise only where an entry begins."""
    held = [one for one in entries if one.share_percent is not None]
    days = {max(one.valid_from, since or one.valid_from) for one in held}
    for day in sorted(days):
        total = sum(
            (
                one.share_percent or ZERO
                for one in held
                if one.valid_from <= day and (one.valid_to is None or one.valid_to >= day)
            ),
            ZERO,
        )
        if total > WHOLE:
            return (
                f"The shares here make {plain_decimal(total)} % from {long_date(day)} on. "
                "Together they may be 100 % at most."
            )
    return ""
