"""The screens of qualification, the approved vendor list and price agreements."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone

from procure.attachments import attached
from procure.documents import find, idempotent
from procure.money import plain_decimal
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, address_if, go_to
from suppliers.agreements import agree_prices, change_agreed_prices, change_price_agreement
from suppliers.approved_vendors import lacks_of_entries
from suppliers.filters import ENDS_SOON_DAYS, AgreementFilter, ApprovedVendorFilter
from suppliers.forms import submitted
from suppliers.listing import sorted_page
from suppliers.models import ApprovedVendor, Category, PriceAgreement, Qualification, Sku, Supplier
from suppliers.profiles import EVENTS_SHOWN, agreed_rows
from suppliers.qualification import qualify_supplier
from suppliers.queries import agreement_rows, approval_rows, priced_sku_counts
from suppliers.supplier_views import supplier_crumbs
from suppliers.terms_forms import (
    EMPTY_ROWS,
    MOST_ROWS,
    AgreementChangeForm,
    AgreementForm,
    ApprovalChangeForm,
    ApprovalEndForm,
    ApprovalForm,
    EffectiveForm,
    PriceRowFormSet,
    QualificationForm,
)
from suppliers.vendor_approval import approve_vendor, change_vendor_approval, end_vendor_approval

APPROVAL_SORTS = {
    "supplier": "supplier__name",
    "valid_from": "valid_from",
    "valid_to": "valid_to",
    "rank": "rank",
}
AGREEMENT_SORTS = {
    "number": "number",
    "supplier": "supplier__name",
    "valid_from": "valid_from",
    "valid_to": "valid_to",
}


@requires("sourcing.write")
@idempotent
def qualification_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sets where a supplier stands for a category."""
    supplier = find(Supplier, public_id)
    category = _named(request, Category, "category")
    known = Qualification.objects.filter(supplier=supplier, category=category).first()
    form = QualificationForm(
        request.POST if request.method == "POST" else None,
        initial=_initial(known, category),
    )
    qualification = submitted(
        form, lambda: qualify_supplier(supplier, **form.cleaned_data, actor=request.user)
    )
    if qualification is not None:
        status = qualification.get_status_display().lower()
        messages.success(request, f"{supplier.name} is {status} for {qualification.category}.")
        return go_to(request, "supplier_detail", supplier)
    title = f"Qualify {supplier.name}"
    back_url = address(request, "supplier_detail", supplier)
    crumbs = supplier_crumbs(request, supplier, "Qualification")
    return _form(request, form, title, "Save qualification", back_url, crumbs)


def _initial(known: Qualification | None, category: Category | None) -> dict[str, Any]:
    if known is None:
        return {"category": category}
    return {
        "category": category,
        "status": known.status,
        "valid_to": known.valid_to,
        "note": known.note,
    }


@requires("suppliers.read")
def approved_vendor_list(request: OrganizationRequest) -> HttpResponse:
    """Who may supply what."""
    values = request.GET.copy()
    if "state" not in values:
        values["state"] = "current"
    found = ApprovedVendorFilter(values, approval_rows(), request=request)
    page = sorted_page(request, found.qs, APPROVAL_SORTS, "supplier")
    entries = list(page)
    lacks = lacks_of_entries(entries, timezone.localdate())
    context = {
        "filter": found,
        "page": page,
        "rows": [(entry, lacks[entry.pk]) for entry in entries],
        "today": timezone.localdate(),
        "can_source": request.membership.may("sourcing.write"),
        "new_url": address_if(request, "sourcing.write", "approved_vendor_new"),
    }
    return render_screen(
        request,
        "suppliers/approved_vendor_list.html",
        context,
        piece="suppliers/_approved_vendor_table.html",
    )


@requires("sourcing.write")
@idempotent
def approved_vendor_new(request: OrganizationRequest) -> HttpResponse:
    """Puts a supplier on the list; supplier, category and SKU may come with the address."""
    initial = {
        "supplier": _named(request, Supplier, "supplier"),
        "category": _named(request, Category, "category"),
        "sku": _named(request, Sku, "sku"),
    }
    form = ApprovalForm(request.POST if request.method == "POST" else None, initial=initial)
    form.suggest_skus(address(request, "sku_suggestions"))

    def approve() -> ApprovedVendor:
        values = dict(form.cleaned_data)
        return approve_vendor(values.pop("supplier"), **values, actor=request.user)

    entry = submitted(form, approve)
    if entry is not None:
        messages.success(request, f"{entry.supplier.name} is on the list for {_scope(entry)}.")
        return go_to(request, "supplier_detail", entry.supplier)
    supplier = initial["supplier"]
    back_url = (
        address(request, "supplier_detail", supplier)
        if isinstance(supplier, Supplier)
        else address(request, "approved_vendor_list")
    )
    crumbs = [("Approved vendors", address(request, "approved_vendor_list")), "New entry"]
    return _form(request, form, "Approve a supplier", "Approve supplier", back_url, crumbs)


@requires("sourcing.write")
@idempotent
def approved_vendor_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes an entry from today on."""
    entry = find(ApprovedVendor, public_id)
    names = ("standing", "rank", "valid_to", "reason")
    form = ApprovalChangeForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(entry, name) for name in names},
    )
    changed = submitted(
        form, lambda: change_vendor_approval(entry, **form.cleaned_data, actor=request.user)
    )
    if changed is not None:
        return go_to(request, "supplier_detail", changed.supplier)
    title = f"{entry.supplier} for {_scope(entry)}"
    back_url = address(request, "approved_vendor_list")
    crumbs = [("Approved vendors", back_url), title]
    return _form(request, form, title, "Save from today on", back_url, crumbs)


@requires("sourcing.write")
@idempotent
def approved_vendor_end(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ends an entry."""
    entry = find(ApprovedVendor, public_id)
    form = ApprovalEndForm(request.POST if request.method == "POST" else None)
    ended = submitted(
        form, lambda: end_vendor_approval(entry, **form.cleaned_data, actor=request.user)
    )
    if ended is not None:
        messages.success(
            request, f"{ended.supplier.name} leaves the list for {_scope(ended)} after that day."
        )
        return go_to(request, "supplier_detail", ended.supplier)
    title = f"End: {entry.supplier} for {_scope(entry)}"
    back_url = address(request, "approved_vendor_list")
    crumbs = [("Approved vendors", back_url), title]
    return _form(request, form, title, "End this entry", back_url, crumbs)


@requires("suppliers.read")
def agreement_list(request: OrganizationRequest) -> HttpResponse:
    """What is agreed with whom until when."""
    found = AgreementFilter(request.GET, agreement_rows(), request=request)
    page = sorted_page(request, found.qs, AGREEMENT_SORTS, "-valid_from")
    agreements = list(page)
    counts = priced_sku_counts(agreements)
    context = {
        "filter": found,
        "page": page,
        "rows": [(one, counts.get(one.pk, 0)) for one in agreements],
        "today": timezone.localdate(),
        "soon": timezone.localdate() + timedelta(days=ENDS_SOON_DAYS),
    }
    return render_screen(
        request, "suppliers/agreement_list.html", context, piece="suppliers/_agreement_table.html"
    )


@requires("suppliers.read")
def agreement_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """An agreement with its prices and its history."""
    agreement = find(PriceAgreement, public_id)
    supplier = Supplier.objects.get(pk=agreement.supplier_id)
    today = timezone.localdate()
    rows = agreed_rows(agreement, today)
    context = {
        "agreement": agreement,
        "supplier": supplier,
        "rows": rows,
        "sku_count": len({row.step.sku_id for row in rows}),
        "today": today,
        "soon": today + timedelta(days=ENDS_SOON_DAYS),
        "attached": attached(request, agreement),
        "events": timeline({"suppliers.priceagreement": [agreement.pk]}, EVENTS_SHOWN),
        "can_source": request.membership.may("sourcing.write"),
    }
    return render_screen(
        request,
        "suppliers/agreement_detail.html",
        context,
        breadcrumb=[("Price agreements", address(request, "agreement_list")), agreement.number],
    )


@requires("sourcing.write")
@idempotent
def agreement_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Writes down a price agreement with a supplier."""
    supplier = find(Supplier, public_id)
    sent = request.POST if request.method == "POST" else None
    form, rows = AgreementForm(sent), PriceRowFormSet(sent, prefix="prices")
    if sent is not None and "more" not in sent and rows.is_valid():
        agreement = submitted(
            form,
            lambda: agree_prices(
                supplier, **form.cleaned_data, prices=rows.rows(), actor=request.user
            ),
        )
        if agreement is not None:
            return go_to(request, "agreement_detail", agreement)
    context = {
        "form": form,
        "title": f"New agreement with {supplier.name}",
        "button": "Save agreement",
        "supplier": supplier,
        "back_url": address(request, "supplier_detail", supplier),
    }
    crumbs = supplier_crumbs(request, supplier, "New agreement")
    return _price_form(request, context, form, rows, crumbs)


@requires("sourcing.write")
@idempotent
def agreement_prices(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes, adds and ends prices of an agreement from a day on."""
    agreement = find(PriceAgreement, public_id)
    sent = request.POST if request.method == "POST" else None
    form = EffectiveForm(sent)
    rows = PriceRowFormSet(
        sent, prefix="prices", initial=_current_prices(agreement, timezone.localdate())
    )
    if sent is not None and "more" not in sent and rows.is_valid():
        changed = submitted(
            form,
            lambda: change_agreed_prices(
                agreement,
                **form.cleaned_data,
                prices=rows.rows(),
                ended=rows.ended(),
                actor=request.user,
            ),
        )
        if changed is not None:
            return go_to(request, "agreement_detail", changed)
    context = {
        "form": form,
        "title": f"Change prices of {agreement.number}",
        "button": "Save prices",
        "supplier": agreement.supplier,
        "agreement": agreement,
        "back_url": address(request, "agreement_detail", agreement),
    }
    crumbs = [("Price agreements", address(request, "agreement_list")), context["title"]]
    return _price_form(request, context, form, rows, crumbs)


def _current_prices(agreement: PriceAgreement, on: date) -> list[dict[str, Any]]:
    """Today's prices as the form shows them; one may be changed, ended or left."""
    return [
        {
            "sku": row.step.sku,
            "minimum_quantity": plain_decimal(row.step.minimum_quantity),
            "unit_price": plain_decimal(row.step.unit_price),
            "unit": row.step.unit,
            "lead_time_days": row.step.lead_time_days,
            "supplier_sku": row.step.supplier_sku,
            "committed_quantity": row.step.committed_quantity
            and plain_decimal(row.step.committed_quantity),
        }
        for row in agreed_rows(agreement, on)
        if row.state == "current"
    ]


def _price_form(
    request: OrganizationRequest, context: dict[str, Any], form: Any, rows: Any, crumbs: Any
) -> HttpResponse:
    """The form with its rows; "more rows" asks for it again with what was typed."""
    is_refused = request.method == "POST" and "more" not in request.POST
    if request.method == "POST" and "more" in request.POST:
        form, rows = _with_more_rows(request, form, rows)
    return render_screen(
        request,
        "suppliers/agreement_form.html",
        {**context, "form": form, "rows": rows},
        breadcrumb=crumbs,
        status=422 if is_refused else 200,
    )


def _with_more_rows(request: OrganizationRequest, form: Any, rows: Any) -> tuple[Any, Any]:
    """The same forms, not judged yet, holding what was typed and five rows more."""
    names = list(rows.empty_form.fields)
    count = rows.total_form_count()
    typed = [
        {name: request.POST.get(f"{rows.prefix}-{number}-{name}", "") for name in names}
        for number in range(count)
    ]
    return (
        type(form)(initial={name: request.POST.get(name, "") for name in form.fields}),
        PriceRowFormSet(prefix=rows.prefix, initial=typed[: MOST_ROWS - EMPTY_ROWS]),
    )


@requires("sourcing.write")
@idempotent
def agreement_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Extends or ends an agreement."""
    agreement = find(PriceAgreement, public_id)
    form = AgreementChangeForm(
        request.POST if request.method == "POST" else None, instance=agreement
    )
    changed = submitted(
        form, lambda: change_price_agreement(agreement, **form.cleaned_data, actor=request.user)
    )
    if changed is not None:
        return go_to(request, "agreement_detail", changed)
    title = f"Extend or end {agreement.number}"
    back_url = address(request, "agreement_detail", agreement)
    crumbs = [("Price agreements", address(request, "agreement_list")), title]
    return _form(request, form, title, "Save agreement", back_url, crumbs)


def _form(
    request: OrganizationRequest, form: Any, title: str, button: str, back_url: str, crumbs: Any
) -> HttpResponse:
    """A form of one card; 422 when it was refused."""
    return render_screen(
        request,
        "suppliers/plain_form.html",
        {"form": form, "title": title, "button": button, "back_url": back_url},
        breadcrumb=crumbs,
        status=422 if form.is_bound else 200,
    )


def _named(request: OrganizationRequest, model: Any, name: str) -> Any:
    """The row that the address names by its id, or None; a strange text names nothing."""
    text = request.GET.get(name) or request.POST.get(name)
    try:
        return model.objects.filter(public_id=uuid.UUID(text or "")).first()
    except ValueError:
        return None


def _scope(entry: ApprovedVendor) -> str:
    return str(entry.sku or entry.category)
