"""Whose miss a late or short line was: by its dates, or by a person's word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from matching.attributing import attribute_miss
from matching.cells import Documents, cells_from_documents, today_of
from matching.draining import drain, recompute_stale_keys
from matching.misses import MissAttribution
from matching.verification import differences
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.models import PurchaseOrderLine
from suppliers.models import Scorecard, StaleRollup
from tests.results.trade import Trade, day
from tests.world import World


def by_whom(trade: Trade) -> tuple[int, int]:
    """How many misses the documents give to us and to the carrier."""
    cells = cells_from_documents(Documents(trade.world.organization, day("06-30")))
    return sum(one.misses_by_us for one in cells), sum(one.misses_by_carrier for one in cells)


@pytest.mark.parametrize(
    ("agreed", "received", "ours"),
    [
        (14, "03-12", 1),  # asked for in 9 days, agreed 14
        (9, "03-12", 0),
        (None, "03-12", 0),
        (14, "03-10", 0),  # on time: no miss to give to anybody
    ],
)
def test_what_was_ordered_within_the_agreed_lead_time_is_our_miss(
    trade: Trade, agreed: int | None, received: str, ours: int
) -> None:
    trade.receive(trade.order(agreed_lead_time_days=agreed), 100, received)
    assert by_whom(trade) == (ours, 0)


def test_a_short_line_is_a_miss_too(trade: Trade) -> None:
    line = trade.order(status="closed", agreed_lead_time_days=20)
    trade.receive(line, 60, "03-09")
    assert by_whom(trade) == (1, 0)


def missed(trade: Trade) -> PurchaseOrderLine:
    line = trade.order()
    trade.receive(line, 100, "03-12")
    return line


def test_a_person_corrects_it_with_a_reason_and_the_score_stays(trade: Trade) -> None:
    line, lead = missed(trade), trade.world.people["sourcing_lead"]
    recompute_stale_keys()
    before = Scorecard.objects.get(period="all")
    said = attribute_miss(line, cause="dock_closed", reason=" Inventory day ", actor=lead)
    assert (said.reason, str(said)) == ("Inventory day", "Us: dock closed")
    assert StaleRollup.objects.get().month == day("03-01")
    event = BusinessEvent.objects.get(kind="miss.attributed")
    assert event.summary == "Line 1, missed: Us: dock closed, was Supplier. Inventory day"
    assert (event.payload["before"], event.payload["after"]) == ("supplier", "dock_closed")
    recompute_stale_keys()
    card = Scorecard.objects.get(period="all")
    assert (card.lines_missed, card.misses_by_us, card.misses_by_supplier) == (1, 1, 0)
    assert (card.on_time_percent, card.otif_percent, card.score, card.grade) == (
        before.on_time_percent, before.otif_percent, before.score, before.grade,
    )  # fmt: skip
    assert card.otif_without_ours is None
    attribute_miss(line, cause="carrier", reason="Truck broke down", actor=lead)
    assert by_whom(trade) == (0, 1)
    assert MissAttribution.objects.count() == 1


def test_what_cannot_be_attributed_is_refused(trade: Trade) -> None:
    lead, late = trade.world.people["sourcing_lead"], missed(trade)
    fine = trade.order()
    trade.receive(fine, 100, "03-10")
    for line, cause, reason, code in (
        (fine, "carrier", "Truck", "not_missed"),
        (late, "weather", "Rain", "cause"),
        (late, "carrier", "  ", "reason_missing"),
    ):
        with pytest.raises(BusinessRuleError) as refused:
            attribute_miss(line, cause=cause, reason=reason, actor=lead)
        assert refused.value.code == code
    assert not MissAttribution.objects.exists()
    assert not BusinessEvent.objects.filter(kind="miss.attributed").exists()


def test_the_scorecard_shows_whose_misses_and_opens_them(world: World) -> None:
    trade, today = Trade(world), today_of(world.organization)
    due = str(today - timedelta(days=20))
    with world.inside():
        lines = [trade.order(due=due, issued=str(today - timedelta(days=40))) for _ in range(4)]
        for line in lines[1:]:
            trade.receive(line, 100, due)
        late = lines[0]
        trade.receive(late, 100, str(today - timedelta(days=15)))
    drain(world.organization.pk)
    client = world.client("operations_lead")
    form = world.url(f"orders/{late.order.public_id}/misses/1/")
    assert "Supplier, by its dates" in client.get(form).content.decode()
    assert client.post(form, {"cause": "changed", "reason": ""}).status_code == 422
    assert client.post(form, {"cause": "changed", "reason": "New label"}).status_code == 302
    drain(world.organization.pk)
    page = world.url(f"scorecards/{world.northline.public_id}/")
    body = client.get(page).content.decode()
    assert "1 of 4 misses caused by us" not in body
    assert "1 of 1 misses caused by us" in body
    assert "100.0% of lines were on time and in full instead of 75.0%" in body
    ours = client.get(f"{page}?measure=otif&cause=us&month=all").content.decode()
    assert "1 misses caused by us" in ours
    assert "Us: changed after confirmation" in ours
    assert form in ours
    assert "0 misses caused by the carrier" in (
        client.get(f"{page}?measure=otif&cause=carrier&month=all").content.decode()
    )
    assert form not in world.client("buyer").get(page).content.decode()
    punctual = world.url(f"orders/{lines[1].order.public_id}/misses/1/")
    assert client.get(punctual).status_code == 404
    with world.inside():
        assert not differences(world.organization)
