"""A SEPA credit transfer, pain.001.001.09, written and checked against its schema by sepaxml."""

from __future__ import annotations

import re
from itertools import groupby

from sepaxml import SepaTransfer

from matching.payment_files.rows import Outgoing, PaymentRow
from procure.errors import BusinessRuleError
from procure.money import ZERO

SCHEMA = "pain.001.001.09"
EURO = "EUR"
MOST_REMITTANCE = 140
MOST_IDENTIFICATION = 35
CENTS = 100


def write_sepa(outgoing: Outgoing) -> bytes:
    """One transfer per supplier for all of its invoices in the batch, less its credits.

    Refused: another currency than EUR, no account of ours in EUR, a supplier without an IBAN.
    """
    debtor = outgoing.debtor
    if outgoing.batch.currency != EURO:
        raise BusinessRuleError(
            "currency", "A SEPA file pays EUR. Take the CSV for other currencies.", "file_format"
        )
    if debtor is None or not debtor.iban:
        raise BusinessRuleError(
            "no_account", "Enter and confirm our own EUR account in the settings first."
        )
    without = [
        row.invoice.supplier for row in outgoing.rows if not (row.account and row.account.iban)
    ]
    if without:
        names = ", ".join(dict.fromkeys(str(supplier) for supplier in without))
        raise BusinessRuleError("no_iban", f"No confirmed IBAN is on file for {names}.")
    config = {"name": debtor.holder, "IBAN": debtor.iban, "batch": True, "currency": EURO}
    if debtor.bic:
        config["BIC"] = debtor.bic
    transfer = SepaTransfer(config, schema=SCHEMA, clean=True)
    for _, rows in groupby(outgoing.rows, key=lambda row: row.invoice.supplier_id):
        transfer.add_payment(_payment(outgoing, list(rows)))
    document: bytes = transfer.export(validate=True)
    return document


def _payment(outgoing: Outgoing, rows: list[PaymentRow]) -> dict[str, object]:
    account, supplier = rows[0].account, rows[0].invoice.supplier
    assert account is not None
    numbers = ", ".join(row.invoice.number for row in rows)
    identification = re.sub(r"[^A-Za-z0-9-]", "", f"{outgoing.batch.number}-{supplier.code}")
    payment: dict[str, object] = {
        "name": account.holder,
        "IBAN": account.iban,
        "amount": int(sum((row.amount for row in rows), ZERO) * CENTS),
        "execution_date": outgoing.batch.pay_on,
        "description": f"{outgoing.batch.number} {numbers}"[:MOST_REMITTANCE],
        "endtoend_id": identification[:MOST_IDENTIFICATION],
    }
    if account.bic:
        payment["BIC"] = account.bic
    return payment
