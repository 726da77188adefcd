"""XML from strangers: parsed without entities, DTD or network, and read element by element.

root = parse_xml(content)               refuses what is hostile, or is no XML at all
node = Node(root, NAMESPACES, faults)   node.text("cbc:ID"), node.decimal("cbc:Amount", "total")
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from procure.money import NotADecimalError, parse_decimal

MOST_TAGS = 400_000
MOST_TEXT = 400
MOST_FAULTS = 20
_DECLARES = re.compile(rb"<\0?!\0?D\0?O\0?C\0?T\0?Y\0?P\0?E", re.IGNORECASE)
_XINCLUDE = "{http://www.w3.org/2001/XInclude}*"
_COMPACT_DAY = re.compile(r"\d{8}")
_BLANKS = re.compile(r"\s+")


class UnreadableError(ValueError):
    """The file is not what it says it is, or is damaged; the sentence tells a clerk."""


class OtherFormatError(UnreadableError):
    """The file is sound, and of a format that has a name and is not read."""


class HostileError(UnreadableError):
    """The file asks for something that no invoice needs; it is not opened any further."""


def parse_xml(content: bytes) -> Any:
    """The root element. Refused: a DOCTYPE, an XInclude, too many or too deep elements, no XML."""
    if _DECLARES.search(content):
        raise HostileError("The file declares a DOCTYPE, which no invoice needs. It is not opened.")
    if content.count(b"<") > MOST_TAGS:
        raise HostileError("The file has more elements than any invoice. It is not opened.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        attribute_defaults=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise _not_xml(error) from error
    except (ValueError, LookupError) as error:
        raise UnreadableError("The file names an encoding that it is not written in.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise HostileError("The file declares a DOCTYPE, which no invoice needs. It is not opened.")
    if next(root.iter(_XINCLUDE), None) is not None:
        raise HostileError("The file asks to include other files. It is not opened.")
    return root


def _not_xml(error: etree.XMLSyntaxError) -> UnreadableError:
    words = str(error).lower()
    if "depth" in words or "huge" in words or "too long" in words or "limit" in words:
        return HostileError("The file is nested too deeply or too large to be an invoice.")
    if "encoding" in words or "bytes:" in words:
        return UnreadableError("The file names an encoding that it is not written in.")
    where = f" It breaks off at line {error.lineno}." if error.lineno else ""
    return UnreadableError(f"The file is not complete XML.{where} Ask the supplier for it again.")


@dataclass(frozen=True, slots=True)
class Node:
    """An element and its namespaces; `faults` collects what is written and cannot be read."""

    element: Any
    namespaces: Mapping[str, str]
    faults: list[str]

    def find(self, path: str) -> Node | None:
        """The first element on the path."""
        found = self.element.find(path, self.namespaces)
        return None if found is None else Node(found, self.namespaces, self.faults)

    def all(self, path: str) -> Iterator[Node]:
        """Every element on the path."""
        for found in self.element.iterfind(path, self.namespaces):
            yield Node(found, self.namespaces, self.faults)

    def text(self, *paths: str) -> str:
        """The first text that stands on one of the paths, blanks folded, or none."""
        for path in paths:
            for found in self.element.iterfind(path, self.namespaces):
                if text := _plain(found.text):
                    return text
        return ""

    def texts(self, *paths: str) -> tuple[str, ...]:
        """Every text on the paths, once, in their order."""
        found = (one for path in paths for one in self.element.iterfind(path, self.namespaces))
        return tuple(dict.fromkeys(text for one in found if (text := _plain(one.text))))[:20]

    def attribute(self, path: str, name: str) -> str:
        """An attribute of the first element on the path."""
        found = self.element.find(path, self.namespaces)
        return "" if found is None else _plain(found.get(name))[:40]

    def decimal(self, path: str, what: str) -> Decimal | None:
        """The number on the path; None when there is none, with a fault when it is no number."""
        text = self.text(path)
        if not text:
            return None
        try:
            return parse_decimal(f"0{text}" if text.startswith(".") else text)
        except NotADecimalError:
            self._fault(f"“{text[:40]}” is no number ({what}).")
            return None

    def day(self, path: str, what: str) -> date | None:
        """The day on the path, written 2026-05-04 or 20260504."""
        text = self.text(path)
        if not text:
            return None
        try:
            if _COMPACT_DAY.fullmatch(text):
                return date(int(text[:4]), int(text[4:6]), int(text[6:]))
            return date.fromisoformat(text[:10])
        except ValueError:
            self._fault(f"“{text[:40]}” is no day ({what}).")
            return None

    def _fault(self, sentence: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(sentence)


def _plain(text: str | None) -> str:
    return _BLANKS.sub(" ", text or "").strip()[:MOST_TEXT]
