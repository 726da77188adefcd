"""Two statements that suppliers sent Fernhill: one with every kind of difference, one that agrees."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from matching.demo.company import Company
from matching.models import SupplierInvoice
from matching.payables import with_open_amount
from matching.statement_taking import StatementDetails, StatementLine, take_statement
from matching.supplier_statements import SupplierStatementLine

D = Decimal
Kind = SupplierStatementLine.Kind


def make_statements(company: Company) -> None:
    """What they have in their books, from what stands in ours."""
    _take(company, "NORTHLINE", days_ago=1, differs=True)
    _take(company, "ORCHARD", days_ago=8, differs=False)


def _take(company: Company, code: str, *, days_ago: int, differs: bool) -> None:
    supplier = company.suppliers[code]
    day = company.today - timedelta(days=days_ago)
    rows = with_open_amount().filter(
        supplier=supplier, currency=supplier.currency, invoiced_on__lte=day
    )
    rows = rows.filter(status__in=[SupplierInvoice.Status.OPEN, SupplierInvoice.Status.APPROVED])
    lines = [_as_they_have_it(one) for one in rows.order_by("invoiced_on", "pk")]
    if differs:
        lines = [*_with_differences(lines), *_paid(supplier.pk, day)]
        lines.append(
            StatementLine(
                number="INV-90417",
                amount=D("1284.60"),
                dated_on=day - timedelta(days=16),
                due_on=day + timedelta(days=14),
            )
        )
    details = StatementDetails(
        day, supplier.currency, lines, f"{supplier.name} {day:%Y-%m-%d}.xlsx"
    )
    take_statement(supplier, statement=details, actor=company.people["ap"])


def _as_they_have_it(one: SupplierInvoice) -> StatementLine:
    return StatementLine(
        kind=one.kind,
        number=one.number,
        dated_on=one.invoiced_on,
        due_on=one.due_on,
        amount=one.total_amount,
    )


def _with_differences(lines: list[StatementLine]) -> list[StatementLine]:
    """One amount is another, and the latest has not reached their books."""
    if len(lines) < 3:
        return lines
    first, *others = lines[:-1]
    dearer = StatementLine(
        number=first.number,
        amount=first.amount + D("36.00"),
        kind=first.kind,
        dated_on=first.dated_on,
        due_on=first.due_on,
    )
    return [dearer, *others]


def _paid(supplier_id: int, day: object) -> list[StatementLine]:
    """The last one that we paid, which they still wait for."""
    last = SupplierInvoice.objects.filter(
        supplier=supplier_id, status=SupplierInvoice.Status.PAID, invoiced_on__lte=day
    )
    return [_as_they_have_it(one) for one in last.order_by("-invoiced_on", "-pk")[:1]]
