"""The order form: every cell saved as it is left, the whole form without JavaScript.

All cells post to one address; its answer holds only what was computed, never an input.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.models import Location
from procure.money import plain_decimal
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.budgeting import budget_state
from purchasing.commitments import commitments_of_order
from purchasing.drafting import (
    DraftChanges,
    change_draft,
    only_place,
    require_seen,
    start_draft,
)
from purchasing.friction import friction_choice
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.order_form import (
    category_choices,
    current_route,
    form_lines,
    order_figures,
    ranking,
)
from purchasing.ordering import submit_purchase_order, what_is_missing
from purchasing.suggestions import pasted_rows, sku_suggestions
from purchasing.typed import LINE_CELL, in_readers_notation, read_changes
from suppliers.sourcing import RANKING_WEIGHTS

FRICTION = {"off_list_reason", "off_list_explanation"}
_ORDERS = ("Purchase orders", "purchasing:order_list")


@requires("orders.write")
@in_readers_notation
def order_new(request: OrganizationRequest) -> HttpResponse:
    """An empty form; nothing is stored until the first thing is saved."""
    order = PurchaseOrder(
        currency=request.organization.currency, ship_to=only_place(), created_by=request.user
    )
    return _form_screen(request, order)


@requires("orders.write")
@in_readers_notation
def order_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """A draft, to go on with it; any other order is only read."""
    order = _draft(request, public_id)
    if order.status != PurchaseOrder.Status.DRAFT:
        return redirect("purchasing:order_detail", request.organization.slug, public_id)
    return _form_screen(request, order)


@requires("orders.write")
@in_readers_notation
def order_save(request: OrganizationRequest, public_id: uuid.UUID | None = None) -> HttpResponse:
    """Saves what was sent: a cell, a choice, or all cells of the form."""
    order = _draft(request, public_id)
    if request.method != "POST":
        return redirect(_base(request, order))
    changes = DraftChanges()
    try:
        changes = read_changes(_posted(request), order, _named_lines(request, order))
        order = _apply(request, order, changes)
    except BusinessRuleError as error:
        return _refused(request, order, changes, error)
    if request.htmx and "off_list_reason" not in request.POST:
        return _computed(request, order, changes)
    return _to_form(request, order)


@requires("orders.write")
@idempotent
@in_readers_notation
def order_submit(request: OrganizationRequest, public_id: uuid.UUID | None = None) -> HttpResponse:
    """Saves the form as it stands, then submits it."""
    order = _draft(request, public_id)
    if request.method != "POST":
        return redirect(_base(request, order))
    changes = DraftChanges()
    try:
        changes = read_changes(_posted(request), order, _named_lines(request, order))
        order = _apply(request, order, changes)
        require_seen(order, _shown(request), request.user)
        order = submit_purchase_order(order, revision_shown=order.revision, actor=request.user)
    except BusinessRuleError as error:
        return _refused(request, order, changes, error)
    messages.success(request, f"{order.number} is {order.get_status_display().lower()}.")
    if order.lines.filter(list_standing=PurchaseOrderLine.ListStanding.OFF_LIST).exists():
        sentence = f"{order.supplier} is not on the approved vendor list; this is on record."
        messages.warning(request, sentence)
    return redirect("purchasing:order_detail", request.organization.slug, order.public_id)


@requires("orders.write")
@in_readers_notation
def order_ranking(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The ranking for the draft as it stands: computed cells, or all rows when others appear."""
    order = _draft(request, public_id)
    rows = ranking(order)
    ids = [str(row.supplier.public_id) for row in rows]
    same = sorted(request.GET.get("shown", "").split(",")) == sorted(ids)
    template = "purchasing/_ranking_cells.html" if same else "purchasing/_ranking.html"
    response = render_screen(
        request,
        template,
        {
            "order": order,
            "ranking": rows,
            "base": _base(request, order),
            "lines_count": order.lines.count(),
        },
    )
    response["HX-Trigger"] = json.dumps({"pc-ranked": {"order": ids}})
    if not same:
        response["HX-Retarget"], response["HX-Reswap"] = "#ranking", "innerHTML"
    return response


@requires("orders.write")
@in_readers_notation
def sku_suggestion_list(
    request: OrganizationRequest, public_id: uuid.UUID | None = None
) -> HttpResponse:
    """The options under a SKU cell."""
    order = _draft(request, public_id) if public_id else None
    text = request.GET.get("q", "")[:80]
    return render_screen(
        request,
        "purchasing/_suggestions.html",
        {"suggestions": sku_suggestions(text, order), "text": text, "words": text.split()},
    )


@requires("orders.write")
@in_readers_notation
def order_paste(request: OrganizationRequest, public_id: uuid.UUID | None = None) -> HttpResponse:
    """Rows from a spreadsheet: shown with their problems first, added when confirmed."""
    order = _draft(request, public_id)
    text = request.POST.get("rows", "") if request.method == "POST" else ""
    context: dict[str, Any] = {"order": order, "base": _base(request, order), "text": text}
    try:
        pasted = pasted_rows(text, order)
        if request.POST.get("confirmed") and pasted.lines:
            _apply(request, order, DraftChanges(added=pasted.lines))
            return _to_form(request, order)
        context["pasted"] = pasted if text.strip() else None
    except BusinessRuleError as error:
        context["problem"] = error.message
    return render_screen(request, "purchasing/paste.html", context, piece="purchasing/_paste.html")


@requires("sourcing.write")
def order_quotation(
    request: OrganizationRequest, public_id: uuid.UUID | None = None
) -> HttpResponse:
    """On to a request for quotation that begins with the draft's category and lines."""
    order = _draft(request, public_id)
    lines = order.lines.select_related("sku").order_by("line_no") if order.pk else []
    named = [
        ("line", f"{line.sku.code}:{plain_decimal(line.ordered_quantity)}")
        for line in lines
        if line.sku is not None
    ]
    if order.category is not None:
        named.insert(0, ("category", str(order.category.public_id)))
    form = reverse("suppliers:quotation_new", args=[request.organization.slug])
    return redirect(f"{form}?{urlencode(named)}")


@requires("orders.write")
def ranking_explained(request: OrganizationRequest) -> HttpResponse:
    """How the ranking works, with its weights."""
    return render_screen(
        request,
        "purchasing/ranking_explained.html",
        {"weights": RANKING_WEIGHTS},
        piece="purchasing/_ranking_explained.html",
    )


def _draft(request: OrganizationRequest, public_id: uuid.UUID | None) -> PurchaseOrder:
    """The draft behind the address, or an unsaved one for the form that saves its first thing."""
    if public_id is None:
        return PurchaseOrder(currency=request.organization.currency, created_by=request.user)
    order = find(PurchaseOrder, public_id)
    order.organization = request.organization
    return order


def _named_lines(
    request: OrganizationRequest, order: PurchaseOrder
) -> dict[int, PurchaseOrderLine]:
    """The lines whose cells were sent: one of them, or all."""
    named = {int(match[1]) for match in map(LINE_CELL.fullmatch, request.POST) if match}
    if order.pk is None or not named:
        return {}
    return {line.line_no: line for line in order.lines.filter(line_no__in=named)}


def _posted(request: OrganizationRequest) -> Mapping[str, str]:
    """The POST by name; the friction's other button picks the approved supplier instead."""
    posted = {name: str(value) for name, value in request.POST.items()}
    if posted.get("instead"):
        posted["supplier"] = posted["instead"]
        for name in (*FRICTION, "qualification_asked"):
            posted.pop(name, None)
    return posted


def _apply(
    request: OrganizationRequest, order: PurchaseOrder, changes: DraftChanges
) -> PurchaseOrder:
    if not changes:
        return order
    if order.pk is None:
        return start_draft(
            changes=changes, currency=request.organization.currency, actor=request.user
        )
    shown = None if request.htmx else _shown(request)  # a cell alone writes over nothing else
    return change_draft(order, changes=changes, form_revision=shown, actor=request.user)


def _shown(request: OrganizationRequest) -> int | None:
    """The revision that the form was made from."""
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _base(request: OrganizationRequest, order: PurchaseOrder) -> str:
    """The address below which the form's parts live."""
    slug = request.organization.slug
    if order.pk is None:
        return reverse("purchasing:order_new", args=[slug])
    return reverse("purchasing:order_edit", args=[slug, order.public_id])


def _to_form(request: OrganizationRequest, order: PurchaseOrder) -> HttpResponse:
    if not request.htmx:
        return redirect(_base(request, order))
    response = HttpResponse(status=204)
    response["HX-Redirect"] = _base(request, order)
    return response


def _form_screen(
    request: OrganizationRequest,
    order: PurchaseOrder,
    problems: Sequence[BusinessRuleError] = (),
) -> HttpResponse:
    figures = order_figures(order)
    base = _base(request, order)
    rows = form_lines(order)
    lines = [row.line for row in rows]
    context = {
        "order": order,
        "base": base,
        "commitments": commitments_of_order(order, timezone.localdate()),
        "commitments_url": f"{base}commitments/" if order.pk else "",
        "lines": rows,
        "next_line": lines[-1].line_no + 1 if lines else 1,
        "lines_count": figures.lines,
        "ranking": ranking(order, lines),
        "figures": figures,
        "route": current_route(order, figures.total, request.user, lines),
        "budget": budget_state(order, figures.total),
        "categories": category_choices(),
        "places": Location.objects.filter(is_active=True),
        "errors": [(problem.field or "", problem.message) for problem in problems],
        "today": timezone.localdate(),
        "screen_keys": SCREEN_KEYS,
        "can_source": request.membership.may("sourcing.write"),
    }
    return render_screen(
        request,
        "purchasing/order_form.html",
        context,
        breadcrumb=[
            (_ORDERS[0], reverse(_ORDERS[1], args=[request.organization.slug])),
            order.number or "New",
        ],
        section=_ORDERS[1],
        status=422 if problems else 200,
    )


SCREEN_KEYS = (
    ("↑ ↓", "Move in the suggestions"),
    ("Enter", "Pick a suggestion"),
    ("Tab", "Pick and go to the quantity"),
    ("Ctrl ⌫", "Remove the line"),
    ("Ctrl ↵", "Submit for approval"),
)


def _next_line(order: PurchaseOrder) -> int:
    last = order.lines.order_by("line_no").last() if order.pk else None
    return last.line_no + 1 if last else 1


def _computed(
    request: OrganizationRequest, order: PurchaseOrder, changes: DraftChanges
) -> HttpResponse:
    """The cells that follow from the change, each to its own place, and what the page must know."""
    line_nos: list[int] | None = list(changes.lines)
    added: dict[str, int] = {}
    if changes.added:
        last = _next_line(order) - 1
        keys = [
            name.removesuffix("-sku") for name in request.POST if re.match(r"new-\w+-sku$", name)
        ]
        added = dict(zip(keys, range(last - len(changes.added) + 1, last + 1), strict=False))
        line_nos = [*line_nos, *added.values()] if line_nos is not None else None
    shown = form_lines(order, None if changes.choice else line_nos)
    figures = order_figures(order)
    response = render_screen(
        request,
        "purchasing/_computed.html",
        {
            "order": order,
            "lines": shown,
            "figures": figures,
            "route": current_route(order, figures.total, request.user),
            "budget": budget_state(order, figures.total),
        },
    )
    moves = bool(changes.choice or changes.added or changes.removed or changes.lines)
    saved = {
        "base": _base(request, order),
        "revision": order.revision,
        "added": added,
        "removed": list(changes.removed),
        "supplier": str(order.supplier.public_id) if order.supplier else "",
        "ranks": moves or bool({"category", "ship_to", "needed_on"} & set(changes.head)),
    }
    response["HX-Trigger"] = json.dumps({"pc-saved": saved})
    if request.path.startswith(reverse("purchasing:order_new", args=[request.organization.slug])):
        response["HX-Push-Url"] = _base(request, order)
    return response


def _refused(
    request: OrganizationRequest,
    order: PurchaseOrder,
    changes: DraftChanges,
    error: BusinessRuleError,
) -> HttpResponse:
    """The refusal where it belongs: the exception's dialog, the cell, or the form's summary."""
    has_category = order.category is not None or bool(changes.head.get("category"))
    if error.code in FRICTION and has_category and (changes.choice or order.supplier):
        return _friction(request, order, changes, error)
    if request.htmx:
        response = render_screen(
            request,
            "purchasing/_refused_cell.html",
            {"error": error, "field": error.field or ""},
            status=422,
        )
        cell = next(iter(request.POST), error.field)
        response["HX-Trigger"] = json.dumps({"pc-refused": {"field": error.field, "cell": cell}})
        return response
    fresh = _draft(request, order.public_id) if order.pk else order
    problems = [error]
    if error.code == "missing" or (error.field or "").startswith("line-"):
        missing = what_is_missing(fresh, list(fresh.lines.order_by("line_no")) if fresh.pk else [])
        if error.message in {one.message for one in missing}:
            problems = missing
    return _form_screen(request, fresh, problems)


def _friction(
    request: OrganizationRequest,
    order: PurchaseOrder,
    changes: DraftChanges,
    error: BusinessRuleError,
) -> HttpResponse:
    """The exception's two cards; what else the form held is kept first."""
    picked = changes.choice.supplier if changes.choice else order.supplier
    others = replace(changes, choice=None)
    if others:
        order = _apply(request, order, others)
    sent_reason = "off_list_explanation" in request.POST
    context = {
        "order": order,
        "base": _base(request, order),
        "friction": friction_choice(order, picked, request.user),
        "reasons": PurchaseOrder.OffListReason.choices,
        "reason": request.POST.get("off_list_reason", order.off_list_reason),
        "explanation": request.POST.get("off_list_explanation", order.off_list_explanation),
        "error": error if sent_reason else None,
    }
    response = render_screen(
        request,
        "purchasing/friction.html",
        context,
        piece="purchasing/_friction.html",
        status=422 if sent_reason else 200,
    )
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
    return response
