"""The invoice inside a PDF: which of its attachments are offered, and in what order.

factur-x looks only at names listed in the catalogue and parses what it finds without a guard; here
the files that the document itself points to are found as well, and nothing is parsed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePath

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject, StreamObject

from matching.einvoices.elements import HostileError, UnreadableError

MOST_ATTACHED_BYTES = 10 * 1024 * 1024
MOST_ATTACHMENTS = 100
KNOWN_NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")
# What pypdf stumbles over in a file that is no sound PDF, beside its own errors.
_DAMAGED = (
    PyPdfError, ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError,
    OSError, RecursionError, TypeError, ValueError, zlib.error,
)  # fmt: skip


def attached_xml(content: bytes) -> list[bytes]:
    """The XML files inside the PDF, those with a name that a standard gives first.

    Refused: a PDF that is damaged, locked by a password, or whose attachment unpacks into too much.
    """
    try:
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("The PDF is locked by a password.")
        found = list(_attachments(reader))
    except (HostileError, UnreadableError):
        raise
    except _DAMAGED as error:
        raise UnreadableError("The PDF is damaged, and its attachments cannot be read.") from error
    found.sort(key=lambda one: one[0] not in KNOWN_NAMES)
    return list(dict.fromkeys(file for _, file in found))


def _attachments(reader: PdfReader) -> Iterator[tuple[str, bytes]]:
    for count, attached in enumerate(reader.attachment_list):
        if count == MOST_ATTACHMENTS:
            raise HostileError("The PDF carries more attachments than any invoice.")
        if _is_xml(attached.name):
            yield attached.name.lower(), _small(attached.content)
    for name, stream in _associated(reader):
        if _is_xml(name):
            yield name.lower(), _small(stream.get_data())


def _associated(reader: PdfReader) -> Iterator[tuple[str, StreamObject]]:
    """Files that the catalogue is associated with (PDF/A-3), listed as attachments or not."""
    listed = reader.root_object.get("/AF")
    for reference in list(listed.get_object() if listed else [])[:MOST_ATTACHMENTS]:
        entry = reference.get_object()
        files = entry.get("/EF") if isinstance(entry, DictionaryObject) else None
        stream = (files.get_object().get("/UF") or files.get_object().get("/F")) if files else None
        if stream is not None and isinstance(stream := stream.get_object(), StreamObject):
            yield str(entry.get("/UF") or entry.get("/F") or ""), stream


def _is_xml(name: str) -> bool:
    """By the end of its name alone; a path in it means nothing, as nothing is ever written."""
    return PurePath(name.replace("\\", "/")).suffix.lower() == ".xml"


def _small(content: bytes) -> bytes:
    if len(content) > MOST_ATTACHED_BYTES:
        raise HostileError("The PDF's attachment unpacks into more than 10 MB. It is not opened.")
    return content
