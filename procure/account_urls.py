"""Signing in and out, a forgotten password, an invitation."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
