"""Orders that replace what a stopped supplier owes: drafted from a drill, sent by nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.events import record
from procure.figures import long_date
from procure.models import BusinessEvent, User
from purchasing.drafts import OrderedLine
from purchasing.drilling import Drill, DrillLine, Replacement, drill_of
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.off_list import check_list
from purchasing.ordering import draft_purchase_order
from suppliers.merged_records import lock_supplier
from suppliers.models import Category, Supplier

DRILLED = "supplier.drilled"


@transaction.atomic
def draft_replacements(supplier: Supplier, *, actor: User) -> list[PurchaseOrder]:
    """One draft per approved fallback supplier and ship-to, with the quantities that `supplier` owes today.

    The drill is made anew; its result is recorded on the supplier, each draft on itself. Nothing
    is sent, and every draft goes the usual way. Refused: no open order that an approved fallback
    could take over, and drafts of an earlier drill that are still drafts.
    """
    supplier = lock_supplier(supplier)
    _require_no_drafts(supplier)
    today = timezone.localdate()
    drill = drill_of(supplier, supplier.organization.currency, today)
    drafted = [_draft(supplier, one, today, actor) for one in drill.replacements]
    orders = [order for order in drafted if order is not None]
    if not orders:
        raise BusinessRuleError(
            "nothing_to_replace", "No open order is lost that an approved fallback could take over."
        )
    record(
        DRILLED,
        supplier,
        actor=actor,
        summary=drill_in_words(drill, len(orders)),
        order_ids=[order.pk for order in orders],
        skus=len(drill.lines),
        without_fallback=drill.without_fallback,
        products=len(drill.products),
    )
    return orders


def drill_in_words(drill: Drill, drafts: int) -> str:
    """The result as the trail keeps it."""
    words = [
        f"If it stops today: {len(drill.lines)} SKUs, {drill.without_fallback} without a fallback,"
        f" {len(drill.products)} products."
    ]
    first = drill.first_out
    if first is not None and first.runs_out_on is not None:
        words.append(f"{first.sku} runs out first, on {long_date(first.runs_out_on)}.")
    words.append(f"{drafts} draft{'' if drafts == 1 else 's'} made.")
    return " ".join(words)


def open_drafts(supplier: Supplier) -> list[PurchaseOrder]:
    """What the last drill of this supplier drafted and nobody has submitted yet."""
    last = BusinessEvent.objects.filter(
        kind=DRILLED, subject_type=Supplier._meta.label_lower, subject_id=supplier.pk
    ).order_by("-id")
    ids = next(iter(last.values_list("payload__order_ids", flat=True)[:1]), None) or []
    drafts = PurchaseOrder.objects.filter(pk__in=ids, status=PurchaseOrder.Status.DRAFT)
    summed = drafts.annotate(line_count=Count("lines"), total=Sum("lines__amount"))
    return list(summed.select_related("supplier", "ship_to").order_by("pk"))


def _require_no_drafts(supplier: Supplier) -> None:
    if drafts := open_drafts(supplier):
        raise BusinessRuleError(
            "drafted_already",
            f"{len(drafts)} draft{'' if len(drafts) == 1 else 's'} of the last drill wait to be"
            " sent. Submit or cancel them first.",
        )


def _draft(
    stopped: Supplier, replacement: Replacement, on: date, actor: User
) -> PurchaseOrder | None:
    """The draft to where most of the lost goods were to go; none where the order form's guard
    would ask."""
    skus = {line.sku.pk for line in replacement.lines}
    lost = PurchaseOrderLine.objects.filter(
        sku_id__in=skus, order__supplier=stopped, order__status=PurchaseOrder.Status.ISSUED
    )
    ship_to = replacement.ship_to
    check = check_list(replacement.supplier.pk, skus, on, ship_to=ship_to.pk if ship_to else None)
    if check.needs_reason or check.is_refused or check.blocked:
        return None
    return draft_purchase_order(
        category=_category_of(replacement.lines),
        ship_to=ship_to,
        needed_on=min(_needed_on(line, on) for line in replacement.lines),
        supplier=replacement.supplier,
        cost_center=_most_frequent(lost.values_list("order__cost_center", flat=True)),
        lines=[
            OrderedLine(line.sku, line.lost_quantity, requested_on=_needed_on(line, on))
            for line in replacement.lines
        ],
        actor=actor,
    )


def _needed_on(line: DrillLine, on: date) -> date:
    """The day it runs out; where that is unknown, as soon as the fallback can."""
    return max(line.runs_out_on or on + timedelta(days=line.lead_days or 0), on)


def _category_of(lines: Sequence[DrillLine]) -> Category | None:
    """The nearest category that all of the SKUs lie under, else that of the first."""
    first: Category = lines[0].sku.category
    shared = [
        one for one in first.lineage if all(one in line.sku.category.lineage for line in lines)
    ]
    return Category.objects.filter(pk=shared[0]).first() if shared else first


def _most_frequent(values: Iterable[str]) -> str:
    counted = Counter(values).most_common(1)
    return counted[0][0] if counted else ""
