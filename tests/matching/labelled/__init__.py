"""Sets of orders, receipts and invoices whose right answer is known from how each was made."""
