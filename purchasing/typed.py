"""What a person typed into an order: numbers in their own notation, codes, and cells by name.

A cell's name says where it belongs: `line-3-unit_price`, `new-1-sku`, `needed_on`. One cell and
the whole form are read by the same code; only what differs from the order is a change.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar

from babel.numbers import get_decimal_symbol, get_group_symbol
from django.db import models
from django.http import HttpResponse
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.figures import current_locale, reading_as
from procure.form_fields import require_sound_year
from procure.models import Location
from procure.money import NotADecimalError, parse_decimal
from procure.tenancy import OrganizationRequest, View
from purchasing.drafting import DraftChanges, LineChange, SupplierChoice
from purchasing.drafts import OrderedLine
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import Category, PriceBreak, Sku, Supplier
from suppliers.validity import valid_on

Row = TypeVar("Row", bound=models.Model)

LINE_CELL = re.compile(r"line-(\d{1,6})-(sku|ordered_quantity|unit_price|price_reason)")
_LINE_NO = re.compile(r"(\d{1,6})")
_NEW_CELL = re.compile(r"new-(\w{1,20})-sku")
_LIST_FIELDS: dict[str, tuple[type[models.Model], str]] = {
    "category": (Category, "Choose a category from the list."),
    "ship_to": (Location, "Choose a place from the list."),
}
_TEXT_FIELDS = {"cost_center": 60, "note": 4000}


def in_readers_notation(view: View) -> View:
    """Numbers inside the view are read and written as the signed-in person writes them."""

    @wraps(view)
    def wrapped(request: OrganizationRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with reading_as(request.user.locale or request.organization.locale):
            return view(request, *args, **kwargs)

    return wrapped


def typed_decimal(text: str, field: str) -> Decimal:
    """A number as the reader writes it: 4,000.5 or 4.000,5 by locale; anything else is refused."""
    locale = current_locale()
    group, point = get_group_symbol(locale), get_decimal_symbol(locale)
    plain = text.strip().replace("\u202f", " ").replace("\u00a0", " ")
    group = group.replace("\u202f", " ").replace("\u00a0", " ")
    whole, mark, fraction = plain.partition(point)
    grouped = whole.split(group)
    if len(grouped) > 1 and all(len(part) == 3 for part in grouped[1:]):
        whole = "".join(grouped)
    try:
        return parse_decimal(f"{whole}.{fraction}" if mark else whole)
    except NotADecimalError as error:
        raise BusinessRuleError(
            "number", f"“{text.strip()[:40]}” is not a number.", field
        ) from error


def typed_day(text: str, field: str) -> date | None:
    """A day as a date field sends it, or none."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise BusinessRuleError("date", "Give the date as year-month-day.", field) from error
    require_sound_year(day, field)
    return day


def chosen(model: type[Row], text: str, sentence: str, field: str) -> Row | None:
    """The organization's row with this address, none for an empty text; another is refused."""
    if not text.strip():
        return None
    try:
        found = model._default_manager.filter(public_id=uuid.UUID(text.strip())).first()
    except ValueError:
        found = None
    if found is None:
        raise BusinessRuleError("choice", sentence, field)
    return found


def read_changes(
    post: Mapping[str, str],
    order: PurchaseOrder,
    lines: Mapping[int, PurchaseOrderLine],
) -> DraftChanges:
    """The cells of a POST that differ from the order; a cell that cannot be read is refused."""
    codes = [value for name, value in post.items() if name.endswith("-sku")]
    skus = skus_by_code(codes, order.supplier_id)
    return DraftChanges(
        head=_head_changes(post, order),
        choice=_choice(post, order),
        lines=_line_changes(post, lines, skus),
        added=list(_added_lines(post, skus)),
        removed=[int(removed[1])]
        if (removed := _LINE_NO.fullmatch(post.get("remove", "")))
        else [],
    )


def skus_by_code(codes: Collection[str], supplier_id: int | None) -> dict[str, Sku]:
    """Active SKUs by our code or the supplier's own, upper case, in at most two statements."""
    wanted = {code.strip().upper() for code in codes if code.strip()}
    if not wanted:
        return {}
    found: dict[str, Sku] = {
        sku.code.upper(): sku for sku in Sku.objects.filter(code_key__in=wanted, is_active=True)
    }
    missing = wanted - set(found)
    if missing and supplier_id is not None:
        breaks = PriceBreak.objects.filter(
            valid_on(timezone.localdate()),
            agreement__supplier_id=supplier_id,
            supplier_sku__in=missing | {code.strip() for code in codes},
            sku__is_active=True,
        ).select_related("sku")
        for row in breaks:
            found.setdefault(row.supplier_sku.upper(), row.sku)
    return found


def sku_of(skus: Mapping[str, Sku], code: str, field: str) -> Sku:
    """The SKU behind a typed code, or the sentence that there is none."""
    sku = skus.get(code.strip().upper())
    if sku is None:
        raise BusinessRuleError("sku", f"There is no SKU “{code.strip()[:60]}”.", field)
    return sku


def _head_changes(post: Mapping[str, str], order: PurchaseOrder) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, (model, sentence) in _LIST_FIELDS.items():
        if name in post:
            row = chosen(model, post[name], sentence, name)
            if (row.pk if row else None) != getattr(order, f"{name}_id"):
                changes[name] = row
    if "needed_on" in post:
        day = typed_day(post["needed_on"], "needed_on")
        if day != order.needed_on:
            changes["needed_on"] = day
    for name, longest in _TEXT_FIELDS.items():
        if name in post and post[name].strip() != getattr(order, name):
            if len(post[name].strip()) > longest:
                raise BusinessRuleError("too_long", f"At most {longest} characters.", name)
            changes[name] = post[name].strip()
    return changes


def _choice(post: Mapping[str, str], order: PurchaseOrder) -> SupplierChoice | None:
    supplier = chosen(
        Supplier, post.get("supplier", ""), "Choose a supplier from the list.", "supplier"
    )
    explains = "off_list_explanation" in post
    if supplier is None or (supplier.pk == order.supplier_id and not explains):
        return None
    return SupplierChoice(
        supplier,
        post.get("off_list_reason", ""),
        post.get("off_list_explanation", ""),
        "qualification_asked" in post,
    )


def _line_changes(
    post: Mapping[str, str], lines: Mapping[int, PurchaseOrderLine], skus: Mapping[str, Sku]
) -> dict[int, LineChange]:
    cells: dict[int, dict[str, Any]] = {}
    for name in post:
        match = LINE_CELL.fullmatch(name)
        line = lines.get(int(match[1])) if match else None
        if match and line:
            change = _cell_change(line, match[2], post[name], name, skus)
            if change:
                cells.setdefault(line.line_no, {}).update(change)
    return {line_no: LineChange(**change) for line_no, change in cells.items()}


def _cell_change(
    line: PurchaseOrderLine, cell: str, text: str, field: str, skus: Mapping[str, Sku]
) -> dict[str, Any]:
    if cell == "price_reason":
        return {} if text.strip() == line.price_reason else {"price_reason": text}
    if cell == "sku":
        sku = sku_of(skus, text, field)
        return {} if sku.pk == line.sku_id else {"sku": sku}
    if cell == "unit_price" and not text.strip():
        return {"clears_price": True}
    number = typed_decimal(text, field)
    if cell == "unit_price":
        return {} if number == line.unit_price else {"unit_price": number}
    return {} if number == line.ordered_quantity else {"quantity": number}


def _added_lines(post: Mapping[str, str], skus: Mapping[str, Sku]) -> Iterable[OrderedLine]:
    """The new rows that have a SKU; without a quantity it is one."""
    for name in post:
        match = _NEW_CELL.fullmatch(name)
        if not match or not post[name].strip():
            continue
        row = f"new-{match[1]}"
        given = post.get(f"{row}-ordered_quantity", "").strip()
        price = post.get(f"{row}-unit_price", "").strip()
        yield OrderedLine(
            sku_of(skus, post[name], name),
            typed_decimal(given, f"{row}-ordered_quantity") if given else Decimal(1),
            unit_price=typed_decimal(price, f"{row}-unit_price") if price else None,
        )
