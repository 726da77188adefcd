"""The addresses of matching, below an organization."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from matching import result_views

app_name = "matching"

urlpatterns: list[URLPattern | URLResolver] = [
    path("scorecards/", result_views.scorecard_list, name="scorecard_list"),
    path("scorecards/<uuid:public_id>/", result_views.scorecard_detail, name="scorecard_detail"),
    path("sku-costs/", result_views.sku_cost_list, name="sku_cost_list"),
    path("sku-costs/<uuid:public_id>/", result_views.sku_cost_detail, name="sku_cost_detail"),
]
