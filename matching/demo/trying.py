"""Limits that the AP lead of Fernhill has tried on past invoices."""

from __future__ import annotations

from matching.demo.company import Company
from matching.tolerances import default_limits
from matching.trying import try_tolerance

CATEGORY = "PACK"


def try_limits(company: Company) -> None:
    """Tighter prices for one category; then wider ones for everything, which is looked at first."""
    lead = company.people["aplead"]
    try_tolerance(
        category=company.categories[CATEGORY],
        limits={**default_limits(), "price": {"mode": "exact"}},
        days=365,
        actor=lead,
    )
    wide = {"mode": "limit", "percent": "5", "amount": "150.00"}
    limits = {**default_limits(), "price": wide, "contract_price": wide, "header_cap": "250.00"}
    try_tolerance(limits=limits, days=180, actor=lead)
