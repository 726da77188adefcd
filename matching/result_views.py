"""Scorecards and SKU costs on the screen: lists, one of each, and the documents behind them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from matching.cells import Documents, as_of_day
from matching.evidence import (
    ASPECTS,
    MOST_ROWS_IN_A_FILE,
    ROWS_PER_PAGE,
    DueLine,
    JudgedBill,
    Listing,
    ReceivedLine,
    due_lines,
    judged_bills,
    received_lines,
)
from matching.misses import CAUSES_OF, PARTY_WORDS
from matching.result_filters import ScorecardFilter, SkuCostFilter
from matching.scorecard_page import (
    PERIOD_WORDS,
    ScorecardPage,
    alternatives,
    approved_entries,
    listed_supplier,
    standing_words,
)
from matching.scoring import wilson_interval
from procure.errors import BusinessRuleError
from procure.exports import write_csv
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.models import Scorecard, Sku, SkuCost, StaleRollup, Supplier
from suppliers.rollups import pending_since
from suppliers.score_rules import scoring_on

SCORECARDS, SKU_COSTS = "Scorecards", "SKU costs"
SCORECARD_SORTS = {
    "supplier": "supplier__name",
    "grade": "grade",
    "score": "score",
    "on_time": "on_time_percent",
    "lines": "lines_due",
    "lead_time": "lead_time_median",
    "fill_rate": "fill_rate_percent",
    "invoices": "invoice_accuracy_percent",
    "price": "price_to_agreement_percent",
    "spend": "spend",
}
COST_SORTS = {
    "sku": "sku__code",
    "last": "last_price",
    "average": "average_price_365d",
    "landed": "landed_price",
    "ppv": "ppv",
    "suppliers": "suppliers",
    "amount": "amount",
}
WHOLE = "all"  # the month of an address that lists the whole period
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

DUE_COLUMNS = (
    "receipt", "order", "sku", "due_on", "received_on", "days_late", "lead_time_days",
    "quantity", "first_delivery", "unit_price", "agreed_price", "amount", "currency", "site",
    "caused_by",
)  # fmt: skip
BILL_COLUMNS = (
    "invoice",
    "invoiced_on",
    "expected",
    "over",
    "under",
    "amount",
    "currency",
    "holds",
)
RECEIVED_COLUMNS = (
    "receipt", "order", "supplier", "received_on", "quantity", "unit_price", "amount", "landed",
    "currency", "billed",
)  # fmt: skip


@requires("scorecards.read")
def scorecard_list(request: OrganizationRequest) -> HttpResponse:
    """Every supplier's scorecard over a trailing period, fifty to a page."""
    code = request.GET.get("period", "365d")
    code = code if code in Scorecard.Period.values else "365d"
    cards = Scorecard.objects.filter(period=code).select_related("supplier")
    shown = ScorecardFilter(request.GET, queryset=cards, request=request)
    page = _sorted_page(request, shown.qs, SCORECARD_SORTS, "supplier")
    as_of = as_of_day(request.organization)
    scoring = scoring_on(as_of)
    for card in page.object_list:
        card.on_time_interval = wilson_interval(card.lines_on_time, card.lines_due)
    return render_screen(
        request,
        "insight/scorecard_list.html",
        {
            "page": page,
            "scoring": scoring,
            "least_on_time": scoring.measures[0].nothing,
            "filter": shown,
            "views": _period_tabs(request, code),
            "as_of": as_of,
            "pending_since": pending_since(),
            "is_filtered": shown.form.has_changed(),
        },
        piece="insight/_scorecard_rows.html",
        breadcrumb=[SCORECARDS],
    )


def _period_tabs(request: OrganizationRequest, code: str) -> list[tuple[str, str, bool, None]]:
    tabs = []
    for period in ("365d", "90d", "all"):
        parameters = request.GET.copy()
        parameters["period"] = period
        parameters.pop("page", None)
        tabs.append((PERIOD_WORDS[period], f"?{parameters.urlencode()}", period == code, None))
    return tabs


@requires("scorecards.read")
def scorecard_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One supplier: score, tiles, months, and the documents behind the figure picked."""
    supplier = _supplier(request, public_id)
    month = request.GET.get("month", "")
    page = ScorecardPage(
        request.organization,
        supplier,
        code=request.GET.get("period", ""),
        key=request.GET.get("measure", ""),
        month=None if month == WHOLE else _month(month),
        is_whole=month == WHOLE,
    )
    is_file = request.GET.get("format") == "csv"
    listing = _documents_behind(request, page, is_file=is_file)
    if is_file:
        return _file(f"{supplier.code}-{page.view.key}.csv", *_rows_of(listing))
    entries = approved_entries(supplier, page.as_of)
    return render_screen(
        request,
        "insight/scorecard_detail.html",
        {
            "supplier": supplier,
            "card": page.card,
            "scorecard": page,
            "chart": page.chart(
                {month: _with(request, month=f"{month:%Y-%m}") for month in page.months}
            ),
            "listing": listing,
            "page": listing.page,
            "missed_only": "missed" in request.GET,
            "caused_by": PARTY_WORDS.get(request.GET.get("cause", ""), ""),
            "may_attribute": request.membership.may("misses.attribute"),
            "misses": [
                (words, count, _with(request, measure="otif", cause=key, month=WHOLE, missed=""))
                for key, words, count in page.misses
            ],
            "standing": standing_words(supplier, entries),
            "alternatives": alternatives(supplier, entries),
            "category": next((entry.category for entry in entries), None),
            "tiles": [
                (tile, _with(request, measure=tile.view.key, month=WHOLE, cause=""))
                for tile in page.tiles
            ],
            "periods": [
                (words, _with(request, period=code, month=""), code == page.period.code)
                for code, words in PERIOD_WORDS.items()
            ],
            "addresses": {
                "missed": _with(request, missed="1"),
                "all": _with(request, missed=""),
                "any_cause": _with(request, cause=""),
                "whole": _with(request, month=WHOLE),
                "csv": _with(request, format="csv"),
            },
        },
        piece="insight/_scorecard_body.html",
        breadcrumb=[_crumb(request, SCORECARDS, "matching:scorecard_list"), supplier.name],
    )


def _supplier(request: OrganizationRequest, public_id: uuid.UUID) -> Supplier:
    suppliers = listed_supplier(request.organization, as_of_day(request.organization))
    return get_object_or_404(suppliers.prefetch_related("scorecards"), public_id=public_id)


def _documents_behind(
    request: OrganizationRequest, page: ScorecardPage, *, is_file: bool
) -> Listing[Any]:
    documents = Documents(request.organization, page.as_of, suppliers=[page.supplier.pk])
    options: dict[str, Any] = {
        "missed_only": "missed" in request.GET,
        "number": 1 if is_file else _page_number(request),
        "size": MOST_ROWS_IN_A_FILE if is_file else ROWS_PER_PAGE,
    }
    if page.view.key == "invoice-accuracy":
        return judged_bills(documents, page.days, **options)
    causes = CAUSES_OF.get(request.GET.get("cause", ""), ())
    return due_lines(documents, page.days, ASPECTS[page.view.key], causes=causes, **options)


def _rows_of(listing: Listing[Any]) -> tuple[Sequence[str], list[Sequence[Any]]]:
    rows = list(listing.page.object_list)
    if rows and isinstance(rows[0], JudgedBill):
        return BILL_COLUMNS, [_bill_cells(row) for row in rows]
    return DUE_COLUMNS, [_due_cells(row) for row in rows]


def _due_cells(row: DueLine) -> Sequence[Any]:
    return (
        row.receipt_number, row.order_number, row.sku, row.due_on, row.done_on, row.days_late,
        row.lead_time, row.needed, row.first_quantity, row.unit_price, row.agreed_price,
        row.amount, row.currency, row.site, row.cause or "",
    )  # fmt: skip


def _bill_cells(row: JudgedBill) -> Sequence[Any]:
    return (
        row.number, row.invoiced_on, row.expected, row.over, row.under, row.amount, row.currency,
        " ".join(row.checks or ()),
    )  # fmt: skip


def _received_cells(row: ReceivedLine) -> Sequence[Any]:
    return (
        row.receipt_number, row.order_number, row.supplier, row.received_on, row.quantity,
        row.unit_price, row.amount, row.landed, row.currency, row.is_billed,
    )  # fmt: skip


@requires("costs.read")
def sku_cost_list(request: OrganizationRequest) -> HttpResponse:
    """What every SKU cost over all its suppliers, fifty to a page."""
    costs = _with_cheapest(SkuCost.objects.filter(supplier=None).select_related("sku"))
    shown = SkuCostFilter(request.GET, queryset=costs, request=request)
    page = _sorted_page(request, shown.qs, COST_SORTS, "sku")
    return render_screen(
        request,
        "insight/sku_cost_list.html",
        {
            "page": page,
            "filter": shown,
            "as_of": as_of_day(request.organization),
            "pending_since": pending_since(),
            "is_filtered": shown.form.has_changed(),
        },
        piece="insight/_sku_cost_rows.html",
        breadcrumb=[SKU_COSTS],
    )


def _with_cheapest(costs: QuerySet[SkuCost]) -> QuerySet[SkuCost]:
    """Costs with the supplier whose landed price is lowest in the same currency."""
    cheapest = SkuCost.objects.filter(
        sku_id=OuterRef("sku_id"), currency=OuterRef("currency"), supplier__isnull=False
    ).order_by(F("landed_price").asc(nulls_last=True), "supplier_id")
    annotated: QuerySet[SkuCost] = costs.annotate(
        cheapest_name=Subquery(cheapest.values("supplier__name")[:1]),
        cheapest_price=Subquery(cheapest.values("landed_price")[:1]),
    )
    return annotated


@requires("costs.read")
def sku_cost_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One SKU: what it cost, by supplier, and the received lines that make the figures."""
    pending = StaleRollup.objects.filter(sku_id=OuterRef("pk")).order_by("marked_at")
    skus = Sku.objects.annotate(pending_since=Subquery(pending.values("marked_at")[:1]))
    sku = get_object_or_404(skus.select_related("category"), public_id=public_id)
    costs = list(
        sku.costs.select_related("supplier").order_by(F("landed_price").asc(nulls_last=True))
    )
    chosen = next((c for c in costs if c.supplier and _is_chosen(request, c.supplier)), None)
    is_file = request.GET.get("format") == "csv"
    received = received_lines(
        Documents(
            request.organization,
            as_of_day(request.organization),
            suppliers=[chosen.supplier_id] if chosen and chosen.supplier_id else None,
            skus=[sku.pk],
        ),
        currency=chosen.currency if chosen else None,
        number=1 if is_file else _page_number(request),
        size=MOST_ROWS_IN_A_FILE if is_file else ROWS_PER_PAGE,
    )
    if is_file:
        rows = [_received_cells(row) for row in received.page.object_list]
        return _file(f"{sku.code}-received.csv", RECEIVED_COLUMNS, rows)
    overall = next((cost for cost in costs if cost.supplier is None), None)
    return render_screen(
        request,
        "insight/sku_cost_detail.html",
        {
            "sku": sku,
            "cost": chosen or overall,
            "overall": overall,
            "chosen": chosen,
            "costs": [
                (cost, _with(request, supplier=str(cost.supplier.public_id)))
                for cost in costs
                if cost.supplier
            ],
            "received": received,
            "page": received.page,
            "as_of": as_of_day(request.organization),
            "addresses": {"all": _with(request, supplier=""), "csv": _with(request, format="csv")},
        },
        piece="insight/_sku_cost_body.html",
        breadcrumb=[_crumb(request, SKU_COSTS, "matching:sku_cost_list"), sku.code],
    )


def _is_chosen(request: OrganizationRequest, supplier: Supplier) -> bool:
    return request.GET.get("supplier", "") == str(supplier.public_id)


def _crumb(request: OrganizationRequest, words: str, url_name: str) -> tuple[str, str]:
    return words, reverse(url_name, args=[request.organization.slug])


def _month(text: str) -> date | None:
    """The month of the address; one that is none is refused in words."""
    if not text:
        return None
    found = _MONTH.fullmatch(text)
    if not found:
        raise BusinessRuleError("unknown_month", f"“{text}” is no month. Use 2026-09.", "month")
    return date(int(found[1]), int(found[2]), 1)


def _page_number(request: OrganizationRequest) -> int:
    text = request.GET.get("page", "")
    return max(int(text), 1) if re.fullmatch(r"[0-9]{1,6}", text) else 1


def _with(request: OrganizationRequest, **changes: str) -> str:
    """This address with other parameters; an empty one is left out, and the page begins anew."""
    parameters = request.GET.copy()
    for name in ("page", "format"):
        parameters.pop(name, None)
    for name, value in changes.items():
        parameters.pop(name, None)
        if value:
            parameters[name] = value
    return f"{request.path}?{parameters.urlencode()}" if parameters else request.path


def _sorted_page(
    request: OrganizationRequest, rows: QuerySet[Any], sorts: Mapping[str, str], default: str
) -> Page[Any]:
    wanted = request.GET.get("sort", "")
    column = F(sorts.get(wanted.removeprefix("-"), sorts[default]))
    is_descending = wanted.startswith("-")
    order = column.desc(nulls_last=True) if is_descending else column.asc(nulls_last=True)
    return Paginator(rows.order_by(order, "pk"), ROWS_PER_PAGE).get_page(request.GET.get("page"))


def _file(name: str, columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    response = HttpResponse(write_csv(columns, rows), content_type="text/csv; charset=utf-8")
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    response.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response
