"""The real files: XRechnung's test suite and the ZUGFeRD corpus end as they are expected to."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from matching.einvoices.reading import read_einvoice
from tests.imports.test_sample_data import FOLDER as TABLES

FOLDER = TABLES.parent / "einvoices"
OUTCOMES = {
    "accept_lines": "accepted",
    "zugferd1_parse_or_clear_reject": "refused",
    "pdf_without_structured_invoice": "manual",
}

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason=f"no sample data in {FOLDER}; set PROCURE_SAMPLE_DATA to its folder",
)


def expected() -> dict[str, Any]:
    path = FOLDER / "EXPECTED.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def test_every_file_is_expected() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.suffix in {".xml", ".pdf"}}
    assert files == set(expected())
    assert len(files) == 49


@pytest.mark.parametrize("name", sorted(expected()))
def test_a_file_ends_as_expected(name: str) -> None:
    wanted = expected()[name]
    reading = read_einvoice((FOLDER / name).read_bytes())
    assert reading.outcome == OUTCOMES[wanted["outcome"]]
    if reading.document is None:
        assert reading.sentence
        return
    found = reading.document
    assert (found.number, found.order_reference or None) == (
        wanted["number"],
        wanted["order_reference"],
    )
    assert (len(found.lines), found.currency) == (wanted["lines"], wanted["currency"])
    assert found.payable == Decimal(wanted["payable"])


def test_what_is_refused_is_refused_by_name() -> None:
    old = read_einvoice((FOLDER / "ZUGFeRD_1p0_COMFORT_Einfach.pdf").read_bytes())
    assert old.sentence.startswith("Inside the PDF: This is ZUGFeRD 1, which is not read.")
