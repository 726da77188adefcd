"""The suppliers app."""

from django.apps import AppConfig


class SuppliersConfig(AppConfig):
    """The suppliers app."""

    name = "suppliers"
    default_auto_field = "django.db.models.BigAutoField"
