"""How the ranking speaks: the basis of a price and the reasons for a place, in a few words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from procure.figures import long_date
from suppliers.pricing import AGREEMENT, LAST_PAID, QUOTE, LinePrice


def price_basis(prices: Collection[LinePrice]) -> str:
    """What an order's prices rest on: "Contract price to 31 Mar 2027", "Last paid 12 Nov"."""
    priced = [price for price in prices if price.unit_price is not None]
    if not priced:
        return "No price known" if prices else ""
    contracted = [price for price in priced if price.source == AGREEMENT]
    if len(contracted) == len(prices):
        ends = [price.agreed_to for price in contracted if price.agreed_to]
        return f"Contract price to {long_date(min(ends))}" if ends else "Contract price"
    if contracted:
        return f"Contract price for {len(contracted)} of {len(prices)} lines"
    quoted = [price.quoted_to for price in priced if price.source == QUOTE and price.quoted_to]
    if quoted and len(quoted) == len(prices):
        return f"Quoted price to {long_date(min(quoted))}"
    if quoted:
        return f"Quoted price for {len(quoted)} of {len(prices)} lines"
    paid = [price.last_paid_on for price in priced if price.source == LAST_PAID]
    if len(paid) == len(prices):
        known = [day for day in paid if day]
        return f"Last paid {long_date(max(known))}" if known else "Last paid price"
    if paid:
        return f"Last paid for {len(paid)} of {len(prices)} lines, else standard cost"
    return "Standard cost, no agreement"


def fallback_since(since: date | None, is_qualified: bool) -> str:
    """Why a backup stands in the list."""
    words = "qualified fallback" if is_qualified else "fallback"
    return f"{words} since {since.year}" if since else words
