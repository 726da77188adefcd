"""What the workers do for matching beside working off events."""

from __future__ import annotations

from celery import shared_task

from matching.checking_rules import check_waiting_rules


@shared_task(name="matching.tasks.check_rules")
def check_rules(organization_id: int) -> None:
    """Checks the organization's files against the rules that they name."""
    check_waiting_rules(organization_id)
