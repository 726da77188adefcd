"""Volume commitments: what is called off, at which pace, and what the order at hand adds."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from procure.exports import ExportOptions, export
from purchasing.commitments import (
    called_off_lines,
    commitment_progress,
    commitments_of_order,
)
from purchasing.models import PurchaseOrder
from purchasing.order_form import form_lines
from purchasing.ordering import OrderedLine, close_line_short
from purchasing.price_use import price_use
from suppliers.agreeing import PriceRow, agree_prices, change_agreed_prices
from suppliers.committing import (
    CommittedVolume,
    change_commitment,
    commit_volume,
    withdraw_commitment,
)
from suppliers.models import PriceAgreement, PriceBreak, UnitFactor, VolumeCommitment
from tests.factories import PriceBreakFactory
from tests.purchasing.buying import drafted, issued, receive, submitted, today
from tests.suppliers.support import refused
from tests.world import World

pytestmark = pytest.mark.django_db


def committed(world: World, **changes: Any) -> VolumeCommitment:
    """A value of 1,000 over 100 days, of which today is the 50th."""
    values = {
        "measure": "value",
        "committed": Decimal(1000),
        "starts_on": today() - timedelta(days=49),
        "ends_on": today() + timedelta(days=50),
        **changes,
    }
    agreement = values.pop("agreement", None)
    return commit_volume(
        values.pop("supplier", world.northline),
        volume=CommittedVolume(**values),
        agreement=agreement,
        actor=world.people["sourcing_lead"],
    )


def ordered(world: World, quantity: int, sku: Any = None) -> PurchaseOrder:
    return issued(world, lines=[OrderedLine(sku or world.shipper, Decimal(quantity))])


def test_a_value_is_called_off_by_issued_orders_alone(inside: World) -> None:
    made = committed(inside)
    ordered(inside, 500)  # 500 x 0.612
    drafted(inside)
    (one,) = commitment_progress(today(), public_id=made.public_id)
    assert (one.called_off, one.received, one.expected) == (306, 0, 500)
    assert (one.elapsed, one.days, one.pace_percent) == (50, 100, Decimal("-38.8"))
    assert (one.projected, one.shortfall) == (612, 388)
    assert one.pace_words == "39% behind"
    assert sum(line.called_off for line in called_off_lines(made, today())) == one.called_off


def test_a_quantity_of_a_sku_counts_what_was_not_cancelled_and_what_came(inside: World) -> None:
    made = committed(inside, measure="quantity", committed=Decimal(800), sku=inside.shipper)
    order = ordered(inside, 500)
    ordered(inside, 70, inside.divider)
    receive(inside, order, (1, 420))
    close_line_short(order, line_no=1, reason="Enough", actor=inside.people["buyer"])
    (one,) = commitment_progress(today(), public_id=made.public_id)
    assert (one.unit, one.called_off, one.received) == ("EA", 420, 420)
    assert one.pace_words == "5% ahead"
    assert one.projected_end == one.starts_on + timedelta(days=95)  # 800 / (420 / 50) = 95.2 days


def test_a_category_counts_everything_below_it_and_other_suppliers_nothing(inside: World) -> None:
    below = committed(inside, category=inside.packaging)
    other = committed(inside, supplier=inside.kestrel, category=inside.packaging)
    ordered(inside, 1000, inside.divider)
    progress = {one.number: one.called_off for one in commitment_progress(today())}
    assert progress == {below.number: 89, other.number: 0}


def test_another_unit_counts_by_its_factor_and_without_one_not_at_all(inside: World) -> None:
    made = committed(inside, measure="quantity", committed=Decimal(800), sku=inside.shipper)
    order = ordered(inside, 10)
    order.lines.update(unit="CS")
    assert commitment_progress(today(), public_id=made.public_id)[0].called_off == 0
    UnitFactor.objects.create(
        sku=inside.shipper, unit="CS", factor=Decimal(24), valid_from=date(2020, 1, 1)
    )
    assert commitment_progress(today(), public_id=made.public_id)[0].called_off == 240


def test_an_amended_agreement_says_its_committed_quantity_once(inside: World) -> None:
    lead = inside.people["sourcing_lead"]
    row = PriceRow(
        sku=inside.shipper, unit_price=Decimal("0.6"), committed_quantity=Decimal(12_000)
    )
    made = agree_prices(
        inside.northline,
        number="NL-9",
        valid_from=today() - timedelta(days=9),
        valid_to=today() + timedelta(days=90),
        note="",
        prices=[row],
        actor=lead,
    )
    cheaper = PriceRow(
        sku=inside.shipper, unit_price=Decimal("0.5"), committed_quantity=Decimal(15_000)
    )
    change_agreed_prices(made, effective_on=today(), prices=[cheaper], actor=lead)
    ordered(inside, 500)
    (one,) = commitment_progress(today(), agreement_id=made.pk)
    assert (one.public_id, one.number, one.committed, one.called_off) == (None, "NL-9", 15_000, 500)
    assert (one.starts_on, one.ends_on, one.elapsed) == (made.valid_from, made.valid_to, 10)


def test_the_order_at_hand_says_what_it_adds(inside: World) -> None:
    made = committed(inside, sku=inside.shipper)
    committed(inside, sku=inside.divider)
    order = drafted(inside, lines=[OrderedLine(inside.shipper, Decimal(100))])
    (one,) = commitments_of_order(order, today())
    assert (one.number, one.called_off, one.own_part) == (made.number, 0, Decimal("61.2"))


def test_what_cannot_be_committed_is_refused(inside: World) -> None:
    committed(inside, sku=inside.shipper)
    with refused("committed_already", field="starts_on"):
        committed(inside, sku=inside.shipper, starts_on=today())
    with refused("committed", "Commit to more than nothing.", "committed"):
        committed(inside, committed=Decimal(0))
    with refused("days_out_of_order", field="ends_on"):
        committed(inside, ends_on=today() - timedelta(days=90))
    with refused("scope", field="sku"):
        committed(inside, sku=inside.shipper, category=inside.boxes)
    with refused("unit", "Say in which unit the quantity counts.", "unit"):
        committed(inside, measure="quantity", category=inside.boxes)
    with refused("other_supplier", field="agreement"):
        committed(inside, supplier=inside.kestrel, agreement=inside.agreement)


def test_a_commitment_is_changed_and_withdrawn_with_a_reason(inside: World) -> None:
    lead, made = inside.people["sourcing_lead"], committed(inside)
    changed = change_commitment(
        made, committed=Decimal(900), ends_on=made.ends_on, note="", actor=lead
    )
    assert changed.committed == 900
    with refused("reason", "Say why it is withdrawn.", "reason"):
        withdraw_commitment(made, reason=" ", actor=lead)
    withdraw_commitment(made, reason="Both agreed", actor=lead)
    assert commitment_progress(today(), in_force=True) == []
    with refused("wrong_status"):
        withdraw_commitment(made, reason="Again", actor=lead)


def test_the_export_has_the_pace_of_the_day(inside: World) -> None:
    made = committed(inside)
    ordered(inside, 500)
    (row,) = json.loads(export("volume_commitments", ExportOptions(), "json"))
    assert (row["commitment_number"], row["called_off"], row["expected"]) == (
        made.number, "306", "500",
    )  # fmt: skip
    assert (row["pace_percent"], row["shortfall"]) == ("-38.8", "388")


def test_the_screens_show_commit_change_and_withdraw(world: World) -> None:
    lead = world.client("sourcing_lead")
    values = {
        "supplier": world.northline.public_id, "measure": "value", "committed": "1000",
        "starts_on": today(), "ends_on": today() + timedelta(days=9),
    }  # fmt: skip
    response = lead.post(world.url("commitments/new/"), values)
    with world.inside():
        made = VolumeCommitment.objects.get()
    assert response.headers["Location"] == world.url(f"commitments/{made.public_id}/")
    page = lead.get(response.headers["Location"]).content.decode()
    assert made.number in page
    assert "1,000.00 USD" in page
    assert made.number in lead.get(world.url("commitments/")).content.decode()
    edit = world.url(f"commitments/{made.public_id}/edit/")
    assert lead.post(edit, {"committed": "0", "ends_on": today()}).status_code == 422
    withdraw = world.url(f"commitments/{made.public_id}/withdraw/")
    assert lead.post(withdraw, {"reason": "Both agreed"}).status_code == 302
    assert "Withdrawn: Both agreed" in lead.get(edit.removesuffix("edit/")).content.decode()


def test_an_agreement_counts_the_prices_that_were_edited_away(world: World) -> None:
    with world.inside():
        kept = OrderedLine(world.divider, Decimal(40))
        away = OrderedLine(world.shipper, Decimal(9), Decimal("0.7"), "Rush surcharge")
        order = issued(world, lines=[kept, away])
        use = price_use(world.agreement, today())
    assert (use.lines, use.edited, use.at_agreed_percent) == (2, 1, 50)
    page = world.client("buyer").get(
        world.url(f"agreement-use/?agreement={world.agreement.public_id}")
    )
    assert f"{order.number}</a> line 2, CTN-12-KR: 0.70 for 0.612" in page.content.decode()
    assert "Rush surcharge" in page.content.decode()


def test_the_order_takes_the_terms_of_the_agreement_that_priced_it(inside: World) -> None:
    PriceAgreement.objects.update(payment_terms_days=45, incoterm="DAP")
    order = submitted(inside)
    assert (order.payment_terms_days, order.incoterm) == (45, "DAP")
    other = submitted(inside, supplier=inside.northline, lines=[
        OrderedLine(inside.shipper, Decimal(1), Decimal("0.5"), "Sample")
    ])  # fmt: skip
    assert other.payment_terms_days == 45


@pytest.mark.parametrize(
    ("quantity", "hint", "tone"),
    [
        (4786, "214 more until the 5,000 tier saves 310.00", "info"),
        (300, "sold from 480", "warn"),
        (490, "sold in multiples of 24: 480 or 504", "warn"),
        (504, "never bought", ""),
        (5040, "never bought", ""),
    ],
)
def test_a_line_says_what_the_agreement_would_sell(
    inside: World, quantity: int, hint: str, tone: str
) -> None:
    lots = {"minimum_order_quantity": Decimal(480), "order_multiple": Decimal(24)}
    lots = {} if quantity == 4786 else lots
    PriceBreak.objects.filter(sku=inside.shipper).update(**lots)
    tier = {"minimum_quantity": Decimal(5000), "unit_price": Decimal("0.55"), "unit": "EA"}
    PriceBreakFactory(agreement=inside.agreement, sku=inside.shipper, **tier, **lots)
    order = drafted(inside, lines=[OrderedLine(inside.shipper, Decimal(quantity))])
    (shown,) = form_lines(order)
    assert (shown.source, shown.hint, shown.hint_tone) == ("NL-2026-04", hint, tone)
