"""What the workers run for every app: working off events, and the sweep that loses nothing."""

from __future__ import annotations

from celery import shared_task

from procure.daily import do_daily_work
from procure.events import work_off as work_off_events
from procure.models import Organization
from procure.waking import awake


@shared_task(name="procure.tasks.work_off")
def work_off(organization_id: int) -> None:
    """Works off one organization after a nudge."""
    awake(organization_id)
    work_off_events(organization_id)


@shared_task(name="procure.tasks.sweep")
def sweep() -> None:
    """Works off every organization, nudged or not; beat calls it every few seconds."""
    for organization_id in Organization.objects.values_list("id", flat=True):
        work_off_events(organization_id)


@shared_task(name="procure.tasks.day")
def day() -> None:
    """Does for every organization what its day asks; beat calls it every ten minutes."""
    for organization_id in Organization.objects.values_list("id", flat=True):
        do_daily_work(organization_id)
