"""Voiding: out of everything, number free, refused with a reason."""

from __future__ import annotations

import pytest

from matching.capture import void_invoice
from matching.models import Hold, SupplierInvoice
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from suppliers.models import StaleRollup
from tests.matching.paying import (
    a_dear_invoice,
    an_order,
    billed,
    credit,
    holding_nothing_changed,
    invoice,
    receive,
)
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_voided_invoice_has_no_open_hold_and_no_approval(inside: World) -> None:
    held = a_dear_invoice(inside)
    StaleRollup.objects.all().delete()
    void_invoice(held, reason="Sent to us in error", actor=inside.people["ap_clerk"])
    held = SupplierInvoice.objects.get(pk=held.pk)
    assert (held.status, held.void_reason) == ("void", "Sent to us in error")
    assert (held.approved_at, held.is_touchless) == (None, False)
    assert [h.closed_because for h in Hold.objects.filter(invoice=held)] == [
        "the invoice was voided"
    ]
    assert BusinessEvent.objects.filter(kind="supplier_invoice.voided").count() == 1
    assert StaleRollup.objects.filter(supplier=held.supplier).count() == 2


@pytest.mark.parametrize("why", ["no reason", "paid", "void", "credited"])
def test_voiding_is_refused(inside: World, why: str) -> None:
    order = an_order(inside, (inside.shipper, 10, "0.612"))
    receive(inside, order, (1, 10))
    one = invoice(inside, "A", billed(1, 10, "0.612"))
    if why == "paid":
        SupplierInvoice.objects.filter(pk=one.pk).update(status="paid")
    if why == "void":
        void_invoice(one, reason="Twice", actor=inside.people["ap_clerk"])
    if why == "credited":
        credit(inside, "C", "A", billed(1, 2, "0.612"))
    before = holding_nothing_changed(one)
    with pytest.raises(BusinessRuleError):
        void_invoice(
            one, reason=" " if why == "no reason" else "Why not", actor=inside.people["ap_lead"]
        )
    assert holding_nothing_changed(one) == before
