"""The order form at its largest: one saved cell, and the ranking of many suppliers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.test import Client

from purchasing.ordering import OrderedLine
from suppliers.models import Sku
from suppliers.pricing import WantedLine, line_prices
from suppliers.sourcing import supplier_ranking
from tests.benchmarks.company import make_company
from tests.benchmarks.measuring import Report, median, p95, say, spent, statements, target, timed
from tests.purchasing.buying import drafted, today
from tests.world import World

CELLS = 50
RANKINGS = 20
LINES = 300


def bench_form() -> Report:
    say(f"The order form with {LINES} lines, 5,000 SKUs and 500 suppliers.")
    world = make_company("form", skus=5000, suppliers=500)
    with world.inside():
        skus = list(Sku.objects.filter(category=world.boxes).order_by("-pk")[:LINES])
        skus = (skus * 2)[:LINES]  # a long order has a SKU on more than one line
        order = drafted(world, lines=[OrderedLine(sku, Decimal(10)) for sku in skus])
    client = Client(headers={"HX-Request": "true"}, SERVER_NAME="localhost")
    client.force_login(world.people["buyer"])
    base = world.url(f"orders/{order.public_id}/edit/")
    cells = [{f"line-{number}-ordered_quantity": str(number + 1)} for number in range(1, CELLS + 2)]
    post(client, f"{base}save/", cells.pop())
    with spent(CELLS) as cpu:
        times = [timed(lambda cell=cell: post(client, f"{base}save/", cell)) for cell in cells]
    with statements() as sent:
        post(client, f"{base}save/", {"line-9-unit_price": "0.77"})
    with statements() as page, spent() as opening:
        opened = timed(lambda: client.get(base))
    return {
        "one cell of 300 lines": {
            "p95_ms": target(p95(times), 150),
            "median_ms": median(times),
            "cpu_ms": cpu.figures(),
            "statements": sent.work,
            "slowest_statements": sent.worst(),
        },
        "opening the form": {
            "ms": round(opened, 1),
            "cpu_ms": opening.figures(),
            "statements": page.work,
        },
        "ranking and prices": ranking(world),
    }


def post(client: Client, path: str, cell: dict[str, str]) -> None:
    response = client.post(path, cell)
    assert response.status_code == 200, (response.status_code, response.content[:300])


def ranking(world: World) -> Report:
    """50 lines among 5,000 SKUs and 500 suppliers; then the prices of the best one."""
    with world.inside():
        skus = list(Sku.objects.filter(code__startswith="B-", category=world.boxes)[:50])
    wanted = [WantedLine(sku.pk, Decimal(10)) for sku in skus]

    def rank() -> int:
        with world.inside():
            rows = supplier_ranking(
                category=world.boxes,
                lines=wanted,
                needed_on=today() + timedelta(days=30),
                on=today(),
            )
            line_prices(rows[0].supplier.pk, wanted, today())
        return len(rows)

    candidates = rank()
    with spent(RANKINGS) as cpu:
        times = [timed(rank) for _ in range(RANKINGS)]
    with statements() as sent:
        rank()
    return {
        "candidates": candidates,
        "cpu_ms": cpu.figures(),
        "p95_ms": target(p95(times), 150),
        "median_ms": median(times),
        "statements": sent.work,
        "ms_waiting_for_the_database": round(sent.milliseconds, 1),
        "slowest_statements": sent.worst(),
    }
