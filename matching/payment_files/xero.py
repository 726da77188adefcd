"""Bills for Xero, "Import bills". The columns with a star are those it requires; the amount includes
tax and the tax type says so, as our approval is of the whole invoice."""

from decimal import Decimal

from matching.payment_files.rows import Outgoing, local_day
from procure.exports import write_csv

COLUMNS = (
    *("*ContactName", "EmailAddress", "*InvoiceNumber", "*InvoiceDate", "*DueDate", "Total"),
    *("Description", "*Quantity", "*UnitAmount", "*AccountCode", "*TaxType", "Currency"),
)
TAX_TYPE = "Tax Exempt"


def write_xero(outgoing: Outgoing) -> bytes:
    """One bill of one line per invoice; a credit note has a negative amount."""
    rows = (
        (
            *(row.invoice.supplier.name, row.invoice.supplier.email, row.invoice.number),
            local_day(row.invoice.invoiced_on, outgoing.locale),
            local_day(row.invoice.due_on or row.invoice.invoiced_on, outgoing.locale),
            row.booked,
            f"Invoice {row.invoice.number} {row.invoice.order_reference}".strip(),
            *(Decimal(1), row.booked, outgoing.account_code, TAX_TYPE, outgoing.batch.currency),
        )
        for row in outgoing.rows
    )
    return write_csv(COLUMNS, rows).encode()
