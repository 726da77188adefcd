"""Work that follows from the calendar alone: what an app does for an organization every day.

Beat asks every ten minutes, so that a day is worked off soon after it begins where the
organization is, and also on a machine that was off at midnight. A job therefore finds out itself
what is due, and does nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable

from procure.tenancy import read_by_organization, tenant_atomic

DailyJob = Callable[[], None]

_jobs: list[DailyJob] = []


def every_day(job: DailyJob) -> DailyJob:
    """Registers a job; it runs inside its organization's transaction, in its time zone."""
    _jobs.append(job)
    return job


def do_daily_work(organization_id: int) -> None:
    """Does what is due for one organization, each job in a transaction of its own."""
    with read_by_organization(organization_id):
        for job in _jobs:
            with tenant_atomic(organization_id):
                job()
