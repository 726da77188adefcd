"""The three-way match: compare one invoice with the orders it bills.

    compare(invoice, orders, policy=DEFAULT_POLICY) -> MatchOutcome

Pure and deterministic: no database, no clock, no Django; the same objects give the same answer
in a case file and in the application. ``orders`` are the orders the invoice refers to, each with
what was received and billed before; ``policy`` is the header's rule, and that of every order
line that has none of its own. What an invoice then adds to what is billed is in `billing.py`.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext

from matching.header_checks import (
    accepted_money,
    balance_result,
    cap_result,
    charge_results,
    order_results,
    sample_result,
    supplier_differs,
    supplier_results,
    tax_bases,
    tax_results,
)
from matching.limits import DEFAULT_POLICY, Policy, Status
from matching.line_checks import BilledLine, check_billed_line, check_credited_line
from matching.linking import Candidate, Link, link_lines
from matching.normalising import NetLine, NormalisedLine, net_lines, normalise
from matching.results import (
    Check,
    CheckResult,
    LineMatch,
    MatchedAmounts,
    MatchOutcome,
)
from matching.supported import matched_amounts, ordered_amount, supported_line_amounts
from matching.terms import InvoiceTerms, OrderStatus, OrderTerms
from procure.money import EXACT, ZERO

_FACTOR_OFF = Decimal("0.01")


def compare(
    invoice: InvoiceTerms, orders: Sequence[OrderTerms], policy: Policy = DEFAULT_POLICY
) -> MatchOutcome:
    """Match one invoice; every check with its figures, every line with its link."""
    with localcontext(EXACT):
        lines = net_lines(invoice)
        if invoice.duplicate_of is not None:
            return _duplicate(invoice, lines)
        return _Match(invoice, tuple(orders), policy, lines).outcome()


class _Match:
    """One comparison while it is being made."""

    def __init__(
        self,
        invoice: InvoiceTerms,
        orders: tuple[OrderTerms, ...],
        policy: Policy,
        lines: list[NetLine],
    ) -> None:
        self.invoice = invoice
        self.orders = orders
        self.policy = policy
        self.lines = lines
        self.links = link_lines(invoice, lines, orders)
        self.results: list[CheckResult] = []
        self.billed: dict[int, BilledLine] = {}
        self.normalised: dict[int, NormalisedLine] = {}
        self.supported: dict[int, Decimal] = {}
        self.accepted = ZERO

    def outcome(self) -> MatchOutcome:
        invoiced = _invoiced(self.invoice, self.lines)
        self.results.extend(supplier_results(self.invoice, invoiced))
        balance = balance_result(self.invoice, self.lines)
        if balance is not None:
            self.results.append(balance)
        involved = self._involved_orders()
        self._check_orders(involved)
        self._check_links()
        self._check_lines()
        bases = tax_bases(self.invoice, self.lines)
        self._check_sums(involved, bases)
        sampled = sample_result(self.invoice, self.results, invoiced, self.policy)
        if sampled is not None:
            self.results.append(sampled)
        amounts = matched_amounts(
            self.invoice,
            self.lines,
            self.supported,
            bases,
            self.results,
            ordered_amount(self.billed.values(), involved),
        )
        return MatchOutcome(
            number=self.invoice.number,
            results=tuple(self.results),
            lines=tuple(self._line_match(link) for link in self.links),
            amounts=amounts,
            accepted=self.accepted,
        )

    def _involved_orders(self) -> list[OrderTerms]:
        """Return the orders that lines link to; one order alone is meant by all lines."""
        if len(self.orders) == 1:
            named_otherwise = self.links and all(link.problem is Check.NO_PO for link in self.links)
            return [] if named_otherwise else list(self.orders)
        linked = {id(link.order) for link in self.links if link.order is not None}
        return [order for order in self.orders if id(order) in linked]

    def _check_orders(self, involved: Iterable[OrderTerms]) -> None:
        for order in involved:
            at_stake = sum(
                (link.line.net_amount for link in self.links if link.order is order),
                ZERO,
            )
            self.results.extend(order_results(self.invoice, order, at_stake))

    def _check_links(self) -> None:
        """Hold lines without a place, and gather the others by order line."""
        if not self.orders and all(link.text is None for link in self.links):
            at_stake = sum((line.net_amount for line in self.lines), ZERO)
            self.results.append(CheckResult(Check.NO_PO, Status.HOLD, at_stake=at_stake))
            return
        foreign = {id(order) for order in self.orders if supplier_differs(self.invoice, order)}
        for link in self.links:
            order = link.order
            if link.problem is Check.LINE_UNMATCHED and (
                id(order) in foreign if order is not None else len(foreign) == len(self.orders)
            ):
                continue
            if link.problem is not None:
                self.results.append(
                    CheckResult(
                        check=link.problem,
                        status=Status.HOLD,
                        order=None if order is None else order.number,
                        invoice_line=link.line.position,
                        actual=link.text,
                        at_stake=link.line.net_amount,
                    )
                )
            elif link.candidate is not None and id(order) not in foreign:
                self._bill(link.line, link.candidate)

    def _bill(self, line: NetLine, candidate: Candidate) -> None:
        billed = self.billed.get(candidate.index)
        if billed is None:
            billed = self.billed[candidate.index] = BilledLine(
                order=candidate.order,
                line=candidate.line,
                policy=candidate.line.policy or self.policy,
                currency_differs=candidate.order.currency != self.invoice.currency,
                received_at=self.invoice.received_at,
            )
        billed.net.append(line)
        normalised = normalise(line, candidate.line)
        if normalised is None:
            return
        billed.normalised.append(normalised)
        self.normalised[line.position] = normalised
        self.results.extend(_factor_result(candidate, normalised))

    def _unknown_units(self, billed: BilledLine) -> Iterable[CheckResult]:
        """Hold what nobody can convert: once per order line, on the first such invoice line."""
        unknown = [line for line in billed.net if line.position not in self.normalised]
        if unknown:
            yield CheckResult(
                check=Check.UOM_UNKNOWN,
                status=Status.HOLD,
                order=billed.order.number,
                line=billed.line.line,
                invoice_line=unknown[0].position,
                expected=billed.line.unit,
                actual=unknown[0].written.unit,
                at_stake=sum((line.net_amount for line in unknown), ZERO),
            )

    def _check_lines(self) -> None:
        creditable = {(c.order, c.line): c for c in self.invoice.creditable}
        for billed in self.billed.values():
            self.results.extend(self._unknown_units(billed))
            if self.invoice.is_credit:
                left = creditable.get((billed.order.number, billed.line.line))
                quantity, amount = (left.quantity, left.amount) if left else (ZERO, ZERO)
                results = list(check_credited_line(billed, quantity, amount))
            else:
                results = list(check_billed_line(billed))
            self.results.extend(results)
            if billed.order.status is OrderStatus.ISSUED and not billed.currency_differs:
                self.supported.update(supported_line_amounts(billed, results))

    def _check_sums(self, involved: list[OrderTerms], bases: dict[Decimal, Decimal]) -> None:
        """Charges, tax and the cap; a foreign currency leaves only the tax to be compared."""
        comparable = all(order.currency == self.invoice.currency for order in involved)
        if comparable and not self.invoice.is_credit:
            self.results.extend(charge_results(self.invoice, involved, self.policy))
        self.results.extend(tax_results(self.invoice, bases, self.policy))
        if comparable:
            self.accepted = accepted_money(self.results, self._line_variances())
            cap = cap_result(self.accepted, self.policy)
            if cap is not None:
                self.results.append(cap)

    def _line_variances(self) -> Decimal:
        """Per order line the accepted price variance in money, else that of the line amount."""
        variances = sum((billed.accepted_price_money for billed in self.billed.values()), ZERO)
        priced = {
            (billed.order.number, billed.line.line)
            for billed in self.billed.values()
            if billed.accepted_price_money or billed.price_limits
        }
        for result in self.results:
            if (
                result.check is Check.LINE_AMOUNT
                and result.status is Status.WITHIN_TOLERANCE
                and (result.order, result.line) not in priced
            ):
                variances += result.at_stake
        return variances

    def _line_match(self, link: Link) -> LineMatch:
        line = link.line
        normalised = self.normalised.get(line.position)
        supported = self.supported.get(line.position, ZERO)
        return LineMatch(
            position=line.position,
            order=None if link.order is None else link.order.number,
            line=None if link.candidate is None else link.candidate.line.line,
            linked_by=link.by,
            quantity=None if normalised is None else normalised.quantity,
            unit_price=None if normalised is None else normalised.unit_price,
            written_quantity=line.written.quantity,
            written_price=line.written_price,
            written_unit=line.written.unit,
            price_from_amount=line.price_from_amount,
            net_amount=line.net_amount,
            supported=supported,
            in_dispute=line.net_amount - supported,
        )


def _invoiced(invoice: InvoiceTerms, lines: Iterable[NetLine]) -> Decimal:
    """Return what the invoice asks for: its total, else the sum of its parts."""
    if invoice.total is not None:
        return invoice.total
    net = sum((line.net_amount for line in lines), ZERO)
    return net + sum(invoice.charges.values(), ZERO) + invoice.tax


def _duplicate(invoice: InvoiceTerms, lines: list[NetLine]) -> MatchOutcome:
    """Hold a suspected duplicate; nothing else is looked at."""
    invoiced = _invoiced(invoice, lines)
    hold = CheckResult(
        check=Check.DUPLICATE_SUSPECT,
        status=Status.HOLD,
        expected=invoice.duplicate_of,
        actual=invoice.number,
        at_stake=invoiced,
    )
    unlinked = tuple(
        LineMatch(
            position=line.position,
            order=None,
            line=None,
            linked_by=None,
            quantity=None,
            unit_price=None,
            written_quantity=line.written.quantity,
            written_price=line.written_price,
            written_unit=line.written.unit,
            price_from_amount=line.price_from_amount,
            net_amount=line.net_amount,
            supported=ZERO,
            in_dispute=line.net_amount,
        )
        for line in lines
    )
    amounts = MatchedAmounts(ZERO, invoiced, ZERO, invoiced)
    return MatchOutcome(invoice.number, (hold,), unlinked, amounts)


def _factor_result(candidate: Candidate, line: NormalisedLine) -> Iterable[CheckResult]:
    """Tell where a converted price is off by less than 1 %, as by a rounded or old factor."""
    price = candidate.line.unit_price
    if not line.is_converted or not price or line.unit_price == price:
        return
    if abs(line.unit_price - price) < price * _FACTOR_OFF:
        yield CheckResult(
            check=Check.UOM_FACTOR,
            status=Status.INFO,
            order=candidate.order.number,
            line=candidate.line.line,
            invoice_line=line.position,
            expected=price,
            actual=line.unit_price,
            difference=line.unit_price - price,
        )
