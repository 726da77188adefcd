"""Scorecards and SKU costs as rows for files: unrounded, and None where there is no data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from matching.cells import Documents, as_of_day
from matching.periods import period_of
from matching.scorecards import (
    Figures,
    amount_in_one_currency,
    figures_by_period,
    invoice_variance,
)
from matching.scoring import grade_of, score_of
from matching.sku_costs import costs_of
from procure.exchange import rates_on
from procure.models import Organization
from suppliers.models import Sku, Supplier
from suppliers.score_rules import scoring_on

SCORECARD_COLUMNS = (
    "supplier_code", "supplier", "lines_due", "lines_on_time", "on_time_percent",
    "in_full_percent", "otif_percent", "fill_rate_percent", "late_days_mean", "late_days_median",
    "lead_time_n", "lead_time_mean", "lead_time_median", "lead_time_p90", "rejected_ppm",
    "invoices", "invoice_accuracy_percent", "invoice_variance", "price_to_agreement_percent",
    "spend", "currency", "score", "grade", "as_of",
)  # fmt: skip
SKU_COST_COLUMNS = (
    "sku", "supplier_code", "lines", "suppliers", "currency", "agreed_price", "last_price",
    "last_on", "average_price", "min_price", "max_price", "standard_cost", "ppv", "landed_price",
    "as_of",
)  # fmt: skip


def scorecard_rows(
    organization: Organization, *, period: str = "all", as_of: date | None = None
) -> Iterator[dict[str, Any]]:
    """One row per supplier for a period: all, 365d, 90d, 2026-Q3 or 2026-09; an unknown one is
    refused. `as_of` is where a trailing period ends; the organization's today unless given."""
    today = as_of_day(organization)
    day = as_of or today
    days = period_of(period, day, today).days
    figures = figures_by_period(Documents(organization, today), [days])
    rates, scoring = rates_on(day), scoring_on(day)
    for supplier in Supplier.objects.order_by("code"):
        found = figures.get((supplier.pk, 0), Figures())
        measures = found.measures()
        score = score_of(measures, scoring)
        spend, currency = amount_in_one_currency(found.spend, supplier.currency, rates)
        row = {
            "supplier_code": supplier.code,
            "supplier": supplier.name,
            "lines_due": found.lines_due,
            "lines_on_time": found.lines_on_time,
            "lead_time_n": found.lead_time_n,
            "invoices": found.invoices,
            **measures,
            "invoice_variance": invoice_variance(found, supplier.currency, rates),
            "spend": spend,
            "currency": currency,
            "score": score,
            "grade": grade_of(score, found.lines_due, scoring) or None,
            "as_of": day,
        }
        yield {name: row[name] for name in SCORECARD_COLUMNS}


def sku_cost_rows(organization: Organization) -> Iterator[dict[str, Any]]:
    """One row per SKU and supplier, and one per SKU with an empty supplier code."""
    as_of = as_of_day(organization)
    suppliers = dict(Supplier.objects.values_list("pk", "code"))
    skus = dict(Sku.objects.values_list("pk", "code"))

    def place(row: dict[str, Any]) -> tuple[str, str, str]:
        return row["sku"], row["supplier_code"], row["currency"]

    rows = []
    for cost in costs_of(organization, None, as_of):
        last, _ = cost.last_and_previous
        rows.append(
            {
                "sku": skus[cost.key.sku_id],
                "supplier_code": suppliers.get(cost.key.supplier_id or 0, ""),
                "lines": cost.lines,
                "suppliers": len(cost.supplier_ids),
                "currency": cost.key.currency,
                "agreed_price": cost.agreed_price,
                "last_price": last and last.unit_price,
                "last_on": last and last.on,
                "average_price": cost.all_time.average,
                "min_price": cost.least,
                "max_price": cost.most,
                "standard_cost": cost.standard_cost,
                "ppv": cost.ppv,
                "landed_price": cost.landed.average,
                "as_of": as_of,
            }
        )
    yield from sorted(rows, key=place)
