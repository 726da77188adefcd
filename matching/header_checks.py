"""Checks that run once per invoice or per order: 2 to 5 and 13 to 17."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from matching.limits import Policy, Status
from matching.normalising import NetLine
from matching.results import Check, CheckResult
from matching.terms import InvoiceTerms, OrderStatus, OrderTerms
from procure.money import HUNDRED, ZERO, minor_unit, plain_decimal, round_money

BALANCE_UNITS = 5
BALANCE_RULE = "rounding"
ACTIVE, BLOCKED = "active", "blocked"
PRINTED = "printed"  # an account on the invoice that is not on file


def balance_result(invoice: InvoiceTerms, lines: Sequence[NetLine]) -> CheckResult | None:
    """Compare the total with its parts: one minor unit per line or charge, at most five.

    Cents within that are rounding, not a variance that somebody accepted.
    """
    if invoice.total is None:
        return None
    expected = (
        sum((line.written_amount for line in lines), ZERO)
        + sum(invoice.charges.values(), ZERO)
        + invoice.tax
        - invoice.discount
    )
    difference = invoice.total - expected
    parts = min(len(lines) + len(invoice.charges), BALANCE_UNITS)
    allowed = minor_unit(invoice.currency) * parts
    return CheckResult(
        check=Check.HEADER_BALANCE,
        status=Status.HOLD if abs(difference) > allowed else Status.PASS,
        expected=expected,
        actual=invoice.total,
        difference=difference,
        at_stake=abs(difference),
        rule=BALANCE_RULE,
        limit=plain_decimal(allowed),
    )


def supplier_results(invoice: InvoiceTerms, at_stake: Decimal) -> Iterator[CheckResult]:
    """Hold what nobody may be paid for: a blocked supplier, bank details on their way, an invoice
    that asks for payment to none of the supplier's accounts."""
    if invoice.supplier_status is not None:
        is_blocked = invoice.supplier_status == BLOCKED
        yield CheckResult(
            check=Check.SUPPLIER_BLOCKED,
            status=Status.HOLD if is_blocked else Status.PASS,
            expected=ACTIVE,
            actual=invoice.supplier_status,
            at_stake=at_stake if is_blocked else ZERO,
        )
    if invoice.bank_change is not None:
        yield CheckResult(
            check=Check.BANK_CHANGED,
            status=Status.HOLD,
            expected=invoice.bank_change.on_file,
            actual=invoice.bank_change.asked,
            at_stake=at_stake,
        )
    billed = invoice.billed_account
    if billed is not None and not invoice.is_credit and not billed.is_own:
        yield CheckResult(
            check=Check.BANK_CHANGED,
            status=Status.HOLD,
            code=PRINTED,
            expected=billed.on_file,
            actual=billed.asked,
            at_stake=at_stake,
        )


def sample_result(
    invoice: InvoiceTerms, results: Iterable[CheckResult], value: Decimal, policy: Policy
) -> CheckResult | None:
    """Draw an otherwise clean invoice for a person to look at; credits take no part."""
    sample = policy.sample
    if sample is None or invoice.draw is None or invoice.is_credit:
        return None
    if any(result.status is Status.HOLD for result in results):
        return None
    is_drawn = sample.is_drawn(value, invoice.draw)
    return CheckResult(
        check=Check.SAMPLE,
        status=Status.HOLD if is_drawn else Status.PASS,
        at_stake=value if is_drawn else ZERO,
        rule=policy.rule,
        limit=str(sample),
    )


def order_results(
    invoice: InvoiceTerms, order: OrderTerms, at_stake: Decimal
) -> Iterator[CheckResult]:
    """Compare the words of the header with the order's: supplier, then status and currency."""
    if supplier_differs(invoice, order):
        yield _words(Check.PO_SUPPLIER, order, order.supplier, invoice.supplier, at_stake)
        return
    yield _words(Check.PO_STATUS, order, OrderStatus.ISSUED.value, order.status.value, at_stake)
    yield _words(Check.CURRENCY, order, order.currency, invoice.currency, at_stake)
    yield from _terms_results(invoice, order)


def supplier_differs(invoice: InvoiceTerms, order: OrderTerms) -> bool:
    """Say whether both name a supplier and not the same one."""
    return (
        order.supplier is not None
        and invoice.supplier is not None
        and order.supplier != invoice.supplier
    )


def charge_results(
    invoice: InvoiceTerms, orders: Sequence[OrderTerms], policy: Policy
) -> Iterator[CheckResult]:
    """Compare each charge code, cumulative, with what the linked orders expect together."""
    for code, charged in sorted(invoice.charges.items()):
        expected = sum((order.charges.get(code, ZERO) for order in orders), ZERO)
        before = sum((order.billed_charges.get(code, ZERO) for order in orders), ZERO)
        difference = before + charged - expected
        yield CheckResult(
            check=Check.CHARGE,
            status=policy.charge.judge(expected, difference),
            code=code,
            expected=expected,
            actual=before + charged,
            difference=difference,
            at_stake=_added(expected, before, before + charged),
            rule=policy.rule,
            limit=str(policy.charge),
        )


def tax_bases(invoice: InvoiceTerms, lines: Iterable[NetLine]) -> dict[Decimal, Decimal]:
    """Add up the net amounts of lines and charges per tax rate; what has no rate is left out."""
    bases: dict[Decimal, Decimal] = {}
    for line in lines:
        rate = line.written.tax_rate
        if rate is not None:
            bases[rate] = bases.get(rate, ZERO) + line.net_amount
    for code, rate in invoice.charge_tax_rate.items():
        bases[rate] = bases.get(rate, ZERO) + invoice.charges.get(code, ZERO)
    return bases


def tax_results(
    invoice: InvoiceTerms, bases: Mapping[Decimal, Decimal], policy: Policy
) -> Iterator[CheckResult]:
    """Compare the billed tax of each rate with net amounts x rate, rounded once.

    An invoice with rates but one tax amount for all of them is compared in one sum.
    """
    expected = {
        rate: round_money(base * rate / HUNDRED, invoice.currency) for rate, base in bases.items()
    }
    if invoice.taxes is not None:
        for rate in sorted({*expected, *invoice.taxes}):
            billed = invoice.taxes.get(rate, ZERO)
            yield _tax_result(plain_decimal(rate), expected.get(rate, ZERO), billed, policy)
    elif expected:
        code = "+".join(plain_decimal(rate) for rate in sorted(expected))
        yield _tax_result(code, sum(expected.values(), ZERO), invoice.tax, policy)


def accepted_money(results: Iterable[CheckResult], line_variances: Decimal) -> Decimal:
    """Add up what limits let pass on one invoice.

    ``line_variances`` are the lines' own; to them come what this invoice adds to accepted charge
    differences, and accepted upper tax differences.
    """
    return line_variances + sum(
        (
            result.at_stake
            for result in results
            if result.status is Status.WITHIN_TOLERANCE
            and result.check in (Check.CHARGE, Check.TAX)
        ),
        ZERO,
    )


def cap_result(accepted: Decimal, policy: Policy) -> CheckResult | None:
    """Keep the accepted variances of one invoice together at or under the cap."""
    if policy.header_cap is None:
        return None
    difference = accepted - policy.header_cap
    return CheckResult(
        check=Check.HEADER_CAP,
        status=Status.HOLD if difference > 0 else Status.PASS,
        expected=policy.header_cap,
        actual=accepted,
        difference=difference,
        at_stake=max(difference, ZERO),
        rule=policy.rule,
        limit=plain_decimal(policy.header_cap),
    )


def _added(expected: Decimal, before: Decimal, after: Decimal) -> Decimal:
    """Return by how much more the value is over what was expected than it was before."""
    return max(after - expected, ZERO) - max(before - expected, ZERO)


def _tax_result(code: str, expected: Decimal, billed: Decimal, policy: Policy) -> CheckResult:
    limit = policy.tax_limit()
    difference = billed - expected
    return CheckResult(
        check=Check.TAX,
        status=limit.judge(expected, difference),
        code=code,
        expected=expected,
        actual=billed,
        difference=difference,
        at_stake=max(difference, ZERO),
        rule=policy.rule,
        limit=str(limit),
    )


def _words(
    check: Check,
    order: OrderTerms,
    expected: str | None,
    actual: str | None,
    at_stake: Decimal,
) -> CheckResult:
    agrees = expected == actual
    return CheckResult(
        check=check,
        status=Status.PASS if agrees else Status.HOLD,
        order=order.number,
        expected=expected,
        actual=actual,
        at_stake=ZERO if agrees else at_stake,
    )


def _terms_results(invoice: InvoiceTerms, order: OrderTerms) -> Iterator[CheckResult]:
    """Tell, without holding anything, where payment terms differ from the order's."""
    if order.incoterm and invoice.incoterm and order.incoterm != invoice.incoterm:
        yield _terms(order, "incoterm", order.incoterm, invoice.incoterm)
    if invoice.due_on and invoice.invoiced_on and order.payment_terms_days is not None:
        due = invoice.invoiced_on + timedelta(days=order.payment_terms_days)
        if due != invoice.due_on:
            yield _terms(order, "due date", due.isoformat(), invoice.due_on.isoformat())


def _terms(order: OrderTerms, code: str, expected: str, actual: str) -> CheckResult:
    return CheckResult(
        check=Check.TERMS,
        status=Status.INFO,
        order=order.number,
        code=code,
        expected=expected,
        actual=actual,
    )
