"""Bills for QuickBooks Online, "Import bills": its columns are mapped on the screen of the import,
and these names are the ones it recognises by itself. Dates are written as the country writes them."""

from matching.payment_files.rows import Outgoing, local_day
from procure.exports import write_csv

COLUMNS = (
    *("BillNo", "Supplier", "BillDate", "DueDate", "Account", "LineDescription", "LineAmount"),
    *("Currency", "Memo"),
)


def write_quickbooks(outgoing: Outgoing) -> bytes:
    """One bill of one line per invoice, tax included; a credit note has a negative amount."""
    rows = (
        (
            *(row.invoice.number, row.invoice.supplier.name),
            local_day(row.invoice.invoiced_on, outgoing.locale),
            local_day(row.invoice.due_on or row.invoice.invoiced_on, outgoing.locale),
            outgoing.account_code,
            f"Invoice {row.invoice.number} {row.invoice.order_reference}".strip(),
            *(row.booked, outgoing.batch.currency, outgoing.batch.number),
        )
        for row in outgoing.rows
    )
    return write_csv(COLUMNS, rows).encode()
