"""What is open per supplier that is settled by receipt, summed over its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from matching.settlement_due import DueLine
from procure.money import ZERO


@dataclass(slots=True)
class SupplierFigures:
    """Terms with what is due now and what waits, as (currency, amount); blocked lines counted."""

    terms: Any
    due: dict[str, Decimal] = field(default_factory=dict)
    waits: dict[str, Decimal] = field(default_factory=dict)
    blocked: int = 0

    def add(self, one: DueLine) -> None:
        """Takes one line in."""
        currency = one.line.order.currency
        if one.blocked:
            self.blocked += 1
        elif one.due:
            self.due[currency] = self.due.get(currency, ZERO) + one.due_amount
        later = one.amount - one.due_amount
        if later:
            self.waits[currency] = self.waits.get(currency, ZERO) + later


def supplier_figures(terms: Iterable[Any], lines: Iterable[DueLine]) -> list[SupplierFigures]:
    """The suppliers by name, each with its figures."""
    found = {one.supplier_id: SupplierFigures(one) for one in terms}
    for line in lines:
        if line.supplier_id in found:
            found[line.supplier_id].add(line)
    return sorted(found.values(), key=lambda one: (str(one.terms.supplier), one.terms.pk))
