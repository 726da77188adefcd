"""What carries files in matching."""

from procure.attachments import FileKind, register_file_kind

# Only a capture adds a file to these.
register_file_kind(
    FileKind("captured-file", "matching.CapturedFile", read="invoices.read", write="invoices.write")
)
register_file_kind(
    FileKind(
        "supplier-invoice", "matching.SupplierInvoice",
        read="invoices.read", write="invoices.write", page="matching:invoice_detail",
    )
)  # fmt: skip
