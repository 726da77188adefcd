"""Where an invoice asked to be paid is what it printed, whatever happens later. With its control."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError

from matching.capture import CapturedInvoice, capture_invoices
from matching.models import SupplierInvoice
from tests.matching.paying import billed
from tests.safety.test_invoices_at_once import as_owner
from tests.world import make_world

TABLE, TRIGGER = "matching_supplierinvoice", "matching_supplierinvoice_account_kept"
PRINTED, OTHER = "DE02120300000000202051", "DE89370400440532013000"


@pytest.mark.django_db(transaction=True)
def test_the_database_keeps_the_printed_account() -> None:
    world = make_world()
    with world.inside():
        given = CapturedInvoice(
            world.northline, "A", date(2026, 5, 4), "USD", [billed(1, 1, 2)], billed_account=PRINTED
        )
        (kept,) = capture_invoices([given], actor=None)
        rows = SupplierInvoice.objects.filter(pk=kept.pk)
    with pytest.raises(DatabaseError, match="not edited"), world.inside():
        rows.update(billed_account=OTHER)
    with world.inside():
        assert rows.get().billed_account == PRINTED
    as_owner([f"ALTER TABLE {TABLE} DISABLE TRIGGER {TRIGGER}"])
    try:
        with world.inside():
            rows.update(billed_account=OTHER)  # the control: it is this trigger that refuses
            assert rows.get().billed_account == OTHER
    finally:
        as_owner([f"ALTER TABLE {TABLE} ENABLE TRIGGER {TRIGGER}"])
