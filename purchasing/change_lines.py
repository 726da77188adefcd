"""The lines of an order change as they are asked for: old beside new, each checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from procure.errors import BusinessRuleError
from procure.money import ZERO, plain_decimal
from purchasing.change_content import awaited
from purchasing.drafts import (
    OrderedLine,
    checked_price,
    checked_quantity,
    is_price_edited,
    new_lines,
)
from purchasing.models import OrderChangeLine, PurchaseOrder, PurchaseOrderLine
from purchasing.queries import line_quantities


@dataclass(frozen=True, slots=True)
class LineRevision:
    """New content of an order line; None leaves it alone. `quantity` is what is to be delivered
    in all; `cancels_rest` stops waiting for what was not received."""

    line_no: int
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    price_reason: str = ""
    expected_on: date | None = None
    cancels_rest: bool = False


def wanted_lines(
    order: PurchaseOrder,
    known: Sequence[PurchaseOrderLine],
    revisions: Sequence[LineRevision],
    added: Sequence[OrderedLine],
) -> list[OrderChangeLine]:
    """What is to change, old beside new; a revision that changes nothing is left out."""
    here = line_quantities([line.pk for line in known])
    by_number = {line.line_no: line for line in known}
    wanted = []
    for revision in revisions:
        line = by_number.get(revision.line_no)
        if line is None:
            raise BusinessRuleError("line", f"There is no line {revision.line_no}.", "lines")
        changed = _revised(line, revision, here[line.pk].net_received)
        if changed is not None:
            wanted.append(changed)
    first = max(by_number, default=0) + 1
    for line in new_lines(order, added, first_line_no=first):
        if not line.unit_price and not line.price_reason:
            raise BusinessRuleError("unit_price", f"{line.sku} has no price. Enter one.", "added")
        wanted.append(_added(line))
    if not wanted:
        raise BusinessRuleError("nothing", "Nothing is changed yet.", "lines")
    return wanted


def _revised(
    line: PurchaseOrderLine, revision: LineRevision, received: Decimal
) -> OrderChangeLine | None:
    """One line's change, checked; None when it says what the line says."""
    field = f"line-{line.line_no}"
    before, quantity = awaited(line), awaited(line)
    if revision.cancels_rest:
        quantity = received
        if before <= received:
            raise BusinessRuleError(
                "nothing_open", f"Line {line.line_no}: nothing is open.", f"{field}-cancel"
            )
    elif revision.quantity is not None:
        quantity = checked_quantity(revision.quantity)
        if quantity < received:
            raise below_received(line, received)
    price = line.unit_price
    if revision.unit_price is not None:
        price = checked_price(revision.unit_price)
    expected = revision.expected_on or line.expected_on
    if (quantity, price, expected) == (before, line.unit_price, line.expected_on):
        return None
    changed = OrderChangeLine(
        line_no=line.line_no,
        sku_id=line.sku_id,
        quantity_before=before,
        quantity_after=quantity,
        unit_price_before=line.unit_price,
        unit_price_after=price,
        expected_before=line.expected_on,
        expected_after=expected,
        price_reason=revision.price_reason.strip()[:300],
        cancels_rest=revision.cancels_rest,
    )
    leaves_agreement = price != line.unit_price and line.agreed_price not in (None, price)
    if leaves_agreement and not changed.price_reason:
        raise BusinessRuleError(
            "price_reason",
            f"Line {line.line_no}: the agreed price is {plain_decimal(line.agreed_price)}. "
            f"Give a reason for {plain_decimal(price)}.",
            f"{field}-price_reason",
        )
    return changed


def below_received(line: PurchaseOrderLine, received: Decimal) -> BusinessRuleError:
    """The refusal of less than what is here."""
    return BusinessRuleError(
        "below_received",
        f"Line {line.line_no}: {plain_decimal(received)} were received; it cannot be less.",
        f"line-{line.line_no}-quantity",
    )


def _added(line: PurchaseOrderLine) -> OrderChangeLine:
    if is_price_edited(line) and not line.price_reason:
        raise BusinessRuleError(
            "price_reason",
            f"{line.sku}: the agreed price is {plain_decimal(line.agreed_price or ZERO)}. "
            "Leave the price empty to take it.",
            "added",
        )
    return OrderChangeLine(
        line_no=line.line_no,
        sku=line.sku,
        is_added=True,
        quantity_after=line.ordered_quantity,
        unit_price_after=line.unit_price,
        expected_after=line.requested_on,
        price_reason=line.price_reason,
    )
