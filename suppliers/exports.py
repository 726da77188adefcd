"""What can be exported about suppliers, SKUs and terms: the columns of the imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Case, QuerySet, Value, When

from procure.exports import Cells, ExportOptions, export_kind
from procure.money import plain_decimal
from procure.units import canonical_unit
from suppliers.agreement_imports import last_day
from suppliers.models import (
    ApprovedVendor,
    Category,
    CategoryStrategy,
    DecisionCandidate,
    PriceBreak,
    Qualification,
    Sku,
    StrategyShare,
    Supplier,
)


@export_kind("suppliers")
def export_suppliers(_options: ExportOptions) -> Iterator[Cells]:
    """Every supplier, with the categories it was ever vetted for."""
    categories: dict[int, list[str]] = defaultdict(list)
    vetted = Qualification.objects.order_by("category__code").values_list(
        "supplier_id", "category__code"
    )
    for supplier_id, code in vetted:
        categories[supplier_id].append(code)
    for one in Supplier.objects.order_by("code_key"):
        yield (
            *(one.code, one.name, one.legal_name, one.tax_id, one.country, one.currency),
            *(one.payment_terms_days, one.incoterm, one.email, one.status),
            ";".join(categories[one.pk]),
        )


@export_kind("categories")
def export_categories(_options: ExportOptions) -> Iterable[Cells]:
    """The tree, parents by their codes."""
    return Category.objects.order_by("code").values_list(
        "code", "name", "parent__code", "lead_time_days", "criticality"
    )


@export_kind("skus")
def export_skus(_options: ExportOptions) -> Iterator[Cells]:
    """Every SKU; product_group repeats the category's code."""
    for one in Sku.objects.select_related("category").order_by("code_key"):
        yield (
            *(one.code, one.description, one.category.code, one.category.code),
            *(canonical_unit(one.unit), one.pack_size, one.standard_cost, one.sale_price),
            *(one.reorder_point, one.gtin),
        )


@export_kind("price_agreements")
def export_price_agreements(_options: ExportOptions) -> Iterator[Cells]:
    """Every agreed price, with the day on which it or its agreement ends."""
    prices = PriceBreak.objects.select_related("agreement__supplier", "sku").order_by(
        "agreement__number", "sku__code_key", "minimum_quantity", "valid_from"
    )
    for price in prices.iterator():
        agreement = price.agreement
        yield (
            *(agreement.number, agreement.supplier.code, price.sku.code, price.unit_price),
            *(agreement.currency, canonical_unit(price.unit), price.minimum_quantity),
            *(price.valid_from, last_day(price, agreement), price.lead_time_days),
            *(price.committed_quantity, price.minimum_order_quantity, price.order_multiple),
        )


@export_kind("approved_vendors")
def export_approved_vendors(_options: ExportOptions) -> Iterable[Cells]:
    """The whole list, entries that ended included."""
    rows: QuerySet[ApprovedVendor] = ApprovedVendor.objects.annotate(
        suggested=_yes_or_no("may_be_suggested"),
        ordered=_yes_or_no("may_be_ordered"),
        justified=_yes_or_no("needs_justification"),
    )
    return rows.order_by(
        "supplier__code_key", "category__code", "sku__code_key", "location__code", "valid_from"
    ).values_list(
        *("supplier__code", "category__code", "sku__code", "standing", "rank"),
        *("valid_from", "valid_to", "reason", "location__code", "share_percent"),
        *("suggested", "ordered", "justified"),
    )


def _yes_or_no(flag: str) -> Case:
    return Case(When(**{flag: True}, then=Value("yes")), default=Value("no"))


@export_kind("qualifications")
def export_qualifications(_options: ExportOptions) -> Iterable[Cells]:
    """How far every supplier is vetted, by category."""
    return Qualification.objects.order_by("supplier__code_key", "category__code").values_list(
        "supplier__code", "category__code", "status", "valid_to", "note"
    )


@export_kind(
    "sourcing_decisions",
    *("decision_number", "category_code", "sku", "title", "decided_on", "decided_by"),
    *("review_on", "origin", "superseded_by", "reason", "supplier_code", "chosen"),
    *("share_percent", "unit_price", "landed_price", "currency", "on_time_percent", "lines_due"),
    *("lead_time_p90", "lead_time_n", "score", "grade", "qualification", "standing", "note"),
)
def export_sourcing_decisions(_options: ExportOptions) -> Iterator[Cells]:
    """The decision log, a row per candidate, with the figures of the day."""
    rows = DecisionCandidate.objects.annotate(chosen=_yes_or_no("is_chosen"))
    yield from rows.order_by("decision__decided_on", "decision__number", "id").values_list(
        *("decision__number", "decision__category__code", "decision__sku__code"),
        *("decision__title", "decision__decided_on", "decision__decided_by__email"),
        *("decision__review_on", "decision__origin", "decision__superseded_by__number"),
        *("decision__reason", "supplier__code", "chosen", "share_percent", "unit_price"),
        *("landed_price", "currency", "on_time_percent", "lines_due", "lead_time_p90"),
        *("lead_time_n", "score", "grade", "qualification", "standing", "note"),
    )


@export_kind("category_strategies")
def export_category_strategies(_options: ExportOptions) -> Iterator[Cells]:
    """What each category's own strategy says; what it leaves open is empty."""
    preferred: dict[int, list[str]] = defaultdict(list)
    shares = StrategyShare.objects.select_related("supplier").order_by("supplier__code_key")
    for one in shares:
        share = "" if one.share_percent is None else f":{plain_decimal(one.share_percent)}"
        preferred[one.strategy_id].append(f"{one.supplier.code}{share}")
    rows = CategoryStrategy.objects.select_related("category", "owner").order_by("category__code")
    for one in rows:
        yield (
            *(one.category.code, one.objective, one.minimum_sources, one.lead_time_days),
            *(one.review_months, one.owner and one.owner.email, ";".join(preferred[one.pk])),
        )
