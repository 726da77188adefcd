"""The purchasing app."""

from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    """The purchasing app."""

    name = "purchasing"
    default_auto_field = "django.db.models.BigAutoField"
