"""What would keep a cause from coming back: proposed with the third equal cause of a supplier.

proposed_fixes(organization, supplier_id=None)     five statements, whatever is stored
decline_fix(supplier, cause=…, actor=…)            not now: proposed again after three more
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Count, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from matching.causes import pack_size
from matching.models import Hold, Resolution
from matching.questions import DeclinedFix, DifferenceCause
from matching.results import Check
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import decimal_of, money, unit_price
from procure.models import Organization, User
from procure.money import ZERO, plain_decimal
from suppliers.models import PriceAgreement, PriceBreak, Supplier

TIMES = 3
LOOKED_BACK = timedelta(days=365)
MOST_FIXES = 20
MOST_HOLDS = 5000
LONG_AGO = datetime(2000, 1, 1, tzinfo=timezone.get_default_timezone())
PRICES = {Check.PRICE.value, Check.CONTRACT_PRICE.value}
MISSING = {Check.QTY_RECEIVED.value, Check.AWAITING_RECEIPT.value}


@dataclass(frozen=True, slots=True)
class Fix:
    """A permanent fix: what it is, where its form is filled in, and what it would have spared."""

    supplier: Supplier
    cause: str
    times: int
    since: date
    title: str
    address: str
    would_prevent: int
    of: int

    @property
    def cause_words(self) -> str:
        return str(DifferenceCause(self.cause).label)

    @property
    def sentence(self) -> str:
        """How many of the supplier's holds of a year it would have prevented."""
        noun = "hold" if self.of == 1 else "holds"
        return (
            f"It would have prevented {self.would_prevent} of the {self.of} {noun} "
            f"that {self.supplier} had in the last twelve months."
        )


class PastHold(NamedTuple):
    """A stored hold with what its line bills."""

    check: str
    code: str
    expected: str
    actual: str
    difference: str
    sku_id: int | None
    sku: str | None
    sku_public_id: object
    unit: str | None
    status: str
    closed_at: datetime | None
    issued_on: date | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class _Proposal:
    title: str
    address: str
    would_prevent: int


def proposed_fixes(organization: Organization, supplier_id: int | None = None) -> list[Fix]:
    """Every fix that is due, those that spare the most first."""
    counted = _counted(supplier_id)
    if not counted:
        return []
    ids = {row[0] for row in counted}
    suppliers = Supplier.objects.in_bulk(ids)
    holds = _past_holds(ids)
    agreements = _agreements(ids)
    found = []
    for seller_id, cause, times, since in counted:
        supplier, past = suppliers[seller_id], holds[seller_id]
        proposal = MAKERS[cause](organization.slug, supplier, past, agreements)
        if proposal is not None and proposal.would_prevent:
            found.append(
                Fix(
                    supplier=supplier, cause=cause, times=times, since=since.date(),
                    title=proposal.title, address=proposal.address,
                    would_prevent=proposal.would_prevent, of=len(past),
                )
            )  # fmt: skip
    return sorted(found, key=lambda fix: (-fix.would_prevent, fix.supplier.name))


def _counted(supplier_id: int | None) -> list[tuple[int, str, int, datetime]]:
    """Supplier, cause, how often it was said since it was declined, and since when."""
    declined = DeclinedFix.objects.filter(
        supplier=OuterRef("invoice__supplier"), cause=OuterRef("cause")
    ).values("declined_at")
    rows = Resolution.objects.filter(
        status__in=[Resolution.Status.WAITING, Resolution.Status.APPLIED],
        cause__in=MAKERS,
        decided_at__gte=timezone.now() - LOOKED_BACK,
    )
    if supplier_id is not None:
        rows = rows.filter(invoice__supplier=supplier_id)
    return list(
        rows.annotate(declined_at=Coalesce(Subquery(declined), LONG_AGO))
        .filter(decided_at__gt=F("declined_at"))
        .values_list("invoice__supplier_id", "cause")
        .annotate(times=Count("pk"), since=Min("decided_at"))
        .filter(times__gte=TIMES)
        .order_by("-times", "invoice__supplier_id", "cause")[:MOST_FIXES]
    )


def _past_holds(supplier_ids: set[int]) -> Mapping[int, list[PastHold]]:
    found: dict[int, list[PastHold]] = defaultdict(list)
    rows = (
        Hold.objects.filter(
            invoice__supplier__in=supplier_ids, opened_at__gte=timezone.now() - LOOKED_BACK
        )
        .exclude(invoice__status="void")
        .order_by("-opened_at", "-pk")
        .values_list(
            "invoice__supplier_id", "check_code", "code", "expected", "actual", "difference",
            "order_line__sku_id", "order_line__sku__code", "order_line__sku__public_id",
            "invoice_line__unit", "status", "closed_at", "order_line__order__issued_on",
            "resolution__cause",
        )[:MOST_HOLDS]
    )  # fmt: skip
    for supplier_id, *rest in rows:
        found[supplier_id].append(PastHold(*rest))
    return found


def _agreements(supplier_ids: set[int]) -> dict[tuple[int, int], PriceAgreement]:
    """The agreement that fixes the price of a supplier's SKU today."""
    today = timezone.localdate()
    rows = (
        PriceBreak.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=today), agreement__supplier__in=supplier_ids
        )
        .select_related("agreement")
        .order_by("valid_from", "pk")
    )
    return {(row.agreement.supplier_id, row.sku_id): row.agreement for row in rows}


Agreements = Mapping[tuple[int, int], PriceAgreement]


def _unit(
    slug: str, supplier: Supplier, past: Sequence[PastHold], agreements: Agreements
) -> _Proposal | None:
    """One of their units holds so many of ours, for the item it concerns most."""
    of_unit = [
        hold
        for hold in past
        if hold.sku_id and hold.unit and (hold.check == Check.UOM_UNKNOWN or _pack(hold))
    ]
    if not of_unit:
        return None
    (sku_id, unit), _ = Counter((hold.sku_id, hold.unit) for hold in of_unit).most_common(1)[0]
    same = [hold for hold in of_unit if (hold.sku_id, hold.unit) == (sku_id, unit)]
    pack = next((_pack(hold) for hold in same if _pack(hold)), None)
    given = {"unit": unit, "factor": pack or ""}
    address = reverse("suppliers:unit_factor_new", args=[slug, same[0].sku_public_id])
    size = f"{pack}" if pack else "how many"
    return _Proposal(
        f"Say that 1 {unit} of {same[0].sku} holds {size}",
        f"{address}?{urlencode(given)}",
        len([hold for hold in past if (hold.sku_id, hold.unit) == (sku_id, unit)]),
    )


def _pack(hold: PastHold) -> int | None:
    if hold.check != Check.PRICE:
        return None
    return pack_size(hold.expected, hold.actual)


def _freight(
    slug: str, supplier: Supplier, past: Sequence[PastHold], agreements: Agreements
) -> _Proposal | None:
    """Charges of this supplier pass up to what was accepted of them."""
    charges = [hold for hold in past if hold.check == Check.CHARGE]
    said = [_size(hold) for hold in charges if hold.cause == DifferenceCause.FREIGHT]
    if not said:
        return None
    most = max(said)
    given = {"supplier": supplier.public_id, "charge_amount": plain_decimal(most)}
    return _Proposal(
        f"Let charges of {supplier} pass up to {money(most)}",
        f"{reverse('matching:tolerance_new', args=[slug])}?{urlencode(given)}",
        sum(_size(hold) <= most for hold in charges),
    )


def _size(hold: PastHold) -> Decimal:
    return abs(decimal_of(hold.difference) or ZERO)


def _price(
    slug: str, supplier: Supplier, past: Sequence[PastHold], agreements: Agreements
) -> _Proposal | None:
    """The price they bill is agreed, for the item it concerns most."""
    of_price = [hold for hold in past if hold.check in PRICES and hold.sku_id]
    if not of_price:
        return None
    sku_id, _ = Counter(hold.sku_id for hold in of_price).most_common(1)[0]
    same = [hold for hold in of_price if hold.sku_id == sku_id]
    price = decimal_of(same[0].actual) or ZERO  # the latest stands first
    spared = sum((decimal_of(hold.actual) or ZERO) <= price for hold in same)
    given = {"sku": same[0].sku_public_id, "price": plain_decimal(price)}
    title = f"Agree on {unit_price(price)} for {same[0].sku}"
    return _Proposal(title, _terms(slug, supplier, sku_id, agreements, given), spared)


def _lead_time(
    slug: str, supplier: Supplier, past: Sequence[PastHold], agreements: Agreements
) -> _Proposal | None:
    """The days that deliveries really take are agreed, so that they are awaited that long."""
    late = [
        (hold, (hold.closed_at.date() - hold.issued_on).days)
        for hold in past
        if hold.check in MISSING and hold.status == Hold.Status.CLEARED
        and hold.closed_at and hold.issued_on and hold.sku_id
    ]  # fmt: skip
    if not late:
        return None
    sku_id, _ = Counter(hold.sku_id for hold, _ in late).most_common(1)[0]
    same = [(hold, days) for hold, days in late if hold.sku_id == sku_id]
    days = sorted(days for _, days in same)[len(same) // 2]
    given = {"sku": same[0][0].sku_public_id, "lead_time_days": days}
    title = f"Agree on {days} days of lead time for {same[0][0].sku}"
    spared = sum(taken <= days for _, taken in same)
    return _Proposal(title, _terms(slug, supplier, sku_id, agreements, given), spared)


def _terms(
    slug: str,
    supplier: Supplier,
    sku_id: int | None,
    agreements: Agreements,
    given: Mapping[str, object],
) -> str:
    """The prices of the agreement that has the item, else a new agreement."""
    agreement = agreements.get((supplier.pk, sku_id or 0))
    if agreement is None:
        address = reverse("suppliers:agreement_new", args=[slug, supplier.public_id])
    else:
        address = reverse("suppliers:agreement_prices", args=[slug, agreement.public_id])
    return f"{address}?{urlencode(given)}"


Maker = Callable[[str, Supplier, Sequence[PastHold], Agreements], _Proposal | None]
MAKERS: dict[str, Maker] = {
    DifferenceCause.UNIT.value: _unit,
    DifferenceCause.FREIGHT.value: _freight,
    DifferenceCause.PRICE_LIST.value: _price,
    DifferenceCause.OUR_ORDER.value: _price,
    DifferenceCause.NOT_POSTED.value: _lead_time,
    DifferenceCause.SHORT_DELIVERY.value: _lead_time,
}


@transaction.atomic
def decline_fix(supplier: Supplier, *, cause: str, actor: User) -> DeclinedFix:
    """Says “not now” to a fix; three more of the same cause propose it again.

    Refused: a cause without a fix, one that is not proposed now.
    """
    if cause not in MAKERS or not any(row[1] == cause for row in _counted(supplier.pk)):
        raise BusinessRuleError("fix", "This fix is not proposed any more.")
    declined: DeclinedFix
    declined, _ = DeclinedFix.objects.update_or_create(
        supplier=supplier,
        cause=cause,
        defaults={"declined_by": actor, "declined_at": timezone.now()},
    )
    record(
        "supplier.fix_declined", supplier, actor=actor,
        summary=f"No permanent fix now for: {DifferenceCause(cause).label}.", cause=cause,
    )  # fmt: skip
    return declined
