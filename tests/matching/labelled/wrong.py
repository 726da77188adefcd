"""Stories with something wrong: each bill's label says what must hold it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.matching.labelled.making import Bill, Case, Closing, Delivery, GoingBack, Maker
from tests.matching.labelled.stories import story

D = Decimal
OVER = frozenset({"QTY_ORDERED", "QTY_RECEIVED"})


def held(*checks: str) -> frozenset[str]:
    return frozenset(checks)


@story
def dearer_than_ordered(make: Maker) -> Case:
    """One line by three to forty percent."""
    order = make.order()
    dear = make.rng.randint(1, len(order.lines))
    factor = D(make.rng.randrange(103, 140)) / 100
    lines = [
        make.line(order, n, line.quantity, price=line.price * (factor if n == dear else 1))
        for n, line in enumerate(order.lines, 1)
    ]
    bill = make.bill(order, {}, held("PRICE"), lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def a_cent_over_the_limit(make: Maker) -> Case:
    """More than one percent by the least that a price can be."""
    order = make.order(lines=1)
    order.lines[0].quantity, order.lines[0].price = D(10), D(25)
    lines = [make.line(order, 1, D(10), price=D("25.2501"))]
    bill = make.bill(order, {}, held("PRICE"), lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def many_small_differences(make: Maker) -> Case:
    """Five lines within their limits, together over the cap."""
    order = make.order(lines=5)
    for line in order.lines:
        line.quantity, line.price = D(100), D(make.rng.randrange(28, 31))
    lines = [
        make.line(order, n, D(100), price=order.line(n).price + D("0.22")) for n in range(1, 6)
    ]
    bill = make.bill(order, {}, held("HEADER_CAP"), lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def more_than_ordered(make: Maker) -> Case:
    order = make.order()
    pieces = order.all()
    pieces[1] += D(make.rng.randint(1, 50))
    return Case("", [order], [[Delivery(order, order.all()), make.bill(order, pieces, OVER)]])


@story
def more_than_received(make: Maker) -> Case:
    order = make.order()
    came = order.all()
    came[1] -= D(make.rng.randint(1, 19))
    bill = make.bill(order, order.all(), held("QTY_RECEIVED"))
    return Case("", [order], [[Delivery(order, came), bill]])


@story
def too_heavy(make: Maker) -> Case:
    """Three percent over what the scale said."""
    order = make.order(skus=[make.rng.choice(make.stock.weighed)])
    order.lines[0].quantity = D(1000)
    bill = make.bill(order, {1: D(927)}, held("QTY_RECEIVED"))
    return Case("", [order], [[Delivery(order, {1: D(900)}), bill]])


@story
def nothing_came(make: Maker) -> Case:
    order = make.order()
    return Case("", [order], [[make.bill(order, order.all(), held("AWAITING_RECEIPT"))]])


@story
def too_little_came_later(make: Maker) -> Case:
    """Two bills wait; what comes is enough for the one that came first."""
    order = make.order(lines=1)
    first = order.all(D("0.6"))
    second = {1: order.line(1).quantity - first[1]}
    day = order.issued_on + timedelta(days=10)
    bills = [
        make.bill(order, first, invoiced_on=day),
        make.bill(order, second, held("QTY_RECEIVED"), invoiced_on=day),
    ]
    return Case("", [order], [bills, [Delivery(order, first)]])


@story
def billed_past_the_end(make: Maker) -> Case:
    """A second bill that takes what is billed over the order."""
    order = make.order(lines=1)
    first, second = order.all(D("0.6")), order.all(D("0.5"))
    bill = make.bill(order, first)
    later = bill.captured.invoiced_on + timedelta(days=9)
    over = make.bill(order, second, OVER, invoiced_on=later)
    return Case("", [order], [[Delivery(order, order.all()), bill], [over]])


@story
def one_line_twice(make: Maker) -> Case:
    order = make.order(lines=2)
    lines = [make.line(order, n, order.line(n).quantity) for n in (1, 2, 1)]
    bill = make.bill(order, {}, OVER, lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def bad_goods(make: Maker) -> Case:
    order = make.order(lines=2)
    good = order.all()
    bad = D(make.rng.randint(1, 15))
    good[1] -= bad
    bill = make.bill(order, order.all(), held("QUALITY"))
    return Case("", [order], [[Delivery(order, good, {1: bad}), bill]])


@story
def billed_in_full_after_a_return(make: Maker) -> Case:
    order = make.order(lines=2)
    back = {1: D(make.rng.randint(1, 15))}
    bill = make.bill(order, order.all(), held("QTY_RECEIVED"))
    return Case("", [order], [[Delivery(order, order.all()), GoingBack(order, back)], [bill]])


@story
def the_dock_took_more(make: Maker) -> Case:
    """105 of 100 came and are billed."""
    order = make.order(lines=1)
    order.lines[0].quantity = D(100)
    bill = make.bill(order, {1: D(105)}, held("QTY_ORDERED"))
    return Case("", [order], [[Delivery(order, {1: D(105)}), bill]])


@story
def closed_short_and_billed_in_full(make: Maker) -> Case:
    order = make.order(lines=1)
    came = (order.line(1).quantity * D("0.7")).quantize(D(1))
    order.lines[0].cancelled = order.line(1).quantity - came
    bill = make.bill(order, order.all(), OVER)
    return Case("", [order], [[Delivery(order, {1: came}), bill]])


@story
def dear_freight(make: Maker) -> Case:
    order = make.order()
    charges = {"freight": D(make.rng.randrange(5_001, 20_000)) / 100}
    bill = make.bill(order, order.all(), held("CHARGE"), charges=charges)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def freight_twice(make: Maker) -> Case:
    """Each is small; on one order they are too much together."""
    order = make.order()
    first = order.all(D("0.5"))
    rest = {n: order.line(n).quantity - many for n, many in first.items()}
    bills = [
        make.bill(order, first, charges={"freight": D(30)}),
        make.bill(order, rest, held("CHARGE"), charges={"freight": D(30)}),
    ]
    return Case("", [order], [[Delivery(order, order.all()), bills[0]], [bills[1]]])


@story
def wrong_tax(make: Maker) -> Case:
    order = make.order()
    bill = make.bill(order, order.all(), held("TAX"), is_taxed=True)
    more = bill.captured.tax_amount + D(make.rng.randrange(6, 900)) / 100
    return Case(
        "", [order],
        [[
            Delivery(order, order.all()),
            Bill(replace(bill.captured, tax_amount=more, taxes={"19": more}), bill.label),
        ]],
    )  # fmt: skip


@story
def parts_that_do_not_add_up(make: Maker) -> Case:
    order = make.order(lines=2)
    bill = make.bill(order, order.all(), held("HEADER_BALANCE"), is_taxed=False)
    parts = sum((line.quantity * line.unit_price for line in bill.captured.lines), D(0))
    total = parts + D(make.rng.randrange(10, 5_000)) / 100
    changed = Bill(replace(bill.captured, total_amount=total), bill.label)
    return Case("", [order], [[Delivery(order, order.all()), changed]])


@story
def in_another_currency(make: Maker) -> Case:
    order = make.order()
    bill = make.bill(order, order.all(), held("CURRENCY"), currency="EUR")
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def an_order_that_nobody_placed(make: Maker) -> Case:
    order = make.order()
    lines = [replace(line, order_number="4711-X") for line in make.lines(order, order.all())]
    bill = make.bill(order, {}, held("NO_PO"), lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def an_order_of_somebody_else(make: Maker) -> Case:
    order = make.order()
    other = make.rng.choice([one for one in make.stock.suppliers if one != order.supplier])
    bill = make.bill(order, order.all(), held("PO_SUPPLIER"), supplier=other)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def an_order_not_issued_yet(make: Maker) -> Case:
    order = make.order(status="approved")
    bill = make.bill(order, order.all(), held("PO_STATUS", "AWAITING_RECEIPT"))
    return Case("", [order], [[bill]])


@story
def an_order_that_was_closed(make: Maker) -> Case:
    order = make.order()
    bill = make.bill(order, order.all(), held("PO_STATUS"))
    return Case("", [order], [[Delivery(order, order.all()), Closing(order)], [bill]])


@story
def a_line_that_was_not_ordered(make: Maker) -> Case:
    order = make.order(lines=2)
    stray = replace(
        make.line(order, 1, D(7), price=D("3.1417")), order_line_no="", sku_code="NOT-OURS"
    )
    lines = [*make.lines(order, order.all()), stray]
    bill = make.bill(order, {}, held("LINE_UNMATCHED"), lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def in_an_unknown_unit(make: Maker) -> Case:
    order = make.order(lines=1)
    lines = [replace(make.line(order, 1, D(2)), unit="PF")]
    bill = make.bill(order, {}, held("UOM_UNKNOWN"), lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def dearer_than_agreed(make: Maker) -> Case:
    """Ordered too dear, and billed as ordered: only the agreement knows."""
    order = make.order(skus=[make.rng.choice(make.stock.agreed)])
    order.lines[0].price = D(make.rng.randrange(1_001, 1_300)) / 100
    bill = make.bill(order, order.all(), held("CONTRACT_PRICE"))
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def from_a_blocked_supplier(make: Maker) -> Case:
    order = make.order(supplier=make.stock.blocked)
    bill = make.bill(order, order.all(), held("SUPPLIER_BLOCKED"))
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def credited_beyond_the_bill(make: Maker) -> Case:
    order = make.order(lines=1)
    bill = make.bill(order, order.all(), is_taxed=False)
    back = {1: order.line(1).quantity + D(make.rng.randint(1, 9))}
    note = make.bill(
        order, back, held("QTY_ORDERED", "LINE_AMOUNT"), kind="credit",
        credits_number=bill.captured.number,
    )  # fmt: skip
    return Case("", [order], [[Delivery(order, order.all()), bill], [note]])


@story
def dear_and_too_many(make: Maker) -> Case:
    """Two things at once, each on its own line."""
    order = make.order(lines=2)
    lines = [
        make.line(order, 1, order.line(1).quantity, price=order.line(1).price * D("1.2")),
        make.line(order, 2, order.line(2).quantity + 5),
    ]
    bill = make.bill(order, {}, OVER | {"PRICE"}, lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])
