"""What is said about a supplier, a SKU or a category, as forms and imports hand it to actions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from procure.models import User
from suppliers.models import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDetails:
    """A category but for its place in the tree."""

    code: str
    name: str
    owner: User | None = None
    lead_time_days: int | None = None
    criticality: str = Category.Criticality.MEDIUM
    off_list_rule: str = Category.OffListRule.APPROVE
    match_level: str = Category.MatchLevel.THREE_WAY


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuDetails:
    """A SKU; cost and price are per unit, in the organization's currency."""

    code: str
    description: str
    category: Category
    unit: str = "EA"
    pack_size: str = ""
    standard_cost: Decimal | None = None
    sale_price: Decimal | None = None
    reorder_point: Decimal | None = None
    gtin: str = ""
    in_full_tolerance_percent: Decimal = Decimal(0)
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierDetails:
    """A supplier but for its status, which has steps of its own."""

    code: str
    name: str
    currency: str
    legal_name: str = ""
    tax_id: str = ""
    country: str = ""
    payment_terms_days: int = 30
    incoterm: str = ""
    email: str = ""
    early_late_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """A person at a supplier."""

    name: str
    email: str = ""
    phone: str = ""
    position: str = ""


Details = CategoryDetails | SkuDetails | SupplierDetails | ContactDetails
Changes = dict[str, tuple[Any, Any]]


def values_of(details: Details) -> dict[str, Any]:
    """The details as field values; references stay objects."""
    return {field.name: getattr(details, field.name) for field in fields(details)}


def apply_changes(row: models.Model, values: dict[str, Any]) -> Changes:
    """Sets what is different and answers it as (before, after), readable for the trail."""
    changes: Changes = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            changes[name] = (_readable(before), _readable(value))
            setattr(row, name, value)
    return changes


def _readable(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)


def changed_words(row: models.Model, changes: Changes) -> str:
    """Which fields changed, by the names people see."""
    names = [str(row._meta.get_field(name).verbose_name) for name in changes]  # type: ignore[union-attr]
    return f"Changed {', '.join(names)}."
