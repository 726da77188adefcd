"""An electronic invoice as it is written, whatever its format; and what reading a file came to.

Figures stand as the supplier wrote them: a price is for `base_quantity` units, a line's amount is
net of its own allowances and charges. Texts are cut to a length that can be kept.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from procure.money import ZERO, plain_decimal

ONE = Decimal(1)


class Kind(StrEnum):
    """What the document asks for: money, or gives it back."""

    INVOICE = "invoice"
    CREDIT = "credit"


class Outcome(StrEnum):
    """What happens to a file next."""

    ACCEPTED = "accepted"
    MANUAL = "manual"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Party:
    """A seller or buyer by every name and number it gives; `endpoint` is `scheme:id`."""

    name: str = ""
    legal_name: str = ""
    tax_ids: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    endpoint: str = ""
    email: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge, or an allowance, on the whole document; `code` is of UNTDID 7161 or 5189."""

    amount: Decimal
    code: str = ""
    reason: str = ""
    tax_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TaxOfRate:
    """The tax of one rate, in the document's currency."""

    rate: Decimal
    taxable: Decimal | None
    tax: Decimal


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """One billed line; None is what it does not say."""

    number: str
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    amount: Decimal | None
    base_quantity: Decimal = ONE
    base_unit: str = ""
    allowance: Decimal = ZERO
    charge: Decimal = ZERO
    tax_rate: Decimal | None = None
    order_number: str = ""
    order_line: str = ""
    supplier_sku: str = ""
    sku: str = ""
    gtin: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Einvoice:
    """The whole document; `total` is with tax, `payable` what is left to pay of it.

    `type_code` is of UNTDID 1001, as written. The despatch references name delivery notes and
    receipts, of the whole and of its lines.
    """

    kind: Kind
    number: str
    currency: str
    issued_on: date | None
    due_on: date | None = None
    order_reference: str = ""
    credits_number: str = ""
    buyer_reference: str = ""
    despatch_references: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    payment_terms: str = ""
    incoterm: str = ""
    type_code: str = ""
    seller: Party = Party()
    buyer: Party = Party()
    bank_accounts: tuple[str, ...] = ()
    lines: tuple[WrittenLine, ...] = ()
    charges: tuple[Charge, ...] = ()
    allowances: tuple[Charge, ...] = ()
    taxes: tuple[TaxOfRate, ...] = ()
    line_total: Decimal | None = None
    tax_total: Decimal | None = None
    total: Decimal | None = None
    prepaid: Decimal = ZERO
    rounding: Decimal = ZERO
    payable: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file came to. `sentence` says why it is not accepted, `remarks` what looks wrong.

    `rule_set` names the rules that it says it keeps and that can be checked, later and apart.
    """

    outcome: Outcome
    format: str = ""
    sentence: str = ""
    document: Einvoice | None = None
    remarks: tuple[str, ...] = field(default=())
    rule_set: str = ""


def turned(document: Einvoice) -> Einvoice:
    """A document that asks for less than nothing gives money back: a credit note, all signs turned."""
    if document.payable is None or document.payable >= 0:
        return document
    return replace(
        document,
        kind=Kind.CREDIT,
        lines=tuple(
            replace(line, quantity=_minus(line.quantity), amount=_minus(line.amount))
            for line in document.lines
        ),
        charges=tuple(replace(one, amount=-one.amount) for one in document.charges),
        allowances=tuple(replace(one, amount=-one.amount) for one in document.allowances),
        taxes=tuple(
            replace(one, taxable=_minus(one.taxable), tax=-one.tax) for one in document.taxes
        ),
        line_total=_minus(document.line_total),
        tax_total=_minus(document.tax_total),
        total=_minus(document.total),
        prepaid=-document.prepaid,
        rounding=-document.rounding,
        payable=-document.payable,
    )


def _minus(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value


def to_json(value: Any) -> Any:
    """A document or reading as JSON values: decimals and days as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_json(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [to_json(one) for one in value]
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


Written = TypeVar("Written")


def from_json(kind: type[Written], values: Mapping[str, Any]) -> Written:
    """The document or reading of what `to_json` wrote."""
    hints = typing.get_type_hints(kind)
    return kind(**{name: _value(hints[name], value) for name, value in values.items()})


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(hint, types.UnionType):
        hint = next(one for one in typing.get_args(hint) if one is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        return tuple(_value(typing.get_args(hint)[0], one) for one in value)
    if is_dataclass(hint) and isinstance(hint, type):
        return from_json(hint, value)
    if hint is date:
        return date.fromisoformat(value)
    return hint(value)
