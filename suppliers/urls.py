"""The addresses of suppliers, below an organization."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "suppliers"

urlpatterns: list[URLPattern | URLResolver] = []
