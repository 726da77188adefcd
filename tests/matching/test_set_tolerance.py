"""Tolerance rules: versions, scopes from the nearest to the widest, refused when unreadable."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from matching.models import Tolerance
from matching.tolerances import Tolerances, set_tolerance
from procure.errors import BusinessRuleError
from suppliers.models import PriceBreak
from tests.matching.paying import DAY, an_order, billed, invoice, receive, status_of
from tests.world import World

pytestmark = pytest.mark.django_db
START = date(2026, 1, 1)


def price_limit(percent: object) -> dict[str, object]:
    return {"price": {"mode": "limit", "percent": str(percent)}}


def test_the_nearest_scope_wins_as_a_whole(inside: World) -> None:
    boxes, packaging = inside.boxes, inside.packaging
    scopes: list[tuple[dict[str, object], str]] = [
        ({}, "T-1 v1"),
        ({"category": packaging}, "T-2 v1, Packaging"),
        ({"category": boxes}, "T-3 v1, Boxes"),
        ({"supplier": inside.northline}, "T-4 v1, Northline Packaging"),
        ({"category": packaging, "supplier": inside.northline},
         "T-5 v1, Packaging, Northline Packaging"),
        ({"sku": inside.shipper}, "T-6 v1, CTN-12-KR"),
        ({"sku": inside.shipper, "supplier": inside.northline},
         "T-7 v1, CTN-12-KR, Northline Packaging"),
    ]  # fmt: skip
    for percent, (scope, name) in enumerate(scopes, 1):
        set_tolerance(**scope, limits=price_limit(percent), valid_from=START, actor=None)
        policy = Tolerances({DAY}).policy(inside.northline.pk, inside.shipper, boxes.lineage, DAY)
        assert (policy.rule, policy.price.percent) == (name, Decimal(percent))


def test_the_version_of_the_day_the_invoice_came_applies(inside: World) -> None:
    PriceBreak.objects.all().delete()
    set_tolerance(limits=price_limit(0), valid_from=START, actor=None)
    second = set_tolerance(limits=price_limit(50), valid_from=DAY, actor=None)
    assert (str(second), Tolerance.objects.get(version=1).valid_to) == (
        "T-1 v2",
        DAY - timedelta(days=1),
    )
    order = an_order(inside, (inside.shipper, 10, 1))
    receive(inside, order, (1, 10))
    before = invoice(inside, "A", billed(1, 1, 1.4), received_on=DAY - timedelta(days=1))
    after = invoice(inside, "B", billed(1, 1, 1.4), received_on=DAY)
    assert (status_of(before), status_of(after)) == ("open", "approved")


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"price": {"mode": "limit"}}, "limits"),
        ({"price": {"mode": "loose"}}, "limits"),
        ({"prices": {"mode": "off"}}, "limits"),
    ],
)
def test_limits_nobody_can_read_are_refused(
    inside: World, limits: dict[str, object], field: str
) -> None:
    with pytest.raises(BusinessRuleError) as refused:
        set_tolerance(limits=limits, valid_from=START, actor=None)
    assert refused.value.field == field
    assert not Tolerance.objects.exists()


def test_a_version_does_not_begin_before_the_one_in_force(inside: World) -> None:
    set_tolerance(limits=price_limit(1), valid_from=START, actor=None)
    with pytest.raises(BusinessRuleError, match="a new version begins later"):
        set_tolerance(limits=price_limit(2), valid_from=START, actor=None)
    assert Tolerance.objects.count() == 1
