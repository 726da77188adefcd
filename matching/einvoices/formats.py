"""What a file is: a format that is read, or another one that is refused by its name."""

from __future__ import annotations

import re
from typing import Any

from matching.einvoices import cii, ubl
from matching.einvoices.elements import OtherFormatError, UnreadableError

EN_16931 = "EN 16931"
EXTENDED = "EN 16931 as Factur-X extends it"
READS = "UBL 2.1, UN/CEFACT CII, XRechnung, Peppol BIS 3 and Factur-X or ZUGFeRD 2 PDFs are read"
_ENVELOPE = (
    "{http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader}"
    "StandardBusinessDocument"
)
_UBL_OTHER = re.compile(r"\{urn:oasis:names:specification:ubl:schema:xsd:(\w+)-2\}\w+")

# By the beginning of the root element's name with its namespace.
_OTHER_XML = (
    ("{urn:ferd:CrossIndustryDocument:invoice:1p0}", "ZUGFeRD 1"),
    ("{urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure", "an Order-X order"),
    ("{http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture", "FatturaPA"),
    ("{http://www.facturae.", "Facturae"),
    ("{http://www.facturae.gob.es", "Facturae"),
    ("{http://www.ebinterface.at/schema/", "ebInterface"),
    ("{http://www.sat.gob.mx/cfd/", "a CFDI of Mexico"),
    ("{http://www.portalfiscal.inf.br/nfe}", "an NF-e of Brazil"),
    ("{http://crd.gov.pl/", "a KSeF invoice"),
    ("Finvoice", "Finvoice"),
    ("{http://www.w3.org/1999/xhtml}", "a web page"),
    ("html", "a web page"),
)
_PROFILES = (
    "{*}CustomizationID",
    "{*}ExchangedDocumentContext/{*}GuidelineSpecifiedDocumentContextParameter/{*}ID",
)
_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # blanks, and the marks of UTF-8 and UTF-16
_OTHER_FILES = (
    (b"PK\x03\x04", "a ZIP archive or an Office file"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"UNA:+", "EDIFACT"),
    (b"UNB+", "EDIFACT"),
    (b"ISA*", "ANSI X12"),
    (b"\xd8\xff", "a photo"),
    (b"\x89PNG", "a picture"),
    (b"{", "JSON"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
)


def require_readable(content: bytes) -> None:
    """Refuses by name what is neither XML nor a PDF."""
    start = content[:200].lstrip(_BEFORE_XML)
    for magic, name in _OTHER_FILES:
        if start[: len(magic)].lower() == magic.lower():
            raise UnreadableError(f"This is {name}, not an electronic invoice. {READS}.")
    if not start.startswith(b"<"):
        raise UnreadableError(f"This is neither XML nor a PDF. {READS}.")


def opened(root: Any) -> Any:
    """The document itself, out of the envelope that Peppol sends it in."""
    if root.tag != _ENVELOPE:
        return root
    inner = next(
        (one for one in root if one.tag in {ubl.INVOICE, ubl.CREDIT_NOTE, cii.INVOICE}), None
    )
    if inner is None:
        raise UnreadableError("The envelope holds no invoice.")
    return inner


def _profile(root: Any) -> str:
    """The agreement that the document names, in small letters."""
    return next((text.lower() for path in _PROFILES if (text := root.findtext(path))), "")


def rule_set_of(root: Any) -> str:
    """The rules that the document says it keeps, where they can be checked; empty when they cannot.

    An agreement that extends the standard ("conformant") has rules of its own; Factur-X's are known.
    """
    profile = _profile(root)
    if "urn:cen.eu:en16931:2017" not in profile:
        return ""
    if "#conformant#" not in profile:
        return EN_16931
    return EXTENDED if root.tag == cii.INVOICE and profile.endswith(":extended") else ""


def name_of(root: Any) -> str:
    """What the format is called: its syntax, and the agreement on top of it."""
    syntax = "CII" if root.tag == cii.INVOICE else "UBL 2.1"
    lower = _profile(root)
    if "xrechnung" in lower:
        return f"XRechnung ({syntax})"
    if "peppol" in lower:
        return f"Peppol BIS 3 ({syntax})"
    if "factur-x" in lower or "zugferd" in lower:
        return f"Factur-X / ZUGFeRD 2 ({syntax})"
    return f"EN 16931 ({syntax})" if "en16931" in lower else syntax


def require_invoice(root: Any) -> None:
    """Refuses by name what is XML, but no invoice of a format that is read."""
    tag = str(root.tag)
    if tag in {ubl.INVOICE, ubl.CREDIT_NOTE, cii.INVOICE}:
        return
    for start, name in _OTHER_XML:
        if tag.startswith(start):
            raise OtherFormatError(f"This is {name}, which is not read. {READS}.")
    if found := _UBL_OTHER.match(tag):
        raise OtherFormatError(f"This is a UBL {found[1]}, not an invoice.")
    short = tag.rpartition("}")[2][:60]
    raise UnreadableError(f"This is XML that begins with “{short}”, not an invoice. {READS}.")
