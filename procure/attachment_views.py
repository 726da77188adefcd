"""The addresses of files: one to fetch any of them, one to add to any record that takes them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from procure.attachments import attach_file, find_file_kind, kind_of, model_of, read_file
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.models import Attachment
from procure.permissions import requires
from procure.tenancy import OrganizationRequest

SANDBOX = "sandbox; default-src 'none'; style-src 'none'; frame-ancestors 'none'"


@requires("files.read")
@require_safe
def file_download(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """A file, for those who may read its record; a browser saves it and runs nothing of it."""
    attachment = find(Attachment, public_id)
    if not request.membership.may(kind_of(attachment).read):
        raise PermissionDenied
    response = HttpResponse(read_file(attachment), content_type=attachment.content_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, attachment.file_name)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@requires("files.write")
@require_POST
@idempotent
def file_attach(request: OrganizationRequest, kind: str, public_id: uuid.UUID) -> HttpResponse:
    """Adds the sent files to a record, all or none of them."""
    found = find_file_kind(kind)
    if not request.membership.may(found.write):
        raise PermissionDenied
    document = find(model_of(found), public_id)
    uploads = request.FILES.getlist("file")
    try:
        with transaction.atomic():
            for upload in uploads:
                attach_file(document, upload=upload, actor=request.user)
    except BusinessRuleError as error:
        messages.error(request, error.message)
    else:
        names = ", ".join(str(upload.name) for upload in uploads)
        if uploads:
            messages.success(request, f"Attached: {names}.")
        else:
            messages.error(request, "Choose a file first.")
    return redirect(found.page, request.organization.slug, public_id)
