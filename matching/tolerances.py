"""Which tolerance rule applies: versions with a validity, found by scope, first hit as a whole.

Scopes in order: SKU and supplier, SKU, category or the nearest ancestor with the supplier, supplier,
category or the nearest ancestor, organization. Limits of different rules are never mixed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from matching.case_reading import CaseFileError, read_rule
from matching.limits import DEFAULT_POLICY, MatchLevel, Policy
from matching.models import Tolerance, ToleranceSuspension
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import User
from suppliers.models import Category, Sku, Supplier

Scope = tuple[int | None, int | None, int | None]  # SKU, category, supplier


class Tolerances:
    """The rules of the organization that are valid on some of the given days: one statement.

    Where a rule has a leakage cap, another one reads which suppliers passed it.
    """

    def __init__(self, days: Collection[date]) -> None:
        self._versions: dict[Scope, list[Tolerance]] = defaultdict(list)
        self._suspended: dict[int, str] = {}
        self.has_leakage_cap = False
        if not days:
            return
        rules = Tolerance.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=min(days)), valid_from__lte=max(days)
        ).select_related("sku", "category", "supplier")
        for rule in rules:
            self._versions[rule.sku_id, rule.category_id, rule.supplier_id].append(rule)
            self.has_leakage_cap |= rule.limits.get("leakage_cap") is not None
        if self.has_leakage_cap:
            open_ones = ToleranceSuspension.objects.filter(reviewed_at__isnull=True)
            self._suspended = {one.supplier_id: str(one) for one in open_ones}

    def policy(self, supplier_id: int, sku: Sku | None, lineage: Sequence[int], on: date) -> Policy:
        """The policy of the first scope that has a version valid on the day."""
        rule = self._rule(supplier_id, sku, lineage, on)
        policy = DEFAULT_POLICY if rule is None else policy_of(rule)
        why = self._suspended.get(supplier_id)
        return policy if why is None else policy.without_tolerance(why)

    def match_level(
        self, supplier_id: int, sku: Sku, lineage: Sequence[int], on: date
    ) -> MatchLevel | None:
        """The match level of that rule, None where it says nothing and the category decides."""
        rule = self._rule(supplier_id, sku, lineage, on)
        word = None if rule is None else rule.limits.get("match_level")
        return None if word is None else MatchLevel(word)

    def _rule(
        self, supplier_id: int, sku: Sku | None, lineage: Sequence[int], on: date
    ) -> Tolerance | None:
        steps = self.ladder(supplier_id, sku, lineage, on)
        return next((rule for _, rule in steps if rule is not None), None)

    def ladder(
        self, supplier_id: int, sku: Sku | None, lineage: Sequence[int], on: date
    ) -> Iterator[tuple[Scope, Tolerance | None]]:
        """The scopes in the order they are asked, each with its version of the day."""
        for scope in _scopes(supplier_id, sku, lineage):
            versions = self._versions.get(scope, ())
            yield scope, next((rule for rule in versions if rule.is_valid_on(on)), None)


class RulesOnTrial(Tolerances):
    """The rules of one day for invoices of any day, one of them replaced by a trial.

    What people decided about a supplier for now, to judge it exactly, says nothing about a rule
    and is left out.
    """

    def __init__(self, day: date) -> None:
        super().__init__({day})
        self._day = day
        self._suspended = {}
        self._found: dict[tuple[int, int | None], Tolerance | None] = {}

    def instead(self, trial: Tolerance) -> RulesOnTrial:
        """The same rules with this one for its scope; nothing is read again."""
        other = copy(self)
        other._versions = defaultdict(list, self._versions)
        other._versions[trial.sku_id, trial.category_id, trial.supplier_id] = [trial]
        other._found = {}
        return other

    def _rule(
        self, supplier_id: int, sku: Sku | None, lineage: Sequence[int], on: date
    ) -> Tolerance | None:
        """Looked up once for a supplier and a SKU, since the day is always the same."""
        key = supplier_id, None if sku is None else sku.pk
        if key not in self._found:
            self._found[key] = super()._rule(supplier_id, sku, lineage, on)
        return self._found[key]

    def ladder(
        self, supplier_id: int, sku: Sku | None, lineage: Sequence[int], on: date
    ) -> Iterator[tuple[Scope, Tolerance | None]]:
        """The scopes in the order they are asked, each with its version of the one day."""
        return super().ladder(supplier_id, sku, lineage, self._day)


@dataclass(frozen=True, slots=True)
class Step:
    """One scope that is asked for a rule, in words, with the version it has on the day."""

    scope: str
    rule: Tolerance | None
    applies: bool


@dataclass(frozen=True, slots=True)
class WhichRule:
    """The policy that judges a line, and how it was found."""

    policy: Policy
    steps: Sequence[Step]


def which_rule(supplier: Supplier, sku: Sku | None, on: date) -> WhichRule:
    """Explains which rule judges a supplier's line for this SKU, of an invoice received that day."""
    lineage: Sequence[int] = []
    if sku is not None:
        lineage = sku.category.lineage or [sku.category_id]
    rules = Tolerances({on})
    names = dict(Category.objects.filter(pk__in=lineage).values_list("pk", "name"))
    steps: list[Step] = []
    is_found = False
    for (sku_id, category_id, supplier_id), rule in rules.ladder(supplier.pk, sku, lineage, on):
        words = [
            *([str(sku)] if sku_id else []),
            *([names[category_id]] if category_id else []),
            *([str(supplier)] if supplier_id else []),
        ]
        applies = rule is not None and not is_found
        is_found |= applies
        steps.append(Step(", ".join(words) or "Everything", rule, applies))
    return WhichRule(rules.policy(supplier.pk, sku, lineage, on), steps)


def policy_of(rule: Tolerance) -> Policy:
    """The rule as the engine reads it, named as screens name it: T-14 v3, Packaging."""
    scopes = (rule.sku, rule.category, rule.supplier)
    names = [str(scope) for scope in scopes if scope is not None]
    return _read(", ".join([str(rule), *names]), _frozen(rule.limits))


def _scopes(supplier_id: int, sku: Sku | None, lineage: Sequence[int]) -> Iterator[Scope]:
    if sku is not None:
        yield sku.pk, None, supplier_id
        yield sku.pk, None, None
    for category_id in lineage:
        yield None, category_id, supplier_id
    yield None, None, supplier_id
    for category_id in lineage:
        yield None, category_id, None
    yield None, None, None


Frozen = tuple[tuple[str, Any], ...]


def _frozen(limits: Mapping[str, Any]) -> Frozen:
    return tuple(
        (key, tuple(sorted(value.items())) if isinstance(value, dict) else value)
        for key, value in sorted(limits.items())
    )


@lru_cache(maxsize=512)
def _read(name: str, limits: Frozen) -> Policy:
    plain = {key: dict(value) if isinstance(value, tuple) else value for key, value in limits}
    return read_rule(plain, "limits", rule=name)


@transaction.atomic
def set_tolerance(
    *,
    sku: Sku | None = None,
    category: Category | None = None,
    supplier: Supplier | None = None,
    limits: Mapping[str, Any],
    valid_from: date,
    actor: User | None,
) -> Tolerance:
    """Gives a scope its next version from a day on; the version before ends the day before.

    Refused: limits the engine cannot read, a SKU together with a category, a day at or before the
    start of the version in force, because what was matched by it is not judged anew.
    """
    require_readable(limits)
    require_one_scope(sku, category)
    versions = list(
        Tolerance.objects.filter(sku=sku, category=category, supplier=supplier)
        .select_for_update(no_key=True)
        .order_by("pk")
    )
    latest = max(versions, key=lambda rule: rule.valid_from, default=None)
    if latest is not None and valid_from <= latest.valid_from:
        raise BusinessRuleError(
            "valid_from",
            f"{latest} begins on {long_date(latest.valid_from)}; a new version begins later.",
            "valid_from",
        )
    if latest is not None and (latest.valid_to is None or latest.valid_to >= valid_from):
        latest.valid_to = valid_from - timedelta(days=1)
        latest.save(update_fields=["valid_to"])
    rule = Tolerance(
        number=latest.number if latest else next_rule_number(),
        version=max((version.version for version in versions), default=0) + 1,
        sku=sku,
        category=category,
        supplier=supplier,
        limits=dict(limits),
        valid_from=valid_from,
        created_by=actor,
    )
    rule.save()
    record(
        "tolerance.set", rule, actor=actor, summary=f"{rule} applies from {long_date(valid_from)}."
    )
    return rule


def default_limits() -> dict[str, Any]:
    """The limits a new organization starts with, written out so that its people can read them."""
    return {
        "price": {"mode": "limit", "percent": "1", "amount": "25.00"},
        "contract_price": {"mode": "exact"},
        "quantity_ordered": {"mode": "exact"},
        "line_amount": {"mode": "off"},
        "charge": {"mode": "limit", "percent": "10", "amount": "50.00"},
        "tax": {"mode": "limit", "amount": "0.05"},
        "header_cap": "100.00",
    }


def ensure_default_tolerance(actor: User | None = None) -> Tolerance:
    """Gives the organization its own rule, once."""
    known: Tolerance | None = Tolerance.objects.filter(
        sku__isnull=True, category__isnull=True, supplier__isnull=True
    ).first()
    return known or set_tolerance(limits=default_limits(), valid_from=date(2000, 1, 1), actor=actor)


def require_one_scope(sku: Sku | None, category: Category | None) -> None:
    """Refuses a SKU together with a category: each SKU has one category anyway."""
    if sku is not None and category is not None:
        raise BusinessRuleError("scope", "Choose a SKU or a category, not both.", "category")


def require_readable(limits: Mapping[str, Any]) -> None:
    """Refuses limits that the engine cannot read."""
    try:
        read_rule(dict(limits), "limits", rule="new")
    except CaseFileError as error:
        raise BusinessRuleError(
            "limits", f"These limits cannot be read: {error}", "limits"
        ) from error


def next_rule_number() -> int:
    """The number of a scope's first rule."""
    last = Tolerance.objects.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
