"""What a machine asks: is the process alive, and can it serve?"""

from functools import cache

from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from procure import heartbeat


@transaction.non_atomic_requests  # else a database that is down answers for us, with a 500
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@transaction.non_atomic_requests
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Say which of database, migrations, broker and worker are there; 503 when one is not."""
    answer = {**database_state(), **queue_state()}
    return JsonResponse(answer, status=200 if set(answer.values()) == {"ok"} else 503)


def database_state() -> dict[str, str]:
    """Whether the database answers, and whether its schema is this code's."""
    try:
        applied = set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError:
        return {"database": "down", "migrations": "unknown"}
    pending = known_migrations() - applied
    return {"database": "ok", "migrations": f"{len(pending)} pending" if pending else "ok"}


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """The migrations of this code, which do not change while it runs."""
    return frozenset(MigrationLoader(None).graph.nodes)


def queue_state() -> dict[str, str]:
    """Whether the broker answers, and whether a worker was heard of lately."""
    try:
        age = heartbeat.age("worker")
    except heartbeat.BrokerDown:
        return {"broker": "down", "worker": "unknown"}
    return {"broker": "ok", "worker": "silent" if age is None else "ok"}
