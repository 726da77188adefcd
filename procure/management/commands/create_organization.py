"""`manage.py create_organization SLUG`: a new, empty organization with its founder."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email, validate_slug

from procure.columns import CellError, Notation, currency
from procure.errors import BusinessRuleError
from procure.people import found_organization


class Command(BaseCommand):
    """Exits 1 with a sentence when the slug is taken or an option makes no sense."""

    help = "Found an organization: its address, name, currency and first person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its part of every address, such as acme")
        parser.add_argument("--name", required=True)
        parser.add_argument("--currency", default="USD")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--password", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_slug(options["slug"])
            validate_email(options["owner"])
            word = currency("currency").value(options["currency"], Notation())
            organization = found_organization(
                slug=options["slug"],
                name=options["name"],
                currency=word or "USD",
                owner_email=options["owner"],
                password=options["password"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (BusinessRuleError, CellError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{organization.name} is at /{organization.slug}/. Sign in as {options['owner']}: "
            "home leads through the first steps."
        )
