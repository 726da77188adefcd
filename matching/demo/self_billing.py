"""Who sends Fernhill no invoices: one settlement, one debit note, goods that age, one that is blocked."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from matching.demo.waiting import Desk
from matching.settlement_terms import SettlementTerms
from matching.settling_receipts import (
    TermsDetails,
    debit_returned_goods,
    settle_by_receipt,
    settle_receipts,
)
from purchasing.models import PurchaseOrderLine
from purchasing.receiving import ReturnedLine, post_return

D = Decimal


def make_settlements(desk: Desk) -> None:
    """Pallets and tape are paid by what came."""
    pallets = _settled(desk, "PALLETRY", "Self-billing agreement of January, contracts folder")
    order = desk.issued("PALLETRY", "SVC-PAL", [("PAL-GMA", "180")], 9, 2)
    desk.receive(order, share="0.5", days_ago=1)
    settle_receipts(pallets, actor=None)
    post_return(
        order,
        lines=[ReturnedLine(1, D(6))],
        returned_on=desk.company.today,
        reason="Broken boards",
        actor=desk.company.people["receiver"],
    )
    debit_returned_goods(pallets, actor=None)
    _settled(desk, "PALLETRY", "Self-billing agreement of January, contracts folder", days=2)
    desk.receive(order, share="0.25", days_ago=0)

    tape = _settled(desk, "STRAPWELL", "Letter of Strapwell, 3 March")
    rolls = desk.issued(
        "STRAPWELL", "PACK-TAPE", [("TAPE-48-CL", "240"), ("TAPE-48-PR", "120")], 8, 1
    )
    PurchaseOrderLine.objects.filter(order=rolls, line_no=2).update(price_source="last_paid")
    desk.receive(rolls, share="1", days_ago=1)
    assert tape.ended_at is None, "the night settles what came of it"


def _settled(desk: Desk, supplier: str, note: str, days: int = 0) -> SettlementTerms:
    details = TermsDetails(
        SettlementTerms.TaxCode.EXEMPT,
        desk.company.today - timedelta(days=4),
        note,
        ageing_days=days,
    )
    return settle_by_receipt(
        desk.company.suppliers[supplier], terms=details, actor=desk.company.people["aplead"]
    )
