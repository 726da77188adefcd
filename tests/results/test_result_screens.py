"""Scorecard and SKU cost screens: every number opens documents that add up to it."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from matching.cells import today_of
from matching.draining import drain
from matching.verification import mark_everything
from suppliers.models import Scorecard, SkuCost, StaleRollup, Supplier
from tests.factories import ApprovedVendorFactory, SkuFactory, SupplierFactory
from tests.results.trade import Trade
from tests.world import World

MOST_STATEMENTS = 14


@pytest.fixture
def trade(world: World) -> Trade:
    return Trade(world)


@pytest.fixture
def busy(trade: Trade) -> Trade:
    """Northline: twelve lines over four months, three of them late, one open, invoices, returns."""
    world = trade.world
    today = today_of(world.organization)
    with world.inside():
        for number in range(12):
            due = today - timedelta(days=5 + number * 9)
            line = trade.order(
                100, "1.00", due=str(due), issued=str(due - timedelta(days=14)),
                agreed_price="0.95" if number % 4 == 0 else "1.00", agreed_lead_time_days=14,
                sku=world.shipper if number % 3 else world.divider,
            )  # fmt: skip
            if number == 11:
                continue
            late = 6 if number in (2, 5, 7) else 0
            trade.receive(line, 60, str(due + timedelta(days=late - 1)), rejected=2)
            trade.receive(line, 40, str(due + timedelta(days=late)))
            trade.bill(
                [(line, 100, 105 if number == 3 else 100)], on=str(due + timedelta(days=late)),
                charges={"freight": "3.50"}, holds=["PRICE"] if number == 3 else [],
            )  # fmt: skip
        trade.give_back(line=trade.order(10, due=str(today)), quantity=1, on=str(today))
    drain(world.organization.pk)
    return trade


def scorecard_url(trade: Trade, query: str = "", supplier: Supplier | None = None) -> str:
    supplier = supplier or trade.world.northline
    return trade.world.url(f"scorecards/{supplier.public_id}/{query}")


def cost_url(trade: Trade, query: str = "") -> str:
    return trade.world.url(f"sku-costs/{trade.world.shipper.public_id}/{query}")


def rows_of(client: Client, url: str) -> list[dict[str, str]]:
    response = client.get(url)
    assert response.headers["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def card(trade: Trade, period: str = "365d") -> Scorecard:
    with trade.world.inside():
        return Scorecard.objects.get(supplier=trade.world.northline, period=period)


@pytest.mark.parametrize("period", ["365d", "90d", "all"])
def test_the_documents_of_each_tile_add_up_to_it(busy: Trade, period: str) -> None:
    client, stored = busy.world.client("operations_lead"), card(busy, period)
    query = f"?period={period}&month=all&format=csv&measure="
    due = rows_of(client, scorecard_url(busy, f"{query}on-time"))
    assert len(due) == stored.lines_due
    assert sum(Decimal(row["amount"]) for row in due) == stored.spend
    on_time = [row for row in due if row["received_on"] and int(row["days_late"]) <= 0]
    assert len(on_time) == stored.lines_on_time
    timed = rows_of(client, scorecard_url(busy, f"{query}lead-time"))
    assert len(timed) == stored.lead_time_n
    assert sum(Decimal(row["lead_time_days"]) for row in timed) / len(timed) == pytest.approx(
        stored.lead_time_mean, abs=Decimal("0.0001")
    )
    filled = rows_of(client, scorecard_url(busy, f"{query}fill-rate"))
    first = sum(Decimal(row["first_delivery"]) for row in filled)
    ordered = sum(Decimal(row["quantity"]) for row in filled)
    assert 100 * first / ordered == pytest.approx(stored.fill_rate_percent, abs=Decimal("0.0001"))
    priced = rows_of(client, scorecard_url(busy, f"{query}price"))
    met = [row for row in priced if Decimal(row["unit_price"]) <= Decimal(row["agreed_price"])]
    assert len(priced) == stored.lines_with_agreement
    assert 100 * Decimal(len(met)) / len(priced) == pytest.approx(
        stored.price_to_agreement_percent, abs=Decimal("0.0001")
    )
    bills = rows_of(client, scorecard_url(busy, f"{query}invoice-accuracy"))
    assert len(bills) == stored.invoices
    accurate = [row for row in bills if not row["holds"]]
    assert 100 * Decimal(len(accurate)) / len(bills) == pytest.approx(
        stored.invoice_accuracy_percent, abs=Decimal("0.0001")
    )


def test_the_documents_of_a_month_add_up_to_the_months_of_the_chart(busy: Trade) -> None:
    client = busy.world.client("buyer")
    body = client.get(scorecard_url(busy, "?period=all")).content.decode()
    counts = re.findall(r'aria-label="\w+ \d{4}: [^,]+, (\d+) lines due"', body)
    months = re.findall(r"month=(\d{4}-\d{2})\" aria-label", body)
    assert len(months) == 12
    listed = [
        len(rows_of(client, scorecard_url(busy, f"?period=all&month={month}&format=csv")))
        for month in months
    ]
    assert [int(count) for count in counts] == listed
    assert sum(listed) == card(busy, "all").lines_due == 12


def test_the_latest_month_with_documents_is_open_at_first(busy: Trade) -> None:
    client = busy.world.client("buyer")
    month = f"{today_of(busy.world.organization) - timedelta(days=5):%Y-%m}"
    shown = rows_of(client, scorecard_url(busy, "?format=csv"))
    assert shown == rows_of(client, scorecard_url(busy, f"?month={month}&format=csv")) != []


def test_the_late_ones_come_first_and_can_be_had_alone(busy: Trade) -> None:
    client = busy.world.client("buyer")
    rows = rows_of(client, scorecard_url(busy, "?period=all&month=all&format=csv"))
    assert [row["days_late"] for row in rows[:5]] == ["", "6", "6", "6", "0"]
    assert (
        len(rows_of(client, scorecard_url(busy, "?period=all&month=all&missed=1&format=csv"))) == 4
    )
    body = client.get(scorecard_url(busy, "?period=all&month=all&missed=1")).content.decode()
    assert "8 of 12 on time" in body
    assert "4 of 4 lines that missed were" in body
    assert "Late only" in body


def test_the_parts_of_the_score_add_up_to_the_score_shown(busy: Trade) -> None:
    body = busy.world.client("buyer").get(scorecard_url(busy)).content.decode()
    start = body.index('<table class="pc-score">')
    table = body[start : body.index("</tfoot>", start)]
    points = [Decimal(text) for text in re.findall(r"<td>(\d+\.\d)</td>", table)]
    assert len(points) == 6
    assert sum(points[:-1]) == points[-1]
    assert points[-1] == round(card(busy).score, 1)


def test_the_documents_of_a_cost_add_up_to_it(busy: Trade) -> None:
    client = busy.world.client("buyer")
    with busy.world.inside():
        cost = SkuCost.objects.get(sku=busy.world.shipper, supplier=None)
    rows = rows_of(client, cost_url(busy, "?format=csv"))
    assert len(rows) == cost.lines
    assert sum(Decimal(row["quantity"]) for row in rows) == cost.received_quantity
    amount = sum(Decimal(row["amount"]) for row in rows)
    assert amount == cost.amount
    assert amount / cost.received_quantity == pytest.approx(
        cost.average_price, abs=Decimal("0.000001")
    )
    landed = sum(Decimal(row["landed"]) for row in rows)
    assert landed / cost.received_quantity == pytest.approx(
        cost.landed_price, abs=Decimal("0.000001")
    )
    assert Decimal(rows[0]["unit_price"]) == cost.last_price
    only = f"?supplier={busy.world.northline.public_id}&format=csv"
    assert len(rows_of(client, cost_url(busy, only))) == cost.lines


def test_one_page_of_documents_says_what_all_of_them_add_up_to(trade: Trade) -> None:
    due = today_of(trade.world.organization) - timedelta(days=30)
    with trade.world.inside():
        for _ in range(60):
            trade.receive(trade.order(1, "2.00", due=str(due)), 1, str(due))
    drain(trade.world.organization.pk)
    client = trade.world.client("buyer")
    first = client.get(scorecard_url(trade, "?month=all")).content.decode()
    assert "60 of 60 on time" in first
    assert "All 60 lines" in first
    assert "1 to 25 of 60 documents" in first
    assert (
        "51 to 60 of 60 documents"
        in client.get(scorecard_url(trade, "?month=all&page=3")).content.decode()
    )
    assert "120.00" in client.get(cost_url(trade, "?page=2")).content.decode()


def test_a_pending_change_is_said_until_it_is_in_the_figures(busy: Trade) -> None:
    client = busy.world.client("buyer")
    pages = (
        scorecard_url(busy),
        busy.world.url("scorecards/"),
        cost_url(busy),
        busy.world.url("sku-costs/"),
    )
    assert not any("Recomputing" in client.get(url).content.decode() for url in pages)
    with busy.world.inside():
        busy.order()
    assert all("Recomputing" in client.get(url).content.decode() for url in pages)


def test_a_calendar_period_and_a_month_without_documents_are_shown(busy: Trade) -> None:
    client = busy.world.client("auditor")
    today = today_of(busy.world.organization)
    quarter = f"{today.year}-Q{(today.month + 2) // 3}"
    for query in (f"?period={quarter}", "?period=2019-01", "?month=2019-01", "?measure=nonsense"):
        assert client.get(scorecard_url(busy, query)).status_code == 200
    body = client.get(scorecard_url(busy, "?month=2019-01")).content.decode()
    assert "No documents in these days." in body


@pytest.mark.parametrize("query", ["?period=soon", "?month=2026-14", "?month=now"])
def test_a_damaged_address_is_refused_in_words(busy: Trade, query: str) -> None:
    response = busy.world.client("buyer").get(scorecard_url(busy, query))
    assert 400 <= response.status_code < 500


def test_a_supplier_and_a_sku_without_documents_say_so(busy: Trade) -> None:
    client = busy.world.client("buyer")
    empty = client.get(scorecard_url(busy, supplier=busy.world.kestrel)).content.decode()
    assert "No score" in empty
    with busy.world.inside():
        sku = SkuFactory(code="NEW")
    assert (
        "Nothing received yet"
        in client.get(busy.world.url(f"sku-costs/{sku.public_id}/")).content.decode()
    )


def test_lists_filter_and_sort(busy: Trade) -> None:
    client = busy.world.client("buyer")

    def body(query: str) -> str:
        return client.get(busy.world.url(f"scorecards/{query}")).content.decode()

    assert "Northline" in body("?q=north")
    assert "Northline" not in body("?q=kestrel")
    assert "Northline" not in body("?grade=none")
    for sort in ("score", "-on_time", "supplier", "unknown"):
        assert "Northline" in body(f"?sort={sort}")
    costs = client.get(busy.world.url("sku-costs/?single=on&sort=-ppv")).content.decode()
    assert "CTN-12-KR" in costs


def test_alternatives_of_the_category_are_compared(busy: Trade) -> None:
    world, today = busy.world, today_of(busy.world.organization)
    with world.inside():
        ApprovedVendorFactory(supplier=world.kestrel, category=world.packaging, standing="backup")
        line = busy.order(100, "1.10", due=str(today - timedelta(days=9)), supplier=world.kestrel)
        busy.receive(line, 100, str(today - timedelta(days=9)))
    drain(world.organization.pk)
    body = busy.world.client("buyer").get(scorecard_url(busy)).content.decode()
    assert "Preferred for Packaging" in body
    panel = body[body.index("alternatives-title") :]
    assert "Kestrel Pack" in panel
    assert re.search(r"\+\d+\.\d%", panel)


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len([one for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def test_screens_take_few_statements_and_the_same_for_ten_rows_and_a_hundred(busy: Trade) -> None:
    client, world = busy.world.client("admin"), busy.world
    urls = [
        world.url("scorecards/"), scorecard_url(busy), scorecard_url(busy, "?measure=invoice-accuracy"),
        scorecard_url(busy, "?period=2026-01"), world.url("sku-costs/"), cost_url(busy),
    ]  # fmt: skip
    few = [statements(client, url) for url in urls]
    due = str(today_of(world.organization) - timedelta(days=20))
    with world.inside():
        for _ in range(100):
            supplier, sku = SupplierFactory(), SkuFactory()
            busy.receive(busy.order(due=due, supplier=supplier, sku=sku), 100, due)
            busy.receive(busy.order(due=due), 100, due)
        StaleRollup.objects.all().delete()
        mark_everything()
    drain(world.organization.pk)
    assert [statements(client, url) for url in urls] == few
    assert max(few) <= MOST_STATEMENTS, few


def test_the_piece_for_htmx_has_no_frame(busy: Trade) -> None:
    headers: dict[str, Any] = {"HX-Request": "true"}
    response = busy.world.client("buyer").get(scorecard_url(busy), headers=headers)
    assert "<html" not in response.content.decode()
    assert "pc-tiles" in response.content.decode()
