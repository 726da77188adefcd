"""How much of a SKU's own unit another unit holds: one bundle is 25 eaches, from a day on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction

from procure.constraints import refusing
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from procure.money import plain_decimal
from procure.units import canonical_unit
from suppliers.catalogue import mark_skus_stale
from suppliers.models import Sku, UnitFactor

MOST_FACTOR = Decimal(10) ** 12  # the column holds twelve digits before the point
PLACES = Decimal("0.000001")


@transaction.atomic
def add_unit_factor(
    sku: Sku, *, unit: str, factor: Decimal, valid_from: date, actor: User
) -> UnitFactor:
    """Says that one `unit` holds `factor` of the SKU's own unit from a day on.

    Refused: the SKU's own unit, a factor that is not above zero or has more than six decimals,
    a second factor of the unit from the same day.
    """
    sku = lock(sku)
    word = canonical_unit(unit)
    if not word or word == canonical_unit(sku.unit):
        raise BusinessRuleError("own_unit", f"Give a unit other than {sku.unit}.", "unit")
    _check_factor(factor)
    added = UnitFactor(sku=sku, unit=word, factor=factor, valid_from=valid_from)
    taken = f"1 {word} has a factor from {long_date(valid_from)} on already."
    day_taken = BusinessRuleError("day_taken", taken, "valid_from")
    with refusing({"suppliers_unitfactor_day": day_taken}):
        added.save()
    mark_skus_stale([sku.pk])
    words = f"1 {word} = {plain_decimal(factor)} {sku.unit}"
    record(
        "unit_factor.added",
        sku,
        actor=actor,
        summary=f"{words} from {long_date(valid_from)} on.",
        words=words,
    )
    return added


def _check_factor(factor: Decimal) -> None:
    fits = factor.is_finite() and 0 < factor < MOST_FACTOR
    if not fits or factor != factor.quantize(PLACES):
        raise BusinessRuleError(
            "factor", "Give a number above zero with at most six decimals.", "factor"
        )
