"""Markers, the batch that works them off, the change of the day, and verification."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from matching import draining
from matching.cells import today_of
from matching.draining import drain
from matching.verification import differences
from procure.models import Organization
from suppliers import rollups
from suppliers.models import PerformanceCell, Scorecard, SkuCost, StaleRollup
from suppliers.rollups import StaleKey, StaleKeys, claim_stale_keys, mark_stale
from tests.results.trade import Trade


def due_day(trade: Trade) -> str:
    return str(today_of(trade.world.organization) - timedelta(days=20))


def test_a_receipt_is_in_scorecard_and_cost_after_one_drain(trade: Trade) -> None:
    trade.receive(trade.order(due=due_day(trade)), 100, due_day(trade))
    drain(trade.world.organization.pk)
    card = Scorecard.objects.get(supplier=trade.world.northline, period="365d")
    assert (card.lines_due, card.on_time_percent, card.score) == (1, 100, 100)
    cost = SkuCost.objects.get(sku=trade.world.shipper, supplier=None)
    assert (cost.lines, cost.last_price, cost.suppliers) == (1, 1, 1)
    assert StaleRollup.objects.count() == 0
    assert differences(trade.world.organization) == []


def test_a_reversal_is_right_at_the_next_recompute(trade: Trade) -> None:
    receipt = trade.receive(trade.order(due=due_day(trade)), 100, due_day(trade))
    drain(trade.world.organization.pk)
    trade.reverse(receipt)
    drain(trade.world.organization.pk)
    card = Scorecard.objects.get(supplier=trade.world.northline, period="365d")
    assert (card.lines_due, card.on_time_percent) == (1, 0)
    assert not SkuCost.objects.exists()
    assert differences(trade.world.organization) == []


def test_a_burst_recomputes_a_key_once(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    line = trade.order(1000)
    for _ in range(30):
        trade.receive(line, 1, "03-10")
    batches: list[StaleKeys] = []
    recompute = draining.recompute_cells

    def counting(organization: Organization, keys: StaleKeys, as_of: date) -> None:
        batches.append(keys)
        recompute(organization, keys, as_of)

    monkeypatch.setattr(draining, "recompute_cells", counting)
    drain(trade.world.organization.pk)
    assert batches == [StaleKeys([trade.world.northline.pk], [trade.world.shipper.pk], False)]


def test_a_batch_takes_the_oldest_keys_up_to_its_size(trade: Trade) -> None:
    north, kestrel = trade.world.northline.pk, trade.world.kestrel.pk
    shipper, divider = trade.world.shipper.pk, trade.world.divider.pk
    for key in (StaleKey(north, shipper), StaleKey(kestrel), StaleKey(north, divider)):
        mark_stale([key, key])
    assert claim_stale_keys(most=2) == StaleKeys([north, kestrel], [shipper], True)
    assert list(StaleRollup.objects.values_list("sku_id", flat=True)) == [divider]
    assert claim_stale_keys() == StaleKeys([north], [divider], False)
    assert claim_stale_keys() is None


def test_marking_leaves_one_row_per_key_and_month(trade: Trade) -> None:
    north = trade.world.northline.pk
    mark_stale([])
    assert StaleRollup.objects.count() == 0
    mark_stale([StaleKey(north, None, date(2026, 3, 4)), StaleKey(north, None, date(2026, 3, 9))])
    assert [row.month for row in StaleRollup.objects.all()] == [date(2026, 3, 1)]


def test_a_supplier_without_documents_any_more_has_no_scorecard(trade: Trade) -> None:
    line = trade.order(due=due_day(trade))
    drain(trade.world.organization.pk)
    assert Scorecard.objects.count() == 3
    line.order.status = "draft"
    line.order.save()
    trade.mark(line)
    drain(trade.world.organization.pk)
    assert not Scorecard.objects.exists()
    assert not PerformanceCell.objects.exists()


def test_an_open_line_becomes_late_at_midnight(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = trade.world.organization
    today = today_of(organization)
    trade.order(due=str(today))
    trade.receive(trade.order(due=str(today - timedelta(days=364))), 100, "2024-01-01")
    drain(organization.pk)
    card = Scorecard.objects.get(period="365d")
    assert (card.lines_due, card.as_of) == (1, today)

    monkeypatch.setattr(draining, "today_of", lambda _: today + timedelta(days=1))
    drain(organization.pk)
    card = Scorecard.objects.get(period="365d")
    assert (card.lines_due, card.lines_on_time) == (1, 0)
    assert card.as_of == today + timedelta(days=1)
    assert Scorecard.objects.get(period="all").lines_due == 2
    assert SkuCost.objects.get(supplier=None).as_of == today + timedelta(days=1)
    organization.refresh_from_db()
    assert organization.rollups_as_of == today + timedelta(days=1)
    assert differences(organization) == []


def test_the_day_marks_only_what_fell_due_since(trade: Trade) -> None:
    organization = trade.world.organization
    today = today_of(organization)
    trade.order(due=str(today - timedelta(days=9)))
    trade.order(due=str(today - timedelta(days=1)), sku=trade.world.divider)
    StaleRollup.objects.all().delete()
    Organization.objects.filter(pk=organization.pk).update(rollups_as_of=today - timedelta(days=1))
    draining.turn_the_day()
    assert list(StaleRollup.objects.values_list("sku_id", flat=True)) == [trade.world.divider.pk]
    draining.turn_the_day()
    assert StaleRollup.objects.count() == 1


def test_a_changed_rule_of_the_organization_marks_every_result(trade: Trade) -> None:
    trade.receive(trade.order(due=due_day(trade)), 100, due_day(trade))
    drain(trade.world.organization.pk)
    rollups.mark_all_results_stale()
    keys = set(StaleRollup.objects.values_list("supplier_id", "sku_id"))
    assert keys == {(trade.world.northline.pk, trade.world.shipper.pk)}


TAMPERED: list[tuple[Any, dict[str, Any], str]] = [
    (PerformanceCell, {"lines_on_time": 7}, "cell NORTH / CTN-12-KR"),
    (PerformanceCell, {"late_days": {"3": 1}}, "late_days"),
    (Scorecard, {"spend": Decimal(1)}, "scorecard NORTH / 365d spend"),
    (SkuCost, {"last_price": Decimal(2)}, "SKU cost CTN-12-KR / all suppliers / USD last_price"),
]


@pytest.mark.parametrize(("model", "wrong", "words"), TAMPERED)
def test_verify_names_what_differs_and_fails(
    trade: Trade, model: Any, wrong: dict[str, Any], words: str
) -> None:
    organization = trade.world.organization
    trade.receive(trade.order(due=due_day(trade)), 100, due_day(trade))
    drain(organization.pk)
    said = StringIO()
    call_command("recompute", organization=organization.slug, verify=True, stdout=said)
    assert said.getvalue() == "No differences.\n"
    model.objects.update(**wrong)
    said = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("recompute", organization=organization.slug, verify=True, stdout=said)
    assert refused.value.returncode == 1
    assert words in said.getvalue()
    call_command("recompute", organization=organization.slug, stdout=StringIO())
    assert differences(organization) == []


def test_verify_finds_rows_that_are_missing_or_too_many(trade: Trade) -> None:
    organization = trade.world.organization
    trade.receive(trade.order(due=due_day(trade)), 100, due_day(trade))
    drain(organization.pk)
    SkuCost.objects.filter(supplier=None).delete()
    Scorecard.objects.create(
        supplier=trade.world.kestrel, period="all", currency="USD", as_of=due_day(trade)
    )
    words = sorted(str(difference) for difference in differences(organization))
    assert words == [
        "SKU cost CTN-12-KR / all suppliers / USD: stored nothing, documents a row",
        "scorecard KESTREL / all: stored a row, documents nothing",
    ]
    call_command("recompute", organization=organization.slug, stdout=StringIO())
    assert differences(organization) == []


@pytest.mark.django_db
def test_an_unknown_organization_is_said_so() -> None:
    with pytest.raises(CommandError, match="no organization"):
        call_command("recompute", organization="nowhere")
