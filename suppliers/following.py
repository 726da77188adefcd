"""What becomes of everything that names a supplier when its record is merged into another.

Every reference to a supplier, on every floor, says here whether its rows move; a test fails for one
that says nothing. The floors above say so for theirs in their own `merging.py`, and also what they
can refuse, and which figures the preview shows: this floor knows neither orders nor invoices.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db.models import Exists, ExpressionWrapper, F, Model, OuterRef, Q, QuerySet
from django.db.models.constraints import UniqueConstraint

from suppliers.models import Supplier

if TYPE_CHECKING:
    from suppliers.models import SupplierMerge

MOVES = "moves"  # to the remaining record, but rows that this one has already stay behind
STAYS = "stays"  # with the record that named it, whatever becomes of that
FOLLOWS = "follows"  # a row of a larger whole: it names whom its parent names

Figures = Callable[[Collection[int], str], list[tuple[str, dict[int, Any]]]]


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names a supplier, such as purchasing.PurchaseOrder.supplier.

    `noun` is what its rows are called on the preview, plural; `parent` is whom a row follows;
    `kept` says what happens to rows that the remaining record has already.
    """

    label: str
    how: str
    noun: str = ""
    parent: str = ""
    kept: str = ""
    is_locked_first: bool = False

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.label.rpartition(".")[0])

    @property
    def field(self) -> str:
        return self.label.rpartition(".")[2]

    def rows(self, supplier_id: int) -> QuerySet[Any]:
        """What names this supplier."""
        return self.model._default_manager.filter(**{f"{self.field}_id": supplier_id})


_references: dict[str, Reference] = {}
_objections: list[Callable[[Supplier, Supplier], list[str]]] = []
_undo_objections: list[Callable[[SupplierMerge, dict[str, list[int]]], list[str]]] = []
_figures: list[Figures] = []


def follow(*references: Reference) -> None:
    """Says what becomes of these references."""
    _references.update({one.label: one for one in references})


def references() -> list[Reference]:
    """Every reference, those below first: the order in which rows are locked and moved."""
    return list(_references.values())


def objects_to_merging(
    objection: Callable[[Supplier, Supplier], list[str]],
) -> Callable[[Supplier, Supplier], list[str]]:
    """Adds sentences that refuse a merge of the first record into the second."""
    _objections.append(objection)
    return objection


def objects_to_undoing(
    objection: Callable[[SupplierMerge, dict[str, list[int]]], list[str]],
) -> Callable[[SupplierMerge, dict[str, list[int]]], list[str]]:
    """Adds sentences that refuse to undo a merge which moved these rows, by reference."""
    _undo_objections.append(objection)
    return objection


def compares_suppliers(figures: Figures) -> Figures:
    """Adds rows of figures, each with a value by supplier, to the comparison of two records."""
    _figures.append(figures)
    return figures


def objections_to_merging(merged: Supplier, remaining: Supplier) -> list[str]:
    """What the floors say against merging the first record into the second."""
    return [sentence for one in _objections for sentence in one(merged, remaining)]


def objections_to_undoing(merge: SupplierMerge, moved: dict[str, list[int]]) -> list[str]:
    """What the floors say against giving these rows back."""
    return [sentence for one in _undo_objections for sentence in one(merge, moved)]


def compared_figures(ids: Collection[int], currency: str) -> list[tuple[str, dict[int, Any]]]:
    """What each record has, row by row; amounts in the given currency."""
    return [row for one in _figures for row in one(ids, currency)]


def clashing(reference: Reference, merged_id: int, remaining_id: int) -> QuerySet[Any]:
    """Rows of the merged record that a constraint lets the remaining one have only once.

    Read from the model's own constraints: what the database would refuse is what stays behind.
    """
    rows = reference.rows(merged_id)
    clash = Q(pk__in=[])
    for number, constraint in enumerate(_constraints_on(reference)):
        keys = _keys_of(constraint, reference.field, f"key{number}_")
        condition = constraint.condition or Q()
        rows = rows.annotate(**{name: expression for name, (expression, _) in keys.items()})
        same = {
            f"{name}__overlap" if overlaps else name: OuterRef(name)
            for name, (_, overlaps) in keys.items()
        }
        having = (
            reference.rows(remaining_id)
            .annotate(**{name: expression for name, (expression, _) in keys.items()})
            .filter(condition, **same)
        )
        clash |= condition & Q(Exists(having))
    return rows.filter(clash)


def _constraints_on(reference: Reference) -> Sequence[Any]:
    return [
        one
        for one in reference.model._meta.constraints
        if isinstance(one, UniqueConstraint | ExclusionConstraint)
        and reference.field in {_name(part) for part, _ in _parts_of(one)}
    ]


def _parts_of(constraint: Any) -> list[tuple[Any, str]]:
    """The expressions that may not be alike, each with the operator that compares it."""
    if isinstance(constraint, ExclusionConstraint):
        return [(part, str(operator)) for part, operator in constraint.expressions]
    parts = [*constraint.fields, *(part for part in constraint.expressions)]
    return [(part, str(RangeOperators.EQUAL)) for part in parts]


def _name(part: Any) -> str:
    """The column an expression stands for: of Coalesce("supplier", 0) it is the supplier."""
    if isinstance(part, str):
        return part
    if isinstance(part, F):
        return str(part.name)  # type: ignore[attr-defined]
    sources = part.get_source_expressions()
    return _name(sources[0]) if sources and not isinstance(sources[0], str) else ""


def _keys_of(constraint: Any, field: str, prefix: str) -> dict[str, tuple[Any, bool]]:
    """What must be equal, or overlap, beside the supplier itself, under a name of its own."""
    keys = {}
    for place, (part, operator) in enumerate(_parts_of(constraint)):
        if _name(part) in {field, "organization"}:
            continue
        expression = F(part) if isinstance(part, str) else part
        overlaps = operator == str(RangeOperators.OVERLAPS)
        if overlaps:
            expression = ExpressionWrapper(expression, output_field=DateRangeField())
        keys[f"{prefix}{place}"] = (expression, overlaps)
    return keys
