"""Reading a file that came as an invoice: accepted, for a person, or refused with a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from matching.einvoices import cii, findings, ubl
from matching.einvoices.document import Einvoice, Outcome, Reading, turned
from matching.einvoices.elements import (
    HostileError,
    Node,
    OtherFormatError,
    UnreadableError,
    parse_xml,
)
from matching.einvoices.formats import (
    name_of,
    opened,
    require_invoice,
    require_readable,
    rule_set_of,
)
from matching.einvoices.pdf import attached_xml

MOST_BYTES = 10 * 1024 * 1024


def read_einvoice(content: bytes) -> Reading:
    """What the file comes to. It never raises for what stands in a file."""
    if not content:
        return _refused("The file is empty.")
    if len(content) > MOST_BYTES:
        return _refused("The file is larger than 10 MB.")
    if b"%PDF-" in content[:1024]:
        return _read_pdf(content)
    try:
        require_readable(content)
        return _read_xml(content)
    except UnreadableError as error:
        return _refused(str(error))


def _refused(sentence: str) -> Reading:
    return Reading(Outcome.REFUSED, sentence=sentence)


def _read_pdf(content: bytes) -> Reading:
    """The first attachment that is an invoice; without one, the paper is for a person."""
    try:
        attached = attached_xml(content)
    except HostileError as error:
        return _refused(str(error))
    except UnreadableError as error:
        return Reading(Outcome.MANUAL, "PDF", str(error))
    otherwise = Reading(Outcome.MANUAL, "PDF", "The PDF carries no invoice data.")
    for file in attached:
        try:
            reading = _read_xml(file)
        except HostileError as error:
            return _refused(f"Inside the PDF: {error}")
        except OtherFormatError as error:
            otherwise = _refused(f"Inside the PDF: {error}")
        except UnreadableError as error:
            why = f"The data inside the PDF cannot be used. {error}"
            otherwise = Reading(Outcome.MANUAL, "PDF", why)
        else:
            return replace(reading, format=f"PDF with {reading.format}")
    return otherwise


def _read_xml(content: bytes) -> Reading:
    root = _invoice_root(content)
    faults: list[str] = []
    document = turned(_document(root, faults))
    name, rule_set = name_of(root), rule_set_of(root)
    reasons = findings.blocking(document, faults)
    if reasons:
        return Reading(Outcome.MANUAL, name, " ".join(reasons[:3]), document, (), rule_set)
    remarks = findings.remarks(root, document)
    return Reading(Outcome.ACCEPTED, name, "", document, remarks, rule_set)


def _invoice_root(content: bytes) -> Any:
    root = opened(parse_xml(content))
    require_invoice(root)
    return root


def invoice_roots(content: bytes) -> Iterator[Any]:
    """The invoices in a file that was read before: itself, or those inside the PDF."""
    if b"%PDF-" not in content[:1024]:
        yield _invoice_root(content)
        return
    for file in attached_xml(content):
        with suppress(UnreadableError):
            yield _invoice_root(file)


def _document(root: Any, faults: list[str]) -> Einvoice:
    if root.tag == cii.INVOICE:
        return cii.read_cii(Node(root, cii.NAMESPACES, faults))
    return ubl.read_ubl(Node(root, ubl.NAMESPACES, faults))
