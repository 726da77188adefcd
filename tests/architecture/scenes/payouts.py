"""Law 4 played while paying out: batches, their files, our accounts, what the bank says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from matching import (
    bank_reports,
    paying,
    paying_accounts,
    sending,
    settling_receipts,
    statement_taking,
)
from matching.bank_reports import BankReport
from matching.settling_receipts import TermsDetails
from purchasing.receiving import reverse_receipt
from tests.factories import QualificationFactory
from tests.matching.paying import an_order, receive
from tests.matching.payouts import approved, batch_of
from tests.purchasing.buying import today
from tests.world import World

IBAN = "DE02120300000000202051"


def for_payouts(world: World) -> dict[str, Callable[[], object]]:
    clerk, lead, admin = (world.people[role] for role in ("ap_clerk", "ap_lead", "admin"))
    fresh, more, other, third, paid = (approved(world, f"P{n}", 10) for n in range(5))
    draft, waiting, given_up = batch_of(world, other), batch_of(world, third), batch_of(world, paid)
    back = batch_of(world, approved(world, "P9", 10), until="proposed")
    euro = {"holder": "Acme", "iban": IBAN, "bic": "", "bank_name": "", "actor": lead}
    dollars = paying_accounts.propose_paying_account(currency="USD", **euro)
    pounds = paying_accounts.propose_paying_account(currency="GBP", **euro)
    report = BankReport(invoice_id=paid.pk, paid_on=today(), amount=paid.total_amount)
    terms = {"tax_code": "E", "starts_on": today(), "note": "Letter", "ageing_days": 0}
    settled = settling_receipts.settle_by_receipt(
        world.kestrel, terms=TermsDetails(**terms), actor=lead
    )
    QualificationFactory(supplier=world.kestrel, category=world.packaging)
    order = an_order(world, (world.shipper, 10, 1), number="PO-S", supplier=world.kestrel)
    came = receive(world, order, (1, 10), received_on=today())

    def debit_what_never_came() -> object:
        if came.status != "reversed":
            reverse_receipt(came, reason="Never came", actor=world.people["receiver"])
            came.status = "reversed"
        return settling_receipts.debit_returned_goods(settled, actor=clerk)

    stated = statement_taking.StatementDetails(
        today(), "USD", [statement_taking.StatementLine("X-1", Decimal(4))]
    )
    world.kestrel.email = "ar@kestrel.test"
    world.kestrel.save()
    known = statement_taking.take_statement(world.kestrel, statement=stated, actor=clerk)
    wrong = statement_taking.take_statement(
        world.kestrel, statement=replace(stated, currency="EUR"), actor=clerk
    )
    return {
        "statement_taking.py:take_statement": lambda: statement_taking.take_statement(
            world.northline, statement=stated, actor=clerk
        ),
        "statement_taking.py:ask_about_statement": lambda: statement_taking.ask_about_statement(
            known, positions={1}, actor=clerk
        ),
        "statement_taking.py:close_statement": lambda: statement_taking.close_statement(
            known, actor=clerk
        ),
        "statement_taking.py:remove_statement": lambda: statement_taking.remove_statement(
            wrong, actor=clerk
        ),
        "settling_receipts.py:settle_by_receipt": lambda: settling_receipts.settle_by_receipt(
            world.northline, terms=TermsDetails(**terms), actor=lead
        ),
        "settling_receipts.py:settle_receipts": lambda: settling_receipts.settle_receipts(
            settled, actor=clerk
        ),
        "settling_receipts.py:debit_returned_goods": debit_what_never_came,
        "settling_receipts.py:end_receipt_settlement": (
            lambda: settling_receipts.end_receipt_settlement(settled, reason="Over", actor=lead)
        ),
        "paying.py:make_payment_batch": lambda: paying.make_payment_batch(
            invoices=[fresh], pay_on=today(), actor=clerk
        ),
        "paying.py:add_to_payment_batch": lambda: paying.add_to_payment_batch(
            draft, invoices=[more], actor=clerk
        ),
        "paying.py:take_out_payment": lambda: paying.take_out_payment(
            draft.lines.first(), reason="Later", actor=clerk
        ),
        "paying.py:propose_payment_batch": lambda: paying.propose_payment_batch(
            waiting, actor=clerk
        ),
        "paying.py:release_payment_batch": lambda: paying.release_payment_batch(
            waiting, version=1, actor=lead
        ),
        "sending.py:export_payment_batch": lambda: sending.export_payment_batch(
            waiting, file_format="csv", actor=clerk
        ),
        "paying.py:return_payment_batch": lambda: paying.return_payment_batch(
            back, reason="Other day", actor=lead
        ),
        "paying.py:cancel_payment_batch": lambda: paying.cancel_payment_batch(
            given_up, reason="Wrong day", actor=clerk
        ),
        "bank_reports.py:record_payments": lambda: bank_reports.record_payments(
            [report], actor=clerk
        ),
        "paying_accounts.py:propose_paying_account": lambda: paying_accounts.propose_paying_account(
            currency="EUR", **euro
        ),
        "paying_accounts.py:confirm_paying_account": lambda: paying_accounts.confirm_paying_account(
            dollars, actor=admin
        ),
        "paying_accounts.py:reject_paying_account": lambda: paying_accounts.reject_paying_account(
            pounds, actor=admin
        ),
    }
