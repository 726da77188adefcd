"""The screens of imports, and the addresses of exports."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.exports import CONTENT_TYPES, ExportOptions, export, find_export_kind, write_csv
from procure.forms import add_rule_error
from procure.imports import find_import_kind, import_kinds
from procure.models import ImportRun
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from procure.upload_forms import (
    UploadForm,
    export_names,
    kind_words,
    kinds_for,
    may_import,
)
from procure.uploads import apply_import, refused_rows, try_import

RUNS_PER_PAGE = 25


@requires("imports.write")
@require_safe
def import_list(request: OrganizationRequest) -> HttpResponse:
    """What was imported so far, and what can be."""
    names = kinds_for(request.membership)
    runs = ImportRun.objects.filter(kind__in=names).select_related("started_by").order_by("-pk")
    page = Paginator(runs, RUNS_PER_PAGE).get_page(request.GET.get("page"))
    for run in page:
        run.words = kind_words(run.kind)
    kinds = [find_import_kind(name) for name in names]
    context = {
        "page": page,
        "kinds": [(kind_words(kind.name), kind) for kind in kinds],
        "exports": export_names(request.membership),
    }
    return render_screen(request, "imports/list.html", context)


@requires("imports.write")
@idempotent
def import_new(request: OrganizationRequest) -> HttpResponse:
    """Takes a file in and tries it; the answer is the preview."""
    form = UploadForm(
        request.membership,
        request.POST or None,
        request.FILES or None,
        initial={"kind": request.GET.get("kind")},
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = try_import(
                kind=form.cleaned_data["kind"],
                file_name=file.name,
                content=file.read(),
                notation=form.notation,
                actor=request.user,
            )
        except BusinessRuleError as error:
            add_rule_error(form, error)
        else:
            return redirect("procure:import_detail", request.organization.slug, run.public_id)
    return render_screen(request, "imports/new.html", {"form": form})


def _run(request: OrganizationRequest, public_id: uuid.UUID) -> ImportRun:
    """A file that was tried or imported, for whoever may import its kind."""
    run = find(ImportRun, public_id)
    if not may_import(request.membership, run.kind):
        raise PermissionDenied
    return run


@requires("imports.write")
@require_safe
def import_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The preview of a file, or what its import did."""
    run = _run(request, public_id)
    return render_screen(request, "imports/run.html", run_context(run))


def run_context(run: ImportRun) -> dict[str, Any]:
    """A run with its rows by outcome, their cells in the order of the kind's columns."""
    names = find_import_kind(run.kind).names
    examples = run.result.get("examples", {})
    given = {name for rows in examples.values() for one in rows for name in one["cells"]}
    shown = [name for name in names if name in given]
    return {
        "run": run,
        "kind_words": kind_words(run.kind),
        "result": run.result,
        "refused_count": len({one["row"] for one in run.result["refused"]}),
        "columns": shown,
        "examples": [
            (words, [(one["row"], [one["cells"].get(name, "") for name in shown]) for one in rows])
            for outcome, words in (("created", "New rows"), ("updated", "Changed rows"))
            if (rows := examples.get(outcome))
        ],
    }


@requires("imports.write")
@require_POST
def import_apply(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Imports a file that was tried, whole or without its refused rows."""
    run = _run(request, public_id)
    try:
        run = apply_import(run, partial="partial" in request.POST, actor=request.user)
    except BusinessRuleError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{run.file_name} is imported.")
    return redirect("procure:import_detail", request.organization.slug, run.public_id)


@requires("imports.write")
@require_safe
def import_refused(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The refused rows as a file, each with its reason."""
    run = _run(request, public_id)
    return _file(refused_rows(run), f"refused-{run.kind}.csv")


@requires("imports.write")
@require_safe
def import_template(request: OrganizationRequest, kind: str) -> HttpResponse:
    """An empty file with the columns of a kind."""
    if kind not in import_kinds():
        raise Http404
    return _file(write_csv(find_import_kind(kind).names, []), f"{kind}.csv")


@requires("exports.read")
@require_safe
def export_file(request: OrganizationRequest, kind: str) -> HttpResponse:
    """A table of the organization as CSV; `period` and `as_of` for those that report on a time."""
    try:
        found = find_export_kind(kind)
    except BusinessRuleError as error:
        raise Http404 from error
    if not request.membership.may(found.permission):
        raise PermissionDenied
    options = ExportOptions(request.GET.get("period", "all"), _day(request.GET.get("as_of", "")))
    return _file(export(kind, options, "csv"), f"{kind}.csv")


def _day(text: str) -> date | None:
    """The day an address names, or none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _file(content: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=CONTENT_TYPES["csv"])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
