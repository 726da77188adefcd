"""Reading electronic invoices: the same document out of UBL, CII and a PDF, and what is said of faults."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader, PdfWriter

from matching.demo.einvoice_files import SoldLine, xml_of
from matching.einvoices.apart import read_apart
from matching.einvoices.document import Einvoice, Reading, from_json, to_json
from matching.einvoices.reading import read_einvoice
from tests.matching.einvoices.sold import cii, hybrid, paper, sold, ubl


def document(content: bytes) -> Einvoice:
    reading = read_einvoice(content)
    assert (reading.outcome, reading.sentence) == ("accepted", "")
    assert reading.document is not None
    return reading.document


@pytest.mark.parametrize("content", [ubl(), cii(), hybrid()], ids=["UBL", "CII", "PDF"])
def test_every_format_gives_the_same_document(content: bytes) -> None:
    found = document(content)
    assert (found.kind, found.number, found.currency) == ("invoice", "NL-77/2026", "EUR")
    assert (found.issued_on, found.due_on) == (date(2026, 5, 4), date(2026, 6, 3))
    assert (found.order_reference, found.seller.name) == ("PO-1001", "Northline Packaging")
    assert (found.despatch_references, found.notes) == (("LS-7",), ("Delivered in two parts",))
    assert found.type_code == "380"
    assert found.seller.tax_ids == ("DE136695976",)
    assert found.bank_accounts == ("DE88200800000970375700",)
    first, second = found.lines
    assert (first.quantity, first.unit, first.price, first.base_quantity, first.amount) == (
        1000, "EA", Decimal("61.2"), 100, 612,
    )  # fmt: skip
    assert (first.order_line, first.sku, first.supplier_sku) == ("1", "CTN-12-KR", "N-4411")
    assert (second.quantity, second.unit, second.amount) == (Decimal("2.5"), "KGM", 20)
    (freight,), (discount,) = found.charges, found.allowances
    assert (freight.amount, freight.code, freight.tax_rate, discount.amount) == (10, "FC", 19, 5)
    (tax,) = found.taxes
    assert (tax.rate, tax.taxable, tax.tax) == (19, 637, Decimal("121.03"))
    assert (found.total, found.prepaid, found.payable) == (
        Decimal("758.03"), 3, Decimal("755.03"),
    )  # fmt: skip


@pytest.mark.parametrize(("said", "kept"), [("dap", "DAP"), ("EXW Reno", "EXW"), ("by air", "")])
def test_the_terms_of_delivery_are_read(said: str, kept: str) -> None:
    terms = f"<cac:DeliveryTerms><cbc:ID>{said}</cbc:ID></cac:DeliveryTerms><cac:PaymentMeans>"
    code = f"<ram:DeliveryTypeCode>{said}</ram:DeliveryTypeCode>"
    order = b"<ram:BuyerOrderReferencedDocument"
    agreement = f"<ram:ApplicableTradeDeliveryTerms>{code}</ram:ApplicableTradeDeliveryTerms>"
    head, rest = cii().split(b"<ram:ApplicableHeaderTradeAgreement>", 1)
    rest = rest.replace(order, agreement.encode() + order, 1)
    assert document(ubl().replace(b"<cac:PaymentMeans>", terms.encode(), 1)).incoterm == kept
    in_cii = b"<ram:ApplicableHeaderTradeAgreement>".join([head, rest])
    assert document(in_cii).incoterm == kept
    assert document(ubl()).incoterm == ""


def test_the_formats_are_named() -> None:
    peppol = ubl().replace(
        b"urn:cen.eu:en16931:2017<",
        b"urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0<",
    )
    assert [read_einvoice(one).format for one in (ubl(), cii(), hybrid(), peppol)] == [
        "EN 16931 (UBL 2.1)", "EN 16931 (CII)", "PDF with EN 16931 (CII)", "Peppol BIS 3 (UBL 2.1)",
    ]  # fmt: skip


def test_the_envelope_of_peppol_is_opened() -> None:
    start = ubl().index(b"<Invoice")
    envelope = (
        b'<s:StandardBusinessDocument xmlns:s="http://www.unece.org/cefact/namespaces/'
        b'StandardBusinessDocumentHeader"><s:StandardBusinessDocumentHeader/>%s'
        b"</s:StandardBusinessDocument>" % ubl()[start:]
    )
    assert document(envelope) == document(ubl())


@pytest.mark.parametrize("flavor", ["ubl-2.1", "factur-x"])
def test_a_credit_note_names_what_it_credits(flavor: str) -> None:
    found = document(xml_of(sold(credits_number="NL-70"), flavor))
    assert (found.kind, found.credits_number, found.payable) == (
        "credit", "NL-70", Decimal("755.03"),
    )  # fmt: skip
    assert len(found.lines) == 2


def test_an_invoice_that_asks_for_less_than_nothing_is_a_credit_note() -> None:
    lines = [SoldLine(Decimal(-4), Decimal(5), "Shipper")]
    found = document(xml_of(sold(lines=lines, freight=0, discount=0, prepaid=0, tax_rate=0)))
    assert (found.kind, found.payable) == ("credit", 20)
    assert (found.lines[0].quantity, found.lines[0].price, found.lines[0].amount) == (4, 5, 20)


def test_a_reading_survives_its_way_between_processes() -> None:
    for content in (ubl(), hybrid(), paper(), b""):
        reading = read_einvoice(content)
        assert from_json(Reading, json.loads(json.dumps(to_json(reading)))) == reading


def test_the_process_apart_reads_the_same() -> None:
    assert read_apart(hybrid()) == read_einvoice(hybrid())


def test_a_pdf_without_data_is_for_a_person() -> None:
    assert read_einvoice(paper()) == Reading("manual", "PDF", "The PDF carries no invoice data.")


# --- Only what breaks matching blocks ---------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "instead", "sentence"),
    [
        (b"<cbc:ID>NL-77/2026</cbc:ID>", b"<cbc:ID>-</cbc:ID>", "It has no invoice number."),
        (b">EUR</cbc:Doc", b"></cbc:Doc", "It names no currency."),
        (b">EUR</cbc:Doc", b">EUREUR</cbc:Doc", "“EUREUR” is no currency."),
        (b">EUR</cbc:Doc", b">ZZZ</cbc:Doc", "“ZZZ” is no currency."),
        (b"2026-05-04</cbc:IssueDate", b"2026-02-30</cbc:IssueDate",
         "“2026-02-30” is no day (invoice date). It has no invoice date."),
        (b">1000</cbc:InvoicedQuantity", b">1e3</cbc:InvoicedQuantity",
         "“1e3” is no number (quantity of line 1)."),
        (b">61.20</cbc:PriceAmount", b">NaN</cbc:PriceAmount",
         "“NaN” is no number (price of line 1)."),
        (b">612.00</cbc:LineExt", b">613.00</cbc:LineExt",
         "Its lines, charges and tax add up to 759.03, its total says 758.03."),
        (b">755.03</cbc:PayableAmount", b">755.05</cbc:PayableAmount",
         "Its total of 758.03 less what was paid before is not the 755.05 that it asks for."),
    ],
)  # fmt: skip
def test_what_breaks_the_match_goes_to_a_person_with_what_was_read(
    written: bytes, instead: bytes, sentence: str
) -> None:
    assert ubl().count(written) == 1
    reading = read_einvoice(ubl().replace(written, instead))
    assert (reading.outcome, reading.sentence) == ("manual", sentence)
    assert reading.document is not None
    assert len(reading.document.lines) == 2


def test_a_file_of_totals_only_goes_to_a_person() -> None:
    start, end = ubl().index(b"<cac:InvoiceLine>"), ubl().rindex(b"</cac:InvoiceLine>") + 18
    reading = read_einvoice(ubl()[:start] + ubl()[end:])
    assert (reading.outcome, reading.sentence) == ("manual", "It carries totals only, no lines.")


# --- Everything else is a remark --------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "instead", "remark"),
    [
        (b"DE136695976", b"DE136695977",
         "The seller's tax id DE136695977 is not a valid number of its country."),
        (b"DE88200800000970375700", b"DE88200800000970375701",
         "The bank account DE88200800000970375701 is not a valid IBAN."),
        (b">61.20</cbc:PriceAmount", b">60.20</cbc:PriceAmount",
         "Line 1: quantity times price is 602.00, its amount is 612.00. The amount counts."),
        (b">632.00</cbc:LineExt", b">630.00</cbc:LineExt",
         "BR-CO-10: the lines add up to 632.00, the sum of the lines says 630.00."),
        (b">637.00</cbc:TaxableAmount", b">600.00</cbc:TaxableAmount",
         "BR-CO-17: 19 % of 600.00 is 114.00, the tax says 121.03."),
        (b"2026-06-03", b"2026-04-03", "It is due before it was written."),
    ],
)  # fmt: skip
def test_a_small_fault_is_remarked_and_stops_nothing(
    written: bytes, instead: bytes, remark: str
) -> None:
    assert written in ubl()
    reading = read_einvoice(ubl().replace(written, instead))
    assert (reading.outcome, reading.remarks) == ("accepted", (remark,))


def test_a_sound_invoice_has_no_remark() -> None:
    assert [read_einvoice(one).remarks for one in (ubl(), cii(), hybrid())] == [(), (), ()]


def test_the_schema_speaks_with_the_line_of_the_file() -> None:
    (remark,) = read_einvoice(ubl().replace(b"cbc:ProfileID", b"cbc:X").replace(
        b"<cbc:IssueDate>", b"<cbc:Nonsense/><cbc:IssueDate>"
    )).remarks  # fmt: skip
    assert remark.startswith("Schema, line ")
    assert "Nonsense" in remark


def test_the_tax_in_another_currency_is_not_added() -> None:
    second = b'<cac:TaxTotal><cbc:TaxAmount currencyID="PLN">500.00</cbc:TaxAmount></cac:TaxTotal>'
    at = ubl().index(b"<cac:LegalMonetaryTotal>")
    found = document(ubl()[:at] + second + ubl()[at:])
    assert (found.tax_total, len(found.taxes)) == (Decimal("121.03"), 1)


# --- Other formats are refused by name --------------------------------------------------------


def renamed(namespace: str, root: str) -> bytes:
    return f'<r:{root} xmlns:r="{namespace}"/>'.encode()


@pytest.mark.parametrize(
    ("content", "beginning"),
    [
        (renamed("urn:ferd:CrossIndustryDocument:invoice:1p0", "CrossIndustryDocument"),
         "This is ZUGFeRD 1, which is not read."),
        (renamed("urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100", "X"),
         "This is an Order-X order, which is not read."),
        (renamed("urn:oasis:names:specification:ubl:schema:xsd:Order-2", "Order"),
         "This is a UBL Order, not an invoice."),
        (renamed("http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2", "FatturaElettronica"),
         "This is FatturaPA, which is not read."),
        (b"<note>Hello</note>", "This is XML that begins with “note”, not an invoice."),
        (b"UNB+UNOA:1+S+R'", "This is EDIFACT, not an electronic invoice."),
        (b"PK\x03\x04xl/workbook.xml", "This is a ZIP archive or an Office file, not"),
        (b"\xff\xd8\xff\xe0photo", "This is a photo, not an electronic invoice."),
        (b"invoice;amount\n1;2\n", "This is neither XML nor a PDF."),
        (b"", "The file is empty."),
    ],
)  # fmt: skip
def test_another_format_is_refused_by_its_name(content: bytes, beginning: str) -> None:
    reading = read_einvoice(content)
    assert reading.outcome == "refused"
    assert reading.sentence.startswith(beginning)


def test_zugferd_1_inside_a_pdf_is_refused_by_name() -> None:
    old = renamed("urn:ferd:CrossIndustryDocument:invoice:1p0", "CrossIndustryDocument")
    reading = read_einvoice(with_attachment(old))
    assert reading.sentence.startswith("Inside the PDF: This is ZUGFeRD 1, which is not read.")


def with_attachment(xml: bytes, name: str = "factur-x.xml") -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(paper())))
    writer.add_attachment(name, xml)
    kept = BytesIO()
    writer.write(kept)
    return kept.getvalue()


def test_the_attachment_with_a_standards_name_comes_first() -> None:
    assert document(with_attachment(ubl(), "any.xml")) == document(ubl())
    assert replace(read_einvoice(with_attachment(b"<a", "factur-x.xml")), sentence="") == Reading(
        "manual", "PDF"
    )
