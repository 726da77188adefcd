"""Limits that the AP lead of Fernhill has tried on past invoices."""

from __future__ import annotations

from matching.demo.company import Company
from matching.tolerances import default_limits
from matching.trying import try_tolerance

CATEGORY = "PACK"
PACKAGING = {"mode": "limit", "percent": "2", "amount": "40.00"}
WIDE = {"mode": "limit", "percent": "5", "amount": "150.00"}


def try_limits(company: Company) -> None:
    """Wider prices for one category; then for everything, which is looked at first."""
    lead = company.people["aplead"]
    try_tolerance(
        category=company.categories[CATEGORY],
        limits={**default_limits(), "price": PACKAGING, "contract_price": PACKAGING},
        days=180,
        actor=lead,
    )
    limits = {**default_limits(), "price": WIDE, "contract_price": WIDE, "header_cap": "250.00",
              "leakage_cap": "150.00"}  # fmt: skip
    try_tolerance(limits=limits, days=180, actor=lead)
