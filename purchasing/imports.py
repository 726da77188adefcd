"""What can be imported about orders and receipts: history, as it happened elsewhere."""

from __future__ import annotations

from purchasing import order_imports, receipt_imports

__all__ = ["order_imports", "receipt_imports"]
