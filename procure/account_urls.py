"""Signing in and out, a forgotten password, an invitation, preferences."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path

from procure import account_views as views

urlpatterns = [
    path(
        "login/",
        views.SignInView.as_view(),
        name="login",
    ),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/forgotten/", views.ForgottenPasswordView.as_view(), name="password_reset"),
    path(
        "password/sent/",
        auth.PasswordResetDoneView.as_view(template_name="accounts/password_reset_done.html"),
        name="password_reset_done",
    ),
    path(
        "password/new/<uidb64>/<token>/",
        auth.PasswordResetConfirmView.as_view(template_name="accounts/password_reset_confirm.html"),
        name="password_reset_confirm",
    ),
    path(
        "password/changed/",
        auth.PasswordResetCompleteView.as_view(
            template_name="accounts/password_reset_complete.html"
        ),
        name="password_reset_complete",
    ),
    path("invitation/<str:token>/", views.accept, name="accept_invitation"),
    path("preferences/", views.preferences, name="preferences"),
    path("theme/", views.choose_theme, name="choose_theme"),
]
