import pytest
from django.db import DatabaseError, transaction

from procure.models import BusinessEvent
from suppliers.models import RiskNote, SupplierAddress
from suppliers.record_keeping import close_risk, note_risk, set_supplier_address
from suppliers.supplier_records import open_risks
from tests.suppliers.support import day, kinds, refused


def note(world, **changes):
    given = {
        "kind": "financial", "severity": "high", "text": "Late accounts", "valid_until": None,
    }  # fmt: skip
    return note_risk(world.northline, **{**given, **changes}, actor=world.sana)


def set_address(world, text):
    return set_supplier_address(world.northline, kind="returns", address=text, actor=world.sana)


def test_an_address_is_set_changed_and_taken_away(world):
    set_address(world, "12 Mill Road\nReno")
    set_address(world, "12 Mill Road\nReno")
    set_address(world, "14 Mill Road\nReno")
    assert SupplierAddress.objects.get().address == "14 Mill Road\nReno"
    assert set_address(world, " ") is None
    assert not SupplierAddress.objects.exists()
    told = BusinessEvent.objects.order_by("id").values_list("payload__before", "payload__after")
    assert list(told) == [
        ("", "12 Mill Road\nReno"),
        ("12 Mill Road\nReno", "14 Mill Road\nReno"),
        ("14 Mill Road\nReno", ""),
    ]


def test_risks_count_until_their_last_day_or_their_closing_the_gravest_first(world):
    low = note(world, severity="low", text="One site")
    high = note(world, valid_until=day(3))
    assert open_risks(world.northline.pk) == [high, low]
    assert open_risks(world.northline.pk, day(4)) == [low]
    close_risk(low, reason="Second site", actor=world.maya)
    assert open_risks(world.northline.pk) == [high]
    assert kinds() == ["supplier.risk_noted"] * 2 + ["supplier.risk_closed"]


def test_a_risk_without_sense_is_refused(world):
    with refused("text_missing", field="text"):
        note(world, text=" ")
    with refused("already_over", field="valid_until"):
        note(world, valid_until=day(-1))
    first = note(world)
    with refused("said_already", field="text"):
        note(world)
    with refused("reason_missing", field="reason"):
        close_risk(first, reason=" ", actor=world.sana)
    close_risk(first, reason="Filed", actor=world.sana)
    with refused("closed_already"):
        close_risk(first, reason="Filed", actor=world.sana)


@pytest.mark.parametrize("change", [{"text": "Fine"}, {"severity": "low"}, None])
def test_the_database_lets_nobody_edit_a_risk_note(world, change):
    rows = RiskNote.objects.filter(pk=note(world).pk)
    with pytest.raises(DatabaseError, match="closed, not changed"), transaction.atomic():
        rows.update(**change) if change else rows.delete()
    assert rows.get().text == "Late accounts"


def test_a_closed_risk_note_stays_as_it_was_closed(world):
    closed = close_risk(note(world), reason="Filed", actor=world.sana)
    with pytest.raises(DatabaseError, match="closed, not changed"), transaction.atomic():
        RiskNote.objects.filter(pk=closed.pk).update(close_reason="Other")
