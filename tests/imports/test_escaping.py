"""No exported text cell is a formula, and every text comes back as it was."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from procure.escaping import protect, unprotect
from procure.exports import write_csv

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\0")

texts = st.text() | st.builds(
    lambda start, rest: start + rest, st.sampled_from([*DANGEROUS, "'", "'=", "''+"]), st.text()
)


@given(texts)
@example("=1+1")
@example("'=1+1")
def test_no_text_is_written_as_a_formula_and_reading_gives_it_back(text: str) -> None:
    written = protect(text)
    assert not written.startswith(DANGEROUS)
    assert unprotect(written) == text


@given(texts.filter(lambda text: "\0" not in text))
def test_no_cell_of_a_file_begins_like_a_formula(text: str) -> None:
    content = write_csv(["name", "amount"], [[text, Decimal("-1.50")]])
    (_, (cell, amount)) = csv.reader(io.StringIO(content, newline=""))
    assert not cell.startswith(DANGEROUS)
    assert unprotect(cell) == text
    assert amount == "-1.5"


def test_control_without_protection_a_formula_would_be_written() -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(["=1+1"])
    assert out.getvalue().startswith(DANGEROUS)


def test_json_needs_no_protection_and_has_decimals_as_text() -> None:
    assert json.loads(json.dumps(str(Decimal("-1.5")))) == "-1.5"
