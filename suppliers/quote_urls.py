"""The addresses of invited suppliers: outside the organization's own, guarded by their links."""

from __future__ import annotations

from django.urls import path

from suppliers import quote_views

app_name = "quotes"

urlpatterns = [
    path("<slug:organization_slug>/open/<str:token>/", quote_views.open_link, name="open"),
    path("<slug:organization_slug>/<uuid:public_id>/", quote_views.page, name="page"),
    path("<slug:organization_slug>/<uuid:public_id>/ask/", quote_views.ask, name="ask"),
    path("<slug:organization_slug>/<uuid:public_id>/decline/", quote_views.decline, name="decline"),
]
