"""Files against the rules of EN 16931, in a process apart: exact findings, and what it may not do."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal

import pytest

from matching.einvoices import apart
from matching.einvoices.apart import check_rules_apart
from matching.einvoices.reading import read_einvoice
from matching.einvoices.rule_report import BrokenRule, RuleReport
from procure.bootstrap import ROOT
from tests.architecture.test_layers import imported, modules, name_of, tree_of
from tests.matching.einvoices.sold import cii, hybrid, ubl

TOTAL_OFF = BrokenRule(
    "BR-CO-15",
    "Invoice total amount with VAT (BT-112) = Invoice total amount without VAT (BT-109) + Invoice "
    "total VAT amount (BT-110).",
)
SECRET = "TOP SECRET"


def a_cent_more(content: bytes, *names: str) -> bytes:
    """A file that asks for a cent too much: taken in, and against the rules."""
    text = content.decode()
    for name in names:
        found = re.search(rf"<(\w+:{name})[^>]*>([\d.]+)<", text)
        assert found
        more = str(Decimal(found[2]) + Decimal("0.01"))
        text = text.replace(found[0], found[0].replace(f">{found[2]}<", f">{more}<"))
    return text.encode()


def broken_ubl() -> bytes:
    content = a_cent_more(ubl(), "TaxInclusiveAmount", "PayableAmount")
    return content.replace(b"InvoiceTypeCode>380<", b"InvoiceTypeCode>999<")


def broken_cii() -> bytes:
    return a_cent_more(cii(), "GrandTotalAmount", "DuePayableAmount")


def hostile(path: object, content: bytes) -> bytes:
    """The same invoice, with a file of this machine for a note."""
    declares = f'<!DOCTYPE x [<!ENTITY x SYSTEM "file://{path}">]>'.encode()
    return content.replace(b"?>", b"?>" + declares, 1).replace(b"Shipper 12-ct", b"&x;")


def plain(content: bytes) -> bytes:
    """The same invoice, which names no agreement."""
    return re.sub(rb"<cbc:CustomizationID>.*?</cbc:CustomizationID>", b"", content)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RuleReport | None]:
    """Every file of this module in one process."""
    secret = tmp_path_factory.mktemp("secret") / "secret.txt"
    secret.write_text(SECRET)
    sent = {
        "hostile": hostile(secret, ubl()),
        "no invoice": b"",
        "names no rules": plain(ubl()),
        "valid UBL": ubl(),
        "broken UBL": broken_ubl(),
        "valid CII": cii(),
        "broken CII": broken_cii(),
        "valid PDF": hybrid(),
    }
    return dict(zip(sent, check_rules_apart(list(sent.values())), strict=True))


@pytest.mark.parametrize("name", ["valid UBL", "valid CII", "valid PDF"])
def test_a_valid_file_breaks_no_rule(reports: dict[str, RuleReport | None], name: str) -> None:
    assert reports[name] == RuleReport("EN 16931", ())


def test_a_broken_file_is_told_its_rules_by_number(
    reports: dict[str, RuleReport | None],
) -> None:
    unknown_type = BrokenRule(
        "BR-CL-01",
        "The document type code MUST be coded by the invoice and credit note related code lists of "
        "UNTDID 1001.",
    )
    assert reports["broken UBL"] == RuleReport("EN 16931", (TOTAL_OFF, unknown_type))
    assert reports["broken CII"] == RuleReport("EN 16931", (TOTAL_OFF,))


def test_what_is_hostile_or_names_no_rules_is_not_checked(
    reports: dict[str, RuleReport | None],
) -> None:
    assert [reports[name] for name in ("hostile", "no invoice", "names no rules")] == [None] * 3


@pytest.mark.parametrize(
    ("profile", "rule_set"),
    [
        (b"urn:cen.eu:en16931:2017", "EN 16931"),
        (b"urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0", "EN 16931"),
        (
            b"urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
            "EN 16931 as Factur-X extends it",
        ),
        (b"urn:cen.eu:en16931:2017#conformant#urn:kosit:extension:xrechnung_3.0", ""),
        (b"urn:factur-x.eu:1p0:basicwl", ""),
    ],
)
def test_a_file_is_held_to_the_rules_that_it_names(profile: bytes, rule_set: str) -> None:
    named = re.sub(rb"urn:cen\.eu:en16931:2017[^<]*", profile, cii(), count=1)
    assert read_einvoice(named).rule_set == rule_set


# --- What the process may not do ----------------------------------------------------------------


def test_saxon_is_imported_nowhere_but_in_its_own_process() -> None:
    """Its runtime dies in a forked worker, and would slow every start down."""
    saxon = {"saxonche", "matching.einvoices.rules"}
    importers = {name_of(path) for path in modules() if saxon & set(imported(tree_of(path)))}
    assert importers == {"matching/einvoices/rules.py"}


ASK_SAXON = """
import sys
from matching.einvoices import rules
if sys.argv[1] == "control":
    rules._MAY_OPEN = (rules._MAY_OPEN[0], "all")
try:
    read = rules.RuleChecker()._processor.parse_xml(xml_text=sys.stdin.read())
    print(read.string_value)
except rules.PySaxonApiError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("mode", "said"), [("guarded", "has been prohibited"), ("control", SECRET)]
)
def test_saxon_opens_no_file_even_for_a_document_that_nobody_vetted(
    tmp_path: object, mode: str, said: str
) -> None:
    secret = f"{tmp_path}/secret.txt"
    with open(secret, "w") as file:
        file.write(SECRET)
    ran = subprocess.run(
        [sys.executable, "-E", "-s", "-c", ASK_SAXON, mode],
        input=f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a>&x;</a>',
        capture_output=True, text=True, cwd=ROOT, env={}, check=False, timeout=60,
    )  # fmt: skip
    assert said in ran.stdout, ran.stderr
    assert (SECRET in ran.stdout) == (mode == "control")


def test_its_memory_is_limited_by_what_it_uses() -> None:
    code = (
        "import resource\nfrom matching.einvoices.confined import limit\n"
        f"limit(resource.RLIMIT_DATA, {400 * 1024 * 1024})\nbytearray(420 * 1024 * 1024)"
    )
    ran = subprocess.run(
        [sys.executable, "-E", "-s", "-c", code], capture_output=True, text=True, cwd=ROOT, env={},
        check=False, timeout=60,
    )  # fmt: skip
    assert "MemoryError" in ran.stderr


def test_a_process_that_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its time it checks the same file, as above."""
    monkeypatch.setattr(apart, "RULE_SECONDS", 0.05)
    assert check_rules_apart([ubl()]) == []
