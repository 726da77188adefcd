"""Settings of every process, read from the environment.

Everything has a default that works on one machine with DEBUG on. With DEBUG off, a missing
secret or host name stops the start with a sentence.
"""

from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
import font_source_sans_pro
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from procure.bootstrap import ROOT, STATE

django_stubs_ext.monkeypatch()  # generic managers and fields can be written as such

env = environ.Env()

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default="only-for-development" if DEBUG else "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
if not DEBUG and not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY to a long random text: DEBUG is off.")
if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the site's host names: DEBUG is off.")
ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]  # health checks come over loopback

INSTALLED_APPS = [
    "procure",
    "suppliers",
    "purchasing",
    "matching",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_filters",
    "django_htmx",
    "lucide",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "procure.middleware.PrivacyHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "procure.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "procure.urls"
WSGI_APPLICATION = "procure.wsgi.application"
AUTH_USER_MODEL = "procure.User"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "procure.screens.frame",
            ],
        },
    },
]

# --- Database --------------------------------------------------------------------------------
# `runtime` is the application role, bound by every row-level policy. `owner` is for migrations
# only; the launcher chooses it by command.
DATABASE_ROLE = env.str("DATABASE_ROLE", default="runtime")
DATABASE_URL = env.str("DATABASE_URL", default="") or "postgresql://app_rw@127.0.0.1/procure"
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="") or DATABASE_URL
# How many connections one process keeps ready; 0 keeps none, as commands do.
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=0)


def database(url: str, pool_size: int) -> dict[str, Any]:
    """Django's form of a Postgres URL; libpq's own parser knows sockets and every option."""
    parts = dict(conninfo_to_dict(url))
    # The statements of procure.prepared are planned once; the ORM's are never kept.
    options: dict[str, Any] = {"connect_timeout": 5, "prepare_threshold": 1}
    names = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    named = {setting: str(parts.pop(part, "") or "") for part, setting in names.items()}
    options |= parts
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **named,
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": bool(pool_size),  # a restarted Postgres must not cost an error
        "TEST": {"NAME": "test_procure"},
    }


if DATABASE_ROLE == "owner":
    DATABASES = {"default": database(DATABASE_OWNER_URL, 0)}
else:
    DATABASES = {"default": database(DATABASE_URL, DATABASE_POOL_SIZE)}

# --- Broker ----------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="") or "redis://127.0.0.1:6379/0"
# A page waits at most a second for a broker that is down or frozen; a worker may wait longer.
BROKER_TIMEOUT_SECONDS = env.float("BROKER_TIMEOUT_SECONDS", default=1.0)
BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": BROKER_TIMEOUT_SECONDS,
    "socket_connect_timeout": 1.0,
    "health_check_interval": 10,
    "max_retries": 0,  # of one publication; a worker's own reconnecting has other settings
}

# --- People ----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "procure.guessing.PutOffGuessing",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

# --- The browser's rules ---------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
if not DEBUG:
    # __Host- cookies exist only over HTTPS, so only here.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    # Only where a proxy of ours sets the header; anybody else could forge it.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Files -----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default="") or str(ROOT / "staticfiles")
# The typeface comes as a package; its files appear under /static/fonts/.
FONT_FOLDER = Path(str(font_source_sans_pro.__file__)).parent / "files"
STATICFILES_DIRS = [ROOT / "static", ("fonts", FONT_FOLDER)]
MEDIA_ROOT = env.str("MEDIA_ROOT", default="") or str(STATE / "media")
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # an order of 300 lines has about 3,000

# --- Mail ------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Procure <procure@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Servers that the application may call though their addresses are private or without TLS, such as
# a mail server in the same house. Everything else an administrator names has to be public.
PRIVATE_SERVERS = env.list("PRIVATE_SERVERS", default=[])

# What a link in a mail begins with; a worker has no request to take it from.
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{env.int('PORT', default=8000)}/")

# --- Words, numbers, time --------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- Logs ------------------------------------------------------------------------------------
LOG_FORMAT = env.str("LOG_FORMAT", default="text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "procure.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "procure": {"level": "INFO"},
        "suppliers": {"level": "INFO"},
        "purchasing": {"level": "INFO"},
        "matching": {"level": "INFO"},
    },
}
