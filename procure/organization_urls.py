"""The organization's own pages: home, search, people, settings, the trail."""

from __future__ import annotations

from django.urls import path

from procure import attachment_views, import_views, views

app_name = "procure"

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("settings/", views.settings, name="settings"),
    path(
        "settings/organization/",
        views.organization_settings,
        name="organization_settings",
    ),
    path("settings/places/", views.location_list, name="location_list"),
    path("settings/places/new/", views.location_form, name="location_new"),
    path("settings/places/<uuid:public_id>/", views.location_form, name="location_edit"),
    path("settings/people/", views.people_list, name="people_list"),
    path("settings/people/invite/", views.person_invite, name="person_invite"),
    path("settings/people/<uuid:public_id>/", views.person_edit, name="person_edit"),
    path("settings/trail/", views.trail, name="trail"),
    path("imports/", import_views.import_list, name="import_list"),
    path("imports/new/", import_views.import_new, name="import_new"),
    path("imports/templates/<slug:kind>.csv", import_views.import_template, name="import_template"),
    path("imports/<uuid:public_id>/", import_views.import_detail, name="import_detail"),
    path("imports/<uuid:public_id>/apply/", import_views.import_apply, name="import_apply"),
    path(
        "imports/<uuid:public_id>/refused.csv", import_views.import_refused, name="import_refused"
    ),
    path("files/<uuid:public_id>/", attachment_views.file_download, name="file_download"),
    path(
        "files/<slug:kind>/<uuid:public_id>/attach/",
        attachment_views.file_attach,
        name="file_attach",
    ),
    path("exports/<slug:kind>.csv", import_views.export_file, name="export_file"),
]
