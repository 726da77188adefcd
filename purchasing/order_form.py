"""What the order form shows, each part in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
)
from django.utils import timezone

from procure.figures import money, percent, quantity
from procure.models import User
from procure.money import ZERO, round_money
from purchasing.allowances import AskedOrder, within_allowances
from purchasing.drafting import ask_about
from purchasing.drafts import is_price_edited, prices_for
from purchasing.models import Approval, PurchaseOrder, PurchaseOrderLine
from purchasing.off_list import ListCheck
from purchasing.ordering import route_of
from purchasing.routing import RouteStep
from suppliers.approved_vendors import lineage_of
from suppliers.models import Category, SkuCost
from suppliers.pricing import LinePrice, WantedLine
from suppliers.sourcing import RankedSupplier, supplier_ranking

REACH = 2
"""A price step is within reach up to so many times the quantity."""
HALF_A_YEAR = 182  # days


@dataclass(frozen=True, slots=True)
class FormLine:
    """A line with the small print under its price: difference to last paid, or the next step."""

    line: PurchaseOrderLine
    hint: str = ""
    hint_tone: str = ""
    is_edited: bool = False
    arrives_on: date | None = None
    source: str = ""

    @property
    def key(self) -> str:
        """What the names of the row's cells begin with."""
        return f"line-{self.line.line_no}"


@dataclass(frozen=True, slots=True)
class OrderFigures:
    """The rail's totals; `against_last_paid` is None when nothing was bought before."""

    lines: int
    total: Decimal
    against_last_paid: Decimal | None


@dataclass(frozen=True, slots=True)
class Route:
    """The approval route as it stands now, with the usual time of each step."""

    steps: list[RouteStep]
    usual: list[timedelta | None] = field(default_factory=list)
    check: ListCheck = field(default_factory=lambda: ListCheck({}))

    @property
    def stages(self) -> list[tuple[RouteStep, timedelta | None]]:
        return list(zip(self.steps, self.usual, strict=True))


def form_lines(order: PurchaseOrder, line_nos: Sequence[int] | None = None) -> list[FormLine]:
    """The order's lines, or some and those of the same SKUs, with hints: one statement, and seven
    for the prices."""
    if order.pk is None:
        return []
    rows = order.lines.select_related("sku").order_by("line_no")
    if line_nos is not None:
        together = order.lines.filter(line_no__in=line_nos).values("sku")
        rows = rows.filter(sku__in=together)
    lines = list(rows)
    prices = prices_for(order, lines)
    lead_time = order.category.lead_time_days if order.category else None
    return [form_line(line, prices.get(line.sku_id), lead_time, order.currency) for line in lines]


def form_line(
    line: PurchaseOrderLine,
    known: LinePrice | None,
    category_lead_time: int | None,
    currency: str,
) -> FormLine:
    """One line with its hint and the agreement its price is from."""
    days = line.agreed_lead_time_days
    days = category_lead_time if days is None else days
    arrives = None if days is None else timezone.localdate() + timedelta(days=days)
    hint, tone = price_hint(line, known, currency)
    source = known.source_words if known and line.price_source == known.source else ""
    return FormLine(line, hint, tone, is_price_edited(line), arrives, source)


def price_hint(line: PurchaseOrderLine, known: LinePrice | None, currency: str) -> tuple[str, str]:
    """The one small line under a price, and its tone: what keeps the quantity from being sold,
    the next step when it is within reach, else how the price compares."""
    if known is None or (known.unit_price is None and not line.unit_price):
        return ("no price known", "warn") if not line.unit_price else ("", "")
    if lots := lot_hint(known):
        return lots, "warn"
    if tier := tier_hint(line, known, currency):
        return tier, "info"
    if known.last_paid:
        return against(line.unit_price, known.last_paid)
    words = {"standard": "standard cost", "agreement": "never bought"}
    return words.get(known.source, "never bought"), ""


def lot_hint(known: LinePrice) -> str:
    """Which quantity the agreement would sell, when it does not sell this one."""
    wanted = known.together
    if known.least and wanted < known.least:
        return f"sold from {quantity(known.least)}"
    if known.multiple and (over := wanted % known.multiple):
        less, more = wanted - over, wanted - over + known.multiple
        words = f"{quantity(less)} or {quantity(more)}" if less else quantity(more)
        return f"sold in multiples of {quantity(known.multiple)}: {words}"
    return ""


def tier_hint(line: PurchaseOrderLine, known: LinePrice, currency: str) -> str:
    """How much more reaches the next step, and what that quantity costs less there."""
    step, price = known.next_quantity, known.next_price
    if not step or price is None or step > known.together * REACH or price >= line.unit_price:
        return ""
    missing, saved = step - known.together, step * (line.unit_price - price)
    return (
        f"{quantity(missing)} more until the {quantity(step)} tier saves "
        f"{money(round_money(saved, currency), currency)}"
    )


def against(price: Decimal, last_paid: Decimal) -> tuple[str, str]:
    """A price beside the last one paid, in words and tone."""
    if price == last_paid:
        return "same as last paid", ""
    difference = (price - last_paid) / last_paid * 100
    words = f"{percent(difference, signed=True)} vs last paid"
    return words, "bad" if difference > 0 else "ok"


def order_figures(order: PurchaseOrder) -> OrderFigures:
    """Lines, total and the change against last paid prices: one statement."""
    if order.pk is None:
        return OrderFigures(0, ZERO, None)
    paid = SkuCost.objects.filter(
        sku=OuterRef("sku"), supplier=order.supplier_id, currency=order.currency
    ).values("last_price")[:1]
    sums = order.lines.annotate(paid=Subquery(paid)).aggregate(
        lines=Count("pk"),
        total=Sum("amount"),
        change=Sum(F("amount") - F("paid") * F("ordered_quantity"), filter=Q(paid__isnull=False)),
    )
    change = sums["change"]
    return OrderFigures(
        lines=sums["lines"],
        total=sums["total"] or ZERO,
        against_last_paid=None if change is None else round_money(change, order.currency),
    )


def current_route(
    order: PurchaseOrder,
    total: Decimal,
    actor: User,
    lines: Sequence[PurchaseOrderLine] | None = None,
) -> Route:
    """Whom this order of `total` would ask now; the list is not asked before a supplier is.

    Its `lines` are read where they are not given.
    """
    check = ListCheck({})
    if order.supplier_id is not None:
        lines = list(order.lines.all()) if lines is None else lines
        asked = AskedOrder.of(order, lines)
        check = ask_about(order, {line.sku_id for line in lines}, asked)
    steps = route_of(order, total, check, actor=actor)
    return Route(steps, usual_times(steps), check)


def usual_times(steps: Sequence[RouteStep]) -> list[timedelta | None]:
    """The median time each step's approver, else its role, took in the last half year."""
    decided = (
        Approval.objects.filter(
            decided_at__gte=timezone.now() - timedelta(days=HALF_A_YEAR),
            role__in=[step.role for step in steps],
        )
        .order_by()
        .values_list("role", "decided_by")
        .annotate(median=Median(F("decided_at") - F("created_at")))
    )
    medians: dict[tuple[str, int | None], timedelta] = {}
    for role, person, median in decided:
        medians[role, person] = median
        medians.setdefault((role, None), median)
    return [
        medians.get((step.role, step.approver.pk if step.approver else None))
        or medians.get((step.role, None))
        for step in steps
    ]


class Median(Aggregate):
    """The middle of some spans of time."""

    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def category_choices() -> list[tuple[Category, str]]:
    """Every category with its way from the top, as in Packaging › Corrugate: one statement."""
    categories = list(Category.objects.all())
    names = {category.pk: category.name for category in categories}
    paths = [
        (category, " › ".join(names[pk] for pk in reversed(lineage_of(category)) if pk in names))
        for category in categories
    ]
    return sorted(paths, key=lambda choice: choice[1].casefold())


def ranking(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine] | None = None
) -> list[RankedSupplier]:
    """The suppliers for the order as it stands; nothing before a category is chosen.

    Its `lines` are read where they are not given.
    """
    if order.category is None or order.pk is None:
        return []
    ordered = (
        order.lines.values_list("sku_id", "ordered_quantity")
        if lines is None
        else [(line.sku_id, line.ordered_quantity) for line in lines]
    )
    wanted = [WantedLine(*one) for one in ordered]
    today = timezone.localdate()
    rows = supplier_ranking(
        category=order.category,
        lines=wanted,
        needed_on=order.needed_on,
        on=today,
        ship_to=order.ship_to_id,
        including=[order.supplier_id] if order.supplier_id else [],
    )
    judged = within_allowances({row.supplier.pk: row.decision for row in rows}, None, today)
    return [replace(row, decision=judged[row.supplier.pk]) for row in rows]
