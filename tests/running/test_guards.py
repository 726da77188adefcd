"""The running application refuses a database role that row-level security does not bind."""

import os

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from psycopg.conninfo import make_conninfo

from procure.guards import refuse_role
from tests.conftest import log_in_as
from tests.services import ADMINISTRATOR

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def logged_in_as_the_owner():
    log_in_as("owner")
    yield
    connection.close()
    log_in_as("runtime")


def test_a_superuser_is_refused():
    admin = make_conninfo(os.environ[ADMINISTRATOR], dbname=connection.settings_dict["NAME"])
    refusal = pytest.raises(ImproperlyConfigured, match="is a superuser and has BYPASSRLS")
    with psycopg.connect(admin) as superuser, refusal:
        refuse_role(superuser)


def test_the_owner_of_the_tables_is_refused_at_its_first_connection(logged_in_as_the_owner):
    settings.DATABASE_ROLE = "runtime"
    with pytest.raises(ImproperlyConfigured, match=r"'app_owner' owns tables.*app_rw"):
        connection.ensure_connection()


def test_migrations_may_connect_as_the_owner(logged_in_as_the_owner):
    """The control: the same connection without the guard."""
    connection.ensure_connection()
    assert connection.is_usable()


def test_the_application_role_is_served():
    connection.close()
    connection.ensure_connection()
    assert connection.is_usable()
