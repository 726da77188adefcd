"""The procure app."""

from django.apps import AppConfig


class ProcureConfig(AppConfig):
    """The procure app."""

    name = "procure"
    default_auto_field = "django.db.models.BigAutoField"
