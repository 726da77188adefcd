"""The payments as a table. Its columns batch_number, invoice_number, supplier_code and amount are
those of the import kind `payments`: add paid_on and reference and it says what the bank did."""

from matching.payment_files.rows import Outgoing
from procure.exports import write_csv

COLUMNS = (
    *(
        "batch_number",
        "invoice_number",
        "supplier_code",
        "supplier",
        "pay_on",
        "amount",
        "discount",
    ),
    *("currency", "holder", "iban", "account_number", "routing_number", "bic"),
)
FROM = ("holder", "iban", "account_number", "routing_number", "bic")


def write_plain(outgoing: Outgoing) -> bytes:
    """One row per payment, with where the supplier is paid, and from which account of ours."""
    batch = outgoing.batch
    rows = (
        (
            *(batch.number, row.invoice.number, row.invoice.supplier.code),
            *(row.invoice.supplier.name, batch.pay_on, row.amount, row.discount, batch.currency),
            *(getattr(row.account, name, "") for name in COLUMNS[8:]),
            *(getattr(outgoing.debtor, name, "") for name in FROM),
        )
        for row in outgoing.rows
    )
    return write_csv((*COLUMNS, *(f"from_{name}" for name in FROM)), rows).encode()
