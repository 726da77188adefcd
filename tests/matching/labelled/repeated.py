"""Stories in which a bill comes twice, as suppliers, scanners and swindlers write it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.matching.labelled.making import Case, Delivery, Maker
from tests.matching.labelled.stories import story

D = Decimal
REPEATED = frozenset({"DUPLICATE_SUSPECT"})
RESPELLINGS = ("{}-R", "{}/2026", "00{}", "{} R")


@story
def sent_again_with_the_number_respelled(make: Maker) -> Case:
    order = make.order()
    number = str(make.rng.randrange(10**5, 10**7))
    bill = make.bill(order, order.all(), number=number)
    again = make.copied(bill, REPEATED, number=make.rng.choice(RESPELLINGS).format(number))
    return Case("", [order], [[Delivery(order, order.all()), bill], [again]])


@story
def sent_again_in_the_same_hour(make: Maker) -> Case:
    """Both are captured together."""
    order = make.order()
    bill = make.bill(order, order.all())
    again = make.copied(bill, REPEATED)
    return Case("", [order], [[Delivery(order, order.all()), bill, again]])


@story
def scanned_with_a_wrong_digit(make: Maker) -> Case:
    """A month later, one figure of the number differs."""
    order = make.order()
    figure = make.rng.randrange(10**6, 10**7)
    place = 10 ** make.rng.randrange(5)
    bill = make.bill(order, order.all(), number=f"INV {figure}")
    later = bill.captured.invoiced_on + timedelta(days=30)
    again = make.copied(bill, REPEATED, number=f"INV {figure + place}", invoiced_on=later)
    return Case("", [order], [[Delivery(order, order.all()), bill], [again]])


@story
def billed_in_full_once_more(make: Maker) -> Case:
    """Three weeks later, under a number of its own, with another tax."""
    order = make.order()
    bill = make.bill(order, order.all(), is_taxed=True)
    later = bill.captured.invoiced_on + timedelta(days=21)
    again = make.bill(order, order.all(), REPEATED, is_taxed=False, invoiced_on=later)
    return Case("", [order], [[Delivery(order, order.all()), bill], [again]])


@story
def a_near_copy(make: Maker) -> Case:
    """Within five days, a few pieces fewer, a trace dearer."""
    order = make.order(lines=1)
    share = D(make.rng.randrange(60, 100)) / 100
    pieces = order.all(share)
    bill = make.bill(order, pieces)
    near = {1: (pieces[1] * D(make.rng.randrange(92, 109)) / 100).quantize(D(1))}
    factor = D(make.rng.randrange(985, 1015)) / 1000
    lines = [make.line(order, 1, near[1], price=order.line(1).price * factor)]
    day = bill.captured.invoiced_on + timedelta(days=make.rng.randint(-5, 5))
    again = make.bill(order, {}, REPEATED, lines=lines, invoiced_on=day)
    return Case("", [order], [[Delivery(order, order.all()), bill], [again]])


@story
def twice_without_an_order(make: Maker) -> Case:
    """The same amount within three days, and no order that could tell."""
    order = make.order(lines=1)
    lines = [replace(line, order_number="", sku_code="", order_line_no="", supplier_sku="", gtin="")
             for line in make.lines(order, order.all())]  # fmt: skip
    lines = [replace(line, unit_price=line.unit_price + D("0.0037")) for line in lines]
    bill = make.bill(order, {}, frozenset({"NO_PO"}), lines=lines)
    day = bill.captured.invoiced_on + timedelta(days=make.rng.randint(-3, 3))
    again = make.copied(bill, REPEATED, invoiced_on=day)
    return Case("", [order], [[bill], [again]])


@story
def corrected_under_a_new_number(make: Maker) -> Case:
    """Too dear, held; then right, while the first still stands."""
    order = make.order(lines=2)
    dear = [
        make.line(order, n, order.line(n).quantity, price=order.line(n).price * D("1.25"))
        for n in (1, 2)
    ]
    bill = make.bill(order, {}, frozenset({"PRICE"}), lines=dear)
    later = bill.captured.invoiced_on + timedelta(days=8)
    again = make.bill(order, order.all(), REPEATED, invoiced_on=later)
    return Case("", [order], [[Delivery(order, order.all()), bill], [again]])


@story
def a_credit_note_sent_twice(make: Maker) -> Case:
    order = make.order(lines=1)
    bill = make.bill(order, order.all())
    back = {1: max(order.all()[1] // 10, D(1))}
    number = str(make.rng.randrange(10**5, 10**7))
    note = make.bill(order, back, kind="credit", number=number, credits_number=bill.captured.number)
    again = make.copied(note, REPEATED, number=f"{number}-R")
    return Case("", [order], [[Delivery(order, order.all()), bill], [note], [again]])
