"""What can be imported about orders and receipts: history, as it happened elsewhere."""

from __future__ import annotations

from purchasing import budget_imports, order_imports, receipt_imports, stock_imports

__all__ = ["budget_imports", "order_imports", "receipt_imports", "stock_imports"]
