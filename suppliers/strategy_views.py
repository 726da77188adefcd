"""The screens of a category's strategy: set, reviewed, and what may stand in."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from procure.documents import find, idempotent
from procure.money import plain_decimal
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, go_to
from suppliers.category_reality import category_suppliers
from suppliers.forms import submitted
from suppliers.models import Category, SkuSubstitute
from suppliers.strategy import strategies_of
from suppliers.strategy_forms import (
    PreferredFormSet,
    ReviewForm,
    StrategyForm,
    SubstituteForm,
    strategy_details,
)
from suppliers.strategy_setting import (
    approve_substitute,
    review_category_strategy,
    set_category_strategy,
    withdraw_substitute,
)
from suppliers.supplier_rows import supplier_rows


@requires("sourcing.write")
@idempotent
def strategy_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Says how a category is bought; what stays empty follows the category above."""
    category = find(Category, public_id)
    strategy = strategies_of([category])[category.pk]
    sent = request.POST if request.method == "POST" else None
    form = StrategyForm(sent, instance=strategy.own)
    own = {} if "shares" in strategy.inherited else strategy.shares
    rows = supplier_rows(
        PreferredFormSet,
        "preferred",
        sent,
        category_suppliers(category, own, timezone.localdate()),
        {
            pk: {"is_preferred": True, "share_percent": share and plain_decimal(share)}
            for pk, share in own.items()
        },
    )
    if sent is not None and rows.is_valid():
        saved = submitted(
            form,
            lambda: set_category_strategy(
                category, details=strategy_details(form, rows), actor=request.user
            ),
        )
        if saved is not None:
            return go_to(request, "category_detail", category)
    context = {"form": form, "rows": rows, "strategy": strategy}
    return _screen(request, category, "Strategy", "suppliers/strategy_form.html", context)


@requires("sourcing.write")
@idempotent
def strategy_review(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Notes that the strategy was looked at and stays."""
    category = find(Category, public_id)
    form = ReviewForm(request.POST if request.method == "POST" else None)
    reviewed = submitted(
        form, lambda: review_category_strategy(category, **form.cleaned_data, actor=request.user)
    )
    if reviewed is not None:
        messages.success(request, f"The strategy of {category.name} was reviewed.")
        return go_to(request, "category_detail", category)
    context = {"form": form, "button": "Strategy stays"}
    return _screen(request, category, "Review", "suppliers/plain_form.html", context)


@requires("sourcing.write")
@idempotent
def substitute_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Approves a SKU that may stand in for one of the category."""
    category = find(Category, public_id)
    form = SubstituteForm(request.POST if request.method == "POST" else None)
    for name in ("sku", "substitute"):
        form.fields[name].suggest(address(request, "sku_suggestions"))  # type: ignore[attr-defined]

    def approve() -> SkuSubstitute:
        values = dict(form.cleaned_data)
        return approve_substitute(values.pop("sku"), **values, actor=request.user)

    if submitted(form, approve) is not None:
        return go_to(request, "category_detail", category)
    context = {"form": form, "button": "Approve substitute"}
    return _screen(request, category, "Substitute", "suppliers/plain_form.html", context)


@requires("sourcing.write")
@require_POST
def substitute_withdraw(
    request: OrganizationRequest, public_id: uuid.UUID, substitute_id: int
) -> HttpResponse:
    """Takes a substitute back."""
    category = find(Category, public_id)
    substitute = SkuSubstitute.objects.filter(pk=substitute_id).first()
    if substitute is not None:
        withdraw_substitute(substitute, actor=request.user)
    return go_to(request, "category_detail", category)


def _screen(
    request: OrganizationRequest,
    category: Category,
    step: str,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    back_url = address(request, "category_detail", category)
    crumbs: list[tuple[str, str] | str] = [
        ("Categories", address(request, "category_list")),
        (category.name, back_url),
        step,
    ]
    return render_screen(
        request,
        template,
        {**context, "category": category, "back_url": back_url, "title": f"{step}: {category}"},
        breadcrumb=crumbs,
        status=422 if request.method == "POST" else 200,
    )
