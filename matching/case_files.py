"""Case files: matching examples as JSON, run through the engine without a database.

    run_case_file(text) -> the output as JSON text; CaseFileError for a file it cannot read

A case has a policy, one or several orders and one or several invoices. Invoices are applied in
their order: one that ends matched adds to what is billed, a held one adds nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from matching.billing import LineKey, bill, billed_by_line
from matching.case_reading import (
    CaseFileError,
    ObjectReader,
    any_decimal,
    positive_decimal,
    read_policy,
)
from matching.invoice_numbers import normalised_number, plain_number
from matching.limits import CASE_POLICY, MatchLevel, Policy
from matching.results import CheckResult, MatchOutcome
from matching.terms import (
    Creditable,
    InvoiceKind,
    InvoiceLineTerms,
    InvoiceTerms,
    OrderLineTerms,
    OrderStatus,
    OrderTerms,
)
from matching.three_way import compare
from procure.money import ZERO, plain_decimal, round_price, round_quantity
from procure.units import EACH, UnitFactors

CASE_KEYS = frozenset(
    {"name", "currency", "policy", "order", "orders", "invoice", "invoices", "units"}
)
ORDER_KEYS = frozenset(
    {"number", "supplier", "status", "currency", "charges", "billed_charges", "lines"}
)
ORDER_LINE_KEYS = frozenset(
    {
        "line", "sku", "supplier_sku", "gtin", "quantity", "cancelled", "unit", "unit_price",
        "agreed_price", "received", "rejected", "returned", "billed_quantity", "billed_amount",
        "match_level", "due", "early_late_days",
    }
)  # fmt: skip
INVOICE_KEYS = frozenset(
    {
        "number", "kind", "credits", "supplier", "currency", "received_at", "charges",
        "charge_tax_rate", "tax", "taxes", "discount", "total", "lines",
    }
)  # fmt: skip
INVOICE_LINE_KEYS = frozenset(
    {
        "order", "order_line", "supplier_sku", "sku", "gtin", "quantity", "unit", "unit_price",
        "amount", "discount", "tax_rate",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One case as read: what was agreed, what is billed, and by which limits it is judged."""

    name: str
    policy: Policy
    orders: tuple[OrderTerms, ...]
    invoices: tuple[InvoiceTerms, ...]
    names_orders: bool


def run_case_file(text: str) -> str:
    """Run all cases of a file; nothing is answered when any of them cannot be read."""
    cases = read_case_file(text)
    return json.dumps([run_case(case) for case in cases], indent=1, ensure_ascii=False)


def read_case_file(text: str) -> list[Case]:
    """Read all cases of a file; an error names the case and the key."""
    try:
        cases = json.loads(text, object_pairs_hook=_without_repeats)
    except CaseFileError:
        raise
    except (ValueError, RecursionError) as error:
        raise CaseFileError(f"the file is no JSON: {error}") from None
    if not isinstance(cases, list):
        raise CaseFileError("the file must be an array of cases")
    return [_named(position, case) for position, case in enumerate(cases, 1)]


def run_case(case: Case) -> dict[str, Any]:
    """Apply a case's invoices in order and say what became of each."""
    run = _CaseRun(case)
    return {
        "name": case.name,
        "invoices": [
            {
                "number": outcome.number,
                "outcome": outcome.outcome,
                "holds": [run.shown(hold) for hold in outcome.holds],
                "within_tolerance": [
                    {**run.shown(result), "rule": f"{result.rule}: {result.limit}"}
                    for result in outcome.within_tolerance
                ],
            }
            for outcome in run.outcomes()
        ],
    }


class _CaseRun:
    """The state between the invoices of one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.orders = case.orders
        self.numbers: dict[str, list[str]] = {}
        self.billed: dict[str, dict[LineKey, list[Decimal]]] = {}

    def outcomes(self) -> Iterator[MatchOutcome]:
        for invoice in self.case.invoices:
            yield self._apply(invoice)

    def shown(self, result: CheckResult) -> dict[str, Any]:
        """Write one result with the keys of the output."""
        shown: dict[str, Any] = {"check": result.check.value}
        if self.case.names_orders:
            shown["order"] = result.order
        shown |= {
            "line": result.line,
            "invoice_line": result.invoice_line,
            "expected": _shown(result.expected),
            "actual": _shown(result.actual),
            "difference": _shown(result.difference),
            "percent": _shown(result.percent),
        }
        if result.code is not None:
            shown["code"] = result.code
        if result.amount is not None:
            shown["amount"] = _shown(result.amount)
        return shown

    def _apply(self, written: InvoiceTerms) -> MatchOutcome:
        credited = self.billed.get(written.credits or "", {})
        invoice = replace(
            written,
            duplicate_of=self._earlier(written.number),
            creditable=tuple(
                Creditable(order, line, quantity, amount)
                for (order, line), (quantity, amount) in credited.items()
            ),
        )
        outcome = compare(invoice, self.orders, self.case.policy)
        if outcome.outcome == "matched":
            self.orders = bill(self.orders, invoice, outcome)
            self._remember(invoice, outcome)
        return outcome

    def _earlier(self, number: str) -> str | None:
        """Return the earlier number that this one repeats, and keep this one for those to come.

        A fully credited invoice may be billed again under a respelled number, not under its own.
        """
        key = normalised_number(number)
        earlier = self.numbers.setdefault(key, [])
        found = [
            each
            for each in earlier
            if plain_number(each) == plain_number(number) or not self._is_fully_credited(each)
        ]
        earlier.append(number)
        return found[0] if found and key else None

    def _is_fully_credited(self, number: str) -> bool:
        billed = self.billed.get(number, {})
        return bool(billed) and all(not any(left) for left in billed.values())

    def _remember(self, invoice: InvoiceTerms, outcome: MatchOutcome) -> None:
        """Keep what an invoice billed per line, less what credits gave back."""
        number = invoice.credits if invoice.is_credit else invoice.number
        assert number is not None, "A credit without the number it credits is refused on reading."
        billed = self.billed.setdefault(number, {})
        sign = -1 if invoice.is_credit else 1
        for line, (quantity, amount) in billed_by_line(outcome).items():
            left = billed.setdefault(line, [ZERO, ZERO])
            left[0] += sign * quantity
            left[1] += sign * amount


def _shown(value: Decimal | str | None) -> str | None:
    return plain_decimal(value) if isinstance(value, Decimal) else value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        name = found.get("name")
        raise CaseFileError(f"{f'case {name!r}: ' if name else ''}{twice}: is given twice")
    return found


def _named(position: int, value: object) -> Case:
    name = value.get("name") if isinstance(value, dict) else None
    try:
        return _read_case(value)
    except CaseFileError as error:
        raise CaseFileError(f"case {position} ({name!r}): {error}") from None


def _read_case(value: object) -> Case:
    reader = ObjectReader(value, "", CASE_KEYS)
    name = reader.text("name")
    for one, several in (("order", "orders"), ("invoice", "invoices")):
        if one in reader and several in reader:
            raise reader.error(one, f"stands beside {several}; one of them is enough")
    currency = reader.optional_text("currency")
    policy = CASE_POLICY
    if "policy" in reader:
        policy = read_policy(reader.values["policy"])
    factors = _read_factors(reader)
    orders = tuple(
        _read_order(value, where, currency, factors)
        for value, where in _one_or_several(reader, "order")
    )
    numbers = [order.number for order in orders]
    if "orders" in reader and None in numbers and len(orders) > 1:
        raise reader.error(f"orders[{numbers.index(None) + 1}].number", "is missing")
    if len(set(numbers)) != len(numbers):
        raise reader.error("orders", "two orders have the same number")
    if "invoice" not in reader and "invoices" not in reader:
        raise reader.error("invoice", "is missing")
    invoices = tuple(
        _read_invoice(value, where, currency) for value, where in _one_or_several(reader, "invoice")
    )
    return Case(name, policy, orders, invoices, names_orders="orders" in reader)


def _one_or_several(reader: ObjectReader, key: str) -> list[tuple[object, str]]:
    if f"{key}s" in reader:
        return reader.items(f"{key}s")
    return [(reader.values[key], key)] if reader.values.get(key) is not None else []


def _read_factors(reader: ObjectReader) -> UnitFactors:
    if "units" not in reader:
        return UnitFactors()
    value = reader.values["units"]
    units = ObjectReader(value, "units", value if isinstance(value, dict) else ())
    factors = {unit: units.numbers(unit, positive_decimal) for unit in units.values}
    try:
        return UnitFactors.of(factors)
    except ValueError as error:
        raise reader.error("units", str(error)) from None


def _currency(reader: ObjectReader, case_currency: str | None) -> str:
    currency = reader.optional_text("currency") or case_currency
    if currency is None:
        raise reader.error("currency", "is missing, here and in the case")
    return currency


def _read_order(
    value: object, where: str, currency: str | None, factors: UnitFactors
) -> OrderTerms:
    reader = ObjectReader(value, where, ORDER_KEYS)
    lines = tuple(_read_order_line(each, path, factors) for each, path in reader.items("lines"))
    if len({line.line for line in lines}) != len(lines):
        raise reader.error("lines", "two lines have the same line number")
    return OrderTerms(
        number=reader.optional_text("number"),
        supplier=reader.optional_text("supplier"),
        status=reader.word("status", OrderStatus, OrderStatus.ISSUED),
        currency=_currency(reader, currency),
        charges=reader.numbers("charges", any_decimal),
        billed_charges=reader.numbers("billed_charges", any_decimal),
        lines=lines,
    )


def _read_order_line(value: object, where: str, factors: UnitFactors) -> OrderLineTerms:
    reader = ObjectReader(value, where, ORDER_LINE_KEYS)

    def quantity(key: str) -> Decimal:
        return round_quantity(reader.positive(key, ZERO))

    agreed = reader.optional_positive("agreed_price")
    return OrderLineTerms(
        line=reader.text("line"),
        sku=reader.optional_text("sku"),
        supplier_sku=reader.optional_text("supplier_sku"),
        gtin=reader.optional_text("gtin"),
        quantity=quantity("quantity"),
        cancelled=quantity("cancelled"),
        received=quantity("received"),
        rejected=quantity("rejected"),
        returned=quantity("returned"),
        billed_quantity=quantity("billed_quantity"),
        billed_amount=reader.number("billed_amount", ZERO),
        unit=reader.optional_text("unit") or EACH,
        unit_price=round_price(reader.positive("unit_price", ZERO)),
        agreed_price=None if agreed is None else round_price(agreed),
        match_level=reader.word("match_level", MatchLevel) if "match_level" in reader else None,
        due=reader.day("due"),
        early_late_days=reader.whole("early_late_days"),
        unit_factors=factors,
    )


def _read_invoice(value: object, where: str, currency: str | None) -> InvoiceTerms:
    reader = ObjectReader(value, where, INVOICE_KEYS)
    kind = reader.word("kind", InvoiceKind, InvoiceKind.INVOICE)
    credited = reader.optional_text("credits")
    if kind is InvoiceKind.CREDIT and credited is None:
        raise reader.error("credits", "is missing: a credit names its invoice")
    if kind is InvoiceKind.INVOICE and credited is not None:
        raise reader.error("credits", "belongs to a credit only")
    is_credit = kind is InvoiceKind.CREDIT
    lines = tuple(_read_invoice_line(each, path, is_credit) for each, path in reader.items("lines"))
    charges = reader.numbers("charges", positive_decimal if is_credit else any_decimal)
    tax, taxes = _read_taxes(reader)
    return InvoiceTerms(
        number=reader.text("number"),
        kind=kind,
        credits=credited,
        supplier=reader.optional_text("supplier"),
        currency=_currency(reader, currency),
        received_at=reader.day("received_at"),
        charges=charges,
        charge_tax_rate=reader.numbers("charge_tax_rate", positive_decimal),
        tax=tax,
        taxes=taxes,
        discount=reader.number("discount", ZERO),
        total=reader.number("total") if "total" in reader else None,
        lines=lines,
    )


def _read_taxes(reader: ObjectReader) -> tuple[Decimal, dict[Decimal, Decimal] | None]:
    if "taxes" not in reader:
        return reader.number("tax", ZERO), None
    taxes: dict[Decimal, Decimal] = {}
    for text, amount in reader.numbers("taxes", any_decimal).items():
        rate = positive_decimal(text, reader.path("taxes"))
        if rate in taxes:
            raise reader.error("taxes", f"the rate {text} is given twice")
        taxes[rate] = amount
    whole = sum(taxes.values(), ZERO)
    if reader.number("tax", ZERO) != whole:
        raise reader.error("tax", f"is not the sum of taxes, {plain_decimal(whole)}")
    return whole, taxes


def _read_invoice_line(value: object, where: str, is_credit: bool) -> InvoiceLineTerms:
    reader = ObjectReader(value, where, INVOICE_LINE_KEYS)
    if "unit_price" not in reader and "amount" not in reader:
        raise reader.error("unit_price", "is missing, and so is the amount")
    amount = reader.number("amount") if "amount" in reader else None
    if is_credit and amount is not None and amount < 0:
        raise reader.error("amount", "must not be negative on a credit")
    return InvoiceLineTerms(
        order=reader.optional_text("order"),
        order_line=reader.optional_text("order_line"),
        supplier_sku=reader.optional_text("supplier_sku"),
        sku=reader.optional_text("sku"),
        gtin=reader.optional_text("gtin"),
        quantity=reader.positive("quantity"),
        unit=reader.optional_text("unit"),
        unit_price=reader.positive("unit_price") if "unit_price" in reader else None,
        amount=amount,
        discount=reader.number("discount", ZERO),
        tax_rate=reader.optional_positive("tax_rate"),
    )
