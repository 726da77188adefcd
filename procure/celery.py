"""The queue: a nudge over Redis. The truth about pending work is rows in Postgres (events.py)."""

import os
import time
from typing import Any

from celery import Celery, bootsteps
from celery.signals import after_task_publish, beat_init
from celery.worker.consumer import Consumer
from django.conf import settings

from procure import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procure.settings")


def celery_url(redis_url: str) -> str:
    """The broker's URL in Celery's spelling: it has words of its own for a unix socket."""
    if not redis_url.startswith("unix://"):
        return redis_url
    return redis_url.replace("unix://", "redis+socket://", 1).replace("db=", "virtual_host=", 1)


app = Celery("procure")
app.conf.update(
    broker_url=celery_url(settings.REDIS_URL),
    broker_connection_retry_on_startup=True,
    broker_transport_options=settings.BROKER_TRANSPORT_OPTIONS,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=120,
    task_soft_time_limit=100,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="UTC",
    beat_schedule={
        "sweep": {
            "task": "procure.tasks.sweep",
            "schedule": 2.0,
            "options": {"expires": 10},
        },
        "day": {
            "task": "procure.tasks.day",
            "schedule": 600.0,
            "options": {"expires": 300},
        },
    },
)
app.autodiscover_tasks()

HEARTBEAT_SECONDS = 5.0


class WorkerHeartbeat(bootsteps.StartStopStep):
    """A sign of life while the worker is connected and can fetch tasks."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Consumer, **options: Any) -> None:
        super().__init__(parent, **options)
        self.entry: Any = None

    def start(self, parent: Consumer) -> None:
        heartbeat.give("worker")
        self.entry = parent.timer.call_repeatedly(HEARTBEAT_SECONDS, heartbeat.give, ("worker",))

    def stop(self, parent: Consumer) -> None:
        if self.entry:
            self.entry.cancel()


app.steps["consumer"].add(WorkerHeartbeat)

last_beat = {"at": 0.0}


def give_beat_heartbeat(**_: object) -> None:
    """Beat just published a task, so it is alive."""
    if time.monotonic() - last_beat["at"] >= HEARTBEAT_SECONDS:
        last_beat["at"] = time.monotonic()
        heartbeat.give("beat")


@beat_init.connect
def watch_beat(**_: object) -> None:
    """In the beat process alone, publishing a task counts as a sign of life."""
    after_task_publish.connect(give_beat_heartbeat, weak=False)
