"""The screens of provisional admissions: admitting, ticking off, ending."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed

from procure.documents import find, idempotent
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, go_to
from suppliers.admitting import admit_provisionally, end_admission, tick_admission_task
from suppliers.form_screens import named_row, plain_form
from suppliers.forms import ReasonForm, submitted
from suppliers.models import AdmissionTask, Category, ProvisionalAdmission, Supplier
from suppliers.supplier_views import supplier_crumbs
from suppliers.vetting_forms import AdmissionForm


@requires("sourcing.write")
@idempotent
def admission_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Admits a supplier provisionally; the category may come with the address."""
    supplier = find(Supplier, public_id)
    form = AdmissionForm(
        request.POST if request.method == "POST" else None,
        currency=request.organization.currency,
        initial={"category": named_row(request, Category, "category")},
    )
    admission = submitted(
        form, lambda: admit_provisionally(supplier, **form.cleaned_data, actor=request.user)
    )
    if admission is not None:
        messages.success(request, f"{supplier.name} may be ordered from provisionally.")
        return go_to(request, "supplier_detail", supplier)
    back_url = address(request, "supplier_detail", supplier)
    crumbs = supplier_crumbs(request, supplier, "Provisional admission")
    title = f"Admit {supplier.name} provisionally"
    return plain_form(request, form, title, "Admit provisionally", back_url, crumbs)


@requires("sourcing.write")
@idempotent
def admission_task_tick(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ticks a task off, or opens it again."""
    task = find(AdmissionTask, public_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    tick_admission_task(task, is_done=request.POST.get("done") == "yes", actor=request.user)
    return go_to(request, "supplier_detail", task.admission.supplier)


@requires("sourcing.write")
@idempotent
def admission_end(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ends an admission, with the reason."""
    admission = find(ProvisionalAdmission, public_id)
    supplier = admission.supplier
    form = ReasonForm(request.POST if request.method == "POST" else None)
    done = submitted(
        form,
        lambda: end_admission(admission, reason=form.cleaned_data["reason"], actor=request.user),
    )
    if done is not None:
        return go_to(request, "supplier_detail", supplier)
    errors = [*form.errors.get("reason", []), *form.non_field_errors()]
    context = {
        "title": f"End the admission of {supplier.name}",
        "text": f"Orders for {admission.category} then follow the category's rule again.",
        "button": "End the admission",
        "post_url": request.path,
        "back_url": address(request, "supplier_detail", supplier),
        "tone": "bad",
        "reason_label": "Reason",
        "reason": form["reason"].value() or "",
        "reason_error": " ".join(str(error) for error in errors),
    }
    return render_screen(
        request,
        "confirm.html",
        context,
        piece="_pieces/confirm.html",
        status=422 if form.is_bound else 200,
    )
