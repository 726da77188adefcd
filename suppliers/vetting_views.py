"""The screens of qualifications and of the checklists they rest on."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone

from procure.documents import find, idempotent
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, address_if, go_to
from suppliers.checklists import checklist_of, checklists, criteria_of
from suppliers.criteria import add_criterion, answer_criterion, change_criterion, retire_criterion
from suppliers.filters import ENDS_SOON_DAYS
from suppliers.form_screens import named_row, plain_form
from suppliers.forms import submitted
from suppliers.listing import sorted_page
from suppliers.models import (
    ApprovedVendor,
    Category,
    CriterionAnswer,
    Qualification,
    QualificationCriterion,
    Supplier,
)
from suppliers.qualification import qualify_supplier
from suppliers.supplier_steps import SupplierStep, approval_step
from suppliers.supplier_views import supplier_crumbs
from suppliers.vetted import (
    QualificationFilter,
    next_steps,
    qualification_events,
    qualification_rows,
)
from suppliers.vetting_forms import AnswerForm, CriterionForm, QualificationForm

QUALIFICATION_SORTS = {
    "supplier": "supplier__name",
    "category": "category__name",
    "status": "status",
    "valid_to": "last_day",
}
QUALIFICATION_VIEWS = (
    ("All", ""),
    ("Expiring", "state=expiring"),
    ("In review", "status=in_review"),
    ("Suspended", "status=suspended"),
    ("Expired", "state=expired"),
)


@requires("suppliers.read")
def qualification_list(request: OrganizationRequest) -> HttpResponse:
    """Who is vetted for what, until when, and how far the reviews are."""
    found = QualificationFilter(request.GET, qualification_rows(), request=request)
    page = sorted_page(request, found.qs, QUALIFICATION_SORTS, "valid_to")
    rows, today = list(page), timezone.localdate()
    lists = checklists(rows, today)
    query = request.GET.urlencode()
    context = {
        "filter": found,
        "page": page,
        "rows": [(row, lists[row.pk]) for row in rows],
        "views": [(words, f"?{part}", query == part, None) for words, part in QUALIFICATION_VIEWS],
        "today": today,
        "soon": today + timedelta(days=ENDS_SOON_DAYS),
    }
    return render_screen(
        request,
        "suppliers/qualification_list.html",
        context,
        piece="suppliers/_qualification_table.html",
    )


@requires("suppliers.read")
def qualification_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One supplier's standing for one category: checklist, evidence, next steps, history."""
    find(Qualification, public_id)
    qualification = qualification_rows().get(public_id=public_id)
    today = timezone.localdate()
    checklist = checklist_of(qualification, today)
    context = {
        "qualification": qualification,
        "checklist": checklist,
        "steps": next_steps(qualification, checklist),
        "next_step": _approval_step(request, qualification),
        "events": qualification_events(qualification),
        "reminders": list(qualification.reminders.select_related("criterion").order_by("-pk")[:6]),
        "today": today,
        "soon": today + timedelta(days=ENDS_SOON_DAYS),
        "can_source": request.membership.may("sourcing.write"),
    }
    supplier = qualification.supplier
    crumbs = supplier_crumbs(request, supplier, str(qualification.category))
    return render_screen(request, "suppliers/qualification_detail.html", context, breadcrumb=crumbs)


def _approval_step(
    request: OrganizationRequest, qualification: Qualification
) -> SupplierStep | None:
    """Onto the approved vendor list, for who is qualified and not on it: one statement."""
    if not request.membership.may("sourcing.write"):
        return None
    if qualification.status not in Qualification.USABLE:
        return None
    category = qualification.category
    is_listed = ApprovedVendor.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=timezone.localdate()),
        Q(category__in=category.lineage) | Q(sku__category__lineage__contains=[category.pk]),
        supplier=qualification.supplier,
    )
    if is_listed.exists():
        return None
    return approval_step(request, qualification.supplier, category)


@requires("sourcing.write")
@idempotent
def qualification_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sets where a supplier stands for a category; category and status may come with the address."""
    supplier = find(Supplier, public_id)
    category = named_row(request, Category, "category")
    known = Qualification.objects.filter(supplier=supplier, category=category).first()
    form = QualificationForm(
        request.POST if request.method == "POST" else None,
        before=known.status if known is not None else None,
        initial=_initial(request, known, category),
    )
    qualification = submitted(
        form, lambda: qualify_supplier(supplier, **form.cleaned_data, actor=request.user)
    )
    if qualification is not None:
        status = qualification.get_status_display().lower()
        messages.success(request, f"{supplier.name} is {status} for {qualification.category}.")
        return go_to(request, "qualification_detail", qualification)
    back_url = address(request, "supplier_detail", supplier)
    crumbs = supplier_crumbs(request, supplier, "Qualification")
    title = f"Qualify {supplier.name}"
    return plain_form(request, form, title, "Save qualification", back_url, crumbs)


def _initial(
    request: OrganizationRequest, known: Qualification | None, category: Category | None
) -> dict[str, Any]:
    wanted = request.GET.get("status", "")
    status = wanted if wanted in Qualification.Status.values else ""
    if known is None:
        return {"category": category, "status": status or Qualification.Status.IN_REVIEW}
    is_same = not status or status == known.status
    return {
        "category": category,
        "status": status or known.status,
        "valid_to": known.valid_to,
        "note": known.note if is_same else "",
    }


@requires("sourcing.write")
@idempotent
def criterion_answer(
    request: OrganizationRequest, public_id: uuid.UUID, criterion_id: uuid.UUID
) -> HttpResponse:
    """Answers one point of a supplier's checklist, with its document."""
    qualification = find(Qualification, public_id)
    criterion = find(QualificationCriterion, criterion_id)
    known = CriterionAnswer.objects.filter(qualification=qualification, criterion=criterion).first()
    is_sent = request.method == "POST"
    form = AnswerForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        initial={
            "outcome": known.outcome if known else CriterionAnswer.Outcome.MET,
            "valid_to": known and known.valid_to,
            "reason": known.reason if known else "",
        },
    )
    if criterion.needs_evidence and not known:
        form.fields["upload"].label = "Document, asked for"
    answer = submitted(
        form,
        lambda: answer_criterion(
            qualification, criterion=criterion, **form.cleaned_data, actor=request.user
        ),
    )
    back_url = address(request, "qualification_detail", qualification)
    if answer is not None:
        return go_to(request, "qualification_detail", qualification)
    crumbs = [
        *supplier_crumbs(request, qualification.supplier),
        (str(qualification.category), back_url),
        criterion.name,
    ]
    return plain_form(request, form, criterion.name, "Save answer", back_url, crumbs)


@requires("suppliers.read")
def checklist_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The checklist of a category, with what it inherits."""
    category = find(Category, public_id)
    context = {
        "category": category,
        "criteria": criteria_of(category),
        "can_source": request.membership.may("sourcing.write"),
        "add_url": address_if(request, "sourcing.write", "criterion_new", category),
    }
    return render_screen(
        request, "suppliers/checklist.html", context, breadcrumb=_crumbs(request, category)
    )


@requires("sourcing.write")
@idempotent
def criterion_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Adds a point to a category's checklist."""
    category = find(Category, public_id)
    form = CriterionForm(request.POST if request.method == "POST" else None)
    made = submitted(
        form, lambda: add_criterion(category, details=form.details(), actor=request.user)
    )
    if made is not None:
        return go_to(request, "checklist_edit", category)
    back_url = address(request, "checklist_edit", category)
    crumbs = [*_crumbs(request, category)[:-1], ("Checklist", back_url), "New criterion"]
    title = f"New criterion for {category}"
    return plain_form(request, form, title, "Add criterion", back_url, crumbs)


@requires("sourcing.write")
@idempotent
def criterion_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes a point of the checklist."""
    criterion = find(QualificationCriterion, public_id)
    form = CriterionForm(request.POST if request.method == "POST" else None, instance=criterion)
    changed = submitted(
        form, lambda: change_criterion(criterion, details=form.details(), actor=request.user)
    )
    back_url = address(request, "checklist_edit", criterion.category)
    if changed is not None:
        return go_to(request, "checklist_edit", criterion.category)
    crumbs = [*_crumbs(request, criterion.category)[:-1], ("Checklist", back_url), "Change"]
    return plain_form(request, form, "Change criterion", "Save criterion", back_url, crumbs)


@requires("sourcing.write")
@idempotent
def criterion_retire(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes a point off the checklist."""
    criterion = find(QualificationCriterion, public_id)
    if request.method == "POST":
        retire_criterion(criterion, actor=request.user)
        return go_to(request, "checklist_edit", criterion.category)
    context = {
        "title": f"No longer ask for {criterion.name}",
        "text": "It disappears from the checklist; what suppliers answered is kept.",
        "button": "Take it off the checklist",
        "post_url": request.path,
        "back_url": address(request, "checklist_edit", criterion.category),
        "tone": "bad",
    }
    return render_screen(request, "confirm.html", context, piece="_pieces/confirm.html")


def _crumbs(request: OrganizationRequest, category: Category) -> list[tuple[str, str] | str]:
    return [
        ("Categories", address(request, "category_list")),
        (str(category), address(request, "category_detail", category)),
        "Checklist",
    ]
