"""The screens of supplier reviews: which wait, and the decision on one."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from procure.documents import idempotent
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, go_to
from suppliers.forms import submitted
from suppliers.models import SupplierReview
from suppliers.reviews import accept_review, dismiss_review

TITLE = "Supplier reviews"
ROWS_PER_PAGE = 50


class DecisionForm(forms.Form):
    """Why, in a few words."""

    reason = forms.CharField(max_length=200, label="Reason")


@requires("suppliers.read")
def review_list(request: OrganizationRequest) -> HttpResponse:
    """All reviews, those that wait first."""
    reviews = SupplierReview.objects.select_related("supplier", "category", "sku", "decided_by")
    waiting_first = reviews.order_by(
        Case(When(status=SupplierReview.Status.OPEN, then=0), default=1), "-opened_at", "-pk"
    )
    page = Paginator(waiting_first, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render_screen(request, "suppliers/review_list.html", {"page": page}, breadcrumb=[TITLE])


@requires("suppliers.read")
def review_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One review with what it suggests."""
    return _shown(request, _found(public_id), DecisionForm(), 200)


@requires("sourcing.write")
@idempotent
def review_accept(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes the list as suggested."""
    return _decide(request, public_id, accept_review, "The approved vendor list was changed.")


@requires("sourcing.write")
@idempotent
def review_dismiss(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Leaves the list as it is."""
    return _decide(request, public_id, dismiss_review, "The list stays as it is.")


def _decide(
    request: OrganizationRequest,
    public_id: uuid.UUID,
    action: Callable[..., SupplierReview],
    done: str,
) -> HttpResponse:
    review = _found(public_id)
    if request.method != "POST":
        return go_to(request, "review_detail", review)
    form = DecisionForm(request.POST)
    decided = submitted(form, lambda: action(review, **form.cleaned_data, actor=request.user))
    if decided is None:
        return _shown(request, review, form, 422)
    messages.success(request, done)
    return go_to(request, "review_list")


def _found(public_id: uuid.UUID) -> SupplierReview:
    reviews = SupplierReview.objects.select_related("supplier", "category", "sku", "decided_by")
    review: SupplierReview = get_object_or_404(reviews, public_id=public_id)
    return review


def _shown(
    request: OrganizationRequest, review: SupplierReview, form: DecisionForm, status: int
) -> HttpResponse:
    return render_screen(
        request,
        "suppliers/review_detail.html",
        {
            "review": review,
            "form": form,
            "may_decide": review.status == SupplierReview.Status.OPEN
            and request.membership.may("sourcing.write"),
        },
        breadcrumb=[(TITLE, address(request, "review_list")), review.supplier.name],
        section="suppliers:review_list",
        status=status,
    )
