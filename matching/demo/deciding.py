"""What the queue is worked with in the demo: equals, a question, an answer, a lost order, causes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from matching.asking import answer_question, ask_owner
from matching.capture import CapturedLine
from matching.demo.waiting import Desk
from matching.models import Hold, Resolution, SupplierInvoice
from matching.resolution import accept_variance, apply_due_resolutions

D = Decimal


def make_queue_work(desk: Desk) -> None:
    """Four equal prices of one supplier, talk about two of them, freight that came three times."""
    dear = [_dear_film(desk, quantity, place) for place, quantity in enumerate((24, 30, 36, 42))]
    people = desk.company.people
    ask_owner(
        dear[2],
        person=people["buyer"],
        question="Did Solano announce the 3 % to you? The agreement says otherwise.",
        actor=people["ap"],
    )
    ask_owner(
        dear[3],
        person=people["buyer"],
        question="Is the new film price agreed?",
        actor=people["ap"],
    )
    answer_question(
        dear[3], answer="No, they withdrew it on Monday. Please claim it.", actor=people["buyer"]
    )
    _lost_order(desk)
    _freight_three_times(desk)
    _let_some_wait(desk)


def _dear_film(desk: Desk, quantity: int, place: int) -> SupplierInvoice:
    order = desk.issued("SOLANO", "PACK-FILM", [("FLM-BAR-CHO", str(quantity))])
    desk.receive(order)
    number = f"SF-77{place}4"
    desk.bill(
        order, desk.lines(order, price={1: "1.03"}), number=number, days_ago=12 - 4 * place,
        due_in=6 + place,
    )  # fmt: skip
    found: SupplierInvoice = SupplierInvoice.objects.get(number=number)
    return found


def _lost_order(desk: Desk) -> None:
    """An invoice that names no order; its item and its amount lead to one."""
    order = desk.issued("SAFEHAND", "MRO-SAFE", [("GLV-M", "260")])
    desk.receive(order)
    line = order.lines.select_related("sku").get()
    lost = CapturedLine(
        quantity=line.ordered_quantity, unit_price=line.unit_price, sku_code=line.sku.code,
        description="Nitrile gloves, medium",
    )  # fmt: skip
    desk.bill(order, [lost], number="SH-20441", reference="Ms Ruiz", due_in=7)


def _freight_three_times(desk: Desk) -> None:
    buyer = desk.company.people["buyer"]
    for place, (quantity, freight) in enumerate(
        (("60", "58.00"), ("70", "61.50"), ("80", "64.00"))
    ):
        order = desk.issued("COPPERLEAF", "PACK-LABEL", [("LBL-JAR-CHO", quantity)])
        desk.receive(order)
        number = f"CL-9{place}12"
        desk.bill(
            order, desk.lines(order), number=number, freight=freight, days_ago=30 - 9 * place,
            due_in=20,
        )  # fmt: skip
        accept_variance(
            SupplierInvoice.objects.get(number=number),
            reason="Their freight since the summer",
            cause="freight",
            actor=buyer,
        )
    Resolution.objects.filter(cause="freight").update(effective_at=timezone.now())
    apply_due_resolutions()


def _let_some_wait(desk: Desk) -> None:
    """Holds are as old as their invoices: otherwise nothing would have waited in the demo."""
    late = Hold.objects.filter(status=Hold.Status.OPEN, invoice__received_on__lt=desk.company.today)
    for hold in late.annotate(came=F("invoice__received_on")):
        days = (desk.company.today - hold.came).days
        hold.opened_at -= timedelta(days=days)
        hold.save(update_fields=["opened_at"])
