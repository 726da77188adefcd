"""What carries files in purchasing."""

from procure.attachments import FileKind, register_file_kind

register_file_kind(
    FileKind(
        "purchase-order", "purchasing.PurchaseOrder",
        read="orders.read", write="orders.write", page="purchasing:order_detail",
    )
)  # fmt: skip
register_file_kind(
    FileKind(
        "goods-receipt-line", "purchasing.GoodsReceiptLine",
        read="receipts.read", write="receipts.write",
    )
)  # fmt: skip
register_file_kind(
    FileKind(
        "goods-receipt", "purchasing.GoodsReceipt",
        read="receipts.read", write="receipts.write", page="purchasing:receipt_detail",
    )
)  # fmt: skip
