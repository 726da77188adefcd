"""The app's place in Django."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class SuppliersConfig(AppConfig):
    """Who we buy from, what, on which terms, why, and how they did."""

    name = "suppliers"

    def ready(self) -> None:
        """Subscribe to the events of the floors below; register what is imported, exported and attached."""
        for module in ("reactions", "imports", "exports", "attached", "merge_rules"):
            if find_spec(f"suppliers.{module}"):
                import_module(f"suppliers.{module}")
