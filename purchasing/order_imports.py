"""Orders that were issued in another system, imported with their lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from procure.columns import (
    BIG_INTEGER,
    amount,
    code,
    code_key,
    currency,
    day,
    quantity,
    text,
    unit,
    unit_price,
    whole,
)
from procure.imports import CREATED, UNCHANGED, UPDATED, Batch, Row, import_kind
from procure.money import minor_unit, plain_decimal, round_money
from procure.units import canonical_unit
from procure.upserts import asked, blank_texts, differs, unless_same_unit, write_changes
from purchasing.models import GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from suppliers.agreed_history import HistoricPrice, agreed_over_time
from suppliers.approved_vendors import decisions_over_time
from suppliers.models import Sku, Supplier
from suppliers.references import known_skus, known_suppliers
from suppliers.rollups import StaleKey, mark_stale

Binding = Callable[[Collection[int]], set[int]]
LineKey = tuple[str, int]

# What has to be equal on all rows of an order.
_HEAD = ("supplier_code", "currency", "order_date", "incoterm", "ship_to_country")

_bindings: list[Binding] = []


def binds_order_lines(binding: Binding) -> Binding:
    """Registers a question that a floor above answers: which of these order lines may not change
    any more, because something was billed on them."""
    _bindings.append(binding)
    return binding


@dataclass(slots=True)
class _Entry:
    """A row with what is stored for it, and the field values it asks for."""

    row: Row
    order: PurchaseOrder | None
    line: PurchaseOrderLine | None
    head: dict[str, Any]
    body: dict[str, Any]
    currency: str


@import_kind(
    "purchase_orders",
    code("po_number", 60, required=True),
    whole("line_no", least=1, required=True),
    code("supplier_code", 60, required=True),
    code("sku", 80, required=True),
    quantity("quantity", above_zero=True, required=True),
    unit_price("unit_price", required=True),
    currency("currency"),
    day("order_date"),
    day("promised_date", required=True, may_be_blank=True),
    day("requested_date"),
    unit("unit"),
    code("incoterm", 10),
    text("ship_to_country", 80),
    amount("line_amount", aliases=("line_value",)),
    whole("source_id", most=BIG_INTEGER),
    key=lambda row: (row["po_number"], row["line_no"]),
    document=lambda row: row["po_number"],
)
def import_purchase_orders(batch: Batch) -> None:
    """Orders by number with lines by line number, as issued and with origin imported.

    A stored line takes other content only on an imported order that is still issued, while
    nothing of it was received or billed; what the order's lines share only while that is true of
    all of them. Else the row is refused. An order may gain lines. The approved vendor list is
    asked with the order's day (the promised day, where that is unknown) and its answer kept on
    the line; off the list is recorded, not refused.
    """
    suppliers, skus = known_suppliers(batch), known_skus(batch)
    _refuse_mixed_heads(batch)
    numbers = {row["po_number"] for row in batch.rows}
    orders = {
        order.number: order
        for order in PurchaseOrder.objects.filter(number__in=numbers)
        .select_for_update(no_key=True)
        .order_by("pk")
    }
    lines = {
        (line.order_id, line.line_no): line
        for line in PurchaseOrderLine.objects.filter(order__in=orders.values())
    }
    entries = [
        _entry(row, orders.get(row["po_number"]), lines, suppliers, skus) for row in batch.open_rows
    ]
    bound = bound_lines(lines.values())
    bound_orders = {line.order_id for line in lines.values() if line.pk in bound}
    _settle_stored(batch, entries, bound, bound_orders)
    open_rows = {row.line for rows in batch.whole_documents() for row in rows}
    _write(batch, [one for one in entries if one.row.line in open_rows], suppliers, skus)


def _refuse_mixed_heads(batch: Batch) -> None:
    """An order has one supplier, one currency, one day; rows that disagree are refused."""
    first: dict[str, Row] = {}
    for row in batch.rows:
        head = first.setdefault(row["po_number"], row)
        for column in _HEAD:
            if row[column] != head[column]:
                batch.refuse(row, column, f"The order has another {column} on line {head.line}.")
                break


def _entry(
    row: Row,
    order: PurchaseOrder | None,
    lines: dict[tuple[int, int], PurchaseOrderLine],
    suppliers: dict[str, Supplier],
    skus: dict[str, Sku],
) -> _Entry:
    supplier = suppliers[code_key(row["supplier_code"])]
    sku = skus[code_key(row["sku"])]
    line = None if order is None else lines.get((order.pk, row["line_no"]))
    head = blank_texts(
        asked(
            row,
            kept=("currency",),
            currency="currency",
            issued_on="order_date",
            incoterm="incoterm",
            ship_to_country="ship_to_country",
        ),
        "incoterm",
        "ship_to_country",
    )
    head["supplier_id"] = supplier.pk
    body = asked(
        row,
        kept=("unit",),
        ordered_quantity="quantity",
        unit_price="unit_price",
        promised_on="promised_date",
        requested_on="requested_date",
        unit="unit",
        source_id="source_id",
    )
    body = unless_same_unit(line, body)
    body["sku_id"] = sku.pk
    order_currency = row["currency"] or (order.currency if order else supplier.currency)
    body = _with_amount(body, row, line, order_currency)
    return _Entry(row, order, line, head, body, order_currency)


def _with_amount(
    body: dict[str, Any], row: Row, line: PurchaseOrderLine | None, order_currency: str
) -> dict[str, Any]:
    """The line's amount: as the file gives it, else made once from quantity and price."""
    if row["line_amount"] is not None:
        return {**body, "amount": row["line_amount"]}
    if line is None or {"ordered_quantity", "unit_price"} & set(differs(line, body)):
        return {**body, "amount": round_money(row["quantity"] * row["unit_price"], order_currency)}
    return body


def bound_lines(lines: Iterable[PurchaseOrderLine]) -> set[int]:
    """Those of the order lines of which something was received or billed."""
    ids = {line.pk for line in lines}
    received = GoodsReceiptLine.objects.filter(order_line_id__in=ids)
    return set(received.values_list("order_line_id", flat=True)).union(
        *(binding(ids) for binding in _bindings)
    )


def _settle_stored(
    batch: Batch, entries: Iterable[_Entry], bound: set[int], bound_orders: set[int]
) -> None:
    """Says of every row what is odd, and of every stored one whether it may change."""
    for entry in entries:
        _warn(batch, entry)
        head_changes = entry.order is not None and bool(differs(entry.order, entry.head))
        if entry.line is not None and not head_changes and not differs(entry.line, entry.body):
            entry.row.outcome = UNCHANGED
        elif entry.row["promised_date"] is None:
            # Only an order entered here may wait for its promise, and it is not changed from here.
            batch.refuse(entry.row, "promised_date", "The promised_date is missing.")
        elif entry.order is None:
            continue
        elif entry.order.origin != PurchaseOrder.Origin.IMPORTED:
            batch.refuse(entry.row, "po_number", "The order was entered here; change it there.")
        elif entry.order.status != PurchaseOrder.Status.ISSUED:
            status = entry.order.get_status_display().lower()
            batch.refuse(entry.row, "po_number", f"The order is {status} and takes no change.")
        elif (entry.line and entry.line.pk in bound) or (
            head_changes and entry.order.pk in bound_orders
        ):
            batch.refuse(
                entry.row,
                "po_number",
                "The order has other content here, and goods or invoices stand on it.",
            )


def _warn(batch: Batch, entry: _Entry) -> None:
    row = entry.row
    if row["unit_price"] == 0:
        batch.warn(row, "unit_price", "The price is zero.")
    if row["order_date"] and row["promised_date"] and row["order_date"] > row["promised_date"]:
        batch.warn(row, "order_date", "The order was placed after the promised day.")
    if row["line_amount"] is not None:
        exact = row["quantity"] * row["unit_price"]
        cent = minor_unit(entry.currency)
        if abs(row["line_amount"] - exact) > cent:
            batch.warn(
                row,
                "line_amount",
                f"The amount is not quantity times price, which is {plain_decimal(exact)}.",
            )


def _write(
    batch: Batch, entries: list[_Entry], suppliers: dict[str, Supplier], skus: dict[str, Sku]
) -> None:
    """Orders first, then lines, each kind of change in one statement."""
    _write_orders(batch, entries)
    by_id = {sku.pk: sku for sku in skus.values()}
    new: list[PurchaseOrderLine] = []
    changed: list[PurchaseOrderLine] = []
    stale: set[StaleKey] = set()
    for entry in entries:
        assert entry.order is not None
        if entry.line is None:
            entry.line = _new_line(entry, by_id[entry.body["sku_id"]])
            entry.row.outcome = CREATED
            new.append(entry.line)
        else:
            assert entry.order.supplier_id is not None
            stale.add(StaleKey(entry.order.supplier_id, entry.line.sku_id))
            _change_line(entry, by_id[entry.body["sku_id"]])
            entry.row.outcome = UPDATED
            changed.append(entry.line)
        stale.add(StaleKey(entry.head["supplier_id"], entry.line.sku_id))
    _judge(entries)
    _price(entries, suppliers, skus)
    PurchaseOrderLine.objects.bulk_create(new)
    fields = [
        *("ordered_quantity", "unit_price", "amount", "unit", "sku", "description", "source_id"),
        *("promised_on", "expected_on", "requested_on", "list_standing", "list_entry"),
        "list_admission",
        *("agreed_price", "agreed_lead_time_days", "price_break"),
    ]
    write_changes(PurchaseOrderLine, changed, fields)
    mark_stale(stale)
    batch.announce("order_line_ids", (line.pk for line in (*new, *changed)))


def _write_orders(batch: Batch, entries: Iterable[_Entry]) -> None:
    """Makes the missing orders, and changes what lines share where it is another now."""
    new: dict[str, PurchaseOrder] = {}
    changed: dict[int, PurchaseOrder] = {}
    now = timezone.now()
    for entry in entries:
        if entry.order is None:
            number = entry.row["po_number"]
            if number not in new:
                new[number] = _new_order(entry, batch)
            entry.order = new[number]
            continue
        for name in differs(entry.order, entry.head):
            setattr(entry.order, name, entry.head[name])
        if entry.order.pk not in changed and entry.order.pk is not None:
            entry.order.revision += 1
            entry.order.changed_at = now
            changed[entry.order.pk] = entry.order
    PurchaseOrder.objects.bulk_create(new.values())
    fields = [
        *("supplier", "currency", "issued_on", "incoterm", "ship_to_country"),
        *("revision", "changed_at"),
    ]
    write_changes(PurchaseOrder, list(changed.values()), fields)


def _new_order(entry: _Entry, batch: Batch) -> PurchaseOrder:
    order = PurchaseOrder(
        number=entry.row["po_number"],
        status=PurchaseOrder.Status.ISSUED,
        origin=PurchaseOrder.Origin.IMPORTED,
        created_by=batch.actor,
        currency=entry.currency,
    )
    for name, value in entry.head.items():
        setattr(order, name, value)
    return order


def _new_line(entry: _Entry, sku: Sku) -> PurchaseOrderLine:
    values = {"unit": sku.unit, **entry.body}
    return PurchaseOrderLine(
        order=entry.order,
        line_no=entry.row["line_no"],
        description=sku.description,
        expected_on=entry.row["promised_date"],
        price_source=PurchaseOrderLine.PriceSource.IMPORTED,
        **values,
    )


def _change_line(entry: _Entry, sku: Sku) -> None:
    assert entry.line is not None
    if entry.line.sku_id != sku.pk:
        entry.line.description = sku.description
    if entry.line.promised_on != entry.row["promised_date"]:
        entry.line.expected_on = entry.row["promised_date"]
    for name, value in entry.body.items():
        setattr(entry.line, name, value)


def _judge(entries: Iterable[_Entry]) -> None:
    """Keeps the approved list's answer on each line, as it was on the order's day."""
    asked_for = {
        entry.row.line: (
            entry.head["supplier_id"],
            entry.body["sku_id"],
            entry.row["order_date"] or entry.row["promised_date"],
        )
        for entry in entries
    }
    decisions = decisions_over_time(set(asked_for.values()))
    for entry in entries:
        decision = decisions[asked_for[entry.row.line]]
        assert entry.line is not None
        entry.line.list_standing = decision.standing
        entry.line.list_entry_id = decision.entry_id
        entry.line.list_admission_id = decision.admission_id


def _price(entries: Iterable[_Entry], suppliers: dict[str, Supplier], skus: dict[str, Sku]) -> None:
    """Keeps what the agreement said on the order's day, where that day is known and the price is
    in the same currency and unit."""
    comparable = []
    for entry in entries:
        line = entry.line
        assert line is not None
        line.agreed_price = line.agreed_lead_time_days = line.price_break_id = None
        supplier = suppliers[code_key(entry.row["supplier_code"])]
        same_unit = canonical_unit(line.unit) == canonical_unit(
            skus[code_key(entry.row["sku"])].unit
        )
        if entry.row["order_date"] and entry.currency == supplier.currency and same_unit:
            comparable.append(entry)
    agreed = agreed_over_time(
        [
            HistoricPrice(
                entry.row["po_number"],
                entry.head["supplier_id"],
                entry.body["sku_id"],
                entry.row["quantity"],
                entry.row["order_date"],
            )
            for entry in comparable
        ]
    )
    for entry in comparable:
        found = agreed.get((entry.row["po_number"], entry.body["sku_id"]))
        if found is not None and entry.line is not None:
            entry.line.agreed_price = found.unit_price
            entry.line.agreed_lead_time_days = found.lead_time_days
            entry.line.price_break_id = found.price_break_id
