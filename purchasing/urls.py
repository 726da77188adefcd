"""The addresses of purchasing, below an organization."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "purchasing"

urlpatterns: list[URLPattern | URLResolver] = []
