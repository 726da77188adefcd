"""Executing inside the frame: orders, approvals, receipts, stock."""
