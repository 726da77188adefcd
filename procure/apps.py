"""The app's place in Django."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class ProcureConfig(AppConfig):
    """The ground the other apps stand on."""

    name = "procure"

    def ready(self) -> None:
        """Load the Celery app, the start-up guard, and what reacts to events here."""
        import_module("procure.celery")
        import_module("procure.guards")
        if find_spec("procure.reactions"):
            import_module("procure.reactions")
