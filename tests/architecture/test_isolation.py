"""Law 2: every table is an organization's or on the list; the lint finds every planted defect."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from psycopg.conninfo import make_conninfo

from procure.isolation import GLOBAL_TABLES, RULES, SUPPLIER_TABLES, isolation_defects
from procure.tenancy import IsolatedBySupplier, OrganizationOwned
from tests.services import ADMINISTRATOR

FLOORS = {"procure", "suppliers", "purchasing", "matching"}


@pytest.mark.django_db
def test_the_database_keeps_organizations_apart() -> None:
    assert isolation_defects() == []


def test_every_model_is_an_organizations_or_listed_with_a_reason() -> None:
    for model in apps.get_models(include_auto_created=True):
        listed = model._meta.db_table in GLOBAL_TABLES
        assert listed != issubclass(model, OrganizationOwned), model._meta.label


def test_every_listed_table_exists_and_has_its_reason() -> None:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert set(GLOBAL_TABLES) <= tables | {"django_migrations"}
    assert all(GLOBAL_TABLES.values())


def test_every_table_of_one_suppliers_rows_is_listed_with_a_reason() -> None:
    kept_apart = {
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(one, IsolatedBySupplier) for one in model._meta.constraints)
    }
    assert set(SUPPLIER_TABLES) == kept_apart
    assert all(SUPPLIER_TABLES.values())


PLANTED = {
    "organization_id is missing or may be null": "CREATE TABLE planted (id bigint PRIMARY KEY)",
    "organization_id is missing or may be null, nullable": (
        "ALTER TABLE suppliers_sku ALTER organization_id DROP NOT NULL"
    ),
    "row-level security is off": "ALTER TABLE suppliers_sku DISABLE ROW LEVEL SECURITY",
    "row-level security is not forced": "ALTER TABLE suppliers_sku NO FORCE ROW LEVEL SECURITY",
    "there is not exactly one policy": "DROP POLICY organization_isolation ON suppliers_sku",
    "there is not exactly one policy, two": (
        "CREATE POLICY another ON suppliers_sku FOR SELECT TO app_rw USING (true)"
    ),
    "the policy's USING is not the canonical text": (
        "ALTER POLICY organization_isolation ON suppliers_sku USING (true)"
    ),
    "the policy's WITH CHECK is not the canonical text": (
        "ALTER POLICY organization_isolation ON suppliers_sku WITH CHECK (true)"
    ),
    "the policy is not for every command of the runtime role": (
        "ALTER POLICY organization_isolation ON suppliers_sku TO public"
    ),
    "a table that suppliers reach does not keep them apart": (
        "DROP POLICY supplier_isolation ON suppliers_quotation"
    ),
    "a table that suppliers reach does not keep them apart, other text": (
        "ALTER POLICY supplier_isolation ON suppliers_quotationline USING (true)"
    ),
    "a table that suppliers reach does not keep them apart, one's own lines only to read": (
        "ALTER POLICY supplier_isolation ON suppliers_quotationline WITH CHECK (true)"
    ),
    "a foreign key between organizations' tables leaves organization_id out": (
        "ALTER TABLE suppliers_sku ADD CONSTRAINT planted"
        " FOREIGN KEY (category_id) REFERENCES suppliers_category (id)"
    ),
    "a unique or exclusion rule leaves organization_id out": (
        "CREATE UNIQUE INDEX planted ON suppliers_sku (gtin, id)"
    ),
    "a reference column has no foreign key": (
        "ALTER TABLE suppliers_sku DROP CONSTRAINT suppliers_sku_category_org"
    ),
    "a view does not run as its reader": "CREATE VIEW planted AS SELECT * FROM suppliers_sku",
    "a materialized view can be read": (
        "CREATE MATERIALIZED VIEW planted AS SELECT 1 AS one; GRANT SELECT ON planted TO app_rw"
    ),
    "a function runs with its owner's rights and is not listed": (
        "CREATE FUNCTION planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    ),
    "the runtime role owns something": (
        "CREATE TABLE planted (id bigint); ALTER TABLE planted OWNER TO app_rw"
    ),
    "the runtime role holds a privilege it must not have": (
        "GRANT TRUNCATE ON suppliers_sku TO app_rw"
    ),
    "the runtime role can pass the policies or make roles": "ALTER ROLE app_rw BYPASSRLS",
    "the runtime role is a member of another": "GRANT app_ops TO app_rw",
}


@pytest.fixture
def administrator(db: None) -> Iterator[psycopg.Connection]:
    """A connection that may break anything, and takes it all back at the end."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(make_conninfo(os.environ[ADMINISTRATOR], dbname=name)) as administrator:
        yield administrator
        administrator.rollback()


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_defect_is_found(planted: str, administrator: psycopg.Connection) -> None:
    with administrator.cursor() as cursor:
        cursor.execute(PLANTED[planted])
        found = {defect.rule for defect in isolation_defects(cursor)}
    assert planted.split(",")[0] in found


def test_every_rule_has_its_planted_defect() -> None:
    assert {name.split(",")[0] for name in PLANTED} == set(RULES)
