"""The screens of the decision log."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from procure.attachments import attached
from procure.documents import find, idempotent
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, address_if, go_to
from suppliers.candidates import ONE_UNIT, FiguresOfTheDay
from suppliers.decided import decision_rows, what_rests_on
from suppliers.deciding import decide_sourcing
from suppliers.decision_forms import CandidateFormSet, DecisionForm, DecisionScopeForm
from suppliers.filters import DecisionFilter
from suppliers.form_screens import named_row
from suppliers.forms import submitted
from suppliers.listing import sorted_page
from suppliers.models import Category, Sku, SourcingDecision, Supplier
from suppliers.pricing import WantedLine
from suppliers.profiles import EVENTS_SHOWN
from suppliers.sourcing import supplier_ranking
from suppliers.supplier_rows import supplier_rows

DECISION_SORTS = {
    "number": "pk",
    "decided_on": "decided_on",
    "review_on": "review_on",
    "category": "category__name",
}


@requires("suppliers.read")
def decision_list(request: OrganizationRequest) -> HttpResponse:
    """What was decided, newest first."""
    found = DecisionFilter(request.GET, decision_rows(), request=request)
    page = sorted_page(request, found.qs, DECISION_SORTS, "-decided_on")
    context = {
        "filter": found,
        "page": page,
        "rows": list(page),
        "today": timezone.localdate(),
        "new_url": address_if(request, "sourcing.write", "decision_new"),
    }
    return render_screen(
        request, "suppliers/decision_list.html", context, piece="suppliers/_decision_table.html"
    )


@requires("suppliers.read")
def decision_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """A decision: its candidates side by side, why, and what rests on it."""
    decision = find(SourcingDecision, public_id)
    scope = SourcingDecision.objects.select_related(
        "category", "sku", "decided_by", "superseded_by"
    ).get(pk=decision.pk)
    candidates = list(scope.candidates.select_related("supplier"))
    context = {
        "decision": scope,
        "candidates": candidates,
        "rests": what_rests_on(scope),
        "before": scope.supersedes.first(),
        "today": timezone.localdate(),
        "attached": attached(request, scope),
        "events": timeline({"suppliers.sourcingdecision": [scope.pk]}, EVENTS_SHOWN),
        "can_source": request.membership.may("sourcing.write"),
    }
    return render_screen(
        request,
        "suppliers/decision_detail.html",
        context,
        breadcrumb=[("Decisions", address(request, "decision_list")), scope.number],
    )


@requires("sourcing.write")
@idempotent
def decision_new(request: OrganizationRequest) -> HttpResponse:
    """Weighs the suppliers of a category or SKU and decides; without a category it is asked for."""
    scope = DecisionScopeForm(request.GET if "category" in request.GET else None)
    if not scope.is_valid():
        return _scope_screen(request, scope)
    category, sku = scope.cleaned_data["category"], scope.cleaned_data["sku"]
    supersedes = named_row(request, SourcingDecision, "supersedes")
    sent = request.POST if request.method == "POST" else None
    form = DecisionForm(sent, initial={"title": _title(category, sku)})
    weighed = _weighed(category, sku)
    rows = supplier_rows(CandidateFormSet, "candidates", sent, weighed)
    if sent is not None and rows.is_valid():
        decision = submitted(
            form,
            lambda: decide_sourcing(
                category=category,
                sku=sku,
                **form.cleaned_data,
                candidates=rows.candidates(),
                supersedes=supersedes,
                actor=request.user,
            ),
        )
        if decision is not None:
            return go_to(request, "decision_detail", decision)
    shown = [row.shown for row in rows if row.shown is not None]
    figures = FiguresOfTheDay.read(shown, category, sku, timezone.localdate())
    context = {
        "form": form,
        "rows": rows,
        "figures": [(row, row.shown and figures.of(row.shown)) for row in rows],
        "category": category,
        "sku": sku,
        "supersedes": supersedes,
        "back_url": address(request, "category_detail", category),
    }
    return _decide_screen(request, context, 422 if sent is not None else 200)


def _weighed(category: Category, sku: Sku | None) -> Sequence[Supplier]:
    lines = [WantedLine(sku.pk, ONE_UNIT)] if sku is not None else []
    ranking = supplier_ranking(
        category=category, lines=lines, needed_on=None, on=timezone.localdate()
    )
    return [row.supplier for row in ranking]


def _title(category: Category, sku: Sku | None) -> str:
    return f"Suppliers of {sku or category} from {timezone.localdate().year} on"


def _scope_screen(request: OrganizationRequest, scope: DecisionScopeForm) -> HttpResponse:
    back_url = address(request, "decision_list")
    return render_screen(
        request,
        "suppliers/decision_scope.html",
        {"form": scope, "back_url": back_url},
        breadcrumb=[("Decisions", back_url), "New decision"],
        status=422 if scope.is_bound else 200,
    )


def _decide_screen(
    request: OrganizationRequest, context: dict[str, Any], status: int
) -> HttpResponse:
    return render_screen(
        request,
        "suppliers/decision_form.html",
        context,
        breadcrumb=[("Decisions", address(request, "decision_list")), "New decision"],
        status=status,
    )
