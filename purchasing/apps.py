"""The app's place in Django."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    """Executing inside the frame: orders, approvals, receipts, stock."""

    name = "purchasing"

    def ready(self) -> None:
        """Subscribe to the events of the floors below; register what is imported, exported and attached."""
        for module in ("reactions", "imports", "exports", "attached", "merge_rules"):
            if find_spec(f"purchasing.{module}"):
                import_module(f"purchasing.{module}")
