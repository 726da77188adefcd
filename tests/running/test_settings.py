"""Defaults that work on one machine, and refusals where a server lacks something."""

import os
import subprocess
import sys

import pytest

from procure import start
from procure.bootstrap import ROOT

SERVER = {
    "DEBUG": "0",
    "SECRET_KEY": "k" * 64,
    "ALLOWED_HOSTS": "procure.example",
}


def read_settings(expression, **environment):
    """An expression over the settings of a fresh process."""
    code = f"from django.conf import settings as s; s.DEBUG; print({expression})"
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=bare | {"DJANGO_SETTINGS_MODULE": "procure.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_machine_needs_no_variable_at_all():
    read = read_settings("s.DEBUG, s.SESSION_COOKIE_NAME, s.DATABASES['default']['USER']")
    assert read.stdout.strip() == "True sessionid app_rw", read.stderr


def test_mail_of_one_machine_goes_where_start_says(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "STATE", tmp_path)
    monkeypatch.delenv("EMAIL_URL", raising=False)
    read = read_settings("s.EMAIL_FILE_PATH", EMAIL_URL=start.defaults()["EMAIL_URL"])
    assert read.stdout.strip() == str(tmp_path / "mail"), read.stderr


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("SECRET_KEY", "Set SECRET_KEY to a long random text: DEBUG is off."),
        ("ALLOWED_HOSTS", "Set ALLOWED_HOSTS to the site's host names: DEBUG is off."),
    ],
)
def test_a_server_without_a_secret_or_a_host_name_is_refused(missing, sentence):
    read = read_settings("s.DEBUG", **{k: v for k, v in SERVER.items() if k != missing})
    assert read.returncode == 1
    assert sentence in read.stderr


def test_a_server_has_host_cookies_that_travel_only_over_https():
    read = read_settings(
        "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, "
        "s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT",
        **SERVER,
    )
    assert read.stdout.strip() == "__Host-sessionid __Host-csrftoken True True True"


def test_a_forwarded_protocol_is_believed_only_behind_a_proxy_of_ours():
    expression = "getattr(s, 'SECURE_PROXY_SSL_HEADER', None)"
    assert read_settings(expression, **SERVER).stdout.strip() == "None"
    behind = read_settings(expression, **SERVER, BEHIND_PROXY="1")
    assert behind.stdout.strip() == "('HTTP_X_FORWARDED_PROTO', 'https')"


def test_only_migrations_connect_as_the_owner():
    urls = {
        "DATABASE_URL": "postgresql://app_rw:one@db.example:6432/company?sslmode=require",
        "DATABASE_OWNER_URL": "postgresql://app_owner:two@db.example/company",
    }
    expression = "[s.DATABASES['default'][k] for k in ('USER', 'PASSWORD', 'HOST', 'PORT', 'NAME')]"
    runtime = read_settings(expression, **urls).stdout.strip()
    assert runtime == "['app_rw', 'one', 'db.example', '6432', 'company']"
    owner = read_settings(expression, **urls, DATABASE_ROLE="owner").stdout.strip()
    assert owner == "['app_owner', 'two', 'db.example', '', 'company']"
    options = read_settings("s.DATABASES['default']['OPTIONS']['sslmode']", **urls)
    assert options.stdout.strip() == "require"
