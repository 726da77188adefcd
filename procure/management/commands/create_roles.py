"""`manage.py create_roles`: prepare a database server once, as its superuser."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict

from procure.roles import OWNER, RUNTIME, password_in, prepare_database, prepare_server


class Command(BaseCommand):
    """Create the roles, the database, its extensions and grants; again changes nothing."""

    help = (
        "Create the roles app_owner, app_rw and app_ops, the database, its extensions and grants. "
        "Reads DATABASE_ADMIN_URL (a superuser), DATABASE_OWNER_URL and DATABASE_URL; the roles "
        "get the passwords that stand in these addresses."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_URL")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise CommandError(f"Set {' and '.join(missing)}.")
        admin, owner, runtime = (os.environ[name] for name in names)
        name = str(conninfo_to_dict(runtime).get("dbname") or "")
        try:
            prepare_server(admin, {OWNER: password_in(owner), RUNTIME: password_in(runtime)})
            prepare_database(admin, name)
        except OperationalError as error:
            raise CommandError(f"The database server does not let us in: {error}") from error
        self.stdout.write(f"The roles and the database '{name}' are ready.")
