"""The answer to an electronic invoice: a UBL 2.1 ApplicationResponse as Peppol BIS Invoice Response 3.

    content = response_xml(InvoiceAnswer(…))

It says which status of UNCL 4343 the invoice has reached, why, and what the seller is asked to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lxml import etree

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"
_ROOT = f"{_SCHEMA}:ApplicationResponse-2"
_CAC = f"{_SCHEMA}:CommonAggregateComponents-2"
_CBC = f"{_SCHEMA}:CommonBasicComponents-2"
CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:invoice_response:3"
PROFILE = "urn:fdc:peppol.eu:poacc:bis:invoice_response:3"
REASON, ACTION = "OPStatusReason", "OPStatusAction"
PAYMENT = "481"  # UNTDID 1001: a reference to a payment
_ADDRESS = re.compile(r"(?P<scheme>\d{4}|[A-Z]{2}):(?P<identifier>\S+)")
# What XML cannot carry, whoever typed it.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Who sends or receives the answer; `address` is `scheme:id` as the invoice writes it."""

    name: str
    address: str
    contact: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Clarification:
    """Why the invoice has its status, or what its seller is asked to do: a code with its sentence."""

    code_list: str
    code: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceAnswer:
    """Everything an invoice response says; one status of one invoice."""

    number: str
    issued_at: datetime
    sender: Correspondent
    receiver: Correspondent
    status: str
    effective_on: date
    invoice_number: str
    invoiced_on: date | None
    type_code: str
    clarifications: tuple[Clarification, ...] = ()
    note: str = ""
    payment_reference: str = ""


def is_address(text: str) -> bool:
    """Whether a text is an electronic address with a scheme of the list EAS, as 0088:7300010000001."""
    return _ADDRESS.fullmatch(text) is not None


def response_xml(answer: InvoiceAnswer) -> bytes:
    """The document, ready to be sent."""
    root = etree.Element(f"{{{_ROOT}}}ApplicationResponse", nsmap={None: _ROOT, "cac": _CAC, "cbc": _CBC})  # fmt: skip
    for name, text in (
        ("CustomizationID", CUSTOMIZATION),
        ("ProfileID", PROFILE),
        ("ID", answer.number),
        ("IssueDate", answer.issued_at.date().isoformat()),
        ("IssueTime", answer.issued_at.time().isoformat("seconds")),
        ("Note", answer.note),
    ):
        _basic(root, name, text)
    _party(root, "SenderParty", answer.sender)
    _party(root, "ReceiverParty", answer.receiver)
    answered = _aggregate(root, "DocumentResponse")
    _response(answered, answer)
    _reference(answered, answer.invoice_number, answer.type_code, answer.invoiced_on)
    if answer.payment_reference:
        _reference(answered, answer.payment_reference, PAYMENT)
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return content


def _response(answered: Any, answer: InvoiceAnswer) -> None:
    response = _aggregate(answered, "Response")
    _basic(response, "ResponseCode", answer.status)
    _basic(response, "EffectiveDate", answer.effective_on.isoformat())
    for one in answer.clarifications:
        status = _aggregate(response, "Status")
        _basic(status, "StatusReasonCode", one.code, listID=one.code_list)
        _basic(status, "StatusReason", one.words)


def _reference(answered: Any, number: str, type_code: str, issued_on: date | None = None) -> None:
    reference = _aggregate(answered, "DocumentReference")
    _basic(reference, "ID", number)
    _basic(reference, "IssueDate", issued_on.isoformat() if issued_on else "")
    _basic(reference, "DocumentTypeCode", type_code)


def _party(root: Any, name: str, who: Correspondent) -> None:
    party = _aggregate(root, name)
    address = _ADDRESS.fullmatch(who.address)
    assert address is not None
    _basic(party, "EndpointID", address["identifier"], schemeID=address["scheme"])
    _basic(_aggregate(party, "PartyLegalEntity"), "RegistrationName", who.name)
    if who.contact or who.email:
        contact = _aggregate(party, "Contact")
        _basic(contact, "Name", who.contact)
        _basic(contact, "ElectronicMail", who.email)


def _aggregate(parent: Any, name: str) -> Any:
    return etree.SubElement(parent, f"{{{_CAC}}}{name}")


def _basic(parent: Any, name: str, text: str, **attributes: str) -> None:
    """An element with a text; without one it is left out, as empty elements are refused."""
    written = " ".join(_UNWRITABLE.sub(" ", text).split())
    if written:
        etree.SubElement(parent, f"{{{_CBC}}}{name}", attributes).text = written


def in_order(clarifications: Iterable[Clarification]) -> tuple[Clarification, ...]:
    """Reasons first, then what is asked for; each once."""
    once = dict.fromkeys(clarifications)
    return tuple(sorted(once, key=lambda one: one.code_list != REASON))
