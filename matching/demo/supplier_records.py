"""What Fernhill keeps about its suppliers beside the trade: bank details, addresses, risks."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from matching.demo.company import Company
from suppliers.bank_changes import (
    BankDetails,
    confirm_bank_account,
    propose_bank_account,
    record_call_back,
)
from suppliers.details import SupplierDetails
from suppliers.models import BankAccount, Contact, Qualification, Supplier
from suppliers.record_keeping import note_risk, set_supplier_address
from suppliers.supply_base import create_supplier

# Where a bank numbers its accounts otherwise, by the supplier's country.
IBANS = {"Germany": ("DE", "DE89370400440532013000", "COBADEFFXXX", "Commerzbank")}
ROUTING = "021000021"
USED_SINCE_DAYS = 300


def make_supplier_records(company: Company) -> None:
    """Bank details of every supplier; one change waits for its call-back, one for its days."""
    BankAccount.objects.bulk_create(
        _on_file(company, supplier, number)
        for number, supplier in enumerate(company.suppliers.values())
    )
    # A number that came on file with the request: nobody may be called back on it.
    Contact.objects.create(
        supplier=company.suppliers["SOLANO"],
        name="Dana Ruiz",
        email="dana.ruiz@solano-films.example",
        phone="+1 555 0188",
        position="Accounts",
    )
    _propose(company, "SOLANO", "Letter with their letterhead, by post.")
    account = _propose(company, "BRIGHTLINE", "Their new bookkeeper sent a mail on Monday.")
    record_call_back(
        account,
        number=account.phones_on_file[0],
        spoke_with="Brightline order desk",
        called_at=timezone.now(),
        note="They changed banks last month and read the number out to us.",
        actor=company.people["aplead"],
    )
    confirm_bank_account(account, actor=company.people["admin"])
    _keep_addresses_and_risks(company)
    _enter_one_twice(company)


def _enter_one_twice(company: Company) -> None:
    """Somebody in the warehouse added a supplier that was there already."""
    known = company.suppliers["NORTHLINE"]
    if not known.tax_id:
        known.tax_id = "88-4417302"
        known.save(update_fields=["tax_id"])
    twice = create_supplier(
        details=SupplierDetails(
            code="NORTHLINE-2",
            name=f"{known.name} LLC",
            tax_id=known.tax_id.replace("-", " "),
            country=known.country,
            currency=known.currency,
            email="office@northline-billing.example",
        ),
        actor=company.people["buyer"],
    )
    Contact.objects.create(supplier=twice, name="Accounts receivable", phone="+1 555 0199")
    Qualification.objects.create(supplier=twice, category=company.categories["PACK-BOX"])


def _propose(company: Company, code: str, reason: str) -> BankAccount:
    supplier = company.suppliers[code]
    details = BankDetails(
        holder=supplier.legal_name,
        country="US",
        currency=supplier.currency,
        account_number=f"88{supplier.pk:06d}417",
        routing_number="322271627",
        bank_name="Western Farmers Bank",
    )
    return propose_bank_account(
        supplier, details=details, reason=reason, actor=company.people["aplead"]
    )


RISKS: tuple[tuple[str, str, str, str, int | None], ...] = (
    (
        "SOLANO",
        "dependence",
        "high",
        "Only film line that runs our pouch width; no second source.",
        180,
    ),
    ("SOLANO", "financial", "medium", "Filed its accounts four months late.", 90),
    ("NORTHLINE", "delivery", "medium", "Board prices rise; small orders come last.", 60),
    ("TROPICA", "compliance", "medium", "Port of origin had two recalls this year.", None),
)


def _keep_addresses_and_risks(company: Company) -> None:
    lead = company.people["sourcing"]
    for code in ("NORTHLINE", "SOLANO"):
        supplier = company.suppliers[code]
        for kind, text in (
            ("orders", f"{supplier.legal_name}\n200 Industrial Way\nSparks, NV 89431"),
            ("returns", f"{supplier.legal_name}\nDock 4, 210 Industrial Way\nSparks, NV 89431"),
            ("remit_to", f"{supplier.legal_name}\nPO Box 1180\nReno, NV 89505"),
        ):
            set_supplier_address(supplier, kind=kind, address=text, actor=lead)
    for code, kind, severity, text, days in RISKS:
        note_risk(
            company.suppliers[code],
            kind=kind,
            severity=severity,
            text=text,
            valid_until=company.today + timedelta(days=days) if days else None,
            actor=lead,
        )


def _on_file(company: Company, supplier: Supplier, number: int) -> BankAccount:
    country, iban, bic, bank = IBANS.get(supplier.country, ("US", "", "", "First Valley Bank"))
    since = company.today - timedelta(days=USED_SINCE_DAYS)
    at = company.moment(since - timedelta(days=7))
    phone = Contact.objects.filter(supplier=supplier).values_list("phone", flat=True)[0]
    return BankAccount(
        supplier=supplier,
        version=1,
        holder=supplier.legal_name,
        country=country,
        currency=supplier.currency,
        iban=iban,
        bic=bic,
        bank_name=bank,
        account_number="" if iban else f"4400{number:03d}{supplier.pk:04d}",
        routing_number="" if iban else ROUTING,
        reason="Given with the first order.",
        phones_on_file=[phone],
        emails_on_file=[supplier.email],
        status="confirmed",
        proposed_by=company.people["aplead"],
        proposed_at=at,
        called_number=phone,
        spoke_with=f"{supplier.name} order desk",
        called_at=at,
        called_by=company.people["aplead"],
        call_note="Confirmed digit by digit.",
        confirmed_by=company.people["admin"],
        confirmed_at=at,
        usable_from=since,
    )
