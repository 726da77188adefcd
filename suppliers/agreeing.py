"""Agreeing prices with a supplier, changing them from a day on, and ending or extending the whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from procure import figures
from procure.constraints import refusing
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from suppliers.decided import require_chosen
from suppliers.details import apply_changes, changed_words
from suppliers.merged_records import lock_supplier
from suppliers.models import (
    AgreementAmendment,
    PriceAgreement,
    PriceBreak,
    Sku,
    SourcingDecision,
    Supplier,
)
from suppliers.rollups import StaleKey, mark_stale
from suppliers.validity import require_days_in_order

Step = tuple[int, Decimal]  # SKU, minimum quantity

ROW_VALUES = (
    *("unit", "unit_price", "lead_time_days", "supplier_sku", "committed_quantity"),
    *("minimum_order_quantity", "order_multiple"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """A row of an agreement: from `minimum_quantity` on, a SKU costs `unit_price` per `unit`."""

    sku: Sku
    unit_price: Decimal
    minimum_quantity: Decimal = Decimal(0)
    unit: str = ""
    lead_time_days: int | None = None
    supplier_sku: str = ""
    committed_quantity: Decimal | None = None
    minimum_order_quantity: Decimal | None = None
    order_multiple: Decimal | None = None

    @property
    def step(self) -> Step:
        return self.sku.pk, self.minimum_quantity

    @property
    def values(self) -> dict[str, Any]:
        """What a stored row keeps of it, by field."""
        return {name: getattr(self, name) for name in ROW_VALUES} | {
            "unit": self.unit or self.sku.unit
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementTerms:
    """What an agreement says besides its prices; empty terms are the supplier's own."""

    is_price_fixed: bool = True
    incoterm: str = ""
    payment_terms_days: int | None = None


@transaction.atomic
def agree_prices(
    supplier: Supplier,
    *,
    number: str,
    valid_from: date,
    valid_to: date | None,
    note: str,
    prices: Sequence[PriceRow],
    terms: AgreementTerms | None = None,
    decision: SourcingDecision | None = None,
    actor: User,
) -> PriceAgreement:
    """Writes down a price agreement in the supplier's currency, on a sourcing decision or without.

    Refused: a number in use, days in the wrong order, no price at all, two prices for the same
    SKU and quantity, and a decision that did not choose the supplier.
    """
    supplier = lock_supplier(supplier)
    require_status(supplier, Supplier.Status.ACTIVE)
    require_days_in_order(valid_from, valid_to)
    if not prices:
        raise BusinessRuleError("no_prices", "Give at least one SKU with its price.", "prices")
    _require_distinct_steps(prices)
    require_chosen(decision, supplier)
    agreement = PriceAgreement(
        number=number.strip(),
        supplier=supplier,
        currency=supplier.currency,
        valid_from=valid_from,
        valid_to=valid_to,
        note=note.strip(),
        decision=decision,
        **asdict(terms or AgreementTerms()),
    )
    with refusing(_number_taken(number)):
        agreement.save()
    _add_rows(agreement, prices, valid_from)
    mark_stale(StaleKey(supplier.pk, row.sku.pk) for row in prices)
    days = _validity_words(agreement)
    record(
        "price_agreement.agreed",
        agreement,
        actor=actor,
        summary=f"{agreement.number}: {_counted_prices(prices)} agreed {days}.",
        supplier_id=supplier.pk,
        prices=[_row_payload(row) for row in prices],
    )
    return agreement


@transaction.atomic
def change_agreed_prices(
    agreement: PriceAgreement,
    *,
    effective_on: date,
    prices: Sequence[PriceRow],
    ended: Collection[Step] = (),
    version_shown: int | None = None,
    reason: str = "",
    actor: User,
) -> PriceAgreement:
    """Amends prices from a day on: the next version; what held before stays readable as it was.

    A price that is replaced or ended holds to the day before; steps that are not named stay.
    Refused: changed since it was shown, a day outside the agreement or before a later change, two
    prices for one SKU and quantity, the end of a price on its first day, and a fixed price that
    rises without a reason.
    """
    agreement = lock(agreement)
    _require_version(agreement, version_shown)
    _require_within(agreement, effective_on)
    _require_distinct_steps(prices)
    steps = {row.step for row in prices}.union(ended)
    current = _rows_to_replace(agreement, steps, effective_on)
    changed = [row for row in prices if not _says_the_same(current.get(row.step), row)]
    over = [current[step] for step in ended if step in current]
    if not changed and not over:
        return agreement
    _require_reason_to_rise(agreement, changed, current, reason)
    _replace_rows(agreement, [(current.get(row.step), row) for row in changed], effective_on)
    _end_rows(over, effective_on)
    summary = f"{_changed_words(changed, over)} from {long_date(effective_on)} on."
    _amend(agreement, effective_on, summary, reason, actor)
    skus = {row.sku.pk for row in changed} | {row.sku_id for row in over}
    mark_stale(StaleKey(agreement.supplier_id, sku_id) for sku_id in skus)
    record(
        "price_agreement.prices_changed",
        agreement,
        actor=actor,
        summary=f"{summary} {reason.strip()}".strip(),
        supplier_id=agreement.supplier_id,
        version=agreement.version,
        prices=[_row_payload(row) for row in changed],
        ended=[str(row.sku) for row in over],
    )
    return agreement


@transaction.atomic
def change_price_agreement(
    agreement: PriceAgreement,
    *,
    valid_to: date | None,
    note: str,
    terms: AgreementTerms | None = None,
    version_shown: int | None = None,
    reason: str = "",
    actor: User,
) -> PriceAgreement:
    """Extends an agreement, ends it early or changes its terms, from today on: the next version.

    Refused: changed since it was shown, and days in the wrong order.
    """
    agreement = lock(agreement)
    _require_version(agreement, version_shown)
    require_days_in_order(agreement.valid_from, valid_to)
    wanted = {"valid_to": valid_to, "note": note.strip(), **(asdict(terms) if terms else {})}
    changes = apply_changes(agreement, wanted)
    if not changes:
        return agreement
    agreement.save(update_fields=list(changes))
    summary = f"{agreement.number} holds {_validity_words(agreement)}."
    if set(changes) - {"note"}:
        _amend(agreement, timezone.localdate(), changed_words(agreement, changes), reason, actor)
    if "valid_to" in changes:
        skus = agreement.breaks.values_list("sku_id", flat=True).order_by("sku_id").distinct()
        mark_stale(StaleKey(agreement.supplier_id, sku_id) for sku_id in skus)
    record(
        "price_agreement.changed",
        agreement,
        actor=actor,
        summary=f"{summary} {reason.strip()}".strip(),
        supplier_id=agreement.supplier_id,
        version=agreement.version,
        changes=changes,
    )
    return agreement


def _require_version(agreement: PriceAgreement, version_shown: int | None) -> None:
    """Of two people who change one agreement the second is told to look again."""
    if version_shown is not None and agreement.version != version_shown:
        raise BusinessRuleError(
            "changed_meanwhile",
            f"{agreement.number} was amended meanwhile. Look at it again before you go on.",
        )


def _require_reason_to_rise(
    agreement: PriceAgreement,
    changed: Sequence[PriceRow],
    current: Mapping[Step, PriceBreak],
    reason: str,
) -> None:
    """A fixed price may rise only for a reason that is written down."""
    if not agreement.is_price_fixed or reason.strip():
        return
    for row in changed:
        known = current.get(row.step)
        if known and known.unit == row.values["unit"] and row.unit_price > known.unit_price:
            raise BusinessRuleError(
                "fixed_price",
                f"The prices of {agreement.number} are fixed, and {row.sku} rises. Say why.",
                "reason",
            )


def _amend(
    agreement: PriceAgreement, effective_on: date, summary: str, reason: str, actor: User
) -> None:
    """The next version of a locked agreement."""
    agreement.version += 1
    agreement.save(update_fields=["version"])
    AgreementAmendment.objects.create(
        agreement=agreement,
        version=agreement.version,
        effective_on=effective_on,
        summary=summary,
        reason=reason.strip(),
        made_by=actor,
    )


def _rows_to_replace(
    agreement: PriceAgreement, steps: Collection[Step], on: date
) -> dict[Step, PriceBreak]:
    """The rows of these steps that hold on that day, locked."""
    rows = agreement.breaks.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on))
    locked = rows.select_for_update(no_key=True, of=("self",)).select_related("sku").order_by("pk")
    held: dict[Step, PriceBreak] = {}
    for row in locked:
        step = (row.sku_id, row.minimum_quantity)
        if step not in steps:
            continue
        if row.valid_from > on:
            raise BusinessRuleError(
                "later_price",
                f"{row.sku} has a later price from {long_date(row.valid_from)} on. "
                "Choose that day or a later one.",
                "effective_on",
            )
        held[step] = row
    return held


def _replace_rows(
    agreement: PriceAgreement,
    replacements: Sequence[tuple[PriceBreak | None, PriceRow]],
    effective_on: date,
) -> None:
    """Ends the old rows the day before and adds the new; one begun that very day is corrected."""
    corrected = {old.pk: row for old, row in replacements if old and old.valid_from == effective_on}
    ended = [old.pk for old, _ in replacements if old and old.pk not in corrected]
    PriceBreak.objects.filter(pk__in=ended).update(valid_to=effective_on - timedelta(days=1))
    old_rows = [old for old, _ in replacements if old and old.pk in corrected]
    for old in old_rows:
        for name, value in corrected[old.pk].values.items():
            setattr(old, name, value)
        old.valid_to = None
    PriceBreak.objects.bulk_update(old_rows, [*ROW_VALUES, "valid_to"])
    added = [row for old, row in replacements if old is None or old.pk not in corrected]
    _add_rows(agreement, added, effective_on)


def _add_rows(agreement: PriceAgreement, prices: Sequence[PriceRow], first_day: date) -> None:
    PriceBreak.objects.bulk_create(
        PriceBreak(
            agreement=agreement,
            sku=row.sku,
            minimum_quantity=row.minimum_quantity,
            valid_from=first_day,
            **row.values,
        )
        for row in prices
    )


def _end_rows(rows: Sequence[PriceBreak], effective_on: date) -> None:
    for row in rows:
        if row.valid_from == effective_on:
            raise BusinessRuleError(
                "never_held",
                f"The price of {row.sku} begins on {long_date(effective_on)}. Choose a later day.",
                "effective_on",
            )
    last_day = effective_on - timedelta(days=1)
    PriceBreak.objects.filter(pk__in=[row.pk for row in rows]).update(valid_to=last_day)


def _says_the_same(known: PriceBreak | None, row: PriceRow) -> bool:
    return known is not None and all(
        getattr(known, name) == value for name, value in row.values.items()
    )


def _require_distinct_steps(prices: Sequence[PriceRow]) -> None:
    seen: set[Step] = set()
    for row in prices:
        if row.step in seen:
            quantity_words = (
                f" from {figures.quantity(row.minimum_quantity)}" if row.minimum_quantity else ""
            )
            raise BusinessRuleError(
                "price_twice", f"{row.sku}{quantity_words} has two prices. Keep one.", "prices"
            )
        seen.add(row.step)


def _require_within(agreement: PriceAgreement, day: date) -> None:
    ended = agreement.valid_to is not None and day > agreement.valid_to
    if day < agreement.valid_from or ended:
        raise BusinessRuleError(
            "outside_agreement",
            f"{agreement.number} holds {_validity_words(agreement)}. Choose a day within.",
            "effective_on",
        )


def _validity_words(agreement: PriceAgreement) -> str:
    end = f" to {long_date(agreement.valid_to)}" if agreement.valid_to else " on"
    return f"from {long_date(agreement.valid_from)}{end}"


def _counted_prices(prices: Sequence[object]) -> str:
    return "1 price" if len(prices) == 1 else f"{len(prices)} prices"


def _changed_words(changed: Sequence[PriceRow], ended: Sequence[PriceBreak]) -> str:
    counted = ((changed, "changed"), (ended, "ended"))
    return " and ".join(f"{_counted_prices(rows)} {verb}" for rows, verb in counted if rows)


def _row_payload(row: PriceRow) -> dict[str, str]:
    return {
        "sku": row.sku.code,
        "minimum_quantity": str(row.minimum_quantity),
        "unit_price": str(row.unit_price),
    }


def _number_taken(number: str) -> dict[str, BusinessRuleError]:
    return {
        "suppliers_priceagreement_number": BusinessRuleError(
            "number_taken", f"There is an agreement “{number.strip()}” already.", "number"
        )
    }
