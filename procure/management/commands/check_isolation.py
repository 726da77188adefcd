"""`manage.py check_isolation`: does the database keep organizations apart?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from procure.isolation import isolation_defects
from procure.tenancy import RUNTIME_ROLE


class Command(BaseCommand):
    """Prints a line per defect and exits 1 when there is one."""

    help = "Check row-level security, references, privileges and the connected role."

    def handle(self, *args: Any, **options: Any) -> None:
        defects = [str(defect) for defect in isolation_defects()]
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            (role,) = cursor.fetchone()
        if role != RUNTIME_ROLE:
            defects.append(f"connected as {role}, not as {RUNTIME_ROLE}")
        for line in defects:
            self.stdout.write(line)
        if defects:
            raise CommandError(f"{len(defects)} defects", returncode=1)
        self.stdout.write("Organizations are kept apart: 0 defects.")
