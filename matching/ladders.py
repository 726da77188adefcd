"""One limit of a rule at several values: what a curve of the tolerance lab is drawn over.

    VARIED                          the limits that can be varied, by code
    value_of(limits, varied)        the value it has there; None where it is not limited
    values_around(known, varied)    the ladder of values, the known ones among them
    limits_at(limits, varied, v)    the same limits with this one at a value
    lowest(limits, varied)          the same with this one at its lowest: nothing is let pass by it
    varied.moves                    the checks whose answers it may change

Pure. Percents are in percent; amounts are money of the document, caps of the organization.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matching.case_reading import read_rule
from matching.limits import Limit, Mode
from matching.results import Check
from procure.money import ZERO, plain_decimal

STEPS = (ZERO, *(Decimal(step) for step in ("0.5", "1", "2", "3", "5", "10")))
TEN = Decimal(10)
CENT = Decimal("0.01")
MOVES: dict[str, tuple[Check, ...]] = {
    "price": (Check.PRICE,),
    "contract_price": (Check.CONTRACT_PRICE,),
    "quantity_ordered": (Check.QTY_ORDERED,),
    "quantity_received": (Check.QTY_RECEIVED, Check.AWAITING_RECEIPT),
    "line_amount": (Check.LINE_AMOUNT,),
    "charge": (Check.CHARGE,),
    "tax": (Check.TAX,),
    "header_cap": (Check.HEADER_CAP,),
    "leakage_cap": (),
}
USUAL_AMOUNT = Decimal(50)  # in the middle of the ladder of an amount that nobody has limited yet


@dataclass(frozen=True, slots=True)
class Varied:
    """A limit by its words: a part of one or more checks, or (no checks) the cap `code`."""

    code: str
    label: str
    checks: tuple[str, ...] = ()
    part: str = ""

    @property
    def moves(self) -> frozenset[Check]:
        """The checks that its value decides."""
        return frozenset(code for check in self.checks or (self.code,) for code in MOVES[check])

    @property
    def is_percent(self) -> bool:
        """Whether its values are percents; else they are amounts."""
        return self.part == "percent"


_ORDER, _AGREEMENT = "Price against the order", "Price against the agreement"
VARIED = {
    one.code: one
    for one in (
        Varied(
            "prices_percent", "Price against order and agreement, percent",
            ("price", "contract_price"), "percent",
        ),
        Varied("price_percent", f"{_ORDER}, percent", ("price",), "percent"),
        Varied("price_amount", f"{_ORDER}, amount on the line", ("price",), "amount"),
        Varied("contract_price_percent", f"{_AGREEMENT}, percent", ("contract_price",), "percent"),
        Varied(
            "contract_price_amount", f"{_AGREEMENT}, amount on the line",
            ("contract_price",), "amount",
        ),
        Varied(
            "quantity_ordered_percent", "Quantity billed against ordered, percent",
            ("quantity_ordered",), "percent",
        ),
        Varied(
            "quantity_received_percent", "Quantity billed against received, percent",
            ("quantity_received",), "percent",
        ),
        Varied(
            "line_amount_percent", "Line amount against ordered, percent",
            ("line_amount",), "percent",
        ),
        Varied("line_amount_amount", "Line amount against ordered, amount",
               ("line_amount",), "amount"),
        Varied("charge_amount", "Charges, amount per charge", ("charge",), "amount"),
        Varied("tax_amount", "Tax, amount per rate", ("tax",), "amount"),
        Varied("header_cap", "All accepted differences of an invoice, at most"),
        Varied("leakage_cap", "Accepted differences of a supplier in a month, at most"),
    )
}  # fmt: skip


def value_of(limits: Mapping[str, Any], varied: Varied) -> Decimal | None:
    """The value of the limit in these limits: 0 where it is exact; None where it is not limited,
    or where its checks have different ones."""
    policy = read_rule(dict(limits), "limits", rule="")
    if not varied.checks:
        cap: Decimal | None = getattr(policy, varied.code)
        return cap
    values = {_part_of(getattr(policy, check), varied.part) for check in varied.checks}
    return values.pop() if len(values) == 1 else None


def _part_of(limit: Limit, part: str) -> Decimal | None:
    if limit.mode is Mode.EXACT:
        return ZERO
    value: Decimal | None = getattr(limit, part) if limit.mode is Mode.LIMIT else None
    return value


def values_around(known: Iterable[Decimal | None], varied: Varied) -> list[Decimal]:
    """0, 0.5, 1, 2, 3, 5, 10, times as many tens as reach twice the largest known value; with the
    known ones between them. Percents begin at these steps, amounts at cents."""
    given = {value for value in known if value is not None}
    largest = max(given, default=ZERO)
    if not varied.is_percent:
        largest = largest or USUAL_AMOUNT
    scale = Decimal(1) if varied.is_percent else CENT
    while STEPS[-1] * scale < 2 * largest:
        scale *= TEN
    steps = {step * scale for step in STEPS if varied.is_percent or step * scale % CENT == 0}
    return sorted({value.normalize() + ZERO for value in steps | given})


def lowest(limits: Mapping[str, Any], varied: Varied) -> dict[str, Any]:
    """These limits with that one letting nothing pass."""
    if not varied.checks:
        return {**limits, varied.code: "0"}
    exact = {check: {"mode": Mode.EXACT.value, **_lower(limits.get(check, {}))}
             for check in varied.checks}  # fmt: skip
    return {**limits, **exact}


def _lower(limit: Mapping[str, Any]) -> dict[str, Any]:
    is_off = limit.get("mode") == Mode.OFF
    return {} if is_off else {k: v for k, v in limit.items() if k.startswith("lower_")}


def limits_at(limits: Mapping[str, Any], varied: Varied, value: Decimal) -> dict[str, Any]:
    """These limits with that one at a value; the other part of a limit stays as it is."""
    if not varied.checks:
        return {**limits, varied.code: plain_decimal(value)}
    changed = dict(limits)
    for check in varied.checks:
        limit = limits.get(check, {})
        kept = limit if limit.get("mode") == Mode.LIMIT else _lower(limit)
        changed[check] = {**kept, "mode": Mode.LIMIT.value, varied.part: plain_decimal(value)}
    return changed
