"""A quote is a price to order at once its request is decided, and never before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from purchasing.models import PurchaseOrderLine
from purchasing.order_form import form_lines
from purchasing.ordering import OrderedLine
from suppliers import quoted_prices, quoting
from suppliers.awarding import AwardChoice, award_quotation
from suppliers.models import Quotation, QuotationLine, QuotationRequest, SkuCost, Supplier
from suppliers.pricing import LinePrice, WantedLine, line_prices
from suppliers.sourcing import supplier_ranking
from tests.factories import SkuFactory
from tests.purchasing.buying import drafted
from tests.quoting.asking import deadline_passes, quoted, sent_request
from tests.world import World

pytestmark = pytest.mark.django_db

STEP = ((Decimal(5000), Decimal("0.45")),)


def price(world: World, quantity: int = 10, supplier: Supplier | None = None) -> LinePrice:
    wanted = [WantedLine(world.shipper.pk, Decimal(quantity))]
    who = supplier or world.kestrel
    return line_prices(who.pk, wanted, timezone.localdate())[world.shipper.pk]


def won_by_northline(world: World, request: QuotationRequest) -> QuotationRequest:
    return award_quotation(
        request,
        choices=[AwardChoice(line_no=1, supplier=world.northline)],
        reason="Faster",
        review_on=None,
        actor=world.people["sourcing_lead"],
    )


def asked(world: World, **details: Any) -> QuotationRequest:
    request = sent_request(world, **details)
    quoted(request, world.northline, "0.60")
    quoted(request, world.kestrel, "0.5", breaks=STEP)
    return request


def paid(world: World, amount: str) -> None:
    SkuCost.objects.create(
        sku=world.shipper,
        supplier=world.kestrel,
        currency="USD",
        last_price=Decimal(amount),
        last_on=timezone.localdate(),
        as_of=timezone.now(),
    )


def test_a_quote_that_did_not_win_prices_the_line_and_says_its_name(inside: World) -> None:
    paid(inside, "0.40")
    won_by_northline(inside, asked(inside))
    found = price(inside)
    assert (found.unit_price, found.source, found.agreed_price) == (Decimal("0.5"), "quote", None)
    assert (found.next_quantity, found.next_price) == (Decimal(5000), Decimal("0.45"))
    assert found.last_paid == Decimal("0.40")
    assert found.source_words.startswith("quote RFQ-1001 valid until ")
    assert price(inside, 5000).unit_price == Decimal("0.45")


def test_the_agreement_of_the_winner_counts_before_its_quote(inside: World) -> None:
    won_by_northline(inside, asked(inside))
    assert price(inside, supplier=inside.northline).source == "agreement"


def test_the_order_line_takes_it_and_the_form_names_it(inside: World) -> None:
    won_by_northline(inside, asked(inside))
    order = drafted(
        inside, supplier=inside.kestrel, lines=[OrderedLine(inside.shipper, Decimal(10))]
    )
    line = order.lines.get()
    assert (line.unit_price, line.price_source) == (
        Decimal("0.5"),
        PurchaseOrderLine.PriceSource.QUOTE,
    )
    offered = QuotationLine.objects.get(supplier=inside.kestrel, request_line__sku=inside.shipper)
    assert line.quotation_line == offered
    (shown,) = form_lines(order)
    assert shown.source.startswith("quote RFQ-1001 valid until ")
    assert not shown.is_edited
    page = inside.client("buyer").get(inside.url(f"orders/{order.public_id}/edit/"))
    assert "quote RFQ-1001 valid until" in page.content.decode()
    read = inside.client("buyer").get(inside.url(f"orders/{order.public_id}/"))
    assert "quote RFQ-1001</span>" in read.content.decode()
    agreed = drafted(inside, lines=[OrderedLine(inside.shipper, Decimal(10))])
    assert agreed.lines.get().quotation_line is None


def test_who_quoted_is_ranked_for_the_order(inside: World) -> None:
    won_by_northline(inside, asked(inside))
    ranked = supplier_ranking(
        category=inside.boxes,
        lines=[WantedLine(inside.shipper.pk, Decimal(10))],
        needed_on=None,
        on=timezone.localdate(),
    )
    basis = {row.supplier: row.basis for row in ranked}
    assert basis[inside.kestrel].startswith("Quoted price to ")


# --- Never -------------------------------------------------------------------------------------

Scene = Callable[[World], None]


def still_open(world: World) -> None:
    asked(world)


def sealed(world: World) -> None:
    asked(world, is_sealed=True)


def opened_but_undecided(world: World) -> None:
    deadline_passes(asked(world, is_sealed=True))


def closed(world: World) -> None:
    quoting.close_quotation_request(asked(world), actor=world.people["sourcing_lead"])


def called_off(world: World) -> None:
    quoting.cancel_quotation_request(
        asked(world), reason="No need", actor=world.people["sourcing_lead"]
    )


def late(world: World) -> None:
    request = sent_request(world)
    quoted(request, world.northline, "0.60")
    deadline_passes(request)
    quoted(request, world.kestrel, "0.50")
    won_by_northline(world, request)


def run_out(world: World) -> None:
    won_by_northline(world, asked(world))
    yesterday = timezone.localdate() - timedelta(days=1)
    Quotation.objects.filter(supplier=world.kestrel).update(valid_to=yesterday)


def in_another_currency(world: World) -> None:
    won_by_northline(world, asked(world))
    Supplier.objects.filter(pk=world.kestrel.pk).update(currency="EUR")


def from_a_larger_quantity_only(world: World) -> None:
    won_by_northline(world, asked(world))
    Quotation.objects.get(supplier=world.kestrel).lines.update(minimum_quantity=11)


def left_out_of_the_last_version(world: World) -> None:
    request = asked(world)
    quoted(request, world.kestrel, None, "0.10")
    won_by_northline(world, request)


NEVER = [
    *(still_open, sealed, opened_but_undecided, closed, called_off, late, run_out),
    *(in_another_currency, from_a_larger_quantity_only, left_out_of_the_last_version),
]


@pytest.mark.parametrize("scene", NEVER, ids=lambda scene: scene.__name__)
def test_such_a_quote_is_never_a_price(inside: World, scene: Scene) -> None:
    scene(inside)
    assert price(inside).source != "quote"


@pytest.mark.parametrize("scene", [still_open, sealed, closed, called_off])
def test_control_without_asking_for_the_decision_it_would_be_one(
    inside: World, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = quoted_prices.QUOTED.replace("request.status = 'awarded'", "true")
    monkeypatch.setattr(quoted_prices, "QUOTED", loose)
    scene(inside)
    assert price(inside).source == "quote"


def test_any_number_of_quoted_lines_is_priced_in_five_statements(inside: World) -> None:
    counts = []
    for lines in (1, 30):
        skus = [SkuFactory(category=inside.boxes) for _ in range(lines)]
        wanted = [WantedLine(one.pk, Decimal(1)) for one in skus]
        with CaptureQueriesContext(connection) as statements:
            line_prices(inside.kestrel.pk, wanted, timezone.localdate())
        counts.append(len(statements))
    assert counts == [5, 5]
