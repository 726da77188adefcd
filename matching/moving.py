"""What moved lately, on the home screen: suppliers whose score fell, SKUs whose price moved."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import DecimalField, F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Abs, Cast
from django.urls import reverse

from matching.cells import as_of_day
from procure.figures import decimal_of, percent, plain, short_date, unit_price
from procure.money import ZERO
from procure.tenancy import OrganizationRequest
from procure.work import Moved, Movement, tells_moved
from suppliers.models import Scorecard, SkuCost

MOST_ROWS = 5
RECENT_DAYS = 30
LEAST_FALL = 5  # points of a score; what is less is noise
_SCORE = DecimalField(max_digits=7, decimal_places=4)
_RATIO = DecimalField(max_digits=24, decimal_places=12)


@tells_moved
def fallen_scores(request: OrganizationRequest) -> Moved:
    """The suppliers that lost most points in 90 days, of those with enough lines for a grade."""
    before = Cast(KeyTextTransform("score", "before"), _SCORE)
    cards = (
        Scorecard.objects.filter(period=Scorecard.Period.QUARTER)
        .exclude(grade="")
        .annotate(fall=before - F("score"))
        .filter(fall__gte=LEAST_FALL)
        .select_related("supplier")
        .order_by("-fall", "pk")[:MOST_ROWS]
    )
    slug = request.organization.slug
    period = f"?period={Scorecard.Period.QUARTER}"
    return Moved(
        title="Suppliers whose score fell",
        note="90 days against the 90 before",
        rows=[
            Movement(
                title=card.supplier.name,
                detail=_why_fallen(card),
                now=_score(card.score),
                change=f"was {_score(card.before['score'])}",
                tone="bad",
                address=reverse("matching:scorecard_detail", args=[slug, card.supplier.public_id])
                + period,
            )
            for card in cards
        ],
        more="All scorecards",
        address=f"{reverse('matching:scorecard_list', args=[slug])}{period}",
    )


@tells_moved
def moved_prices(request: OrganizationRequest) -> Moved:
    """The SKUs whose price moved most, of those ordered in the last 30 days, over all suppliers."""
    ratio = F("last_price") / F("previous_price") - 1
    since = as_of_day(request.organization) - timedelta(days=RECENT_DAYS)
    costs = (
        SkuCost.objects.filter(
            ~Q(last_price=F("previous_price")),
            supplier__isnull=True,
            last_on__gte=since,
            previous_price__gt=0,
        )
        .annotate(moved=Abs(Cast(ratio, _RATIO)))
        .select_related("sku")
        .order_by("-moved", "pk")[:MOST_ROWS]
    )
    slug = request.organization.slug
    return Moved(
        title="Prices that moved",
        note="last order against the one before, 30 days",
        rows=[
            Movement(
                title=cost.sku.code,
                detail=f"{cost.sku.description}, ordered {short_date(cost.last_on)}",
                now=f"{unit_price(cost.last_price)} {cost.currency}",
                change=percent(cost.price_rise, signed=True),
                tone="bad" if cost.last_price > cost.previous_price else "ok",
                address=reverse("matching:sku_cost_detail", args=[slug, cost.sku.public_id]),
            )
            for cost in costs
        ],
        more="All SKU costs",
        address=reverse("matching:sku_cost_list", args=[slug]),
    )


def _why_fallen(card: Scorecard) -> str:
    """The measure that most people ask for first, then and now."""
    then = card.before.get("on_time_percent")
    words = f"On time {percent(card.on_time_percent)}"
    return f"{words}, was {percent(then)}" if then is not None else words


def _score(value: object) -> str:
    return plain(decimal_of(value) or ZERO, least=1, most=1)
