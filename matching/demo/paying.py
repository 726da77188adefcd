"""How Fernhill pays: one batch paid, one released, one waiting for its second person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from matching.bank_reports import BankReport, record_payments
from matching.demo.company import Company
from matching.models import PaymentBatch, SupplierInvoice
from matching.payables import as_payables, free_of_batches
from matching.paying import make_payment_batch, propose_payment_batch, release_payment_batch
from matching.paying_accounts import confirm_paying_account, propose_paying_account
from matching.sending import export_payment_batch

OUR_IBAN = "DE02120300000000202051"
OUR_ACCOUNT, OUR_ROUTING = "0004417790", "123456780"
WITH_DISCOUNT = 6


def make_payments(company: Company) -> None:
    """Some suppliers offer a discount; what is paid first is paid, the rest is under way or open."""
    people, today = company.people, company.today
    account = propose_paying_account(
        holder=company.organization.name,
        iban=OUR_IBAN,
        bic="BYLADEM1001",
        bank_name="Deutsche Kreditbank",
        currency="EUR",
        actor=people["aplead"],
    )
    confirm_paying_account(account, actor=people["admin"])
    ours = propose_paying_account(
        holder=company.organization.name,
        account_number=OUR_ACCOUNT,
        routing_number=OUR_ROUTING,
        bic="",
        bank_name="First Harbor Bank",
        currency="USD",
        actor=people["aplead"],
    )
    confirm_paying_account(ours, actor=people["admin"])
    offered = _free("USD", 5 * WITH_DISCOUNT)[:: WITH_DISCOUNT - 1]
    SupplierInvoice.objects.filter(pk__in=[one.pk for one in offered]).update(
        early_discount_percent=Decimal(2), discount_until=today + timedelta(days=4)
    )
    at_first = _free("USD", 5)
    if not at_first:
        return
    paid = _released(company, at_first)
    export_payment_batch(paid, file_format="csv", actor=people["ap"])
    reports = [
        BankReport(
            invoice_id=line.invoice_id, paid_on=today, amount=line.amount, reference=paid.number
        )
        for line in paid.lines.all()
    ]
    record_payments(reports, actor=people["ap"])
    if euros := _free("EUR", 4):
        _released(company, euros)
    if dollars := _free("USD", 7):
        _proposed(company, dollars)
    if later := _free("USD", 3):
        make_payment_batch(invoices=later, pay_on=today + timedelta(days=2), actor=people["ap"])


def _free(currency: str, count: int) -> list[SupplierInvoice]:
    """The first invoices of a currency that may be paid now."""
    rows = free_of_batches().filter(currency=currency, kind=SupplierInvoice.Kind.INVOICE)
    return [one.invoice for one in as_payables(rows) if one.is_free][:count]


def _proposed(company: Company, invoices: list[SupplierInvoice]) -> PaymentBatch:
    clerk = company.people["ap"]
    batch = make_payment_batch(invoices=invoices, pay_on=company.today, actor=clerk)
    return propose_payment_batch(batch, actor=clerk)


def _released(company: Company, invoices: list[SupplierInvoice]) -> PaymentBatch:
    batch = _proposed(company, invoices)
    return release_payment_batch(batch, version=batch.version, actor=company.people["ops"])
