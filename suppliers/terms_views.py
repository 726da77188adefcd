"""The screens of qualification and the approved vendor list."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone

from procure.documents import find, idempotent
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, address_if, go_to
from suppliers.approved_vendors import lacks_of_entries
from suppliers.filters import ApprovedVendorFilter
from suppliers.form_screens import named_row, plain_form
from suppliers.forms import submitted
from suppliers.listing import sorted_page
from suppliers.models import ApprovedVendor, Category, Sku, SourcingDecision, Supplier
from suppliers.queries import approval_rows
from suppliers.terms_forms import (
    ApprovalChangeForm,
    ApprovalEndForm,
    ApprovalForm,
    shown_flags,
)
from suppliers.vendor_approval import (
    KEPT_TOGETHER,
    approve_vendor,
    change_vendor_approval,
    end_vendor_approval,
)

APPROVAL_SORTS = {
    "supplier": "supplier__name",
    "valid_from": "valid_from",
    "valid_to": "valid_to",
    "rank": "rank",
    "share": "share_percent",
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
        "supplier": named_row(request, Supplier, "supplier"),
        "category": named_row(request, Category, "category"),
        "sku": named_row(request, Sku, "sku"),
    }
    form = ApprovalForm(request.POST if request.method == "POST" else None, initial=initial)
    form.suggest_skus(address(request, "sku_suggestions"))

    def approve() -> ApprovedVendor:
        values = dict(form.cleaned_data)
        decision = named_row(request, SourcingDecision, "decision")
        return approve_vendor(
            values.pop("supplier"), **values, decision=decision, actor=request.user
        )

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
    return plain_form(request, form, "Approve a supplier", "Approve supplier", back_url, crumbs)


@requires("sourcing.write")
@idempotent
def approved_vendor_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes an entry from today on."""
    entry = find(ApprovedVendor, public_id)
    names = (*KEPT_TOGETHER, "valid_to", "reason")
    form = ApprovalChangeForm(
        request.POST if request.method == "POST" else None,
        initial={**{name: getattr(entry, name) for name in names}, **shown_flags(entry)},
    )
    changed = submitted(
        form, lambda: change_vendor_approval(entry, **form.cleaned_data, actor=request.user)
    )
    if changed is not None:
        return go_to(request, "supplier_detail", changed.supplier)
    title = f"{entry.supplier} for {_scope(entry)}"
    back_url = address(request, "approved_vendor_list")
    crumbs = [("Approved vendors", back_url), title]
    return plain_form(request, form, title, "Save from today on", back_url, crumbs)


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
    return plain_form(request, form, title, "End this entry", back_url, crumbs)


def _scope(entry: ApprovedVendor) -> str:
    place = f" to {entry.location}" if entry.location else ""
    return f"{entry.sku or entry.category}{place}"
