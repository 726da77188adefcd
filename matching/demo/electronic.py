"""Electronic invoices that came this week: one taken in, others that a person has to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from weasyprint import HTML

from matching.demo.einvoice_files import Sale, SoldLine, pdf_of, xml_of
from matching.demo.waiting import Desk
from matching.einvoices.document import Outcome
from matching.einvoices.pictures import draw_pages
from matching.einvoices.reading import read_einvoice
from matching.letters import Letter
from matching.mailboxes import Mailbox
from matching.models import SupplierInvoice
from matching.reading_files import claim_file, end_reading
from matching.receiving_files import receive_file
from matching.responding import respond_to_invoice
from matching.setting_mailbox import MailboxDetails, set_mailbox
from matching.taking_mail import take_message
from purchasing.models import PurchaseOrder
from suppliers.models import BankAccount

D = Decimal
OUR_ADDRESS = "0060:080441102"
FOREIGN_ACCOUNT = "DE02120300000000202051"  # on file for nobody
PAPER = "<h1>Invoice {number}</h1><p>{seller}</p><p>Goods as ordered, {total}. Thank you.</p>"


def make_electronic_invoices(desk: Desk) -> None:
    """A PDF with data that is captured, an XML that asks for payment to an account nobody knows,
    an unknown seller, a scan, a wrong file."""
    company = desk.company
    seeds = desk.issued("SUNRIDGE", "ING-NUT", [("SEED-SUN", "900")])
    desk.receive(seeds)
    gloves = desk.issued("SAFEHAND", "MRO-SAFE", [("GLV-M", "120"), ("GLV-L", "80")])
    desk.receive(gloves, share="0.5")
    first = _sale(desk, seeds, "SR-12044")
    second = replace(_sale(desk, gloves, "SH-5530"), account=FOREIGN_ACCOUNT)
    stranger = Sale(
        number="2026-0417",
        issued_on=company.today - timedelta(days=2),
        seller="Sonnkern Handels GmbH",
        tax_id="DE136695976",
        lines=[SoldLine(D(600), D("92.40"), "Sunflower seeds, hulled", supplier_sku="SK-25", unit="KGM", base_quantity=D(100))],
        account="DE88200800000970375700",
        freight=D(35),
    )  # fmt: skip
    _take_in(desk, "SR-12044.pdf", pdf_of(first, _paper(first, "as in the data")))
    _take_in(desk, "SH-5530 (UBL).xml", xml_of(second))
    _take_in(desk, "Rechnung 2026-0417.xml", xml_of(stranger))
    _take_in(desk, "scan 0093.pdf", _paper(stranger, "554.40 USD and freight of 35.00 USD"))
    _take_in(desk, "packing list.xlsx", b"PK\x03\x04 of no use here")
    _take_in(desk, "SR-12044 again.pdf", pdf_of(first, _paper(first, "as in the data, again")))
    taken = SupplierInvoice.objects.get(number=first.number)
    respond_to_invoice(taken, status="AP", by_mail=False, actor=company.people["ap"])
    _mail_in(desk, replace(stranger, number="2026-0431", account=""))


def _mail_in(desk: Desk, bill: Sale) -> None:
    """A mailbox, which the demo does not read, and two mails that came by it before."""
    details = MailboxDetails(
        host="imap.fernhill.example",
        username="invoices@fernhill.example",
        password="of no use",
        is_active=False,
    )
    set_mailbox(details, actor=desk.company.people["admin"])
    Mailbox.objects.update(asked_at=None)
    sender, content = "Sonnkern Rechnungen <rechnung@sonnkern.example>", xml_of(bill)
    file = ("Rechnung 2026-0431.xml", content)
    take_message(
        Letter(sender, "Rechnung 2026-0431", "<0431@sonnkern.example>", (file,)), actor=None
    )
    waiting = claim_file()
    if waiting is not None:
        end_reading(desk.company.organization.pk, waiting, read_einvoice(content), [])
    asking = "When will our invoices be paid?"
    problem = "The message has no XML or PDF attached."
    take_message(Letter(sender, asking, "<77@sonnkern.example>", problem=problem), actor=None)


def _sale(desk: Desk, order: PurchaseOrder, number: str) -> Sale:
    """The order as its supplier bills it to the account on file, with the price for a hundred."""
    assert order.supplier is not None
    on_file = BankAccount.objects.get(supplier=order.supplier, status="confirmed")
    return Sale(
        number=number,
        issued_on=desk.company.today - timedelta(days=1),
        seller=order.supplier.name,
        tax_id=order.supplier.tax_id,
        order_number=order.number or "",
        currency=order.currency,
        account=on_file.number,
        seller_address=f"0060:{80014100 + order.supplier.pk % 100:09}",
        buyer_address=OUR_ADDRESS,
        lines=[
            SoldLine(
                line.ordered_quantity,
                (line.unit_price * 100).quantize(D("0.0001")),
                line.description,
                order_line=str(line.line_no),
                sku=line.sku.code,
                unit=line.unit,
                base_quantity=D(100),
            )
            for line in order.lines.select_related("sku").order_by("line_no")
        ],
    )


def _paper(sale: Sale, total: str) -> bytes:
    text = PAPER.format(number=sale.number, seller=sale.seller, total=total)
    content: bytes = HTML(string=text).write_pdf()
    return content


def _pages(content: bytes) -> list[bytes]:
    return draw_pages(content) if read_einvoice(content).outcome != Outcome.ACCEPTED else []


def _take_in(desk: Desk, name: str, content: bytes) -> None:
    """As the worker does, but in this process: these files are our own."""
    actor = desk.company.people["ap"]
    receive_file(upload=SimpleUploadedFile(name, content), actor=actor)
    file = claim_file()
    if file is not None:
        end_reading(desk.company.organization.pk, file, read_einvoice(content), _pages(content))
