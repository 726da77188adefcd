"""One command line, inside the environment: choose the database role, bring up services, run it."""

import contextlib
import os
import sys

from django.core.management import execute_from_command_line

from procure import start
from procure.keeper import services_in_use

# Commands that change or describe the schema; they alone connect as the schema's owner.
OWNER_COMMANDS = frozenset(
    {
        "migrate",
        "makemigrations",
        "squashmigrations",
        "optimizemigration",
        "showmigrations",
        "sqlmigrate",
    }
)
# Commands that need no database, bring their own, or are told which one to prepare.
NO_DATABASE_COMMANDS = frozenset(
    {
        "",
        "help",
        "--help",
        "-h",
        "version",
        "--version",
        "match_cases",
        "create_roles",
        "collectstatic",
        "bench",
        "soak",
    }
)


def run_command(argv: list[str]) -> int:
    """Run one manage.py command and answer its exit code."""
    command = argv[1] if len(argv) > 1 else ""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procure.settings")
    if command in OWNER_COMMANDS:
        os.environ["DATABASE_ROLE"] = "owner"
    if command == "start":
        return start.run(argv[2:])
    if command == "test":
        # Not imported: a server's image has neither the tests nor what they need.
        os.execv(sys.executable, [sys.executable, "-m", "procure.verify", *argv[2:]])
    asks_for_help = bool({"--help", "-h"} & set(argv[2:]))
    needs_services = command not in NO_DATABASE_COMMANDS and not asks_for_help
    with services_in_use() if needs_services else contextlib.nullcontext():
        execute_from_command_line(argv)
    return 0
