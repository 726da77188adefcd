"""Work that waits today, made through the same actions that people use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from matching.capture import CapturedLine, capture_invoice
from matching.demo.company import Company
from matching.demo.pictures import CRUSHED_CARTON
from matching.models import Tolerance, ToleranceSuspension
from matching.tolerances import default_limits
from purchasing.approving import approve_purchase_order, send_back_purchase_order
from purchasing.content import content_hash
from purchasing.drafts import OrderedLine
from purchasing.models import Approval, PurchaseOrder, PurchaseOrderLine
from purchasing.ordering import (
    draft_purchase_order,
    issue_purchase_order,
    submit_purchase_order,
)
from purchasing.receiving import ReceivedLine, post_receipt
from suppliers.models import Sku

D = Decimal
Ordered = Sequence[tuple[str, str]]


class Desk:
    """Places orders, receives and bills them for the demo, by code and as the right person."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.skus = {sku.code: sku for sku in Sku.objects.all()}
        self.billed = 88200

    def draft(self, supplier: str, category: str, wanted: Ordered, days: int = 17) -> PurchaseOrder:
        company = self.company
        return draft_purchase_order(
            category=company.categories[category],
            ship_to=company.places[0],
            needed_on=company.today + timedelta(days=days),
            supplier=company.suppliers[supplier],
            cost_center="4100 Packaging" if category.startswith("PACK") else "4000 Ingredients",
            lines=[OrderedLine(self.skus[code], D(quantity)) for code, quantity in wanted],
            actor=company.people["buyer"],
        )

    def submitted(
        self, supplier: str, category: str, wanted: Ordered, days: int = 12
    ) -> PurchaseOrder:
        order = self.draft(supplier, category, wanted, days)
        return submit_purchase_order(order, revision_shown=None, actor=self.company.people["buyer"])

    def approved(
        self, supplier: str, category: str, wanted: Ordered, days: int = 12
    ) -> PurchaseOrder:
        order = self.submitted(supplier, category, wanted, days)
        for person in ("approver", "ops"):
            if order.status == PurchaseOrder.Status.SUBMITTED:
                order = approve_purchase_order(
                    order,
                    revision_shown=order.revision,
                    content_hash_shown=content_hash(order, order.lines.all()),
                    comment="",
                    actor=self.company.people[person],
                )
        return order

    def issued(
        self, supplier: str, category: str, wanted: Ordered, days_ago: int = 20, due_in: int = -4
    ) -> PurchaseOrder:
        """An order that was sent `days_ago` and is due `due_in` days from today."""
        order = issue_purchase_order(
            self.approved(supplier, category, wanted), actor=self.company.people["buyer"]
        )
        today = self.company.today
        issued_on = today - timedelta(days=days_ago)
        at = self.company.moment(issued_on)
        PurchaseOrder.objects.filter(pk=order.pk).update(
            created_at=at, submitted_at=at, approved_at=at, issued_at=at, issued_on=issued_on
        )
        Approval.objects.filter(order=order).update(created_at=at, decided_at=at)
        due = today + timedelta(days=due_in)
        PurchaseOrderLine.objects.filter(order=order).update(
            requested_on=due, promised_on=due, expected_on=due
        )
        order.refresh_from_db()
        return order

    def receive(
        self,
        order: PurchaseOrder,
        share: str = "1",
        rejected: dict[int, str] | None = None,
        days_ago: int = 3,
    ) -> None:
        """Posts a share of every line; `rejected` of it by line number."""
        refused = {line_no: D(quantity) for line_no, quantity in (rejected or {}).items()}
        lines = []
        for line in order.lines.all():
            came = (line.ordered_quantity * D(share)).quantize(D(1))
            bad = refused.get(line.line_no, D(0))
            photos = (CRUSHED_CARTON,) if bad else ()
            reason = "damaged" if bad else ""
            lines.append(ReceivedLine(line.line_no, came - bad, bad, reason, photos))
        post_receipt(
            order,
            lines=lines,
            received_on=self.company.today - timedelta(days=days_ago),
            delivery_note=f"DN{order.number}",
            actor=self.company.people["receiver"],
        )

    def lines(
        self,
        order: PurchaseOrder,
        price: dict[int, str] | None = None,
        quantity: dict[int, str] | None = None,
        unit: str = "",
        tax_rate: str = "",
    ) -> list[CapturedLine]:
        """The order's lines as billed; prices times, quantities instead, by line number."""
        factors, amounts = price or {}, quantity or {}
        return [
            CapturedLine(
                quantity=D(amounts.get(line.line_no, str(line.ordered_quantity))),
                unit_price=(line.unit_price * D(factors.get(line.line_no, "1"))).quantize(
                    D("0.0001")
                ),
                unit=unit or line.unit,
                order_number=order.number or "",
                order_line_no=str(line.line_no),
                sku_code=line.sku.code,
                description=line.description,
                tax_rate=D(tax_rate) if tax_rate else None,
            )
            for line in order.lines.select_related("sku")
        ]

    def bill(
        self,
        order: PurchaseOrder,
        lines: Sequence[CapturedLine],
        *,
        number: str = "",
        days_ago: int = 2,
        due_in: int = 10,
        freight: str = "",
        taxes: dict[str, str] | None = None,
        total: str = "",
        currency: str = "",
        reference: str | None = None,
        discount_in: int | None = None,
        is_early: bool = False,
    ) -> None:
        """Captures an invoice for the order, matched at once; an early one is due before its terms."""
        self.billed += 13
        today = self.company.today
        supplier = order.supplier
        assert supplier is not None
        taxed = {rate: D(amount) for rate, amount in (taxes or {}).items()}
        invoiced_on = today - timedelta(days=days_ago)
        due_on = max(today + timedelta(days=due_in), invoiced_on)
        if not is_early:
            terms_days = (due_on - invoiced_on).days
            PurchaseOrder.objects.filter(pk=order.pk).update(payment_terms_days=terms_days)
        capture_invoice(
            supplier=supplier,
            number=number or f"INV-{self.billed}",
            invoiced_on=invoiced_on,
            received_on=invoiced_on,
            due_on=due_on,
            currency=currency or order.currency,
            lines=lines,
            charges={"freight": D(freight)} if freight else None,
            taxes=taxed,
            tax_amount=sum(taxed.values(), D(0)),
            total_amount=D(total) if total else None,
            order_reference=(order.number or "") if reference is None else reference,
            discount_until=_in_days(today, discount_in),
            early_discount_percent=D(2) if discount_in is not None else None,
            # Who enters an invoice does not accept its differences, so both desks enter some.
            actor=self.company.people["ap" if self.billed % 2 else "aplead"],
        )


def _in_days(today: date, days: int | None) -> date | None:
    return None if days is None else today + timedelta(days=days)


def make_waiting_work(company: Company) -> None:
    """Drafts, approvals, deliveries and every kind of hold."""
    desk = Desk(company)
    _orders_in_the_making(desk)
    _deliveries(desk)
    _price_and_quantity_holds(desk)
    _paper_holds(desk)
    _rule_holds(desk)


def _orders_in_the_making(desk: Desk) -> None:
    desk.draft(
        "NORTHLINE",
        "PACK-BOX",
        [("CTN-KR-12", "4000"), ("CTN-KR-24", "1500"), ("DIV-SB-12", "4000")],
    )
    desk.draft("PRAIRIE", "ING-GRAIN", [("OAT-RO-A", "9000"), ("OAT-RO-ORG", "2500")], 18)
    desk.draft("BRIGHTLINE", "PACK-LABEL", [("LBL-JAR-ALM", "60")])
    for supplier, category, wanted in (
        ("SOLANO", "PACK-FILM", [("FLM-BAR-CHO", "60"), ("FLM-BAR-OAT", "40")]),
        ("PACIFICNUT", "ING-NUT", [("ALM-WH", "2400"), ("SEED-PUM", "900")]),
        ("CACAOHAUS", "ING-COCOA", [("CHO-70", "1800")]),
        ("MERIDIAN", "PACK-POUCH", [("POU-S-OAT", "40000"), ("POU-L-OAT", "15000")]),
        ("HONEYCO", "ING-SWEET", [("HON-CLO", "2600")]),
    ):
        desk.submitted(supplier, category, wanted)
    desk.approved("ASHGROVE", "PACK-BOX", [("CTN-WH-12", "3000")])
    desk.approved("GOLDENOIL", "ING-OIL", [("OIL-SUN", "1800")])
    returned = desk.submitted("DATECO", "ING-FRUIT", [("DAT-WH", "2400"), ("CRN-SL", "1400")])
    send_back_purchase_order(
        returned,
        revision_shown=returned.revision,
        comment="We still have six weeks of dates. Halve the quantity.",
        actor=desk.company.people["approver"],
    )


def _deliveries(desk: Desk) -> None:
    for supplier, category, wanted, due_in in (
        ("NORTHLINE", "PACK-BOX", [("CTN-KR-36", "3500"), ("DIV-SB-24", "5000")], 0),
        ("SOLANO", "PACK-FILM", [("FLM-BITE-BER", "45")], 0),
        ("PRAIRIE", "ING-GRAIN", [("QUI-A", "900"), ("RIC-A", "1500")], -2),
        ("MERIDIAN", "PACK-POUCH", [("POU-M-CHO", "15000")], 1),
        ("STRAPWELL", "PACK-TAPE", [("TAPE-48-CL", "360"), ("TAPE-48-PR", "180")], -1),
        ("CLEANCO", "MRO-CLEAN", [("CLN-ALK", "240")], 3),
    ):
        desk.issued(supplier, category, wanted, days_ago=16, due_in=due_in)
    part = desk.issued("ORCHARD", "ING-NUT", [("ALM-SL", "1800"), ("ALM-DI", "1200")], 25, -3)
    desk.receive(part, share="0.6")


def _price_and_quantity_holds(desk: Desk) -> None:
    boxes = [("CTN-KR-12", "4000"), ("TRAY-OAT", "3000"), ("DIV-SB-12", "4000")]
    crushed = desk.issued("NORTHLINE", "PACK-BOX", boxes)
    desk.receive(crushed, rejected={1: "40"})
    desk.bill(crushed, desk.lines(crushed, price={2: "1.04"}), due_in=3, discount_in=2)

    film = desk.issued("SOLANO", "PACK-FILM", [("FLM-BAR-BER", "60")])
    desk.receive(film)
    desk.bill(film, desk.lines(film, price={1: "1.025"}), due_in=8)

    early = desk.issued("SOLANO", "PACK-FILM", [("FLM-MINI-COC", "16")], 12, 6)
    desk.bill(early, desk.lines(early), due_in=1)

    short = desk.issued("DELTACOR", "PACK-BOX", [("CTN-WH-24", "2000")])
    desk.receive(short, share="0.8")
    desk.bill(short, desk.lines(short), due_in=5)

    more = desk.issued("ASHGROVE", "PACK-BOX", [("SLV-CHO", "5000")])
    desk.receive(more, share="1.04")
    desk.bill(more, desk.lines(more, quantity={1: "5200"}), due_in=14)

    above = desk.issued("ORCHARD", "ING-NUT", [("ALM-BU", "1500")])
    line = above.lines.get()
    PurchaseOrderLine.objects.filter(pk=line.pk).update(
        unit_price=line.unit_price * D("1.04"),
        amount=(line.amount * D("1.04")).quantize(D("0.01")),
        price_source="entered",
        price_reason="Spot price, the crop is late.",
    )
    desk.receive(above)
    desk.bill(above, desk.lines(above), due_in=12, is_early=True)


def _paper_holds(desk: Desk) -> None:
    labels = desk.issued("BRIGHTLINE", "PACK-LABEL", [("LBL-CASE-OAT", "120")])
    desk.receive(labels)
    desk.bill(labels, desk.lines(labels), freight="112.75", due_in=9)

    copper = desk.issued("COPPERLEAF", "PACK-LABEL", [("LBL-JAR-CHO", "90")])
    desk.receive(copper)
    amount = sum((line.amount for line in copper.lines.all()), D(0))
    wrong_tax = (amount * D("0.0825") + D("44.10")).quantize(D("0.01"))
    desk.bill(
        copper, desk.lines(copper, tax_rate="8.25"), taxes={"8.25": str(wrong_tax)}, due_in=16
    )

    honey = desk.issued("HONEYCO", "ING-SWEET", [("HON-WIL", "400")])
    desk.receive(honey)
    total = sum((line.amount for line in honey.lines.all()), D(0)) + D("64.00")
    desk.bill(honey, desk.lines(honey), total=str(total), due_in=11)

    oil = desk.issued("GOLDENOIL", "ING-OIL", [("OIL-CAN", "900")])
    desk.receive(oil)
    desk.bill(oil, desk.lines(oil), currency="EUR", due_in=13)

    lab = desk.issued("CLEARLAB", "SVC-LAB", [("LAB-ALG", "12")])
    desk.receive(lab)
    loose = CapturedLine(quantity=D(8), unit_price=D(80), description="Rush analyses in October")
    desk.bill(lab, [loose], number="BL-7710", reference="", due_in=12)
    extra = CapturedLine(
        quantity=D(1), unit_price=D(95), sku_code="LAB-XRF", description="XRF scan"
    )
    desk.bill(lab, [*desk.lines(lab), extra], due_in=15)


def _rule_holds(desk: Desk) -> None:
    company = desk.company
    ready = desk.approved("HALCYON", "PACK-POUCH", [("POU-S-ALM", "20000")])
    desk.bill(ready, desk.lines(ready), due_in=20)

    spice = desk.issued("VANILLA", "ING-FLAV", [("SPI-CIN", "140")])
    foreign = desk.issued("AROMA", "ING-FLAV", [("SPI-GIN", "120")])
    theirs = [replace(line, order_number="") for line in desk.lines(foreign)]
    desk.bill(foreign, theirs, reference=spice.number, due_in=18)

    gloves = desk.issued("SAFEHAND", "MRO-SAFE", [("GLV-M", "300"), ("GLV-L", "200")])
    desk.receive(gloves)
    desk.bill(gloves, desk.lines(gloves, quantity={1: "30", 2: "20"}, unit="CS"), due_in=17)

    seeds = desk.issued("SUNRIDGE", "ING-NUT", [("SEED-SUN", "1800")])
    desk.receive(seeds)
    desk.bill(seeds, desk.lines(seeds), number="SR-11872", due_in=6)
    desk.bill(seeds, desk.lines(seeds), number="SR-11872R", days_ago=1, due_in=6)

    Tolerance.objects.create(
        number=2,
        category=company.categories["SVC-PAL"],
        limits={
            "price": {"mode": "limit", "percent": "10"},
            "contract_price": {"mode": "off"},
            "line_amount": {"mode": "limit", "percent": "2", "amount": "40"},
        },
        valid_from=company.today - timedelta(days=200),
        created_by=company.people["aplead"],
    )
    pallets = desk.issued("PALLETRY", "SVC-PAL", [("PAL-GMA", "220")])
    desk.receive(pallets)
    desk.bill(pallets, desk.lines(pallets, price={1: "1.06"}), due_in=19)

    _looked_at(desk)

    wanted = [(f"LBL-CASE-{code}", "110") for code in ("CHO", "ALM", "BER", "PNB", "COC", "MAP")]
    wanted += [(f"LBL-LID-{code}", "120") for code in ("CHO", "ALM", "BER", "PNB", "COC", "MAP")]
    many = desk.issued("BRIGHTLINE", "PACK-LABEL", wanted)
    desk.receive(many)
    desk.bill(many, desk.lines(many, price=dict.fromkeys(range(1, 13), "1.008")), due_in=21)


def _looked_at(desk: Desk) -> None:
    """A clean invoice drawn for a look, and a supplier of whom too much was accepted last month."""
    company = desk.company
    last_month = company.today.replace(day=1) - timedelta(days=1)
    common = {
        "valid_from": company.today - timedelta(days=90),
        "created_by": company.people["aplead"],
    }
    Tolerance.objects.create(
        number=3,
        category=company.categories["MRO-SAFE"],
        limits={**default_limits(), "sample": {"percent": "100", "threshold": "0"}},
        **common,
    )
    gloves = desk.issued("SAFEHAND", "MRO-SAFE", [("GLV-L", "150")])
    desk.receive(gloves)
    desk.bill(gloves, desk.lines(gloves), due_in=22)
    Tolerance.objects.create(
        number=4,
        supplier=company.suppliers["AROMA"],
        limits={**default_limits(), "leakage_cap": "60.00"},
        **common,
    )
    ToleranceSuspension.objects.create(
        supplier=company.suppliers["AROMA"],
        month=last_month.replace(day=1),
        accepted_amount=Decimal("74.20"),
        cap_amount=Decimal("60.00"),
    )
