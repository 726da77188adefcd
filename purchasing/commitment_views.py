"""The screens of volume commitments: what was promised, and how far our orders are with it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from procure.documents import find, idempotent
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.commitment_forms import (
    CommitmentChangeForm,
    CommitmentForm,
    CommitmentWithdrawForm,
)
from purchasing.commitments import (
    called_off_lines,
    commitment_progress,
    commitments_of_order,
)
from purchasing.models import PurchaseOrder
from purchasing.price_use import price_use
from suppliers.committing import change_commitment, commit_volume, withdraw_commitment
from suppliers.form_screens import named_row, plain_form
from suppliers.forms import submitted
from suppliers.listing import ROWS_PER_PAGE
from suppliers.models import Category, PriceAgreement, Sku, Supplier, VolumeCommitment

EVENTS_SHOWN = 30
VIEWS = (("In force", "current"), ("All", "all"))


def _address(
    request: OrganizationRequest, name: str, commitment: VolumeCommitment | None = None
) -> str:
    values: dict[str, Any] = {"organization_slug": request.organization.slug}
    if commitment is not None:
        values["public_id"] = commitment.public_id
    return reverse(f"purchasing:{name}", kwargs=values)


@requires("suppliers.read")
def commitment_list(request: OrganizationRequest) -> HttpResponse:
    """What is committed to whom, and how far we are; `?agreement=` and `?supplier=` narrow it."""
    agreement = named_row(request, PriceAgreement, "agreement")
    supplier = named_row(request, Supplier, "supplier")
    view = request.GET.get("view", "current")
    rows = commitment_progress(
        timezone.localdate(),
        supplier_ids=[supplier.pk] if supplier else None,
        agreement_id=agreement.pk if agreement else None,
        in_force=view != "all",
    )
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    address = _address(request, "commitment_list")
    can_source = request.membership.may("sourcing.write")
    is_open = supplier is None or supplier.status == Supplier.Status.ACTIVE
    context = {
        "page": page,
        "rows": list(page),
        "is_part": bool(supplier or agreement),
        "views": [(words, f"{address}?view={name}", name == view, None) for words, name in VIEWS],
        "new_url": _address(request, "commitment_new") if can_source and is_open else "",
    }
    return render_screen(
        request,
        "purchasing/commitment_list.html",
        context,
        piece="purchasing/_commitment_rows.html",
    )


@requires("suppliers.read")
def commitment_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """A commitment with its pace, the orders that call it off, and its history."""
    commitment = find(VolumeCommitment, public_id)
    today = timezone.localdate()
    (progress,) = commitment_progress(today, public_id=public_id)
    context = {
        "commitment": commitment,
        "one": progress,
        "lines": called_off_lines(commitment, today),
        "today": today,
        "events": timeline({"suppliers.volumecommitment": [commitment.pk]}, EVENTS_SHOWN),
        "can_change": commitment.status == VolumeCommitment.Status.OPEN
        and request.membership.may("sourcing.write"),
    }
    return render_screen(
        request,
        "purchasing/commitment_detail.html",
        context,
        breadcrumb=_crumbs(request, commitment.number),
    )


@requires("sourcing.write")
@idempotent
def commitment_new(request: OrganizationRequest) -> HttpResponse:
    """Commits a volume; supplier, agreement, category and SKU may come with the address."""
    models = {"supplier": Supplier, "agreement": PriceAgreement, "category": Category, "sku": Sku}
    initial = {name: named_row(request, model, name) for name, model in models.items()}
    if initial["agreement"] is not None:
        initial["supplier"] = initial["agreement"].supplier
        initial["ends_on"] = initial["agreement"].valid_to
    form = CommitmentForm(request.POST if request.method == "POST" else None, initial=initial)
    form.suggest_skus(reverse("suppliers:sku_suggestions", args=[request.organization.slug]))

    def commit() -> VolumeCommitment:
        cleaned = form.cleaned_data
        return commit_volume(
            cleaned["supplier"],
            volume=form.volume(),
            agreement=cleaned["agreement"],
            actor=request.user,
        )

    made = submitted(form, commit)
    if made is not None:
        messages.success(request, f"{made.number} is committed to {made.supplier}.")
        return HttpResponseRedirect(_address(request, "commitment_detail", made))
    back_url = _address(request, "commitment_list")
    crumbs = _crumbs(request, "New commitment")
    return plain_form(request, form, "Commit a volume", "Commit volume", back_url, crumbs)


@requires("sourcing.write")
@idempotent
def commitment_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes how much is committed, or until when."""
    commitment = find(VolumeCommitment, public_id)
    form = CommitmentChangeForm(
        request.POST if request.method == "POST" else None,
        initial={
            "committed": commitment.committed.normalize(),
            "ends_on": commitment.ends_on,
            "note": commitment.note,
        },
    )
    changed = submitted(
        form, lambda: change_commitment(commitment, **form.cleaned_data, actor=request.user)
    )
    title = f"Change {commitment.number}"
    return _answer(request, commitment, changed, form, title, "Save commitment")


@requires("sourcing.write")
@idempotent
def commitment_withdraw(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes a commitment back."""
    commitment = find(VolumeCommitment, public_id)
    form = CommitmentWithdrawForm(request.POST if request.method == "POST" else None)
    withdrawn = submitted(
        form, lambda: withdraw_commitment(commitment, **form.cleaned_data, actor=request.user)
    )
    title = f"Withdraw {commitment.number}"
    return _answer(request, commitment, withdrawn, form, title, "Withdraw commitment")


@requires("orders.write")
def order_commitments(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What the order at hand adds to what is committed: a part of the order form."""
    order = find(PurchaseOrder, public_id)
    context = {"commitments": commitments_of_order(order, timezone.localdate())}
    return render_screen(request, "purchasing/_order_commitments.html", context)


@requires("suppliers.read")
def agreement_use(request: OrganizationRequest) -> HttpResponse:
    """How the agreement of `?agreement=` is used, and what is committed under it: a part of its
    page."""
    agreement = named_row(request, PriceAgreement, "agreement")
    if agreement is None:
        raise Http404
    today = timezone.localdate()
    context = {
        "agreement": agreement,
        "use": price_use(agreement, today),
        "commitments": commitment_progress(today, agreement_id=agreement.pk),
        "commit_url": f"{_address(request, 'commitment_new')}?agreement={agreement.public_id}"
        if request.membership.may("sourcing.write")
        else "",
    }
    return render_screen(request, "purchasing/_agreement_use.html", context)


def _answer(
    request: OrganizationRequest,
    commitment: VolumeCommitment,
    done: VolumeCommitment | None,
    form: Any,
    title: str,
    button: str,
) -> HttpResponse:
    """The commitment once the step is done, else its form."""
    detail = _address(request, "commitment_detail", commitment)
    if done is not None:
        return HttpResponseRedirect(detail)
    return plain_form(request, form, title, button, detail, _crumbs(request, title))


def _crumbs(request: OrganizationRequest, last: str) -> list[Any]:
    return [("Volume commitments", _address(request, "commitment_list")), last]
