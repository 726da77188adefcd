"""Changing a draft: one cell as it is left, pasted rows, or the whole form at once.

All of them are the same action, so that a rule stands in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from procure.documents import require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import quantity, unit_price
from procure.models import BusinessEvent, Location, User
from purchasing.allowances import AskedOrder
from purchasing.drafts import (
    OrderedLine,
    checked_quantity,
    new_lines,
    prices_for,
    set_price,
)
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.off_list import ListCheck, check_list, require_supplier_allowed
from purchasing.ordering import (
    draft_purchase_order,
    lock_lines,
    lock_order,
    require_revision,
    take_terms_of,
)
from purchasing.writing import write_lines
from suppliers.models import Sku, Supplier

HEAD_FIELDS = ("category", "ship_to", "needed_on", "cost_center", "note")
PRICED_FIELDS = (
    "unit_price",
    "amount",
    "price_source",
    "price_break",
    "quotation_line",
    "agreed_price",
    "agreed_lead_time_days",
)
LINE_FIELDS = (
    "sku",
    "description",
    "unit",
    "ordered_quantity",
    "requested_on",
    "price_reason",
    *PRICED_FIELDS,
)

_ENTERED = PurchaseOrderLine.PriceSource.ENTERED


@dataclass(frozen=True, slots=True)
class LineChange:
    """New content of a line; None leaves a cell alone. `clears_price` takes the known price."""

    sku: Sku | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    clears_price: bool = False
    price_reason: str | None = None


@dataclass(frozen=True, slots=True)
class SupplierChoice:
    """The supplier picked, with the reason that an off-list one needs."""

    supplier: Supplier
    reason: str = ""
    explanation: str = ""
    asks_qualification: bool = False


@dataclass(frozen=True, slots=True)
class DraftChanges:
    """What is to change in a draft; `head` holds some of HEAD_FIELDS."""

    head: Mapping[str, Any] = field(default_factory=dict)
    choice: SupplierChoice | None = None
    lines: Mapping[int, LineChange] = field(default_factory=dict)
    added: Sequence[OrderedLine] = ()
    removed: Sequence[int] = ()

    def __bool__(self) -> bool:
        return bool(self.head or self.choice or self.lines or self.added or self.removed)


def only_place() -> Location | None:
    """The one place that goods can be shipped to, or None where there is a choice."""
    places = list(Location.objects.filter(is_active=True)[:2])
    return places[0] if len(places) == 1 else None


@transaction.atomic
def start_draft(*, changes: DraftChanges, currency: str, actor: User) -> PurchaseOrder:
    """Opens a draft with the first thing that was saved in an empty form; it ships to the
    organization's only place where there is but one."""
    order = draft_purchase_order(
        category=None,
        ship_to=only_place(),
        needed_on=None,
        supplier=None,
        cost_center="",
        lines=(),
        actor=actor,
        currency=currency,
    )
    return change_draft(order, changes=changes, actor=actor)


@transaction.atomic
def change_draft(
    order: PurchaseOrder,
    *,
    changes: DraftChanges,
    revision_shown: int | None = None,
    form_revision: int | None = None,
    actor: User,
) -> PurchaseOrder:
    """Changes a draft and prices anew what the change touches; the revision rises by one.

    Refused: an order that is no draft, a form over somebody else's change, a line that is gone, a
    quantity or price that cannot be kept, a blocked supplier, an off-list supplier without reason
    and explanation.
    """
    order = lock_order(order)
    require_status(order, PurchaseOrder.Status.DRAFT)
    require_revision(order, revision_shown)
    require_seen(order, form_revision, actor)
    lines = {line.line_no: line for line in lock_lines(order, _touched(order, changes))}
    words = _change_head(order, lines, changes.head)
    words += _choose_supplier(order, lines, changes.choice)
    words += _remove(lines, changes.removed)
    words += _change_lines(lines, changes.lines)
    _price_anew(order, lines, changes)
    words += _add(order, changes.added)
    order.revision += 1
    order.changed_at = timezone.now()
    order.save()
    record(
        "purchase_order.edited",
        order,
        actor=actor,
        summary=" ".join(words) or "Saved.",
        order_id=order.pk,
        supplier_id=order.supplier_id,
        revision=order.revision,
    )
    return order


def require_seen(order: PurchaseOrder, form_revision: int | None, actor: User) -> None:
    """Refuses a form that would write over what somebody else changed since the form was made. One's
    own later saves, a cell at a time, one knows."""
    if form_revision is None or order.revision <= form_revision:
        return
    since = BusinessEvent.objects.filter(
        subject_type=PurchaseOrder._meta.label_lower,
        subject_id=order.pk,
        payload__revision__gt=form_revision,
    )
    by_another = since.exclude(actor=actor).select_related("actor").order_by("-pk").first()
    if by_another is not None:
        raise BusinessRuleError(
            "changed_meanwhile",
            f"{by_another.actor or 'Somebody'} changed this order meanwhile. Look at it again "
            "before you go on.",
        )


def _touched(order: PurchaseOrder, changes: DraftChanges) -> Q:
    """The lines a change can reach: those it names and those of the same SKUs, or all."""
    if changes.choice or "needed_on" in changes.head:
        return Q()
    named = [*changes.lines, *changes.removed]
    others = PurchaseOrderLine.objects.filter(order=order, line_no__in=named)
    named_skus = [change.sku.pk for change in changes.lines.values() if change.sku]
    return Q(sku__in=others.values("sku")) | Q(sku__in=named_skus)


def _line(lines: Mapping[int, PurchaseOrderLine], line_no: int) -> PurchaseOrderLine:
    if line_no not in lines:
        raise BusinessRuleError(
            "line_gone", f"Line {line_no} was removed meanwhile. Open the order again."
        )
    return lines[line_no]


def _change_head(
    order: PurchaseOrder,
    lines: Mapping[int, PurchaseOrderLine],
    head: Mapping[str, Any],
) -> list[str]:
    for name, value in head.items():
        if name not in HEAD_FIELDS:
            raise KeyError(name)
        setattr(order, name, value.strip() if isinstance(value, str) else value)
    if "needed_on" in head:
        _request_for(lines.values(), order.needed_on)
    return [
        f"{PurchaseOrder._meta.get_field(name).verbose_name.capitalize()}: {value or '–'}."  # type: ignore[union-attr]
        for name, value in head.items()
    ]


def _request_for(lines: Any, day: date | None) -> None:
    for line in lines:
        line.requested_on = day
    write_lines(list(lines), ["requested_on"])


def _choose_supplier(
    order: PurchaseOrder,
    lines: Mapping[int, PurchaseOrderLine],
    choice: SupplierChoice | None,
) -> list[str]:
    if choice is None:
        return []
    if choice.supplier.currency != order.currency:
        for line in lines.values():  # a price in another currency is no price
            line.price_source = ""
    take_terms_of(order, choice.supplier)
    check = ask_about(order, {line.sku_id for line in lines.values()})
    if choice.reason or not check.needs_reason:
        order.off_list_reason = choice.reason if check.needs_reason else ""
        order.off_list_explanation = choice.explanation.strip() if check.needs_reason else ""
        order.off_list_supplier = choice.supplier if check.needs_reason else None
        order.off_list_given_at = timezone.now() if check.needs_reason else None
        order.qualification_asked = check.needs_reason and choice.asks_qualification
    require_supplier_allowed(order, check)
    return [f"Supplier: {choice.supplier}."]


def ask_about(
    order: PurchaseOrder, sku_ids: set[int], asked: AskedOrder | None = None
) -> ListCheck:
    """The list's answer for the order's supplier as the draft stands; for its category while it
    has no lines. With `asked` given, its amounts count against a provisional admission."""
    if order.supplier_id is None:
        return ListCheck({})
    today = timezone.localdate()
    if not sku_ids and order.category:
        return ListCheck.of_category(
            order.supplier_id, order.category, today, ship_to=order.ship_to_id
        )
    return check_list(order.supplier_id, sku_ids, today, asked, ship_to=order.ship_to_id)


def _remove(lines: dict[int, PurchaseOrderLine], removed: Sequence[int]) -> list[str]:
    gone = [_line(lines, line_no) for line_no in removed]
    if gone:
        PurchaseOrderLine.objects.filter(pk__in=[line.pk for line in gone]).delete()
    for line in gone:
        del lines[line.line_no]
    return [f"Line {line.line_no} removed." for line in gone]


def _change_lines(
    lines: Mapping[int, PurchaseOrderLine], changes: Mapping[int, LineChange]
) -> list[str]:
    """Takes over what was typed; prices and amounts follow in `_price_anew`."""
    words = []
    for line_no, change in changes.items():
        line = _line(lines, line_no)
        if change.sku is not None:
            line.sku, line.description = change.sku, change.sku.description
            line.unit, line.price_source = change.sku.unit, ""
            words.append(f"Line {line_no}: {change.sku}.")
        if change.quantity is not None:
            line.ordered_quantity = checked_quantity(change.quantity)
            words.append(f"Line {line_no}: quantity {quantity(change.quantity)}.")
        if change.unit_price is not None:
            line.unit_price, line.price_source = change.unit_price, _ENTERED
            words.append(f"Line {line_no}: price {unit_price(change.unit_price)}.")
        if change.clears_price:
            line.price_source = ""
            words.append(f"Line {line_no}: price as known.")
        if change.price_reason is not None:
            line.price_reason = change.price_reason.strip()[:300]
            words.append(f"Line {line_no}: reason {line.price_reason or '–'}.")
    return words


def _price_anew(
    order: PurchaseOrder,
    lines: Mapping[int, PurchaseOrderLine],
    changes: DraftChanges,
) -> None:
    """Prices the lines of every SKU touched, all lines when the supplier is another.

    A price that was entered stays; lines of one SKU reach an agreement's step together.
    """
    touched = {lines[line_no].sku_id for line_no in changes.lines if line_no in lines}
    anew = [line for line in lines.values() if changes.choice or line.sku_id in touched]
    if not anew:
        return
    prices = prices_for(order, anew)
    for line in anew:
        set_price(line, prices.get(line.sku_id), _entered_price(line), order.currency)
    write_lines(anew, LINE_FIELDS)


def _entered_price(line: PurchaseOrderLine) -> Decimal | None:
    """The price somebody typed; a zero without a reason only says that none was known."""
    typed = line.price_source == _ENTERED and (line.unit_price or line.price_reason)
    return line.unit_price if typed else None


def _add(order: PurchaseOrder, added: Sequence[OrderedLine]) -> list[str]:
    if not added:
        return []
    first = (order.lines.aggregate(last=Max("line_no"))["last"] or 0) + 1
    fresh = new_lines(order, added, first_line_no=first)
    PurchaseOrderLine.objects.bulk_create(fresh)
    if len(added) == 1:
        return [f"Line {first}: {added[0].sku}, {quantity(added[0].quantity)}."]
    return [f"{len(added)} lines added."]
