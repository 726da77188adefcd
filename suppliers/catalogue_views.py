"""The screens of categories and SKUs."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from procure.documents import find, idempotent
from procure.models import User
from procure.money import ZERO
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, address_if, go_to
from suppliers.catalogue import (
    change_category,
    change_sku,
    create_category,
    create_sku,
    move_category,
)
from suppliers.category_reality import category_reality
from suppliers.category_tree import Branch, shown_branches
from suppliers.checklists import criteria_of
from suppliers.decided import decisions_in_force
from suppliers.filters import CategoryFilter, SkuFilter
from suppliers.finding import find_skus
from suppliers.form_screens import named_row
from suppliers.forms import (
    CategoryForm,
    MoveCategoryForm,
    SkuForm,
    UnitFactorForm,
    in_tree_order,
    submitted,
)
from suppliers.listing import sorted_page
from suppliers.models import Category, Sku, SkuCost, UnitFactor
from suppliers.pricing import WantedLine
from suppliers.profiles import EVENTS_SHOWN, sku_agreements
from suppliers.queries import (
    agreed_supplier_counts,
    category_skus,
    category_sources,
    relatives_of,
    results_are_pending,
    sku_rows,
)
from suppliers.sourcing import supplier_ranking
from suppliers.spend_shares import category_spends
from suppliers.strategy import category_substitutes, strategies_of
from suppliers.unit_factors import add_unit_factor

SKU_SORTS = {
    "code": "code",
    "description": "description",
    "standard_cost": "standard_cost",
    "last_price": "last_price",
    "last_on": "last_on",
}
DECISIONS_SHOWN = 5


@requires("suppliers.read")
def category_list(request: OrganizationRequest) -> HttpResponse:
    """The tree of categories with how each is supplied."""
    rows = Category.objects.select_related("owner")
    found = CategoryFilter(request.GET, rows, request=request)
    categories = list(found.qs)
    is_filtered = any(request.GET.get(name) for name in found.filters)
    branches = (
        [Branch(one, depth=0) for one in categories]
        if is_filtered
        else list(shown_branches(in_tree_order(categories), request.GET))
    )
    today = timezone.localdate()
    sources = category_sources(categories, today)
    spends = category_spends(request.organization.currency, today)
    context = {
        "filter": found,
        "rows": [
            (branch, sources[branch.category.pk], spends.get(branch.category.pk, ZERO))
            for branch in branches
        ],
        "new_url": address_if(request, "catalogue.write", "category_new"),
    }
    return render_screen(
        request, "suppliers/category_list.html", context, piece="suppliers/_category_table.html"
    )


@requires("suppliers.read")
def category_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """A category: its strategy beside what really happened, its SKUs, decisions and history."""
    category = find(Category, public_id)
    today = timezone.localdate()
    above, below = relatives_of(category)
    strategy = strategies_of([category])[category.pk]
    skus, sku_count = category_skus(category)
    context = {
        "category": category,
        "above": above,
        "below": below,
        "strategy": strategy,
        "reality": category_reality(category, strategy, request.organization.currency, today),
        "decisions": list(decisions_in_force(today).filter(category=category)[:DECISIONS_SHOWN]),
        "substitutes": category_substitutes(category),
        "skus": skus,
        "sku_count": sku_count,
        "today": today,
        "criteria": criteria_of(category),
        "events": timeline({"suppliers.category": [category.pk]}, EVENTS_SHOWN),
        "can_write": request.membership.may("catalogue.write"),
        "can_source": request.membership.may("sourcing.write"),
        "can_supply": request.membership.may("suppliers.write"),
    }
    crumbs = [(one.name, address(request, "category_detail", one)) for one in above]
    return render_screen(
        request,
        "suppliers/category_detail.html",
        context,
        breadcrumb=[("Categories", address(request, "category_list")), *crumbs, category.name],
    )


@requires("catalogue.write")
@idempotent
def category_new(request: OrganizationRequest) -> HttpResponse:
    """Adds a category."""
    parent = named_row(request, Category, "parent")
    form = CategoryForm(
        request.POST if request.method == "POST" else None, initial={"parent": parent}
    )
    category = submitted(
        form,
        lambda: create_category(
            details=form.details(), parent=form.cleaned_data["parent"], actor=request.user
        ),
    )
    if category is not None:
        messages.success(request, f"{category.name} was added.")
        return go_to(request, "category_detail", category)
    return category_form(request, form, None)


@requires("catalogue.write")
@idempotent
def category_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes a category."""
    category = find(Category, public_id)
    form = CategoryForm(request.POST if request.method == "POST" else None, instance=category)
    changed = submitted(
        form, lambda: change_category(category, details=form.details(), actor=request.user)
    )
    if changed is not None:
        return go_to(request, "category_detail", changed)
    return category_form(request, form, category)


def category_form(
    request: OrganizationRequest, form: CategoryForm, category: Category | None
) -> HttpResponse:
    """The form of a category."""
    title = "New category" if category is None else "Change category"
    name = "category_list" if category is None else "category_detail"
    return render_screen(
        request,
        "suppliers/plain_form.html",
        {
            "form": form,
            "title": title,
            "button": "Add category" if category is None else "Save category",
            "back_url": address(request, name, category),
        },
        breadcrumb=[("Categories", address(request, "category_list")), title],
        status=422 if form.is_bound else 200,
    )


@requires("catalogue.write")
@idempotent
def category_move(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Puts a category elsewhere in the tree."""
    category = find(Category, public_id)
    form = MoveCategoryForm(
        request.POST if request.method == "POST" else None, initial={"parent": category.parent}
    )
    moved = submitted(
        form,
        lambda: move_category(category, parent=form.cleaned_data["parent"], actor=request.user),
    )
    if moved is not None:
        return go_to(request, "category_detail", moved)
    return render_screen(
        request,
        "suppliers/plain_form.html",
        {
            "form": form,
            "title": f"Move {category.name}",
            "button": "Move category",
            "back_url": address(request, "category_detail", category),
        },
        breadcrumb=[("Categories", address(request, "category_list")), f"Move {category.name}"],
        status=422 if form.is_bound else 200,
    )


@requires("suppliers.read")
def sku_list(request: OrganizationRequest) -> HttpResponse:
    """What we buy, with what it cost last."""
    found = SkuFilter(request.GET, sku_rows(), request=request)
    page = sorted_page(request, found.qs, SKU_SORTS, "code")
    rows = list(page)
    agreed = agreed_supplier_counts(rows, timezone.localdate())
    context = {
        "filter": found,
        "page": page,
        "rows": [(row, agreed.get(row.pk, 0)) for row in rows],
        "new_url": address_if(request, "catalogue.write", "sku_new"),
    }
    return render_screen(
        request, "suppliers/sku_list.html", context, piece="suppliers/_sku_table.html"
    )


@requires("suppliers.read")
def sku_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """A SKU: who supplies it at which price, what it cost, and its history."""
    sku = find(Sku, public_id)
    category = Category.objects.get(pk=sku.category_id)
    today = timezone.localdate()
    costs = list(
        SkuCost.objects.filter(sku=sku).select_related("supplier").order_by("-last_on", "pk")
    )
    context = {
        "sku": sku,
        "category": category,
        "ranking": supplier_ranking(
            category=category, lines=[WantedLine(sku.pk, Decimal(1))], needed_on=None, on=today
        ),
        "steps": sku_agreements(sku, today),
        "overall": next((cost for cost in costs if cost.supplier_id is None), None),
        "costs": [cost for cost in costs if cost.supplier_id is not None],
        "is_pending": results_are_pending(sku),
        "can_add_factor": request.membership.may("unit_factors.write"),
        "factors": list(sku.unit_factors.order_by("unit", "-valid_from")),
        "events": timeline({"suppliers.sku": [sku.pk]}, EVENTS_SHOWN),
        "can_write": request.membership.may("catalogue.write"),
        "can_source": request.membership.may("sourcing.write"),
    }
    return render_screen(
        request,
        "suppliers/sku_detail.html",
        context,
        breadcrumb=[("SKUs", address(request, "sku_list")), sku.code],
    )


@requires("catalogue.write")
@idempotent
def sku_new(request: OrganizationRequest) -> HttpResponse:
    """Adds a SKU; from a category's page it goes back there."""
    category = named_row(request, Category, "category")
    form = SkuForm(
        request.POST if request.method == "POST" else None, initial={"category": category}
    )
    sku = submitted(form, lambda: create_sku(details=form.details(), actor=request.user))
    if sku is not None:
        messages.success(request, f"{sku.code} was added.")
        if "category" in request.GET:
            return go_to(request, "category_detail", sku.category)
        return go_to(request, "sku_detail", sku)
    return sku_form(request, form, None)


@requires("catalogue.write")
@idempotent
def sku_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes a SKU."""
    sku = find(Sku, public_id)
    form = SkuForm(request.POST if request.method == "POST" else None, instance=sku)
    changed = submitted(form, lambda: change_sku(sku, details=form.details(), actor=request.user))
    if changed is not None:
        return go_to(request, "sku_detail", changed)
    return sku_form(request, form, sku)


def sku_form(request: OrganizationRequest, form: SkuForm, sku: Sku | None) -> HttpResponse:
    """The form of a SKU."""
    title = "New SKU" if sku is None else "Change SKU"
    return render_screen(
        request,
        "suppliers/plain_form.html",
        {
            "form": form,
            "title": title,
            "button": "Add SKU" if sku is None else "Save SKU",
            "back_url": address(request, "sku_list" if sku is None else "sku_detail", sku),
        },
        breadcrumb=[("SKUs", address(request, "sku_list")), title],
        status=422 if form.is_bound else 200,
    )


@requires("unit_factors.write")
@idempotent
def unit_factor_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Adds a unit factor to a SKU, and goes back to where it was missed."""
    sku = find(Sku, public_id)
    given = {name: request.GET.get(name, "") for name in ("unit", "factor", "back")}
    first_day = request.GET.get("from", "") or timezone.localdate()
    form = UnitFactorForm(
        sku,
        request.POST if request.method == "POST" else None,
        initial={**given, "valid_from": first_day},
    )
    added = submitted(form, lambda: _add_factor(sku, form, request.user))
    if added is not None:
        messages.success(request, f"{added} {sku.unit}: held invoices are matched again with it.")
        back = form.cleaned_data["back"]
        if back.startswith(f"/{request.organization.slug}/"):
            return redirect(back)
        return go_to(request, "sku_detail", sku)
    back_url = address(request, "sku_detail", sku)
    context = {
        "form": form,
        "title": f"A unit of {sku.code}",
        "button": "Add the factor",
        "back_url": back_url,
    }
    return render_screen(
        request,
        "suppliers/plain_form.html",
        context,
        breadcrumb=[("SKUs", address(request, "sku_list")), (sku.code, back_url), "Unit"],
        status=422 if form.is_bound else 200,
    )


def _add_factor(sku: Sku, form: UnitFactorForm, actor: User) -> UnitFactor:
    given = {name: form.cleaned_data[name] for name in ("unit", "factor", "valid_from")}
    return add_unit_factor(sku, **given, actor=actor)


@requires("suppliers.read")
def sku_suggestions(request: OrganizationRequest) -> HttpResponse:
    """SKUs that fit what is being typed, for the browser's own suggestions."""
    typed = [name for name in request.GET if name.endswith("sku")]
    text = request.GET.get(typed[0], "") if typed else ""
    return render_screen(
        request, "suppliers/_sku_suggestions.html", {"skus": find_skus(text, most=12)}
    )
