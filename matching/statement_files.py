"""Reading a supplier's statement as it sends it: CSV or XLSX with whatever columns it has.

    found = read_statement(content, notation, names=ColumnNames(number="Beleg"))

The usual names of columns are known in English and German; others are named by the person. A
column of debits beside one of credits stands for a signed amount. Nothing is guessed: a cell that
cannot be read refuses the file, with its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from matching.statement_taking import StatementLine
from matching.supplier_statements import SupplierStatementLine
from procure.columns import CellError, Column, Notation, code, currency, day, decimal
from procure.errors import BusinessRuleError
from procure.money import ZERO
from procure.reading import read_table

Kind = SupplierStatementLine.Kind
MOST_LINES = 5_000

# Names of columns, letters and digits only. The first one found in the file counts.
KNOWN: dict[str, tuple[str, ...]] = {
    "number": (
        "documentnumber", "documentno", "document", "docno", "invoicenumber", "invoiceno",
        "invoice", "number", "no", "reference", "ref", "belegnummer", "belegnr", "beleg",
        "rechnungsnummer", "rechnungsnr", "rechnung", "nummer", "referenz",
    ),
    "kind": ("type", "kind", "documenttype", "doctype", "art", "belegart", "typ"),
    "dated_on": (
        "documentdate", "docdate", "invoicedate", "postingdate", "date", "belegdatum",
        "rechnungsdatum", "buchungsdatum", "datum",
    ),
    "due_on": ("duedate", "due", "dueon", "netduedate", "fallig", "falligam", "falligkeit"),
    "amount": (
        "amount", "originalamount", "documentamount", "invoiceamount", "total", "gross", "betrag",
        "bruttobetrag", "rechnungsbetrag",
    ),
    "debit": ("debit", "debits", "charges", "charge", "soll"),
    "credit": ("credit", "credits", "payments", "haben"),
    "open_amount": (
        "openamount", "open", "outstanding", "outstandingamount", "amountdue", "balancedue",
        "openbalance",
        "offen", "offenerbetrag", "restbetrag",
    ),
    "currency": ("currency", "curr", "ccy", "wahrung"),
}  # fmt: skip
READERS: dict[str, Column] = {
    "number": code("number", 80),
    "kind": code("type", 40),
    "dated_on": day("date"),
    "due_on": day("due"),
    "currency": currency("currency"),
    **{
        name: decimal(name, places=4, digits=18)
        for name in ("amount", "debit", "credit", "open_amount")
    },
}
KINDS: dict[str, tuple[str, ...]] = {
    Kind.CREDIT: ("credit", "creditnote", "creditmemo", "cn", "cm", "gutschrift", "gu"),
    Kind.PAYMENT: ("payment", "pmt", "receipt", "zahlung", "ze", "zahlungseingang"),
    Kind.INVOICE: ("invoice", "inv", "bill", "in", "rechnung", "re", "debit", "debitnote"),
}
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}
# Lines of a statement that are no document.
NO_DOCUMENTS = ("balance", "balanceforward", "openingbalance", "closingbalance", "total", "saldo",
                "saldovortrag", "summe")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """What a person says the columns are called, where the file's own names are not known."""

    number: str = ""
    dated_on: str = ""
    amount: str = ""


def read_statement(
    content: bytes, notation: Notation, *, currency_code: str, names: ColumnNames = ColumnNames()
) -> list[StatementLine]:
    """The documents of a statement in the order of the file.

    Refused: a file that is no table, one without columns for number and amount, a cell that
    cannot be read, another currency.
    """
    known = {word for words in KNOWN.values() for word in words}
    table = read_table(content, known)
    reading = _columns(table.columns, names)
    found: list[StatementLine] = []
    for line, cells in table.rows:
        if len(found) == MOST_LINES:
            raise _refusal(f"The file has more than {MOST_LINES:,} rows. Split it.")
        values = _values(line, cells, reading, notation)
        if values["currency"] not in (None, currency_code):
            raise _refusal(f"Line {line} is in {values['currency']}, not in {currency_code}.")
        one = _document(line, values)
        if one is not None:
            found.append(one)
    if not found:
        raise _refusal("The file has no document in it.")
    return found


def _refusal(sentence: str) -> BusinessRuleError:
    return BusinessRuleError("statement", sentence, "file")


def _plain(name: str) -> str:
    """Letters and digits only, in lower case, without dots above them."""
    return re.sub(r"[^a-z0-9]", "", name.lower().translate(str.maketrans("äöü", "aou")))


def _columns(columns: Sequence[str], names: ColumnNames) -> dict[str, int]:
    """Where each value stands; what the person names wins over what is known."""
    plain = [_plain(name) for name in columns]
    reading: dict[str, int] = {}
    for field in fields(names):
        wanted = _plain(getattr(names, field.name))
        if wanted and wanted not in plain:
            raise BusinessRuleError(
                "column",
                f"The file has no such column. It has: {_listed(columns)}.",
                f"{field.name}_column",
            )
        if wanted:
            reading[field.name] = plain.index(wanted)
    for value, words in KNOWN.items():
        place = next((plain.index(word) for word in words if word in plain), None)
        if value not in reading and place is not None and place not in reading.values():
            reading[value] = place
    if "number" not in reading:
        raise _missing("number of the documents", columns, "number_column")
    if "amount" not in reading and not {"debit", "credit"} <= reading.keys():
        if "open_amount" not in reading:
            raise _missing("amount", columns, "amount_column")
        reading["amount"] = reading["open_amount"]
    return reading


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(name for name in columns if name)[:300]


def _missing(what: str, columns: Sequence[str], field: str) -> BusinessRuleError:
    return BusinessRuleError(
        "column", f"Which column has the {what}? The file has: {_listed(columns)}.", field
    )


def _values(
    line: int, cells: Sequence[str], reading: Mapping[str, int], notation: Notation
) -> dict[str, Any]:
    """The cells of one row, typed; None where they are blank or have no column."""
    values: dict[str, Any] = dict.fromkeys(READERS)
    for name, place in reading.items():
        if place >= len(cells):
            continue
        try:
            values[name] = READERS[name].value(cells[place], notation)
        except CellError as error:
            raise _refusal(f"Line {line}: {error}") from error
    return values


def _document(line: int, values: Mapping[str, Any]) -> StatementLine | None:
    """The document that a row stands for, or nothing where it is a balance or a sum."""
    number = values["number"] or ""
    kind_word = _plain(values["kind"] or "")
    if {_plain(number), kind_word} & set(NO_DOCUMENTS):
        return None
    amount = values["amount"]
    if amount is None:
        debit, credit = values["debit"], values["credit"]
        if debit is None and credit is None:
            return None
        amount = (debit or ZERO) - (credit or ZERO)
    if not number:
        raise _refusal(f"Line {line}: the number of the document is missing.")
    kind = KIND_OF.get(kind_word, Kind.CREDIT if amount < ZERO else Kind.INVOICE)
    open_amount: Decimal | None = values["open_amount"]
    return StatementLine(
        kind=kind,
        number=number,
        dated_on=values["dated_on"],
        due_on=values["due_on"],
        amount=abs(amount),
        open_amount=None if open_amount is None else abs(open_amount),
    )
