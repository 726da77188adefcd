"""The order form at its largest: one saved cell, and the ranking of many suppliers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.test import Client

from purchasing.models import PurchaseOrder
from purchasing.ordering import OrderedLine
from suppliers.models import Sku
from suppliers.pricing import WantedLine, line_prices
from suppliers.sourcing import supplier_ranking
from tests.benchmarks.company import make_company
from tests.benchmarks.measuring import Report, median, p95, say, statements, target, timed
from tests.purchasing.buying import drafted, today

CELLS = 50
RANKINGS = 20
LINES = 300


def bench_form() -> Report:
    say(f"The order form with {LINES} lines, 5,000 SKUs and 500 suppliers.")
    world = make_company("form", skus=5000, suppliers=500)
    with world.inside():
        skus = list(Sku.objects.filter(code__startswith="B-").order_by("pk")[:LINES])
        order = drafted(world, lines=[OrderedLine(sku, Decimal(10)) for sku in skus])
    client = Client(headers={"HX-Request": "true"}, SERVER_NAME="localhost")
    client.force_login(world.people["buyer"])
    base = world.url(f"orders/{order.public_id}/edit/")
    cells = [{f"line-{number}-ordered_quantity": str(number + 1)} for number in range(1, CELLS + 2)]
    post(client, f"{base}save/", cells.pop())
    times = [timed(lambda cell=cell: post(client, f"{base}save/", cell)) for cell in cells]
    with statements() as sent:
        post(client, f"{base}save/", {"line-9-unit_price": "0.77"})
    with statements() as page, world.inside():
        opened = timed(lambda: client.get(base))
    return {
        "one cell of 300 lines": {
            "p95_ms": target(p95(times), 150),
            "median_ms": median(times),
            "statements": sent.work,
            "slowest_statements": sent.worst(),
        },
        "opening the form": {"ms": round(opened, 1), "statements": page.work},
        "ranking and prices": ranking(world, skus[:50], order),
    }


def post(client: Client, path: str, cell: dict[str, str]) -> None:
    response = client.post(path, cell)
    assert response.status_code == 200, (response.status_code, response.content[:300])


def ranking(world: object, skus: list[Sku], order: PurchaseOrder) -> Report:
    """50 lines among 5,000 SKUs and 500 suppliers; then the prices of the best one."""
    wanted = [WantedLine(sku.pk, Decimal(10)) for sku in skus]

    def rank() -> None:
        with world.inside():  # type: ignore[attr-defined]
            rows = supplier_ranking(
                category=world.boxes,  # type: ignore[attr-defined]
                lines=wanted,
                needed_on=today() + timedelta(days=30),
                on=today(),
            )
            line_prices(rows[0].supplier.pk, wanted, today())

    rank()
    times = [timed(rank) for _ in range(RANKINGS)]
    with statements() as sent:
        rank()
    return {
        "p95_ms": target(p95(times), 150),
        "median_ms": median(times),
        "statements": sent.work,
        "ms_waiting_for_the_database": round(sent.milliseconds, 1),
        "slowest_statements": sent.worst(),
    }
