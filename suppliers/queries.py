"""What the lists of this app show: a fixed number of statements for any page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Window,
)

from suppliers.approved_vendors import STANDINGS, lacks_of_entries
from suppliers.models import (
    ApprovedVendor,
    Category,
    PriceAgreement,
    PriceBreak,
    Scorecard,
    Sku,
    SkuCost,
    StaleRollup,
    Supplier,
)
from suppliers.validity import valid_on

ANNUAL = Q(scorecards__period=Scorecard.Period.YEAR)


def supplier_rows() -> QuerySet[Supplier]:
    """Suppliers with their record over 12 months, to sort by."""
    return Supplier.objects.annotate(  # type: ignore[no-any-return]
        record=FilteredRelation("scorecards", condition=ANNUAL)
    ).annotate(
        on_time_percent=F("record__on_time_percent"),
        lines_due=F("record__lines_due"),
        months=F("record__months"),
        lead_time_median=F("record__lead_time_median"),
        spend=F("record__spend"),
        spend_currency=F("record__currency"),
        score=F("record__score"),
        grade=F("record__grade"),
    )


def entries_in_force(
    on: date,
    *,
    suppliers: Collection[Supplier] | None = None,
    categories: Collection[Category] | None = None,
) -> list[ApprovedVendor]:
    """Entries that hold on that day for these suppliers or categories, best standing first."""
    rows = ApprovedVendor.objects.filter(valid_on(on))
    if suppliers is not None:
        rows = rows.filter(supplier__in=suppliers)
    if categories is not None:
        rows = rows.filter(category__in=categories)
    found = rows.select_related("supplier", "category", "sku__category")
    return sorted(
        found, key=lambda entry: (STANDINGS.index(entry.standing), entry.rank, str(entry.category))
    )


@dataclass(slots=True)
class SupplierStanding:
    """What a supplier is on the list for: by standing, the names of categories and SKUs."""

    standing: str = ""
    words: str = ""
    names: list[str] = field(default_factory=list)
    more: int = 0


NAMES_SHOWN = 2


def supplier_standings(suppliers: Collection[Supplier], on: date) -> dict[int, SupplierStanding]:
    """Each supplier's best standing that counts on that day, in three statements."""
    entries = entries_in_force(on, suppliers=suppliers)
    lacks = lacks_of_entries(entries, on)
    standings: dict[int, SupplierStanding] = {}
    for entry in entries:
        if lacks[entry.pk]:
            continue
        known = standings.setdefault(
            entry.supplier_id, SupplierStanding(entry.standing, entry.get_standing_display())
        )
        name = str(entry.sku or entry.category)
        if known.standing != entry.standing or name in known.names:
            continue
        if len(known.names) < NAMES_SHOWN:
            known.names.append(name)
        else:
            known.more += 1
    return standings


def next_agreement_ends(suppliers: Collection[Supplier], on: date) -> dict[int, date | None]:
    """The last day that each supplier's agreements reach; None when one is open-ended."""
    rows = (
        PriceAgreement.objects.filter(valid_on(on), supplier__in=suppliers)
        .values("supplier_id")
        .annotate(last=Max("valid_to"), open_ended=Count("id", filter=Q(valid_to__isnull=True)))
        .order_by()
    )
    return {row["supplier_id"]: None if row["open_ended"] else row["last"] for row in rows}


def sku_rows() -> QuerySet[Sku]:
    """SKUs with what they cost last over all suppliers."""
    overall = SkuCost.objects.filter(sku=OuterRef("pk"), supplier__isnull=True).order_by("-last_on")
    rows: QuerySet[Sku] = Sku.objects.select_related("category").annotate(
        last_price=Subquery(overall.values("last_price")[:1]),
        last_on=Subquery(overall.values("last_on")[:1]),
        last_currency=Subquery(overall.values("currency")[:1]),
    )
    return rows


def agreed_supplier_counts(skus: Collection[Sku], on: date) -> dict[int, int]:
    """How many suppliers hold an agreed price for each SKU on that day."""
    rows = PriceBreak.objects.filter(
        valid_on(on), valid_on(on, "agreement__"), sku__in=skus
    ).order_by()
    return dict(
        rows.values_list("sku_id").annotate(count=Count("agreement__supplier", distinct=True))
    )


@dataclass(slots=True)
class CategorySources:
    """How a category is supplied: who is on its list, how many are in force, and its SKUs."""

    preferred: list[Supplier] = field(default_factory=list)
    approved: int = 0
    skus: int = 0


def category_sources(categories: Iterable[Category], on: date) -> dict[int, CategorySources]:
    """Sources per category, those of the categories above it included, in five statements.

    A supplier counts once per category, and only while its qualification holds.
    """
    tree = list(categories)
    entries = entries_in_force(on, categories=_with_ancestors(tree))
    lacks = lacks_of_entries(entries, on)
    by_category: dict[int, list[ApprovedVendor]] = defaultdict(list)
    for entry in entries:
        if not lacks[entry.pk] and entry.category_id is not None:
            by_category[entry.category_id].append(entry)
    counts = dict(
        Sku.objects.filter(category__in=tree, is_active=True)
        .values_list("category_id")
        .annotate(count=Count("id"))
        .order_by()
    )
    sources: dict[int, CategorySources] = {}
    for category in tree:
        found = CategorySources(skus=counts.get(category.pk, 0))
        seen: set[int] = set()
        for one in category.lineage:
            for entry in by_category[one]:
                if entry.supplier_id in seen:
                    continue
                seen.add(entry.supplier_id)
                if entry.standing == ApprovedVendor.Standing.PREFERRED:
                    found.preferred.append(entry.supplier)
        found.approved = len(seen)
        sources[category.pk] = found
    return sources


def relatives_of(category: Category) -> tuple[list[Category], list[Category]]:
    """The categories above, from the top, and those just below by name: one statement."""
    near = Category.objects.filter(Q(pk__in=category.lineage[1:]) | Q(parent=category))
    known = {one.pk: one for one in near.order_by("name")}
    above = [known[pk] for pk in reversed(category.lineage[1:]) if pk in known]
    return above, [one for one in known.values() if one.parent_id == category.pk]


def category_skus(category: Category, most: int = 20) -> tuple[list[Sku], int]:
    """The first SKUs in use of a category and below, and how many there are: one statement."""
    skus = Sku.objects.filter(category__lineage__contains=[category.pk], is_active=True)
    found = list(skus.annotate(total=Window(Count("id"))).order_by("code")[:most])
    return found, getattr(found[0], "total") if found else 0  # noqa: B009


def _with_ancestors(tree: Iterable[Category]) -> QuerySet[Category]:
    ids = {one for category in tree for one in category.lineage}
    return Category.objects.filter(pk__in=ids)


def approval_rows() -> QuerySet[ApprovedVendor]:
    """Entries of the approved vendor list with everything their rows name."""
    rows: QuerySet[ApprovedVendor] = ApprovedVendor.objects.select_related(
        "supplier", "category", "sku__category", "location", "decided_by"
    )
    return rows


def agreement_rows() -> QuerySet[PriceAgreement]:
    """Agreements with their supplier."""
    rows: QuerySet[PriceAgreement] = PriceAgreement.objects.select_related("supplier")
    return rows


def priced_sku_counts(agreements: Collection[PriceAgreement]) -> dict[int, int]:
    """How many SKUs each agreement prices."""
    rows = PriceBreak.objects.filter(agreement__in=agreements).order_by()
    return dict(rows.values_list("agreement_id").annotate(count=Count("sku", distinct=True)))


def suppliers_with_pending() -> QuerySet[Any]:
    """Suppliers, each with `is_pending`: whether documents changed that its results do not show."""
    stale = StaleRollup.objects.filter(supplier=OuterRef("pk"))
    rows: QuerySet[Any] = Supplier.objects.annotate(is_pending=Exists(stale))
    return rows


def results_are_pending(sku: Sku) -> bool:
    """Whether documents changed that the results of a SKU do not show yet."""
    return bool(StaleRollup.objects.filter(sku=sku).exists())
