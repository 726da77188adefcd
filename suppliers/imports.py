"""What can be imported about suppliers and SKUs; agreements and approvals are in term_imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from procure.columns import (
    SMALL_INTEGER,
    choice,
    code,
    code_key,
    currency,
    email,
    gtin,
    names,
    quantity,
    text,
    unit,
    unit_price,
    whole,
)
from procure.imports import REFUSED, UNCHANGED, UPDATED, Batch, Row, import_kind
from procure.models import Organization
from procure.statistics import BULK_ROWS, refresh_statistics
from procure.tenancy import current_organization_id
from procure.upserts import (
    Wish,
    asked,
    blank_texts,
    differs,
    unless_same_unit,
    upsert,
)
from suppliers import (
    agreement_imports,
    bill_imports,
    decision_imports,
    strategy_imports,
    term_imports,
)
from suppliers.catalogue import (
    RESULT_FIELDS,
    mark_skus_stale,
    put_below,
    refresh_lineages,
    skus_in_use,
)
from suppliers.code_schemes import digits_of, places_above, scheme_of
from suppliers.merged_records import remaining_records
from suppliers.models import Category, Qualification, Sku, Supplier
from suppliers.possible_duplicates import likenesses
from suppliers.references import categories_by_code

__all__ = [
    "agreement_imports",
    "bill_imports",
    "decision_imports",
    "import_categories",
    "import_skus",
    "import_suppliers",
    "strategy_imports",
    "term_imports",
]

UNSORTED = "General"


def organization_currency() -> str:
    """What an amount is in when nothing says otherwise."""
    return Organization.objects.get(pk=current_organization_id()).currency


@import_kind(
    "suppliers",
    code("supplier_code", 60, required=True),
    text("name", 200, required=True),
    text("legal_name", 200),
    code("tax_id", 40),
    text("country", 80),
    currency("currency"),
    whole("payment_terms_days", most=SMALL_INTEGER),
    code("incoterm", 10),
    email("email"),
    choice("status", Supplier.Status.values),
    names("categories", 60),
    key=lambda row: code_key(row["supplier_code"]),
)
def import_suppliers(batch: Batch) -> None:
    """Suppliers by code. Blank terms stay as they are; categories are added as prospects, never
    taken away, because what a supplier is vetted for is decided, not imported away."""
    stored = {
        one.code_key: one
        for one in Supplier.objects.filter(
            code_key__in=[code_key(row["supplier_code"]) for row in batch.rows]
        ).select_for_update(no_key=True)
    }
    default = {"currency": organization_currency()}
    remaining = remaining_records(stored.values())
    wishes = []
    for row in batch.open_rows:
        known = stored.get(code_key(row["supplier_code"]))
        if known is not None and known.pk in remaining:
            words = f"It was merged into {remaining[known.pk].code} and stays as it is."
            batch.warn(row, "supplier_code", words)
            row.outcome = UNCHANGED
            continue
        values = supplier_values(row)
        if known is None:
            values = {**default, "code": row["supplier_code"], **values}
        wishes.append(Wish(row, known, values))
    upsert(batch, Supplier, wishes)
    _warn_of_likenesses(batch, {code_key(row["supplier_code"]) for row in batch.rows} - set(stored))
    _add_categories(batch)


def _warn_of_likenesses(batch: Batch, new_keys: set[str]) -> None:
    """Says of a new supplier that its name or tax id is another's, too; it is added all the same."""
    new = {one.pk: one for one in Supplier.objects.filter(code_key__in=new_keys)}
    of_key: dict[str, list[str]] = defaultdict(list)
    for pair in likenesses(new):
        if {"tax_id", "name"} & set(pair.kinds):
            for one in (pair.first, pair.second):
                if one.pk in new:
                    other = pair.other_than(one)
                    of_key[one.code_key].append(f"{other.name} ({other.code}): {pair.reason}")
    for row in batch.rows:
        if words := of_key.get(code_key(row["supplier_code"])):
            batch.warn(row, "supplier_code", f"It may be the same as {'; '.join(words)}.")


def supplier_values(row: Row) -> dict[str, Any]:
    """The fields a supplier's row asks for."""
    values = asked(
        row,
        kept=("currency", "payment_terms_days", "status"),
        name="name",
        legal_name="legal_name",
        tax_id="tax_id",
        country="country",
        currency="currency",
        payment_terms_days="payment_terms_days",
        incoterm="incoterm",
        email="email",
        status="status",
    )
    return blank_texts(values, "legal_name", "tax_id", "country", "incoterm", "email")


def _add_categories(batch: Batch) -> None:
    """Makes each named supplier a prospect of its categories, unless something is known."""
    rows = [row for row in batch.rows if row["categories"]]
    if not rows:
        return
    categories = make_categories((word, word) for row in rows for word in row["categories"])
    keys = [code_key(row["supplier_code"]) for row in rows]
    found = Supplier.objects.filter(code_key__in=keys).exclude(status=Supplier.Status.MERGED)
    suppliers = {one.code_key: one for one in found}
    rows = [row for row in rows if code_key(row["supplier_code"]) in suppliers]
    known = set(
        Qualification.objects.filter(supplier__in=suppliers.values()).values_list(
            "supplier_id", "category_id"
        )
    )
    new = []
    for row in rows:
        supplier = suppliers[code_key(row["supplier_code"])]
        missing = {
            (supplier.pk, categories[code_key(word)].pk) for word in row["categories"]
        } - known
        known |= missing
        new += [
            Qualification(supplier_id=supplier_id, category_id=category_id, decided_by=batch.actor)
            for supplier_id, category_id in sorted(missing)
        ]
        if missing and row.outcome == UNCHANGED:
            row.outcome = UPDATED
    Qualification.objects.bulk_create(new)


def make_categories(wanted: Iterable[tuple[str, str]]) -> dict[str, Category]:
    """Every category by its code's key, with those made that are missing; wanted are code, name."""
    found = categories_by_code()
    missing: dict[str, Category] = {}
    for word, name in wanted:
        key = code_key(word)
        if key not in found and key not in missing:
            missing[key] = Category(code=word[:60], name=name)
    if missing:
        Category.objects.bulk_create(missing.values())
        refresh_lineages()
    return found | missing


@import_kind(
    "categories",
    code("category_code", 60, required=True),
    text("name", 200, required=True),
    code("parent_code", 60),
    whole("lead_time_days", most=SMALL_INTEGER),
    choice("criticality", Category.Criticality.values),
    key=lambda row: code_key(row["category_code"]),
    together=lambda row: "the tree",
)
def import_categories(batch: Batch) -> None:
    """Categories by code, in any order; a parent is here already or in the same file.

    A blank parent is the top of the tree, or with a code scheme the nearest category there is
    above by the code. Refused: an unknown parent, and a circle by name.
    """
    stored = categories_by_code(locked=True)
    is_derived = _derive_parents(batch, stored)
    wishes = []
    for row in batch.open_rows:
        known = stored.get(code_key(row["category_code"]))
        values = asked(
            row,
            kept=("criticality",),
            name="name",
            lead_time_days="lead_time_days",
            criticality="criticality",
        )
        if known is None:
            values = {"code": row["category_code"], **values}
        wishes.append(Wish(row, known, values))
    coming = {code_key(wish.row["category_code"]) for wish in wishes}
    for wish in wishes:
        parent = wish.row["parent_code"]
        if parent and code_key(parent) not in coming | set(stored):
            batch.refuse(wish.row, "parent_code", f"There is no category “{parent}”.")
    upsert(batch, Category, [wish for wish in wishes if not wish.row.outcome])
    if is_derived or "parent_code" in batch.columns:
        _place(batch)
    refresh_lineages()


def _derive_parents(batch: Batch, stored: dict[str, Category]) -> bool:
    """Fills blank parents from the codes, by the scheme of the file; False without a scheme."""
    codes = [row["category_code"] for row in batch.open_rows]
    scheme = scheme_of(batch.notation.code_scheme, codes)
    if not scheme:
        return False
    known = [one.code for one in stored.values()]
    by_digits = {digits_of(scheme, one): one for one in (*known, *codes)}
    for row in batch.open_rows:
        digits = digits_of(scheme, row["category_code"])
        if not digits:
            batch.warn(row, "category_code", f"No {scheme.upper()} code; it stays at the top.")
        elif not row["parent_code"]:
            above = (by_digits[one] for one in places_above(scheme, digits) if one in by_digits)
            row["parent_code"] = next(above, None)
    return True


def _place(batch: Batch) -> None:
    """Puts each category below its parent once all of them have ids."""
    if len(batch.rows) >= BULK_ROWS:
        refresh_statistics()
    known = categories_by_code()
    moved: dict[int, int | None] = {}
    for row in batch.rows:
        category = known.get(code_key(row["category_code"]))
        parent = known.get(code_key(row["parent_code"] or ""))
        if row.outcome == REFUSED or category is None:
            continue
        if category.parent_id != (parent and parent.pk):
            moved[category.pk] = parent.pk if parent else None
            if row.outcome == UNCHANGED:
                row.outcome = UPDATED
    put_below(moved)


@import_kind(
    "skus",
    code("sku", 80, required=True),
    text("description", 400, required=True),
    code("category_code", 60),
    code("product_group", 60),
    unit("unit"),
    text("pack_size", 40),
    unit_price("standard_cost"),
    unit_price("sale_price"),
    quantity("reorder_point"),
    gtin("gtin"),
    key=lambda row: code_key(row["sku"]),
)
def import_skus(batch: Batch) -> None:
    """SKUs by code. A category that is missing is made; a SKU without one goes to General."""
    stored = {
        one.code_key: one
        for one in Sku.objects.filter(
            code_key__in=[code_key(row["sku"]) for row in batch.rows]
        ).select_for_update(no_key=True)
    }
    named = {row.line: row["category_code"] or row["product_group"] for row in batch.rows}
    for row in batch.rows:
        if named[row.line] is None and code_key(row["sku"]) not in stored:
            named[row.line] = UNSORTED
    categories = make_categories((word, word) for word in named.values() if word)
    wishes = []
    for row in batch.open_rows:
        known = stored.get(code_key(row["sku"]))
        values = sku_values(row)
        if word := named[row.line]:
            values["category_id"] = categories[code_key(word)].pk
        values = unless_same_unit(known, values)
        if known is None:
            values = {"code": row["sku"], **values}
        wishes.append(Wish(row, known, values))
    wishes = _refuse_other_units(batch, wishes)
    revalued = {
        wish.stored.pk
        for wish in wishes
        if wish.stored and RESULT_FIELDS & set(differs(wish.stored, wish.values))
    }
    upsert(batch, Sku, wishes)
    mark_skus_stale(revalued)


def _refuse_other_units(batch: Batch, wishes: list[Wish]) -> list[Wish]:
    """The unit of a SKU stays once prices or results are counted in it."""
    other = {wish.stored.pk: wish for wish in wishes if wish.stored and "unit" in wish.values}
    for sku_id in skus_in_use(other):
        wish = other[sku_id]
        stored = getattr(wish.stored, "unit", "")
        batch.refuse(wish.row, "unit", f"Prices and results are counted in {stored} already.")
    return [wish for wish in wishes if not wish.row.outcome]


def sku_values(row: Row) -> dict[str, Any]:
    """The fields a SKU's row asks for."""
    values = asked(
        row,
        kept=("unit",),
        description="description",
        unit="unit",
        pack_size="pack_size",
        standard_cost="standard_cost",
        sale_price="sale_price",
        reorder_point="reorder_point",
        gtin="gtin",
    )
    return blank_texts(values, "pack_size", "gtin")
