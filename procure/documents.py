"""What every business document needs: a lock, a status, a number, and being sent once."""

from __future__ import annotations

import hashlib
import json
import uuid
from functools import wraps
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from procure.errors import BusinessRuleError
from procure.models import IdempotencyKey
from procure.prepared import prepared
from procure.tenancy import OrganizationRequest, View, current_organization_id

Document = TypeVar("Document", bound=models.Model)

TAKE_NUMBER = (
    "INSERT INTO procure_documentnumber (organization_id, series, last_number) "
    "VALUES (%(organization)s::bigint, %(series)s::text, 1001) "
    "ON CONFLICT (organization_id, series) DO UPDATE "
    "SET last_number = procure_documentnumber.last_number + 1 RETURNING last_number"
)
PREFIXES = {
    "purchase_order": "PO",
    "goods_receipt": "GR",
    "import": "IM",
    "sourcing_decision": "SD",
    "quotation_request": "RFQ",
    "volume_commitment": "VC",
    "credit_request": "CR",
    "debit_note": "DN",
    "payment_batch": "PB",
    "self_bill": "SB",
    "invoice_response": "IR",
}


def lock(document: Document) -> Document:
    """The fresh row, locked until the end of the transaction."""
    return lock_all(type(document)._default_manager.filter(pk=document.pk))[0]


def lock_all(rows: QuerySet[Document]) -> list[Document]:
    """Fresh rows in the order of their ids, so that two transactions never wait in a circle.

    No-key locks do not hold up the foreign-key checks of rows that point here.
    """
    locked = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    if not locked:
        raise gone()
    return locked


def gone() -> BusinessRuleError:
    """The answer when a row that was to be locked is not there any more."""
    return BusinessRuleError("gone", "This was removed meanwhile. Open the list again.")


def find(model: type[Document], public_id: uuid.UUID | str) -> Document:
    """The organization's row behind an address, or 404."""
    return get_object_or_404(model._default_manager.all(), public_id=public_id)


def require_status(document: Any, *allowed: str) -> None:
    """Refuses a step that the document's status does not allow, in words."""
    if document.status not in allowed:
        noun = document._meta.verbose_name
        wanted = " or ".join(str(type(document).Status(status).label).lower() for status in allowed)
        raise BusinessRuleError(
            "wrong_status",
            f"This {noun} is {document.get_status_display().lower()}; "
            f"the step needs it to be {wanted}.",
        )


def next_number(series: str, document: type[models.Model]) -> str:
    """The next number of a series such as PO-1042, skipping numbers that imports brought.

    The counter row stays locked until the transaction ends: no gaps, no duplicates. `document`
    is the model whose `number` it becomes; usually one statement.
    """
    table = connection.ops.quote_name(document._meta.db_table)
    given = {
        "organization": current_organization_id(),
        "series": series,
        "prefix": f"{PREFIXES[series]}-",
    }
    while True:
        ((last, is_taken),) = prepared(
            f"WITH counter AS ({TAKE_NUMBER}) SELECT last_number, EXISTS ("
            f"SELECT FROM {table} AS taken WHERE taken.organization_id = %(organization)s::bigint "
            "AND taken.number = %(prefix)s::text || last_number) FROM counter",
            given,
        )
        if not is_taken:
            return f"{PREFIXES[series]}-{last}"


def idempotent(view: View) -> View:
    """A form with an `idempotency_key` takes effect once, however often it is sent.

    Eight clicks make one document and seven identical redirects; the same key with other content
    is refused. An answer that is no redirect (a form with errors) leaves the key unused.
    """

    @wraps(view)
    def wrapped(request: OrganizationRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = _sent_key(request)
        if request.method != "POST" or key is None:
            return view(request, *args, **kwargs)
        request_hash = _content_hash(request)
        if not _claim_key(request.user.pk, key, request_hash):
            return _replay(request, key, request_hash)
        response = view(request, *args, **kwargs)
        claimed = IdempotencyKey.objects.filter(user=request.user, key=key)
        location = response.headers.get("Location") or response.headers.get("HX-Redirect")
        if location:
            claimed.update(location=location)
        else:
            claimed.delete()
        return response

    return wrapped


def _sent_key(request: HttpRequest) -> uuid.UUID | None:
    text = request.POST.get("idempotency_key") or request.headers.get("Idempotency-Key")
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BusinessRuleError("bad_key", "This form is damaged. Open it again.") from error


def _content_hash(request: HttpRequest) -> str:
    fields = {key: values for key, values in request.POST.lists() if key != "csrfmiddlewaretoken"}
    names = sorted((str(file), getattr(file, "size", 0)) for file in request.FILES.values())
    text = json.dumps([request.path, fields, names], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _claim_key(user_id: int, key: uuid.UUID, request_hash: str) -> bool:
    """Waits for a simultaneous claim of the same key to commit; True when this one is first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procure_idempotencykey "
            "(organization_id, user_id, key, request_hash, location, created_at) "
            "VALUES (%s, %s, %s, %s, '', now()) ON CONFLICT DO NOTHING",
            [current_organization_id(), user_id, key, request_hash],
        )
        return bool(cursor.rowcount == 1)


def _replay(request: OrganizationRequest, key: uuid.UUID, request_hash: str) -> HttpResponse:
    stored = IdempotencyKey.objects.get(user=request.user, key=key)
    if stored.request_hash != request_hash:
        raise BusinessRuleError(
            "key_reused",
            "This form was already sent with other content. Open it again.",
        )
    if request.htmx:
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = stored.location
        return response
    return HttpResponseRedirect(stored.location)
