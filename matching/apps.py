"""The matching app."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """The matching app."""

    name = "matching"
    default_auto_field = "django.db.models.BigAutoField"
