"""The real delivery history: every supplier's and every SKU's figures, against plain counting."""

from __future__ import annotations

import csv
import json
import statistics
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command

from matching.draining import drain
from matching.result_exports import scorecard_rows, sku_cost_rows
from matching.verification import differences
from tests.factories import OrganizationFactory
from tests.imports.support import take_in
from tests.imports.test_sample_data import FOLDER, TABLES
from tests.world import World

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(),
        reason=f"no sample data in {FOLDER}; set PROCURE_SAMPLE_DATA to its folder",
    ),
]

# Given with the data: lines, on time, mean and median lead time, spend.
ACCEPTED = {
    "Orgenics, Ltd": (754, "87.0027", "103.2", "91", "147703351.01"),
    "Aurobindo Pharma Limited": (668, "85.9281", "130.3", "123", "91383710.67"),
    "S. BUYS WHOLESALER": (715, "98.4615", "34.6", "19", "9891003.64"),
    "CIPLA LIMITED": (175, "86.8571", "144.8", "133.5", "39658694.60"),
    "SCMS from RDC": (5404, "82.8460", None, None, "1085372434.95"),
}
WINDOWS = [
    ("all", None, None),
    ("2014-Q3", date(2014, 7, 1), date(2014, 9, 30)),
    ("2013-02", date(2013, 2, 1), date(2013, 2, 28)),
]
AS_OF = [date(2014, 12, 31), date(2015, 3, 17), date(2012, 2, 29)]


class Delivered(NamedTuple):
    """A line of the history with its one receipt."""

    supplier: str
    sku: str
    promised: date
    ordered: date | None
    received: date
    source: int
    quantity: Decimal
    price: Decimal
    amount: Decimal


def rows_of(name: str) -> list[dict[str, str]]:
    with Path(FOLDER, name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def history() -> list[Delivered]:
    came = {(row["po_number"], row["line_no"]): row for row in rows_of("receipts.csv")}
    return [
        Delivered(
            row["supplier_code"], row["sku"], date.fromisoformat(row["promised_date"]),
            date.fromisoformat(row["order_date"]) if row["order_date"] else None,
            date.fromisoformat(came[row["po_number"], row["line_no"]]["received_date"]),
            int(row["source_id"]), Decimal(row["quantity"]), Decimal(row["unit_price"]),
            Decimal(row["line_value"]),
        )
        for row in rows_of("po_lines.csv")
    ]  # fmt: skip


@pytest.fixture
def scms(db: None) -> World:
    """The history, imported and worked off."""
    world = World(OrganizationFactory(slug="scms"))
    for kind, name in TABLES.items():
        take_in(world, kind, (FOLDER / name).read_bytes())
    drain(world.organization.pk)
    return world


def exported(kind: str, *options: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("export", kind, "--organization", "scms", "--format", "json", *options, stdout=out)
    found: list[dict[str, Any]] = json.loads(out.getvalue())
    return found


def counted(lines: list[Delivered]) -> dict[str, Any]:
    """A supplier's figures, by hand."""
    late = [(one.received - one.promised).days for one in lines if one.received > one.promised]
    lead = [(one.received - one.ordered).days for one in lines if one.ordered]
    on_time = len(lines) - len(late)
    return {
        "lines_due": len(lines),
        "lines_on_time": on_time,
        "on_time_percent": Decimal(100) * on_time / len(lines) if lines else None,
        "late_days_mean": Decimal(sum(late)) / len(late) if late else None,
        "late_days_median": Decimal(str(statistics.median(late))) if late else None,
        "lead_time_n": len(lead),
        "lead_time_mean": Decimal(sum(lead)) / len(lead) if lead else None,
        "lead_time_median": Decimal(str(statistics.median(lead))) if lead else None,
        "rejected_ppm": None,
        "invoices": 0,
        "invoice_accuracy_percent": None,
        "price_to_agreement_percent": None,
        "spend": sum((one.amount for one in lines), Decimal(0)),
    }


def test_every_figure_of_the_history_is_right_to_the_last_digit(scms: World) -> None:
    lines = history()
    check_accepted()
    with scms.inside():
        check_every_supplier(scms, lines)
        check_every_sku(scms, lines)
        assert differences(scms.organization) == []


def check_accepted() -> None:
    rows = {row["supplier"]: row for row in exported("scorecards", "--period", "all")}
    assert len(rows) == 73
    assert sum(row["lines_due"] for row in rows.values()) == 10_324
    assert sum(row["lines_on_time"] for row in rows.values()) == 9_138
    assert sum(row["lead_time_n"] for row in rows.values()) == 4_592
    assert sum(Decimal(row["spend"]) for row in rows.values()) == Decimal("1627584457.29")
    for name, (due, on_time, mean, median, spend) in ACCEPTED.items():
        row = rows[name]
        assert (row["lines_due"], row["spend"].rstrip("0")) == (due, spend.rstrip("0"))
        assert round(Decimal(row["on_time_percent"]), 4) == Decimal(on_time)
        assert (row["lead_time_mean"] and f"{Decimal(row['lead_time_mean']):.1f}") == mean
        assert row["lead_time_median"] == median
    costs = exported("sku_costs")
    overall = [row for row in costs if not row["supplier_code"]]
    assert len(overall) == 184
    assert sum(row["suppliers"] == 1 for row in overall) == 67


def check_every_supplier(scms: World, lines: list[Delivered]) -> None:
    windows = [(code, first, last, None) for code, first, last in WINDOWS]
    for as_of in AS_OF:
        windows += [
            ("365d", as_of - timedelta(days=364), as_of, as_of),
            ("90d", as_of - timedelta(days=89), as_of, as_of),
            ("all", None, as_of, as_of),
        ]
    for code, first, last, as_of in windows:
        of_supplier: dict[str, list[Delivered]] = defaultdict(list)
        for line in lines:
            if (first or line.promised) <= line.promised <= (last or line.promised):
                of_supplier[line.supplier].append(line)
        for row in scorecard_rows(scms.organization, period=code, as_of=as_of):
            wanted = counted(of_supplier[row["supplier_code"]])
            assert {name: row[name] for name in wanted} == wanted, (code, as_of, row["supplier"])


def check_every_sku(scms: World, lines: list[Delivered]) -> None:
    of_key: dict[tuple[str, str], list[Delivered]] = defaultdict(list)
    for line in lines:
        of_key[line.sku, line.supplier].append(line)
        of_key[line.sku, ""].append(line)
    rows = list(sku_cost_rows(scms.organization))
    assert {(row["sku"], row["supplier_code"]) for row in rows} == set(of_key)
    for row in rows:
        here = of_key[row["sku"], row["supplier_code"]]
        last = max(here, key=lambda one: (one.received, one.source))
        assert row["lines"] == len(here)
        assert row["suppliers"] == len({one.supplier for one in here})
        assert (row["last_price"], row["last_on"]) == (last.price, last.received)
        assert row["min_price"] == min(one.price for one in here)
        assert row["max_price"] == max(one.price for one in here)
        amount, quantity = sum(one.amount for one in here), sum(one.quantity for one in here)
        assert row["average_price"] == row["landed_price"] == amount / quantity
