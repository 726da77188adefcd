"""Every sentence of the matching rules as a case with its exact answer, in tests/matching/cases."""

import json
from pathlib import Path

import pytest

from matching.case_files import run_case_file

CASES = Path(__file__).parent / "cases"


def _cases() -> list:
    return [
        pytest.param(entry, id=f"{path.stem}: {entry['case']['name']}")
        for path in sorted(CASES.glob("*.json"))
        for entry in json.loads(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("entry", _cases())
def test_a_case_has_exactly_its_answer(entry):
    answer = json.loads(run_case_file(json.dumps([entry["case"]])))
    assert answer == entry["expected"], entry["because"]
