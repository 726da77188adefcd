"""The organization's own pages: home, search, people, settings."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "procure"

urlpatterns: list[URLPattern] = []
