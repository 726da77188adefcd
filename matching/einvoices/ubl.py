"""UBL 2.1 invoices and credit notes, as XRechnung, Peppol BIS 3 and others write them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from matching.einvoices.document import (
    ONE,
    Charge,
    Einvoice,
    Kind,
    Party,
    TaxOfRate,
    WrittenLine,
)
from matching.einvoices.elements import Node
from matching.incoterms import incoterm_in
from procure.money import ZERO

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"
NAMESPACES = {
    "cac": f"{_SCHEMA}:CommonAggregateComponents-2",
    "cbc": f"{_SCHEMA}:CommonBasicComponents-2",
}
INVOICE = f"{{{_SCHEMA}:Invoice-2}}Invoice"
CREDIT_NOTE = f"{{{_SCHEMA}:CreditNote-2}}CreditNote"
# Of UNTDID 1001: what gives money back although it is written as an invoice.
CREDIT_TYPES = frozenset({"81", "83", "381", "396", "532"})


def read_ubl(root: Node) -> Einvoice:
    """The document below an Invoice or CreditNote element."""
    is_note = root.element.tag == CREDIT_NOTE
    currency = root.text("cbc:DocumentCurrencyCode").upper()
    totals = root.find("cac:LegalMonetaryTotal") or root
    kind_code = root.text("cbc:InvoiceTypeCode", "cbc:CreditNoteTypeCode")
    charges, allowances = _charges(root)
    return Einvoice(
        kind=Kind.CREDIT if is_note or kind_code in CREDIT_TYPES else Kind.INVOICE,
        number=root.text("cbc:ID")[:80],
        currency=currency[:20],
        issued_on=root.day("cbc:IssueDate", "invoice date"),
        due_on=root.day("cbc:DueDate", "due date")
        or root.day("cac:PaymentMeans/cbc:PaymentDueDate", "due date"),
        order_reference=_order_reference(root)[:120],
        credits_number=root.text("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID")[:80],
        buyer_reference=root.text("cbc:BuyerReference"),
        despatch_references=_despatch_references(root, _line_path(is_note)),
        notes=root.texts("cbc:Note", f"{_line_path(is_note)}/cbc:Note"),
        payment_terms=root.text("cac:PaymentTerms/cbc:Note"),
        incoterm=incoterm_in(root.text("cac:DeliveryTerms/cbc:ID")),
        type_code=kind_code[:3],
        seller=_party(root.find("cac:AccountingSupplierParty/cac:Party")),
        buyer=_party(root.find("cac:AccountingCustomerParty/cac:Party")),
        bank_accounts=root.texts("cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID"),
        lines=tuple(_line(line) for line in root.all(_line_path(is_note))),
        charges=charges,
        allowances=allowances,
        taxes=tuple(_taxes(root, currency)),
        line_total=totals.decimal("cbc:LineExtensionAmount", "sum of the lines"),
        tax_total=_tax_total(root, currency),
        total=totals.decimal("cbc:TaxInclusiveAmount", "total with tax"),
        prepaid=totals.decimal("cbc:PrepaidAmount", "paid before") or ZERO,
        rounding=totals.decimal("cbc:PayableRoundingAmount", "rounding") or ZERO,
        payable=totals.decimal("cbc:PayableAmount", "amount to pay"),
    )


def _line_path(is_note: bool) -> str:
    return "cac:CreditNoteLine" if is_note else "cac:InvoiceLine"


def _despatch_references(root: Node, line: str) -> tuple[str, ...]:
    """Delivery notes and receipts that the document or a line names."""
    return root.texts(
        "cac:DespatchDocumentReference/cbc:ID",
        "cac:ReceiptDocumentReference/cbc:ID",
        f"{line}/cac:DespatchLineReference/cac:DocumentReference/cbc:ID",
        f"{line}/cac:ReceiptLineReference/cac:DocumentReference/cbc:ID",
    )


def _order_reference(root: Node) -> str:
    """Our number; the supplier's own order number is none of ours."""
    return root.text("cac:OrderReference/cbc:ID")


def _party(party: Node | None) -> Party:
    if party is None:
        return Party()
    endpoint = party.text("cbc:EndpointID")
    legal = "cac:PartyLegalEntity"
    return Party(
        name=party.text("cac:PartyName/cbc:Name", f"{legal}/cbc:RegistrationName"),
        legal_name=party.text(f"{legal}/cbc:RegistrationName"),
        tax_ids=party.texts("cac:PartyTaxScheme/cbc:CompanyID"),
        ids=party.texts("cac:PartyIdentification/cbc:ID", f"{legal}/cbc:CompanyID"),
        endpoint=f"{party.attribute('cbc:EndpointID', 'schemeID')}:{endpoint}" if endpoint else "",
        email=party.text("cac:Contact/cbc:ElectronicMail"),
        country=party.text("cac:PostalAddress/cac:Country/cbc:IdentificationCode"),
    )


def _charges(node: Node) -> tuple[tuple[Charge, ...], tuple[Charge, ...]]:
    """The charges, and the allowances."""
    found: dict[bool, list[Charge]] = {True: [], False: []}
    for one in node.all("cac:AllowanceCharge"):
        amount = one.decimal("cbc:Amount", "charge or allowance")
        if amount:
            found[one.text("cbc:ChargeIndicator") in {"true", "1"}].append(
                Charge(
                    amount=amount,
                    code=one.text("cbc:AllowanceChargeReasonCode"),
                    reason=one.text("cbc:AllowanceChargeReason"),
                    tax_rate=one.decimal("cac:TaxCategory/cbc:Percent", "tax rate of a charge"),
                )
            )
    return tuple(found[True]), tuple(found[False])


def _tax_totals(root: Node, currency: str) -> Iterator[Node]:
    """The tax in the document's currency; a second total may repeat it in another."""
    for total in root.all("cac:TaxTotal"):
        if not currency or total.attribute("cbc:TaxAmount", "currencyID").upper() in {currency, ""}:
            yield total


def _tax_total(root: Node, currency: str) -> Decimal | None:
    found = [total.decimal("cbc:TaxAmount", "tax") for total in _tax_totals(root, currency)]
    known = [tax for tax in found if tax is not None]
    return sum(known, ZERO) if known else None


def _taxes(root: Node, currency: str) -> Iterator[TaxOfRate]:
    for total in _tax_totals(root, currency):
        for part in total.all("cac:TaxSubtotal"):
            tax = part.decimal("cbc:TaxAmount", "tax of a rate")
            if tax is not None:
                yield TaxOfRate(
                    rate=part.decimal("cac:TaxCategory/cbc:Percent", "tax rate") or ZERO,
                    taxable=part.decimal("cbc:TaxableAmount", "taxable amount"),
                    tax=tax,
                )


def _line(line: Node) -> WrittenLine:
    number = line.text("cbc:ID")[:40]
    where = f"line {number}"
    quantity = "cbc:InvoicedQuantity"
    if line.find(quantity) is None:
        quantity = "cbc:CreditedQuantity"
    charges, allowances = _charges(line)
    item, price = "cac:Item", "cac:Price"
    gtin = f"{item}/cac:StandardItemIdentification/cbc:ID"
    tax = f"{item}/cac:ClassifiedTaxCategory/cbc:Percent"
    return WrittenLine(
        number=number,
        quantity=line.decimal(quantity, f"quantity of {where}"),
        unit=line.attribute(quantity, "unitCode")[:20],
        price=line.decimal(f"{price}/cbc:PriceAmount", f"price of {where}"),
        amount=line.decimal("cbc:LineExtensionAmount", f"amount of {where}"),
        base_quantity=line.decimal(f"{price}/cbc:BaseQuantity", f"price base of {where}") or ONE,
        base_unit=line.attribute(f"{price}/cbc:BaseQuantity", "unitCode")[:20],
        allowance=sum((one.amount for one in allowances), ZERO),
        charge=sum((one.amount for one in charges), ZERO),
        tax_rate=line.decimal(tax, f"tax rate of {where}"),
        order_number=line.text("cac:OrderLineReference/cac:OrderReference/cbc:ID")[:120],
        order_line=line.text("cac:OrderLineReference/cbc:LineID")[:40],
        supplier_sku=line.text(f"{item}/cac:SellersItemIdentification/cbc:ID")[:80],
        sku=line.text(f"{item}/cac:BuyersItemIdentification/cbc:ID")[:80],
        gtin=line.text(gtin)[:14] if line.attribute(gtin, "schemeID") in {"0160", "GTIN"} else "",
        description=line.text(f"{item}/cbc:Name", f"{item}/cbc:Description"),
    )
