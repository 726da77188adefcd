"""A case file with a mistake is refused as a whole, naming the case and the key."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from matching.case_files import run_case_file
from matching.case_reading import CaseFileError
from procure.launcher import NO_DATABASE_COMMANDS

ROOT = Path(__file__).parents[2]
GOOD = {
    "name": "good",
    "currency": "USD",
    "policy": {"price": {"mode": "limit", "percent": "2"}, "header_cap": "5"},
    "units": {"CS": {"EA": "12"}},
    "order": {
        "status": "issued",
        "charges": {"freight": "0"},
        "lines": [
            {
                "line": "1",
                "sku": "A",
                "quantity": "10",
                "unit": "EA",
                "unit_price": "5",
                "received": "10",
            }
        ],
    },
    "invoice": {
        "number": "I-1",
        "charges": {"freight": "0"},
        "charge_tax_rate": {"freight": "19"},
        "tax": "9.5",
        "taxes": {"19": "9.5"},
        "total": "59.5",
        "lines": [
            {
                "order_line": "1",
                "quantity": "10",
                "unit": "EA",
                "unit_price": "5",
                "amount": "50",
                "tax_rate": "19",
            }
        ],
    },
}
MISSING = object()


def changed(path: str, value: object) -> dict:
    case = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    target = case
    for key in parents:
        target = target[int(key) if isinstance(target, list) else key]
    if value is MISSING:
        del target[last]
    else:
        target[int(last) if isinstance(target, list) else last] = value
    return case


def test_the_good_case_is_answered():
    answer = json.loads(run_case_file(json.dumps([GOOD])))
    assert answer[0]["invoices"][0]["outcome"] == "matched"


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("polcy", {}, "polcy"),
        ("order.supplyer", "S", "order.supplyer"),
        ("order.lines.0.recieved", "5", "order.lines[1].recieved"),
        ("invoice.numbr", "I", "invoice.numbr"),
        ("invoice.lines.0.ammount", "50", "invoice.lines[1].ammount"),
        ("policy.prices", {"mode": "off"}, "policy.prices"),
        ("policy.price.percnt", "2", "policy.price.percnt"),
        ("policy.sample", {"mode": "off"}, "policy.sample"),
        ("order.lines.0.quantity", 10, "order.lines[1].quantity"),
        ("order.lines.0.line", 1, "order.lines[1].line"),
        ("order.lines.0.quantity", None, "order.lines[1].quantity"),
        ("order.lines.0.received", True, "order.lines[1].received"),
        ("order.lines.0.agreed_price", 5.5, "order.lines[1].agreed_price"),
        ("order.lines.0.sku", 7, "order.lines[1].sku"),
        ("invoice.total", 59.5, "invoice.total"),
        ("invoice.number", 1, "invoice.number"),
        ("invoice.charges.freight", 0, "invoice.charges.freight"),
        ("invoice.taxes.19", 9.5, "invoice.taxes.19"),
        ("policy.header_cap", 5, "policy.header_cap"),
        ("policy.price.percent", 2, "policy.price.percent"),
        ("units.CS.EA", 12, "units.CS.EA"),
        ("policy.price.mode", "limited", "policy.price.mode"),
        ("policy.price.mode", "OFF", "policy.price.mode"),
        ("policy.price", {"percent": "2"}, "policy.price.mode"),
        ("policy.price", {"mode": "limit"}, "policy.price.mode"),
        ("policy.price", {"mode": "limit", "combine": "both"}, "policy.price.mode"),
        ("policy.price", {"mode": "limit", "percent": None}, "policy.price.mode"),
        ("policy.price", {"mode": "limit", "percent": "2", "combine": "any"}, "policy.price.combine"),
        ("policy.price", {"mode": "limit", "percent": "-2"}, "policy.price.percent"),
        ("policy.price", "off", "policy.price"),
        ("policy.match_level", "five_way", "policy.match_level"),
        ("order.lines.0.match_level", "three-way", "order.lines[1].match_level"),
        ("order.status", "open", "order.status"),
        ("order.status", "Issued", "order.status"),
        ("invoice.kind", "debit", "invoice.kind"),
        ("invoice.kind", "credit", "invoice.credits"),
        ("invoice.credits", "I-0", "invoice.credits"),
        ("invoice.lines.0.quantity", "NaN", "invoice.lines[1].quantity"),
        ("invoice.lines.0.quantity", "1e400", "invoice.lines[1].quantity"),
        ("invoice.lines.0.quantity", "Infinity", "invoice.lines[1].quantity"),
        ("invoice.lines.0.quantity", "", "invoice.lines[1].quantity"),
        ("invoice.lines.0.quantity", "1,000", "invoice.lines[1].quantity"),
        ("invoice.lines.0.quantity", "-1", "invoice.lines[1].quantity"),
        ("invoice.lines.0.quantity", MISSING, "invoice.lines[1].quantity"),
        ("order.lines.0.received", "-1", "order.lines[1].received"),
        ("order.lines.0.unit_price", "-1", "order.lines[1].unit_price"),
        ("order.lines.0.due", "4.5.2026", "order.lines[1].due"),
        ("order.lines.0.due", "2026-02-30", "order.lines[1].due"),
        ("order.lines.0.early_late_days", "1.5", "order.lines[1].early_late_days"),
        ("order.lines.0.line", MISSING, "order.lines[1].line"),
        ("order.lines.0.line", "", "order.lines[1].line"),
        ("order.lines", {}, "order.lines"),
        ("order", [], "order"),
        ("order.charges", [], "order.charges"),
        ("order.lines.0", "1", "order.lines[1]"),
        ("invoice.lines", MISSING, "invoice.lines"),
        ("invoice.number", MISSING, "invoice.number"),
        ("invoice.received_at", "yesterday", "invoice.received_at"),
        ("invoice.tax", "9.4", "invoice.tax"),
        ("invoice.tax", MISSING, "invoice.tax"),
        ("invoice.taxes.VAT", "0", "invoice.taxes"),
        ("invoice.taxes.19.0", "0", "invoice.taxes"),
        ("invoice", MISSING, "invoice"),
        ("invoices", [], "invoice"),
        ("orders", [], "order"),
        ("units.CS.EA", "0", "units"),
        ("units.CS.H87", "10", "units"),
        ("units", [], "units"),
        ("currency", MISSING, "order.currency"),
        ("currency", 840, "currency"),
        ("name", MISSING, "name"),
        ("name", 7, "name"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_case_and_key(path, value, key):
    if path == "invoice.taxes.19.0":
        case = copy.deepcopy(GOOD)
        case["invoice"]["taxes"]["19.0"] = "0"
    else:
        case = changed(path, value)
    with pytest.raises(CaseFileError) as refused:
        run_case_file(json.dumps([GOOD, case]))
    message = str(refused.value)
    assert message.startswith(f"case 2 ({case.get('name')!r}): {key}: "), message


def test_a_credit_has_positive_amounts():
    case = changed("invoice.kind", "credit")
    case["invoice"]["credits"] = "I-0"
    case["invoice"]["lines"][0]["amount"] = "-50"
    with pytest.raises(CaseFileError) as refused:
        run_case_file(json.dumps([case]))
    assert "invoice.lines[1].amount: must not be negative" in str(refused.value)


def test_orders_and_lines_are_told_apart():
    order = GOOD["order"]
    for orders, key in (
        ([{**order, "number": "P"}, {**order, "number": "P"}], "orders: two orders"),
        ([{**order, "number": "P"}, order], "orders[2].number: is missing"),
        ([{**order, "lines": order["lines"] * 2}], "orders[1].lines: two lines"),
    ):
        case = {**GOOD, "orders": orders}
        del case["order"]
        with pytest.raises(CaseFileError) as refused:
            run_case_file(json.dumps([case]))
        assert key in str(refused.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("{}", "array"),
        ('"x"', "array"),
        ("[1]", "must be an object"),
        ("[null]", "must be an object"),
        ('[{"name": "twice", "name": "twice"}]', "case 'twice': name: is given twice"),
    ],
)
def test_what_is_no_list_of_cases_is_refused(text, problem):
    with pytest.raises(CaseFileError, match=problem):
        run_case_file(text)


def test_no_cases_have_no_answers():
    assert run_case_file("[]") == "[]"


def match_cases(file: Path) -> subprocess.CompletedProcess:
    """Run the command as an operator does, with no database to be had."""
    nowhere = "postgres://nobody@127.0.0.1:1/none"
    return subprocess.run(
        [sys.executable, "manage.py", "match_cases", str(file)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": nowhere, "DATABASE_OWNER_URL": nowhere},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_answers_without_a_database(tmp_path):
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([GOOD]), encoding="utf-8")
    done = match_cases(file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == run_case_file(json.dumps([GOOD]))


def test_the_command_refuses_a_bad_file_with_exit_two_and_no_output(tmp_path):
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([GOOD, changed("order.statsu", "issued")]), encoding="utf-8")
    done = match_cases(file)
    assert (done.returncode, done.stdout) == (2, "")
    assert "good" in done.stderr
    assert "order.statsu" in done.stderr


def test_the_command_brings_up_no_service():
    assert "match_cases" in NO_DATABASE_COMMANDS


def test_the_command_refuses_a_file_that_is_not_there(tmp_path):
    done = match_cases(tmp_path / "none.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none.json" in done.stderr
