"""A unit factor: one event, refused when it says nothing or twice, and the invoices it releases."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from matching.models import Hold, SupplierInvoice
from matching.reactions import match_after_unit_factor
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from suppliers.models import UnitFactor
from suppliers.unit_factors import add_unit_factor
from tests.imports.support import everything
from tests.matching.paying import DAY, an_order, billed, held_by, invoice, receive, status_of
from tests.matching.test_reactions import react
from tests.world import World

pytestmark = pytest.mark.django_db


def add(world: World, **changes: Any) -> UnitFactor:
    given = {"unit": "bdl", "factor": Decimal(25), "valid_from": DAY, **changes}
    return add_unit_factor(world.shipper, **given, actor=world.people["buyer"])


def held_by_its_unit(world: World, number: str = "A", bundles: int = 2) -> SupplierInvoice:
    order = an_order(world, (world.shipper, 25 * bundles, "0.612"), number=f"PO-{number}")
    receive(world, order, (1, 25 * bundles))
    held = invoice(world, number, billed(1, bundles, "15.3", order=f"PO-{number}", unit="BDL"))
    assert held_by(held) == ["UOM_UNKNOWN"]
    return held


def test_a_factor_is_kept_in_the_one_word_of_its_unit(inside: World) -> None:
    factor = add(inside)
    assert (factor.unit, factor.factor, factor.valid_from) == ("BDL", Decimal(25), DAY)
    event = BusinessEvent.objects.get(kind="unit_factor.added")
    assert event.summary.startswith("1 BDL = 25 EA from ")
    assert (event.subject_type, event.subject_id) == ("suppliers.sku", inside.shipper.pk)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": " "}, "Give a unit other than EA"),
        ({"unit": "C62"}, "Give a unit other than EA"),
        ({"factor": Decimal(0)}, "above zero"),
        ({"factor": Decimal("NaN")}, "above zero"),
        ({"factor": Decimal("0.0000001")}, "at most six decimals"),
        ({"factor": Decimal(10) ** 13}, "above zero"),
        ({"unit": "CS"}, "1 CS has a factor from"),
    ],
)
def test_a_factor_that_says_nothing_or_twice_is_refused(
    world: World, changes: dict[str, Any], words: str
) -> None:
    with world.inside():
        add(world, unit="CS")
    before = everything(world)
    with world.inside(), pytest.raises(BusinessRuleError, match=words):
        add(world, **changes)
    assert everything(world) == before


def test_it_releases_the_invoices_received_from_its_day_on(inside: World) -> None:
    held, other = held_by_its_unit(inside), held_by_its_unit(inside, "B", 8)
    SupplierInvoice.objects.filter(pk=other.pk).update(received_on=date(2020, 1, 1))
    add(inside)
    react(match_after_unit_factor, "unit_factor.added")
    assert (status_of(held), status_of(other)) == ("approved", "open")
    hold = Hold.objects.get(invoice=held)
    assert (hold.status, hold.closed_because) == ("cleared", "unit factor 1 BDL = 25 EA")
    line = held.lines.get()
    assert (line.matched_quantity, line.matched_price) == (Decimal(50), Decimal("0.612"))
    told = BusinessEvent.objects.filter(kind="supplier_invoice.approved", subject_id=held.pk)
    assert told.count() == 1


def test_the_buyer_says_it_from_the_held_invoice_and_comes_back(world: World) -> None:
    with world.inside():
        held = held_by_its_unit(world)
    buyer, queue = world.client("buyer"), world.url(f"exceptions/{held.public_id}/")
    text = buyer.get(queue).content.decode()
    assert "Nobody said how many EA one BDL of CTN-12-KR holds." in text
    assert "Say what 1 BDL holds" in text
    assert "Say what 1 BDL holds" not in world.client("receiver").get(queue).content.decode()
    page = world.url(f"skus/{world.shipper.public_id}/units/new/")
    shown = buyer.get(page, {"unit": "BDL", "from": DAY.isoformat(), "back": queue})
    assert f'value="{DAY.isoformat()}"' in shown.content.decode()
    sent = {"unit": "BDL", "factor": "25", "valid_from": DAY.isoformat(), "back": queue}
    assert buyer.post(page, sent).headers["Location"] == queue
    again = buyer.post(page, sent)
    assert again.status_code == 422
    assert "1 BDL has a factor from" in again.content.decode()
    away = {**sent, "unit": "CS", "back": "https://elsewhere.test/"}
    assert buyer.post(page, away).headers["Location"] == world.url(
        f"skus/{world.shipper.public_id}/"
    )
    assert (
        "Add a unit factor"
        in buyer.get(world.url(f"skus/{world.shipper.public_id}/")).content.decode()
    )


@pytest.mark.parametrize("factor", ["", "x", "-1", "0", "1e400", "0.0000001"])
def test_a_bad_number_is_a_sentence_at_its_field(world: World, factor: str) -> None:
    page = world.url(f"skus/{world.shipper.public_id}/units/new/")
    before = everything(world)
    answer = world.client("buyer").post(
        page, {"unit": "BDL", "factor": factor, "valid_from": DAY.isoformat()}
    )
    assert answer.status_code == 422
    assert everything(world) == before
