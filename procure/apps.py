"""The app's place in Django."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class ProcureConfig(AppConfig):
    """The ground the other apps stand on."""

    name = "procure"

    def ready(self) -> None:
        """Load the Celery app, the start-up guard, what reacts to events, and what is imported."""
        import_module("procure.celery")
        import_module("procure.guards")
        for module in ("reactions", "exchange_imports", "trail_exports"):
            if find_spec(f"procure.{module}"):
                import_module(f"procure.{module}")
