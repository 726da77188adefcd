"""The queue: a nudge over Redis. The truth about pending work is rows in Postgres (events.py)."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procure.settings")


def celery_url(redis_url: str) -> str:
    """The broker's URL in Celery's spelling: it names unix sockets in a way of its own."""
    return redis_url.replace("unix://", "redis+socket://", 1)


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
    },
)
app.autodiscover_tasks()
