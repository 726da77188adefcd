"""A set made and played: orders issued, goods received and bills captured as in service.

    verdicts = play(world, made_set(stock_of(world), seed=1, orders=500))

Everything goes through the actions that screens, imports and files use; the reactions of the worker
run after each round. Bills of different stories are captured together, in batches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from matching.capture import capture_invoices
from matching.models import Hold, SupplierInvoice
from procure.events import work_off
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.ordering import close_purchase_order
from purchasing.receiving import ReceivedLine, ReturnedLine, post_receipt, post_return
from suppliers.models import PriceAgreement, PriceBreak, Sku, Supplier, UnitFactor
from tests.factories import LONG_AGO
from tests.matching.labelled import clean, repeated, wrong
from tests.matching.labelled.making import (
    Bill,
    Case,
    Closing,
    D,
    Delivery,
    GoingBack,
    Maker,
    PlannedOrder,
    Step,
    Stock,
)
from tests.matching.labelled.stories import STORIES
from tests.world import World

BATCH = 40
KINDS = {
    module.__name__.rpartition(".")[2]: [
        name for name, tell in STORIES.items() if getattr(module, name, None) is tell
    ]
    for module in (clean, wrong, repeated)
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bill: what must hold it, and what does."""

    kind: str
    number: str
    label: frozenset[str]
    found: frozenset[str]
    status: str

    @property
    def is_right(self) -> bool:
        return self.found == self.label and (self.status == "approved") is not bool(self.label)

    def __str__(self) -> str:
        return f"{self.kind}, {self.number}: {sorted(self.found)} instead of {sorted(self.label)}"


def stock_of(world: World, suppliers: int = 12, skus: int = 60) -> Stock:
    """Suppliers and SKUs for a set; call it inside the organization."""
    made = Supplier.objects.bulk_create(
        Supplier(code=f"LS-{n}", name=f"Labelled {n:02}", currency="USD") for n in range(suppliers)
    )
    blocked = Supplier.objects.create(
        code="LS-BLOCKED", name="Blocked one", currency="USD", status="blocked"
    )
    kinds = [("C", skus, "EA"), ("W", 4, "KGM"), ("K", 4, "EA"), ("A", 4, "EA")]
    rows = Sku.objects.bulk_create(
        Sku(
            code=f"LS-{letter}{n}", description=f"Item {letter}{n}", category=world.boxes,
            unit=unit, gtin=f"40{ord(letter):04}{n:07}",
        )
        for letter, count, unit in kinds
        for n in range(count)
    )  # fmt: skip
    of = {letter: [one for one in rows if one.code[3] == letter] for letter, _, _ in kinds}
    UnitFactor.objects.bulk_create(
        UnitFactor(sku=sku, unit="CS", factor=12, valid_from=LONG_AGO) for sku in of["K"]
    )
    agreements = PriceAgreement.objects.bulk_create(
        PriceAgreement(number=f"LA-{n}", supplier=one, currency="USD", valid_from=LONG_AGO)
        for n, one in enumerate(made)
    )
    PriceBreak.objects.bulk_create(
        PriceBreak(agreement=one, sku=sku, unit="EA", unit_price=10, valid_from=LONG_AGO)
        for one in agreements
        for sku in of["A"]
    )
    return Stock(made, blocked, of["C"], of["W"], of["K"], of["A"])


def made_set(
    stock: Stock, *, seed: int, orders: int, kinds: Collection[str] = tuple(STORIES)
) -> list[Case]:
    """Stories of all kinds in turn, in an order of the seed's own, until so many orders are placed."""
    make = Maker(stock, seed)
    cases: list[Case] = []
    placed = 0
    while placed < orders:
        for kind in make.rng.sample(sorted(kinds), len(kinds)):
            cases.append(STORIES[kind](make))
            placed += len(cases[-1].orders)
    return cases


def play(world: World, cases: Sequence[Case]) -> list[Verdict]:
    """Places all orders, then lets every round happen; call it outside of a transaction."""
    with world.inside():
        orders = _placed(cases)
    for steps in zip_longest(*(case.rounds for case in cases), fillvalue=()):
        happening = list(_in_turn(steps))
        with world.inside():
            for step in happening:
                if not isinstance(step, Bill):
                    _happens(world, orders[step.order.number], step)
        bills = [step.captured for step in happening if isinstance(step, Bill)]
        for start in range(0, len(bills), BATCH):
            with world.inside():
                capture_invoices(bills[start : start + BATCH], actor=world.people["ap_clerk"])
        work_off(world.organization.pk)
    with world.inside():
        return _verdicts(cases)


def _in_turn(steps: Sequence[Sequence[Step]]) -> Iterator[Step]:
    """The first step of every story, then the second: stories happen side by side."""
    for happening in zip_longest(*steps):
        yield from (step for step in happening if step is not None)


def _placed(cases: Sequence[Case]) -> dict[str, PurchaseOrder]:
    planned = [order for case in cases for order in case.orders]
    category = planned[0].lines[0].sku.category
    rows = PurchaseOrder.objects.bulk_create(
        PurchaseOrder(
            number=order.number, supplier=order.supplier, category=category, status=order.status,
            currency=order.currency, origin="imported", issued_on=order.issued_on,
        )
        for order in planned
    )  # fmt: skip
    PurchaseOrderLine.objects.bulk_create(
        line for order, row in zip(planned, rows, strict=True) for line in _lines(order, row)
    )
    return {order.number: row for order, row in zip(planned, rows, strict=True)}


def _lines(order: PlannedOrder, row: PurchaseOrder) -> Iterator[PurchaseOrderLine]:
    for line_no, line in enumerate(order.lines, 1):
        yield PurchaseOrderLine(
            order=row, line_no=line_no, sku=line.sku, description=line.sku.description,
            supplier_sku=line.supplier_sku, ordered_quantity=line.quantity,
            cancelled_quantity=line.cancelled, unit=line.sku.unit, unit_price=line.price,
            amount=(line.quantity * line.price).quantize(D("0.01")),
        )  # fmt: skip


def _happens(world: World, order: PurchaseOrder, step: Step) -> None:
    receiver, buyer = world.people["receiver"], world.people["buyer"]
    if isinstance(step, Delivery):
        lines = [
            ReceivedLine(n, good, bad := step.rejected.get(n, D(0)), "damaged" if bad else "")
            for n, good in step.good.items()
        ]
        post_receipt(
            order, lines=lines, received_on=step.order.issued_on, delivery_note=step.note,
            actor=receiver,
        )  # fmt: skip
    elif isinstance(step, GoingBack):
        back = [ReturnedLine(n, many) for n, many in step.pieces.items()]
        day = step.order.issued_on
        post_return(order, lines=back, returned_on=day, reason="Torn", actor=receiver)
    elif isinstance(step, Closing):
        close_purchase_order(order, reason="Nothing more is wanted", actor=buyer)


def _verdicts(cases: Sequence[Case]) -> list[Verdict]:
    invoices = {
        (row.supplier_id, row.number): row
        for row in SupplierInvoice.objects.filter(
            number__in={bill.captured.number for case in cases for bill in case.bills}
        )
    }
    holds: dict[int, set[str]] = {}
    for invoice_id, check in Hold.objects.filter(status="open").values_list(
        "invoice_id", "check_code"
    ):
        holds.setdefault(invoice_id, set()).add(check)
    verdicts = []
    for case in cases:
        for bill in case.bills:
            row = invoices[bill.captured.supplier.pk, bill.captured.number]
            found = frozenset(holds.get(row.pk, ()))
            verdicts.append(Verdict(case.kind, row.number, bill.label, found, row.status))
    return verdicts


def confusion(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many bills were let through and held, rightly and wrongly."""
    table = dict.fromkeys(
        ("let_through", "held_for_that", "held_for_something_else", "held_falsely", "missed"), 0
    )
    for one in verdicts:
        if not one.label:
            table["held_falsely" if one.found else "let_through"] += 1
        elif not one.found:
            table["missed"] += 1
        else:
            table["held_for_that" if one.is_right else "held_for_something_else"] += 1
    return table
