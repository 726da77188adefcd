"""`recompute --organization SLUG`: rebuild scorecards and SKU costs from documents, or compare."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.draining import drain
from matching.verification import differences, mark_everything, one_moment
from procure.models import Organization
from procure.tenancy import tenant_atomic
from suppliers.models import StaleRollup


class Command(BaseCommand):
    help = "Rebuild scorecards and SKU costs from documents; with --verify only compare."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument(
            "--verify", action="store_true", help="only compare; exit 1 on any difference"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organization “{options['organization']}”.")
        if options["verify"]:
            self.verify(organization)
        else:
            self.rebuild(organization)

    def rebuild(self, organization: Organization) -> None:
        started = time.monotonic()
        with tenant_atomic(organization.pk):
            count = mark_everything()
        drain(organization.pk)
        seconds = time.monotonic() - started
        self.stdout.write(f"{count} keys recomputed from documents in {seconds:.1f} s.")

    def verify(self, organization: Organization) -> None:
        with one_moment(organization.pk):
            found = differences(organization)
            waiting = StaleRollup.objects.count()
        for difference in found:
            self.stdout.write(str(difference))
        if waiting:
            self.stdout.write(f"{waiting} markers wait to be worked off.")
        if found:
            raise CommandError(f"{len(found)} differences.", returncode=1)
        self.stdout.write("No differences.")
