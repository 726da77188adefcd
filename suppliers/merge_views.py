"""The screens on which two records become one, or stay two."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone

from procure.documents import find, idempotent
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, go_to
from suppliers.form_screens import named_row
from suppliers.forms import ReasonForm, submitted
from suppliers.merge_preview import merge_preview, undo_preview
from suppliers.merged_records import merges_of
from suppliers.merging import merge_suppliers, undo_merge
from suppliers.models import Supplier, SupplierMerge
from suppliers.possible_duplicates import likenesses, possible_duplicates, tell_apart
from suppliers.supplier_views import supplier_crumbs


class OtherRecordForm(forms.Form):
    """Which record to compare with."""

    into: forms.ModelChoiceField[Supplier] = forms.ModelChoiceField(
        label="The record that stays",
        queryset=None,
        to_field_name="public_id",
        empty_label="Choose a supplier",
    )

    def __init__(self, supplier: Supplier) -> None:
        super().__init__()
        into = self.fields["into"]
        assert isinstance(into, forms.ModelChoiceField)
        into.queryset = Supplier.objects.exclude(status__in=Supplier.GONE).exclude(pk=supplier.pk)


@requires("suppliers.merge")
@idempotent
def supplier_merge(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Compares a record with the one it goes into, and merges them for a reason."""
    merged = find(Supplier, public_id)
    remaining = named_row(request, Supplier, "into")
    if remaining is None or remaining.pk == merged.pk:
        return _choose_other(request, merged)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    done = submitted(
        form,
        lambda: merge_suppliers(
            merged,
            remaining=remaining,
            reason=form.cleaned_data["reason"],
            actor=request.user,
        ),
    )
    if done is not None:
        messages.success(request, f"{merged.name} is one with {remaining.name} now.")
        return go_to(request, "supplier_detail", remaining)
    return render_screen(
        request,
        "suppliers/supplier_merge.html",
        {
            "form": form,
            "preview": merge_preview(merged, remaining, timezone.localdate()),
            "merged": merged,
            "remaining": remaining,
            "swap_url": f"{address(request, 'supplier_merge', remaining)}?into={merged.public_id}",
            "back_url": address(request, "supplier_detail", merged),
        },
        breadcrumb=supplier_crumbs(request, merged, "Merge"),
        status=422 if form.is_bound else 200,
    )


def _choose_other(request: OrganizationRequest, merged: Supplier) -> HttpResponse:
    pairs = likenesses([merged.pk])
    return render_screen(
        request,
        "suppliers/supplier_merge_choice.html",
        {
            "supplier": merged,
            "form": OtherRecordForm(merged),
            "alike": [(one.other_than(merged), one.reason) for one in pairs],
            "back_url": address(request, "supplier_detail", merged),
        },
        breadcrumb=supplier_crumbs(request, merged, "Merge"),
    )


@requires("suppliers.read")
def supplier_sameness(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What was merged into a record, and what may be the same supplier: a part of its page."""
    supplier = find(Supplier, public_id)
    today = timezone.localdate()
    is_gone = supplier.status in Supplier.GONE
    pairs = [] if is_gone else likenesses([supplier.pk])
    return render_screen(
        request,
        "suppliers/supplier_sameness.html",
        {
            "supplier": supplier,
            "merges": merges_of(supplier)[1],
            "alike": [(one.other_than(supplier), one.reason) for one in pairs],
            "can_merge": request.membership.may("suppliers.merge"),
            "today": today,
        },
        piece="suppliers/_sameness.html",
        breadcrumb=supplier_crumbs(request, supplier, "Same supplier?"),
    )


@requires("suppliers.merge")
@idempotent
def merge_undo(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Makes two records of one again, and says what goes back."""
    merge = find(SupplierMerge, public_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    done = submitted(
        form,
        lambda: undo_merge(merge, reason=form.cleaned_data["reason"], actor=request.user),
    )
    if done is not None:
        messages.success(request, f"{merge.merged.name} is a record of its own again.")
        return go_to(request, "supplier_detail", merge.merged)
    return render_screen(
        request,
        "suppliers/merge_undo.html",
        {
            "form": form,
            "merge": merge,
            "preview": undo_preview(merge),
            "back_url": address(request, "supplier_detail", merge.merged),
        },
        breadcrumb=supplier_crumbs(request, merge.merged, "Undo the merge"),
        status=422 if form.is_bound else 200,
    )


@requires("suppliers.read")
def duplicate_list(request: OrganizationRequest) -> HttpResponse:
    """Pairs of records that may be one supplier, the strongest reasons first."""
    return render_screen(
        request,
        "suppliers/duplicate_list.html",
        {
            "pairs": possible_duplicates(),
            "can_merge": request.membership.may("suppliers.merge"),
        },
        breadcrumb=[("Suppliers", address(request, "supplier_list")), "Possible duplicates"],
    )


@requires("suppliers.merge")
@idempotent
def supplier_tell_apart(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Remembers that two records are two suppliers."""
    supplier = find(Supplier, public_id)
    other = named_row(request, Supplier, "other")
    if request.method == "POST" and other is not None:
        tell_apart(supplier, other=other, actor=request.user)
        messages.success(request, f"{supplier.name} and {other.name} are two suppliers.")
        if request.POST.get("next") == "list":
            return go_to(request, "duplicate_list")
    return go_to(request, "supplier_detail", supplier)
