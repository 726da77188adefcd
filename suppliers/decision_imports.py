"""The decision log as a table: a row per candidate, as the export writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from procure.columns import (
    INTEGER,
    choice,
    code,
    code_key,
    currency,
    day,
    decimal,
    email,
    text,
    unit_price,
    whole,
)
from procure.errors import BusinessRuleError
from procure.imports import CREATED, UNCHANGED, Batch, Row, import_kind
from procure.upserts import differs
from suppliers.deciding import Candidate, require_choice_kept, require_scope
from suppliers.forms import active_members
from suppliers.models import Category, DecisionCandidate, Sku, SourcingDecision, Supplier
from suppliers.references import known_categories, known_skus, known_suppliers

HEAD = ("title", "decided_on", "review_on", "origin", "reason")
TEXTS = ("grade", "qualification", "standing", "note")
FIGURES = (
    *("share_percent", "unit_price", "landed_price", "currency", "on_time_percent", "lines_due"),
    *("lead_time_p90", "lead_time_n", "score", *TEXTS),
)
KEPT = "A decision is not changed by an import. Give one that took its place a number of its own."


def _percent(name: str) -> Any:
    return decimal(name, places=4, digits=7, least=Decimal(0))


@import_kind(
    "sourcing_decisions",
    code("decision_number", 60, required=True),
    code("category_code", 60, required=True),
    code("sku", 80),
    text("title", 200, required=True),
    day("decided_on", required=True),
    email("decided_by"),
    day("review_on"),
    choice("origin", SourcingDecision.Origin.values),
    code("superseded_by", 60),
    text("reason", required=True),
    code("supplier_code", 60, required=True),
    choice("chosen", ("yes", "no"), required=True),
    decimal("share_percent", places=4, digits=7, above=Decimal(0)),
    unit_price("unit_price"),
    unit_price("landed_price"),
    currency("currency"),
    _percent("on_time_percent"),
    whole("lines_due", most=INTEGER),
    decimal("lead_time_p90", places=1, digits=12, least=Decimal(0)),
    whole("lead_time_n", most=INTEGER),
    _percent("score"),
    text("grade", 1),
    text("qualification", 200),
    text("standing", 40),
    text("note"),
    key=lambda row: (row["decision_number"], code_key(row["supplier_code"])),
    document=lambda row: row["decision_number"],
    # What took another's place stands later in the log and has to be there first.
    order=lambda row: -row.line,
)
def import_sourcing_decisions(batch: Batch) -> None:
    """Decisions by number, each with its candidates and their figures of the day.

    One that is here already is never changed: the same again does nothing, anything else is
    refused. So are unknown categories, SKUs, suppliers, people and superseding decisions, a
    decision of a day to come, one without a choice, and shares that do not make the whole.
    """
    books = _Books(
        known_categories(batch),
        known_skus(batch),
        known_suppliers(batch),
        _people(batch),
        _stored(batch),
    )
    made: dict[str, SourcingDecision] = {}
    candidates: list[DecisionCandidate] = []
    for rows in batch.whole_documents():
        known = books.decisions.get(rows[0]["decision_number"])
        if known is not None:
            _leave(batch, rows, known)
        elif not _is_refused(batch, rows, books):
            decision = made[rows[0]["decision_number"]] = _decision(rows[0], books)
            candidates += [_candidate(row, decision, books) for row in rows]
            batch.settle(rows, CREATED)
    SourcingDecision.objects.bulk_create(made.values())
    DecisionCandidate.objects.bulk_create(candidates)
    _supersede(batch, made, books)


@dataclass(frozen=True, slots=True)
class _Books:
    """What the rows of a chunk name, by code, address or number."""

    categories: Mapping[str, Category]
    skus: Mapping[str, Sku]
    suppliers: Mapping[str, Supplier]
    people: Mapping[str, int]
    decisions: Mapping[str, SourcingDecision]

    def category(self, row: Row) -> Category:
        return self.categories[code_key(row["category_code"])]

    def sku(self, row: Row) -> Sku | None:
        return self.skus.get(code_key(row["sku"] or ""))


def _people(batch: Batch) -> dict[str, int]:
    """Who decided, by address; somebody who is no member is left out with a warning."""
    named = {row["decided_by"].casefold() for row in batch.open_rows if row["decided_by"]}
    found = dict(active_members().filter(email__in=named).values_list("email", "pk"))
    for row in batch.open_rows:
        if row["decided_by"] and row["decided_by"].casefold() not in found:
            words = f"Nobody here has the address {row['decided_by']}; it stays open who decided."
            batch.warn(row, "decided_by", words)
    return found


def _stored(batch: Batch) -> dict[str, SourcingDecision]:
    """The decisions that the rows name, as their own or as what took their place."""
    numbers = {row[name] for row in batch.rows for name in ("decision_number", "superseded_by")}
    found = SourcingDecision.objects.filter(number__in=numbers - {None})
    return {
        one.number: one
        for one in found.select_related(
            "category", "sku", "decided_by", "superseded_by"
        ).prefetch_related("candidates__supplier")
    }


def _leave(batch: Batch, rows: Sequence[Row], known: SourcingDecision) -> None:
    """A known decision stays; rows that say something else about it are refused."""
    weighed = {one.supplier.code_key: one for one in known.candidates.all()}
    for row in rows:
        candidate = weighed.get(code_key(row["supplier_code"]))
        other = [] if candidate is None else differs(candidate, _said(row, FIGURES))
        head = differs(known, _said(row, HEAD))
        if candidate is None or other or head or _names_another(row, known, candidate):
            batch.refuse(row, (head or other or ["decision_number"])[0], KEPT)
        else:
            batch.settle([row], UNCHANGED)


def _said(row: Row, names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if row[name] is not None}


def _names_another(row: Row, known: SourcingDecision, candidate: DecisionCandidate) -> bool:
    stored = (
        code_key(known.category.code),
        code_key(known.sku.code) if known.sku else "",
        known.superseded_by.number if known.superseded_by else "",
        "yes" if candidate.is_chosen else "no",
    )
    return stored != (
        code_key(row["category_code"]),
        code_key(row["sku"] or ""),
        row["superseded_by"] or "",
        row["chosen"],
    )


def _is_refused(batch: Batch, rows: Sequence[Row], books: _Books) -> bool:
    """Says at the first row what makes no decision of these rows."""
    first = rows[0]
    head = [(row["category_code"], row["sku"], *(row[name] for name in HEAD)) for row in rows]
    if len(set(head)) > 1:
        batch.refuse(first, "decision_number", "Its rows disagree about what was decided.")
    elif first["decided_on"] > timezone.localdate():
        batch.refuse(first, "decided_on", "A decision is of today or of a day before.")
    elif first["review_on"] and first["review_on"] < first["decided_on"]:
        batch.refuse(first, "review_on", "The review is before the decision.")
    else:
        try:
            require_scope(books.category(first), books.sku(first), None)
            require_choice_kept([_weighed(row, books) for row in rows])
        except BusinessRuleError as refusal:
            batch.refuse(first, "chosen", refusal.message)
    return bool(first.outcome)


def _weighed(row: Row, books: _Books) -> Candidate:
    return Candidate(
        supplier=books.suppliers[code_key(row["supplier_code"])],
        is_chosen=row["chosen"] == "yes",
        share_percent=row["share_percent"],
    )


def _decision(row: Row, books: _Books) -> SourcingDecision:
    values = _said(row, HEAD)
    values.setdefault("origin", SourcingDecision.Origin.IMPORTED)
    return SourcingDecision(
        number=row["decision_number"],
        category=books.category(row),
        sku=books.sku(row),
        decided_by_id=books.people.get((row["decided_by"] or "").casefold()),
        **values,
    )


def _candidate(row: Row, decision: SourcingDecision, books: _Books) -> DecisionCandidate:
    supplier = books.suppliers[code_key(row["supplier_code"])]
    return DecisionCandidate(
        decision=decision,
        supplier=supplier,
        is_chosen=row["chosen"] == "yes",
        **{"currency": supplier.currency, **_said(row, FIGURES)},
    )


def _supersede(batch: Batch, made: Mapping[str, SourcingDecision], books: _Books) -> None:
    """Names what took the place of the new ones; it is in the file or was here before."""
    later = []
    for row in batch.rows:
        decision = made.get(row["decision_number"])
        if row["superseded_by"] is None or row.outcome != CREATED or decision is None:
            continue
        successor = made.get(row["superseded_by"]) or books.decisions.get(row["superseded_by"])
        if successor is None or successor is decision:
            batch.refuse(row, "superseded_by", f"There is no decision “{row['superseded_by']}”.")
        elif decision.superseded_by_id is None:
            decision.superseded_by = successor
            later.append(decision)
    SourcingDecision.objects.bulk_update(later, ["superseded_by"])
