"""Watches which locks a transaction takes, and in what order.

The house's order is: the form's key, advisory locks, supplier, order, order lines, provisional admissions,
receipts and invoices, payment batches, the number series. A lock taken out of turn can make two transactions wait for each other.
Markers and the trail are only ever added to, and claimed with SKIP LOCKED, so nobody waits there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

RANKS = {
    "procure_idempotencykey": 0,
    "advisory": 1,
    "suppliers_supplier": 2,
    "purchasing_purchaseorder": 3,
    "purchasing_purchaseorderline": 4,
    "suppliers_provisionaladmission": 5,
    "purchasing_goodsreceipt": 6,
    "matching_supplierinvoice": 6,
    "matching_resolution": 6,
    "matching_paymentbatch": 7,
    "procure_documentnumber": 8,
}
# Rows that are new to everybody else until the commit: nobody can wait for them.
COUNTED_INSERTS = {"procure_idempotencykey", "procure_documentnumber"}

READ = re.compile(r'^\s*SELECT .*? FROM "(\w+)".* FOR (?:NO KEY )?UPDATE', re.S)
# The first statement of every transaction of an organization.
BEGINNING = "SET LOCAL app.organization_id"
ADVISORY = re.compile(r"pg_advisory_xact_lock")
IN_ORDER = re.compile(r'ORDER BY "?\w+"?\."id" ASC')
WRITE = re.compile(r'^\s*(?:WITH \w+ AS \(\s*)?(UPDATE|DELETE FROM|INSERT INTO) "?(\w+)"?', re.S)


def locked_by(sql: str) -> str | None:
    """The table whose rows a statement locks so that others wait, `advisory`, or None."""
    if ADVISORY.search(sql):
        return "advisory"
    if (read := READ.match(sql)) and "SKIP LOCKED" not in sql:
        return read.group(1)
    if write := WRITE.match(sql):
        verb, table = write.groups()
        if verb != "INSERT INTO" or table in COUNTED_INSERTS:
            return table
    return None


@dataclass
class Watch:
    """The defects of some transactions; `taken` are the tables the last one locked, in order."""

    taken: list[str] = field(default_factory=list)
    ever: set[str] = field(default_factory=set)
    defects: list[str] = field(default_factory=list)

    def see(self, sql: str) -> None:
        if sql.startswith(BEGINNING):
            self.taken.clear()
        table = locked_by(sql)
        if table is None:
            return
        if READ.match(sql) and not (IN_ORDER.search(sql) or "LIMIT" in sql):
            self.defects.append(f"{table} is locked in no order of ids: {sql[:200]}")
        if table not in RANKS or table in self.taken:
            return
        before = [other for other in self.taken if RANKS[other] > RANKS[table]]
        if before:
            self.defects.append(f"{table} is locked after {', '.join(before)}: {sql[:200]}")
        self.taken.append(table)
        self.ever.add(table)


@contextmanager
def watched() -> Iterator[Watch]:
    """Watches the locks of every transaction that the block opens."""
    watch = Watch()

    def see(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        watch.see(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(see):
        yield watch
