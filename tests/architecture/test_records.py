"""Law 4 and 5: choices are kept by the database; migrations are complete and can go back."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL

from procure.tenancy import OrganizationOwned

OURS = {"procure", "suppliers", "purchasing", "matching"}


def choice_fields() -> list[models.Field]:
    return [
        field
        for model in apps.get_models()
        if issubclass(model, OrganizationOwned)
        for field in model._meta.fields
        if field.choices
    ]


@pytest.mark.django_db
def test_the_database_knows_every_choice() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'c'"
        )
        checks = cursor.fetchall()
    for field in choice_fields():
        table = field.model._meta.db_table
        wanted = [f"'{value}'" for value, _label in field.flatchoices if value]
        assert any(
            name == table and field.column in text and all(value in text for value in wanted)
            for name, text in checks
        ), f"{table}.{field.column}"


def test_every_migration_can_go_back() -> None:
    loader = MigrationLoader(None)
    for (app, name), migration in loader.disk_migrations.items():
        if app in OURS:
            for operation in migration.operations:
                assert operation.reversible, f"{app}.{name}"
                if isinstance(operation, RunSQL):
                    assert operation.reverse_sql, f"{app}.{name}"


def test_schema_and_data_move_in_separate_migrations() -> None:
    loader = MigrationLoader(None)
    for (app, name), migration in loader.disk_migrations.items():
        kinds = {isinstance(operation, RunPython) for operation in migration.operations}
        assert app not in OURS or kinds != {True, False}, f"{app}.{name}"
