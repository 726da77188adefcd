"""What people said about misses: some were not the supplier's."""

from __future__ import annotations

from datetime import timedelta

from matching.attributing import attribute_miss
from matching.cells import Documents, Span
from matching.demo.company import Company
from matching.evidence import ASPECTS, due_lines
from purchasing.models import PurchaseOrderLine

SAID = (
    ("dock_closed", "Reno was closed for the inventory count; the driver came back."),
    ("carrier", "The carrier missed its slot, the goods had left in time."),
    ("changed", "We changed the print after the order was confirmed."),
    ("carrier", "Held at the border for papers of the carrier."),
)
MISSES_LOOKED_INTO = 24


def judge_misses(company: Company) -> None:
    """Looks into the latest misses: every third is attributed by a person, with a reason."""
    days = Span(company.today - timedelta(days=120), company.today)
    listing = due_lines(
        Documents(company.organization, company.today), days, ASPECTS["otif"],
        missed_only=True, number=1, size=MISSES_LOOKED_INTO,
    )  # fmt: skip
    person = company.people["ops"]
    for place, row in enumerate(listing.page.object_list[::3]):
        cause, reason = SAID[place % len(SAID)]
        line = PurchaseOrderLine.objects.get(order__public_id=row.order_id, line_no=row.line_no)
        attribute_miss(line, cause=cause, reason=reason, actor=person)
