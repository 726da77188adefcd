"""UN/CEFACT Cross Industry Invoices (D16B), as Factur-X, ZUGFeRD 2 and XRechnung write them."""

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
from matching.einvoices.ubl import CREDIT_TYPES
from matching.incoterms import incoterm_in
from procure.money import ZERO

_STANDARD = "urn:un:unece:uncefact:data:standard"
NAMESPACES = {
    "rsm": f"{_STANDARD}:CrossIndustryInvoice:100",
    "ram": f"{_STANDARD}:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_STANDARD}:UnqualifiedDataType:100",
}
INVOICE = f"{{{NAMESPACES['rsm']}}}CrossIndustryInvoice"
_DAY = "udt:DateTimeString"
_LINE = "ram:IncludedSupplyChainTradeLineItem"


def read_cii(root: Node) -> Einvoice:
    """The document below a CrossIndustryInvoice element."""
    head = root.find("rsm:ExchangedDocument") or root
    trade = root.find("rsm:SupplyChainTradeTransaction") or root
    agreement = trade.find("ram:ApplicableHeaderTradeAgreement") or trade
    settlement = trade.find("ram:ApplicableHeaderTradeSettlement") or trade
    totals = settlement.find("ram:SpecifiedTradeSettlementHeaderMonetarySummation") or settlement
    currency = settlement.text("ram:InvoiceCurrencyCode").upper()
    means = "ram:SpecifiedTradeSettlementPaymentMeans/ram:PayeePartyCreditorFinancialAccount"
    terms = "ram:SpecifiedTradePaymentTerms"
    charges, allowances = _charges(settlement)
    return Einvoice(
        kind=Kind.CREDIT if head.text("ram:TypeCode") in CREDIT_TYPES else Kind.INVOICE,
        number=head.text("ram:ID")[:80],
        currency=currency[:20],
        issued_on=head.day(f"ram:IssueDateTime/{_DAY}", "invoice date"),
        due_on=settlement.day(f"{terms}/ram:DueDateDateTime/{_DAY}", "due date"),
        order_reference=agreement.text("ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID")[
            :120
        ],
        credits_number=settlement.text("ram:InvoiceReferencedDocument/ram:IssuerAssignedID")[:80],
        buyer_reference=agreement.text("ram:BuyerReference"),
        despatch_references=_despatch_references(trade),
        notes=(
            *head.texts("ram:IncludedNote/ram:Content"),
            *trade.texts(
                f"{_LINE}/ram:AssociatedDocumentLineDocument/ram:IncludedNote/ram:Content"
            ),
        ),
        payment_terms=settlement.text(f"{terms}/ram:Description"),
        incoterm=incoterm_in(
            agreement.text("ram:ApplicableTradeDeliveryTerms/ram:DeliveryTypeCode")
        ),
        type_code=head.text("ram:TypeCode")[:3],
        seller=_party(agreement.find("ram:SellerTradeParty")),
        buyer=_party(agreement.find("ram:BuyerTradeParty")),
        bank_accounts=settlement.texts(f"{means}/ram:IBANID", f"{means}/ram:ProprietaryID"),
        lines=tuple(_line(line) for line in trade.all(_LINE)),
        charges=charges,
        allowances=allowances,
        taxes=tuple(_taxes(settlement)),
        line_total=totals.decimal("ram:LineTotalAmount", "sum of the lines"),
        tax_total=_tax_total(totals, currency),
        total=totals.decimal("ram:GrandTotalAmount", "total with tax"),
        prepaid=totals.decimal("ram:TotalPrepaidAmount", "paid before") or ZERO,
        rounding=totals.decimal("ram:RoundingAmount", "rounding") or ZERO,
        payable=totals.decimal("ram:DuePayableAmount", "amount to pay"),
    )


def _despatch_references(trade: Node) -> tuple[str, ...]:
    """Delivery notes and receipts that the document or a line names."""
    delivered = (
        "ram:ApplicableHeaderTradeDelivery", f"{_LINE}/ram:SpecifiedLineTradeDelivery",
    )  # fmt: skip
    kinds = ("ram:DespatchAdviceReferencedDocument", "ram:ReceivingAdviceReferencedDocument")
    paths = (f"{place}/{kind}/ram:IssuerAssignedID" for place in delivered for kind in kinds)
    return trade.texts(*paths)


def _party(party: Node | None) -> Party:
    if party is None:
        return Party()
    uri = "ram:URIUniversalCommunication/ram:URIID"
    endpoint = party.text(uri)
    legal = "ram:SpecifiedLegalOrganization"
    return Party(
        name=party.text(f"{legal}/ram:TradingBusinessName", "ram:Name"),
        legal_name=party.text("ram:Name"),
        tax_ids=party.texts("ram:SpecifiedTaxRegistration/ram:ID"),
        ids=party.texts("ram:GlobalID", "ram:ID", f"{legal}/ram:ID"),
        endpoint=f"{party.attribute(uri, 'schemeID')}:{endpoint}" if endpoint else "",
        email=party.text("ram:DefinedTradeContact/ram:EmailURIUniversalCommunication/ram:URIID"),
        country=party.text("ram:PostalTradeAddress/ram:CountryID"),
    )


def _charges(node: Node) -> tuple[tuple[Charge, ...], tuple[Charge, ...]]:
    """The charges, and the allowances; a logistics service (extended profile) is a charge."""
    found: dict[bool, list[Charge]] = {True: [], False: []}
    rate = "ram:RateApplicablePercent"
    for one in node.all("ram:SpecifiedTradeAllowanceCharge"):
        amount = one.decimal("ram:ActualAmount", "charge or allowance")
        if amount:
            found[one.text("ram:ChargeIndicator/udt:Indicator") in {"true", "1"}].append(
                Charge(
                    amount=amount,
                    code=one.text("ram:ReasonCode"),
                    reason=one.text("ram:Reason"),
                    tax_rate=one.decimal(f"ram:CategoryTradeTax/{rate}", "tax rate of a charge"),
                )
            )
    for one in node.all("ram:SpecifiedLogisticsServiceCharge"):
        amount = one.decimal("ram:AppliedAmount", "freight")
        if amount:
            tax = one.decimal(f"ram:AppliedTradeTax/{rate}", "tax rate of the freight")
            found[True].append(Charge(amount, "FC", one.text("ram:Description"), tax))
    return tuple(found[True]), tuple(found[False])


def _tax_total(totals: Node, currency: str) -> Decimal | None:
    """The tax in the document's currency; a second total may repeat it in another."""
    for total in totals.all("ram:TaxTotalAmount"):
        if (total.element.get("currencyID") or currency).upper() == currency:
            return total.decimal(".", "tax")
    return None


def _taxes(settlement: Node) -> Iterator[TaxOfRate]:
    for part in settlement.all("ram:ApplicableTradeTax"):
        tax = part.decimal("ram:CalculatedAmount", "tax of a rate")
        if tax is not None:
            yield TaxOfRate(
                rate=part.decimal("ram:RateApplicablePercent", "tax rate") or ZERO,
                taxable=part.decimal("ram:BasisAmount", "taxable amount"),
                tax=tax,
            )


def _line(line: Node) -> WrittenLine:
    number = line.text("ram:AssociatedDocumentLineDocument/ram:LineID")[:40]
    where = f"line {number}"
    agreement = "ram:SpecifiedLineTradeAgreement"
    settlement = line.find("ram:SpecifiedLineTradeSettlement") or line
    product = "ram:SpecifiedTradeProduct"
    order = f"{agreement}/ram:BuyerOrderReferencedDocument"
    price = f"{agreement}/ram:NetPriceProductTradePrice"
    quantity = "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"
    amount = "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
    rate = "ram:ApplicableTradeTax/ram:RateApplicablePercent"
    gtin = f"{product}/ram:GlobalID"
    charges, allowances = _charges(settlement)
    return WrittenLine(
        number=number,
        quantity=line.decimal(quantity, f"quantity of {where}"),
        unit=line.attribute(quantity, "unitCode")[:20],
        price=line.decimal(f"{price}/ram:ChargeAmount", f"price of {where}"),
        amount=settlement.decimal(amount, f"amount of {where}"),
        base_quantity=line.decimal(f"{price}/ram:BasisQuantity", f"price base of {where}") or ONE,
        base_unit=line.attribute(f"{price}/ram:BasisQuantity", "unitCode")[:20],
        allowance=sum((one.amount for one in allowances), ZERO),
        charge=sum((one.amount for one in charges), ZERO),
        tax_rate=settlement.decimal(rate, f"tax rate of {where}"),
        order_number=line.text(f"{order}/ram:IssuerAssignedID")[:120],
        order_line=line.text(f"{order}/ram:LineID")[:40],
        supplier_sku=line.text(f"{product}/ram:SellerAssignedID")[:80],
        sku=line.text(f"{product}/ram:BuyerAssignedID")[:80],
        gtin=line.text(gtin)[:14] if line.attribute(gtin, "schemeID") in {"0160", "GTIN"} else "",
        description=line.text(f"{product}/ram:Name", f"{product}/ram:Description"),
    )
