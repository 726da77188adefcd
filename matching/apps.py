"""The app's place in Django."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """What was agreed, what came, what was billed."""

    name = "matching"

    def ready(self) -> None:
        """Subscribe to the events of the floors below; register what is imported, exported and attached."""
        for module in (
            *(
                "draining",
                "reactions",
                "leakage",
                "trying",
                "standing",
                "moving",
                "imports",
                "payment_imports",
            ),
            *("exports", "payable_exports", "attached", "merge_rules"),
        ):
            if find_spec(f"matching.{module}"):
                import_module(f"matching.{module}")
