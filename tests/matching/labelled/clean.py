"""Stories in which nothing is wrong in the end: no bill of theirs may be held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.matching.labelled.making import Case, Delivery, GoingBack, Maker, net_of
from tests.matching.labelled.stories import story

D = Decimal


@story
def billed_as_received(make: Maker) -> Case:
    order = make.order()
    return Case("", [order], [[Delivery(order, order.all()), make.bill(order, order.all())]])


@story
def billed_as_delivered_in_parts(make: Maker) -> Case:
    order = make.order()
    first = order.all(D("0.6"))
    rest = {n: order.line(n).quantity - many for n, many in first.items()}
    return Case(
        "",
        [order],
        [
            [Delivery(order, first), make.bill(order, first)],
            [Delivery(order, rest), make.bill(order, rest)],
        ],
    )


@story
def billed_in_equal_parts_on_one_day(make: Maker) -> Case:
    """Two to four equal bills with numbers that follow one another."""
    parts = make.rng.randint(2, 4)
    order = make.order()
    for line in order.lines:
        line.quantity = line.quantity * parts
    piece = {n: line.quantity / parts for n, line in enumerate(order.lines, 1)}
    day = order.issued_on + timedelta(days=12)
    bills = [
        make.bill(order, piece, number=number, invoiced_on=day, is_taxed=False)
        for number in make.numbers(parts)
    ]
    return Case("", [order], [[Delivery(order, order.all()), *bills]])


@story
def billed_in_unequal_parts(make: Maker) -> Case:
    order = make.order()
    first, second = order.all(D("0.3")), order.all(D("0.25"))
    third = {n: line.quantity - first[n] - second[n] for n, line in enumerate(order.lines, 1)}
    bills = [make.bill(order, part) for part in (first, second, third)]
    return Case("", [order], [[Delivery(order, order.all()), bills[0]], bills[1:]])


@story
def line_by_line(make: Maker) -> Case:
    """A bill for each line of the order."""
    order = make.order(lines=3)
    bills = [make.bill(order, {n: order.line(n).quantity}) for n in (2, 1, 3)]
    return Case("", [order], [[Delivery(order, order.all()), *bills]])


@story
def several_orders_in_one(make: Maker) -> Case:
    first = make.order(lines=2)
    second = make.order(lines=3, supplier=first.supplier)
    lines = [*make.lines(first, first.all()), *make.lines(second, second.all())]
    bill = make.bill(first, {}, lines=lines, order_reference=f"{first.number}, {second.number}")
    return Case(
        "", [first, second],
        [[Delivery(first, first.all()), Delivery(second, second.all()), bill]],
    )  # fmt: skip


@story
def the_same_order_every_week(make: Maker) -> Case:
    """Equal orders, equal bills, within three days, numbers one keystroke apart."""
    first = make.order()
    second = make.order(supplier=first.supplier)
    second.lines = [replace(line) for line in first.lines]
    day = first.issued_on + timedelta(days=11)
    bills = [
        make.bill(order, order.all(), number=number, invoiced_on=day + timedelta(days=later),
                  is_taxed=False)
        for later, (order, number) in enumerate(zip((first, second), make.numbers(2), strict=True))
    ]  # fmt: skip
    return Case(
        "",
        [first, second],
        [[Delivery(first, first.all()), Delivery(second, second.all()), *bills]],
    )


@story
def a_little_dearer(make: Maker) -> Case:
    """Half a percent, and less than 25.00 a line and 100.00 on the bill."""
    order = make.order(lines=2)
    for line in order.lines:
        line.quantity, line.price = D(make.rng.randrange(20, 80)), D(make.rng.randrange(200, 3000)) / 100  # fmt: skip
    lines = [
        make.line(order, n, order.line(n).quantity, price=order.line(n).price * D("1.005"))
        for n in (1, 2)
    ]
    bill = make.bill(order, {}, lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def dearer_up_to_the_limit(make: Maker) -> Case:
    """Exactly one percent and exactly 25.00."""
    order = make.order(lines=1)
    order.lines[0].quantity, order.lines[0].price = D(100), D(25)
    bill = make.bill(order, {}, lines=[make.line(order, 1, D(100), price=D("25.25"))])
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def cheaper_than_ordered(make: Maker) -> Case:
    order = make.order(lines=1)
    lines = [make.line(order, 1, order.line(1).quantity, price=order.line(1).price * D("0.9"))]
    bill = make.bill(order, {}, lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def with_small_freight(make: Maker) -> Case:
    order = make.order()
    charges = {"freight": D(make.rng.randrange(100, 4_900)) / 100}
    bill = make.bill(order, order.all(), charges=charges)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def a_little_more_weight(make: Maker) -> Case:
    """Weighed goods: one and a half percent over what the scale said, within the order."""
    order = make.order(skus=[make.rng.choice(make.stock.weighed)])
    order.lines[0].quantity = D(1000)
    bill = make.bill(order, {1: D("913.5")})
    return Case("", [order], [[Delivery(order, {1: D(900)}), bill]])


@story
def discounts(make: Maker) -> Case:
    """A discount on a line and one on the whole."""
    order = make.order(lines=2)
    for line in order.lines:
        line.price += 5
    off = D(make.rng.randrange(100, 900)) / 100
    lines = [
        make.line(order, 1, order.line(1).quantity, discount=off),
        make.line(order, 2, order.line(2).quantity),
    ]
    bill = make.bill(order, {}, lines=lines, discount_amount=off * 2, is_taxed=False)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def amounts_off_by_a_cent(make: Maker) -> Case:
    """Line amounts as other software rounds them; the total is their sum."""
    order = make.order(lines=4)
    lines = []
    for n, line in enumerate(order.lines, 1):
        cent = make.rng.choice((D("-0.01"), D(0), D("0.01")))
        plain = make.line(order, n, line.quantity)
        lines.append(replace(plain, amount=net_of(plain) + cent))
    bill = make.bill(order, {}, lines=lines)
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def ordered_in_pieces_billed_in_cases(make: Maker) -> Case:
    order = make.order(skus=[make.rng.choice(make.stock.cased)])
    line = order.lines[0]
    line.quantity = line.quantity // 12 * 12
    cases = make.line(order, 1, line.quantity / 12, price=line.price * 12, unit="CS")
    bill = make.bill(order, {}, lines=[cases])
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def by_price_and_quantity_alone(make: Maker) -> Case:
    """Lines that name neither number nor SKU; prices differ from line to line."""
    order = make.order(lines=3)
    for place, line in enumerate(order.lines):
        line.price += place * 100
    lines = [
        replace(make.line(order, n, order.line(n).quantity), order_line_no="") for n in (3, 1, 2)
    ]
    return Case("", [order], [[Delivery(order, order.all()), make.bill(order, {}, lines=lines)]])


@story
def one_sku_at_two_prices(make: Maker) -> Case:
    """The order line's number decides."""
    order = make.order(lines=1)
    again = replace(order.lines[0], price=order.lines[0].price * D("1.3"))
    order.lines.append(again)
    lines = [
        make.line(order, n, order.line(n).quantity, sku_code=order.line(n).sku.code) for n in (2, 1)
    ]
    return Case("", [order], [[Delivery(order, order.all()), make.bill(order, {}, lines=lines)]])


@story
def two_lines_for_one(make: Maker) -> Case:
    """One order line in two invoice lines."""
    order = make.order(lines=2)
    half = (order.line(1).quantity / 2).quantize(D(1))
    lines = [
        make.line(order, 1, half),
        make.line(order, 2, order.line(2).quantity),
        make.line(order, 1, order.line(1).quantity - half),
    ]
    return Case("", [order], [[Delivery(order, order.all()), make.bill(order, {}, lines=lines)]])


@story
def billed_before_it_came(make: Maker) -> Case:
    order = make.order()
    return Case("", [order], [[make.bill(order, order.all())], [Delivery(order, order.all())]])


@story
def found_by_its_delivery_note(make: Maker) -> Case:
    order = make.order()
    note = f"LS-{make.rng.randrange(10**6, 10**7)}"
    lines = [replace(line, order_number="") for line in make.lines(order, order.all())]
    bill = make.bill(order, {}, lines=lines, despatch_reference=note)
    return Case("", [order], [[Delivery(order, order.all(), note=note)], [bill]])


@story
def found_by_its_text(make: Maker) -> Case:
    order = make.order()
    lines = [replace(line, order_number="") for line in make.lines(order, order.all())]
    bill = make.bill(order, {}, lines=lines, note=f"Goods as of your order {order.number}, thanks")
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def named_in_the_header(make: Maker) -> Case:
    order = make.order()
    lines = [replace(line, order_number="") for line in make.lines(order, order.all())]
    bill = make.bill(order, {}, lines=lines, order_reference=order.number.lower())
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def a_number_that_another_supplier_used(make: Maker) -> Case:
    first = make.order()
    others = [one for one in make.stock.suppliers if one != first.supplier]
    second = make.order(supplier=make.rng.choice(others))
    bill = make.bill(first, first.all())
    same = make.bill(second, second.all(), number=bill.captured.number)
    return Case(
        "", [first, second],
        [[Delivery(first, first.all()), Delivery(second, second.all()), bill, same]],
    )  # fmt: skip


@story
def credited_in_part(make: Maker) -> Case:
    order = make.order()
    bill = make.bill(order, order.all())
    back = {n: max(many // 5, D(1)) for n, many in order.all().items()}
    note = make.bill(order, back, kind="credit", credits_number=bill.captured.number)
    return Case("", [order], [[Delivery(order, order.all()), bill], [note]])


@story
def credited_in_price_alone(make: Maker) -> Case:
    order = make.order(lines=1)
    bill = make.bill(order, order.all())
    lines = [make.line(order, 1, D(0), price=D(0), amount=order.line(1).price)]
    note = make.bill(order, {}, lines=lines, kind="credit", credits_number=bill.captured.number)
    return Case("", [order], [[Delivery(order, order.all()), bill], [note]])


@story
def credited_and_billed_anew(make: Maker) -> Case:
    order = make.order()
    bill = make.bill(order, order.all(), is_taxed=False)
    note = make.copied(bill, bill.label, kind="credit", credits_number=bill.captured.number)
    anew = make.copied(bill, bill.label)
    return Case("", [order], [[Delivery(order, order.all()), bill], [note], [anew]])


@story
def sent_back_credited_and_replaced(make: Maker) -> Case:
    order = make.order(lines=2)
    back = {1: order.all(D("0.1"))[1]}
    bill = make.bill(order, order.all())
    note = make.bill(order, back, kind="credit", credits_number=bill.captured.number)
    later = bill.captured.invoiced_on + timedelta(days=10)
    return Case(
        "", [order],
        [
            [Delivery(order, order.all()), bill],
            [GoingBack(order, back), note],
            [Delivery(order, back), make.bill(order, back, invoiced_on=later)],
        ],
    )  # fmt: skip


@story
def as_agreed(make: Maker) -> Case:
    order = make.order(skus=[make.rng.choice(make.stock.agreed)])
    order.lines[0].price = D(10)
    return Case("", [order], [[Delivery(order, order.all()), make.bill(order, order.all())]])


@story
def paid_in_part_before(make: Maker) -> Case:
    order = make.order()
    bill = make.bill(order, order.all(), prepaid_amount=D("12.50"))
    return Case("", [order], [[Delivery(order, order.all()), bill]])


@story
def the_rest_was_cancelled(make: Maker) -> Case:
    """A short delivery, closed short; what came is billed."""
    order = make.order(lines=1)
    came = (order.line(1).quantity * D("0.7")).quantize(D(1))
    order.lines[0].cancelled = order.line(1).quantity - came
    return Case("", [order], [[Delivery(order, {1: came}), make.bill(order, {1: came})]])


@story
def a_long_bill(make: Maker) -> Case:
    order = make.order(skus=make.rng.sample(list(make.stock.counted), 20))
    return Case("", [order], [[Delivery(order, order.all()), make.bill(order, order.all())]])
