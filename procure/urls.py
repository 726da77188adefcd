"""Every address: health, sign-in, and an organization's pages below its slug."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from procure.account_views import landing
from procure.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", landing, name="landing"),
    path("accounts/", include("procure.account_urls")),
    path("admin/", admin.site.urls),
    path("quotes/", include("suppliers.quote_urls")),
    path("<slug:organization_slug>/", include("suppliers.urls")),
    path("<slug:organization_slug>/", include("purchasing.urls")),
    path("<slug:organization_slug>/", include("matching.urls")),
    path("<slug:organization_slug>/", include("procure.organization_urls")),
]
