"""The app's place in Django."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    """Executing inside the frame: orders, approvals, receipts, stock."""

    name = "purchasing"

    def ready(self) -> None:
        """Subscribe to the events of the floors below."""
        if find_spec("purchasing.reactions"):
            import_module("purchasing.reactions")
