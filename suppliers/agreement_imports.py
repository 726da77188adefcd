"""Price agreements as a table: a row per SKU, minimum quantity and first day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from procure.columns import (
    SMALL_INTEGER,
    code,
    code_key,
    currency,
    day,
    quantity,
    unit,
    unit_price,
    whole,
)
from procure.imports import Batch, Row, import_kind
from procure.money import ZERO
from procure.upserts import Wish, asked, unless_same_unit, upsert, write_changes
from suppliers.models import AgreementAmendment, PriceAgreement, PriceBreak, Sku, Supplier
from suppliers.references import known_skus, known_suppliers
from suppliers.rollups import StaleKey, mark_stale
from suppliers.spans import Span, Spans, refuse_days_out_of_order, refuse_overlaps


@import_kind(
    "price_agreements",
    code("agreement_number", 60, required=True),
    code("supplier_code", 60, required=True),
    code("sku", 80, required=True),
    unit_price("unit_price", required=True),
    currency("currency"),
    unit("unit"),
    quantity("minimum_quantity"),
    day("valid_from", required=True),
    day("valid_to"),
    whole("lead_time_days", most=SMALL_INTEGER),
    quantity("committed_quantity"),
    quantity("minimum_order_quantity", above_zero=True),
    quantity("order_multiple", above_zero=True),
    key=lambda row: (
        row["agreement_number"],
        code_key(row["sku"]),
        row["minimum_quantity"] or ZERO,
        row["valid_from"],
    ),
    together=lambda row: row["agreement_number"],
)
def import_price_agreements(batch: Batch) -> None:
    """Prices by agreement, SKU, minimum quantity and first day.

    An agreement that is missing is made; one that is here grows to hold all its prices. A price
    with the same key and other content is corrected. Refused: another supplier or currency than
    the agreement's, and two prices for the same quantity on the same day.
    """
    suppliers, skus = known_suppliers(batch), known_skus(batch)
    refuse_days_out_of_order(batch)
    books = _read_books(batch, suppliers, skus)
    _refuse_other_heads(batch, books)
    wishes = [_wish(row, books) for row in batch.open_rows]
    refuse_overlaps(batch, _spans(wishes, books))
    wishes = [wish for wish in wishes if not wish.row.outcome]
    stored = list(books.agreements.values())
    _write_agreements(wishes, books)
    touched = upsert(batch, PriceBreak, [_with_agreement(wish, books) for wish in wishes])
    owners = {one.pk: one.supplier_id for one in books.agreements.values()}
    mark_stale(StaleKey(owners[price.agreement_id], price.sku_id) for price in touched)
    _amend(stored, touched)
    batch.announce("agreement_ids", {price.agreement_id for price in touched})


@dataclass(slots=True)
class _Books:
    """What is stored about the agreements that a chunk names."""

    suppliers: dict[str, Supplier]
    skus: dict[str, Sku]
    agreements: dict[str, PriceAgreement]
    prices: dict[tuple[Any, ...], PriceBreak]

    def agreement(self, row: Row) -> PriceAgreement | None:
        return self.agreements.get(row["agreement_number"])

    def sku(self, row: Row) -> Sku:
        return self.skus[code_key(row["sku"])]


def _read_books(batch: Batch, suppliers: dict[str, Supplier], skus: dict[str, Sku]) -> _Books:
    numbers = {row["agreement_number"] for row in batch.rows}
    found = PriceAgreement.objects.filter(number__in=numbers).select_for_update(no_key=True)
    agreements = {one.number: one for one in found.order_by("pk")}
    stored = PriceBreak.objects.filter(agreement__in=agreements.values())
    numbered = {one.pk: one.number for one in agreements.values()}
    prices = {(numbered[price.agreement_id], *_step_day(price)): price for price in stored}
    return _Books(suppliers, skus, agreements, prices)


def _step_day(price: PriceBreak) -> tuple[Any, ...]:
    return price.sku_id, price.minimum_quantity, price.valid_from


def _refuse_other_heads(batch: Batch, books: _Books) -> None:
    """An agreement is with one supplier in one currency."""
    heads = {number: (one.supplier_id, one.currency) for number, one in books.agreements.items()}
    for row in batch.open_rows:
        supplier = books.suppliers[code_key(row["supplier_code"])]
        new_head = (supplier.pk, row["currency"] or supplier.currency)
        supplier_id, money = heads.setdefault(row["agreement_number"], new_head)
        if supplier_id != supplier.pk:
            batch.refuse(row, "supplier_code", "The agreement is with another supplier.")
        elif row["currency"] not in (None, money):
            batch.refuse(row, "currency", f"The agreement is in {money}.")


def _wish(row: Row, books: _Books) -> Wish:
    sku, minimum = books.sku(row), row["minimum_quantity"] or ZERO
    stored = books.prices.get((row["agreement_number"], sku.pk, minimum, row["valid_from"]))
    values = asked(
        row,
        kept=("unit",),
        unit_price="unit_price",
        unit="unit",
        valid_to="valid_to",
        lead_time_days="lead_time_days",
        committed_quantity="committed_quantity",
        minimum_order_quantity="minimum_order_quantity",
        order_multiple="order_multiple",
    )
    if stored is None:
        key = {"sku_id": sku.pk, "minimum_quantity": minimum, "valid_from": row["valid_from"]}
        return Wish(row, None, {"unit": sku.unit, **key, **values})
    agreement = books.agreements[row["agreement_number"]]
    if "valid_to" in values and values["valid_to"] == last_day(stored, agreement):
        del values["valid_to"]
    return Wish(row, stored, unless_same_unit(stored, values))


def last_day(price: PriceBreak, agreement: PriceAgreement) -> date | None:
    """The last day of a price: its own or its agreement's, whichever comes first."""
    return min((end for end in (price.valid_to, agreement.valid_to) if end), default=None)


def _spans(wishes: Iterable[Wish], books: _Books) -> Spans:
    """The days of every price as they will be, by agreement, SKU and quantity."""
    spans: Spans = defaultdict(dict)
    for (*step, first), price in books.prices.items():
        end = last_day(price, books.agreements[step[0]])
        spans[tuple(step)][first] = Span(first, end, None)
    for row, stored, values in wishes:
        step = [row["agreement_number"], books.sku(row).pk, row["minimum_quantity"] or ZERO]
        kept = None
        if isinstance(stored, PriceBreak):
            kept = last_day(stored, books.agreements[row["agreement_number"]])
        end = values.get("valid_to", kept)
        spans[tuple(step)][row["valid_from"]] = Span(row["valid_from"], end, row)
    return spans


def _write_agreements(wishes: Iterable[Wish], books: _Books) -> None:
    """Makes the missing agreements, and lets the others grow over their new prices' days."""
    new: dict[str, PriceAgreement] = {}
    grown: dict[str, PriceAgreement] = {}
    ends = {number: one.valid_to for number, one in books.agreements.items()}
    for row, _, values in wishes:
        agreement = books.agreement(row) or new.get(row["agreement_number"])
        if agreement is None:
            supplier = books.suppliers[code_key(row["supplier_code"])]
            agreement = new[row["agreement_number"]] = PriceAgreement(
                number=row["agreement_number"],
                supplier=supplier,
                currency=row["currency"] or supplier.currency,
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
            )
        elif _grow(agreement, row["valid_from"], values) and agreement.pk:
            grown[agreement.number] = agreement
    PriceAgreement.objects.bulk_create(new.values())
    write_changes(PriceAgreement, list(grown.values()), ["valid_from", "valid_to"])
    _keep_ends(wishes, books, {number: ends[number] for number in grown})
    books.agreements |= new


def _grow(agreement: PriceAgreement, first: date, values: Any) -> bool:
    before = agreement.valid_from, agreement.valid_to
    agreement.valid_from = min(agreement.valid_from, first)
    if agreement.valid_to and ("valid_to" in values or first > agreement.valid_to):
        end = values.get("valid_to")
        agreement.valid_to = None if end is None else max(agreement.valid_to, end)
    return before != (agreement.valid_from, agreement.valid_to)


def _keep_ends(wishes: Iterable[Wish], books: _Books, ends: dict[str, date | None]) -> None:
    """A price without a last day ended with its agreement; it does not grow along unasked."""
    asked_for = {wish.stored.pk for wish in wishes if wish.stored and "valid_to" in wish.values}
    kept = []
    for (number, *_), price in books.prices.items():
        end = ends.get(number)
        if end is not None and price.valid_to is None and price.pk not in asked_for:
            price.valid_to = end
            kept.append(price)
    write_changes(PriceBreak, kept, ["valid_to"])


def _with_agreement(wish: Wish, books: _Books) -> Wish:
    if wish.stored is not None:
        return wish
    agreement = books.agreements[wish.row["agreement_number"]]
    return wish._replace(values={**wish.values, "agreement_id": agreement.pk})


def _amend(stored: Sequence[PriceAgreement], touched: Iterable[PriceBreak]) -> None:
    """Every agreement that was here and got other prices has its next version."""
    counted = Counter(price.agreement_id for price in touched)
    amended = [one for one in stored if counted[one.pk]]
    for one in amended:
        one.version += 1
    write_changes(PriceAgreement, amended, ["version"])
    AgreementAmendment.objects.bulk_create(
        AgreementAmendment(
            agreement=one,
            version=one.version,
            effective_on=timezone.localdate(),
            summary=f"{counted[one.pk]} price{'' if counted[one.pk] == 1 else 's'} imported.",
        )
        for one in amended
    )
