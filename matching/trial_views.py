"""Screens of the tolerance lab: limits tried on past invoices, and saved when they are right."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from matching import trial_page
from matching.ladders import VARIED, limits_at
from matching.models import Tolerance, ToleranceTrial
from matching.past import MOST_INVOICES
from matching.tolerance_forms import TrialForm
from matching.tolerances import default_limits, set_tolerance
from matching.trial_curve import curve_of
from matching.trial_results import result_of
from matching.trying import progress_key, rule_on_trial, try_tolerance
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.figures import decimal_of, long_date
from procure.form_fields import DayField
from procure.forms import add_rule_error
from procure.permissions import requires
from procure.progress import progress_of
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest

PER_PAGE = 25
A_VALUE = r"\d{1,10}(\.\d{1,4})?"


class FirstDayForm(forms.Form):
    """From when the limits apply."""

    valid_from = DayField(label="Applies to invoices received from")


@requires("settings.read")
@require_safe
def trial_list(request: OrganizationRequest) -> HttpResponse:
    """What was tried, by whom, and what it showed."""
    page = Paginator(trial_page.trials(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "can_write": request.membership.may("tolerances.write")}
    return render_screen(
        request,
        "matching/trial_list.html",
        context,
        breadcrumb=[_tolerances(request), "Tolerance lab"],
        section="procure:settings",
    )


@requires("tolerances.write")
@idempotent
def trial_new(request: OrganizationRequest) -> HttpResponse:
    """Limits to try, beginning with those of a rule or of an earlier trial."""
    start = _start(request)
    form = TrialForm(
        request.POST or None,
        limits=_limits_of(start, request.GET.get("at", "")) if start else default_limits(),
        initial=_scope_of(start) if start else {},
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            trial = try_tolerance(
                sku=chosen["sku"],
                category=chosen["category"],
                supplier=chosen["supplier"],
                limits=form.limits(),
                days=chosen["days"],
                varied=chosen["varied"],
                actor=request.user,
            )
            return redirect("matching:trial_detail", request.organization.slug, trial.public_id)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    return render_screen(
        request,
        "matching/trial_form.html",
        {"form": form, "most_invoices": MOST_INVOICES},
        breadcrumb=[_tolerances(request), _lab(request), "Try limits"],
        section="procure:settings",
        status=422 if request.method == "POST" else 200,
    )


def _start(request: OrganizationRequest) -> Tolerance | ToleranceTrial | None:
    """The rule or the trial whose limits are changed from, if the address names one."""
    rule, trial = request.GET.get("rule", ""), request.GET.get("trial", "")
    try:
        return find(ToleranceTrial, uuid.UUID(trial)) if trial else find(Tolerance, uuid.UUID(rule))
    except ValueError:
        return None


def _limits_of(start: Tolerance | ToleranceTrial, at: str) -> Mapping[str, Any]:
    """Its limits; those of a trial with the varied one at the value that the address gives."""
    value = decimal_of(at) if re.fullmatch(A_VALUE, at) else None
    if isinstance(start, ToleranceTrial) and start.varied in VARIED and value is not None:
        return limits_at(start.limits, VARIED[start.varied], value)
    return dict(start.limits)


def _scope_of(start: Tolerance | ToleranceTrial) -> dict[str, object]:
    return {
        "supplier": start.supplier and start.supplier.public_id,
        "category": start.category and start.category.public_id,
        "sku": start.sku and start.sku.code,
        **(
            {"days": start.days, "varied": start.varied}
            if isinstance(start, ToleranceTrial)
            else {}
        ),
    }


@requires("settings.read")
@require_safe
def trial_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Now beside what the limits would have meant; the page asks again until that is known."""
    return _shown(request, find(ToleranceTrial, public_id), None)


def _shown(
    request: OrganizationRequest, trial: ToleranceTrial, form: FirstDayForm | None
) -> HttpResponse:
    today = timezone.localdate()
    versions = trial_page.versions_of(trial)
    in_force = next((rule for rule in versions if rule.is_valid_on(today)), None)
    context = {
        "trial": trial,
        "in_force": in_force,
        "becomes": rule_on_trial(trial),
        "limits": trial_page.limit_rows(trial, in_force),
        "can_write": request.membership.may("tolerances.write"),
        "form": form or FirstDayForm(initial={"valid_from": trial_page.first_day(versions, today)}),
        "most_invoices": MOST_INVOICES,
        **(_found(request, trial) if trial.result else _waiting_for(trial)),
    }
    return render_screen(
        request,
        "matching/trial_detail.html",
        context,
        piece="matching/_trial_state.html",
        breadcrumb=[_tolerances(request), _lab(request), str(trial)],
        section="procure:settings",
        status=422 if form is not None else 200,
    )


def _waiting_for(trial: ToleranceTrial) -> dict[str, Any]:
    done, of = progress_of(progress_key(trial)) or (0, 0)
    return {"done": done, "of": of}


def _found(request: OrganizationRequest, trial: ToleranceTrial) -> dict[str, Any]:
    result, currency = result_of(trial.result or {}), request.organization.currency
    changed = trial_page.changed_of(result, request.GET)
    page = Paginator(changed, PER_PAGE).get_page(request.GET.get("page"))
    new_url = reverse("matching:trial_new", args=[request.organization.slug])
    may_try = request.membership.may("tolerances.write")
    try_url = f"{new_url}?trial={trial.public_id}" if may_try else ""
    return {
        "result": result,
        "tiles": trial_page.tiles(result, currency),
        "curve": curve_of(trial, result, request.GET, currency=currency, try_url=try_url),
        "groups": trial_page.groups(result, currency),
        "page": page,
        "rows": trial_page.changed_rows(list(page.object_list), result),
        "chosen": trial_page.chosen_name(result, request.GET),
    }


@requires("tolerances.write")
@require_POST
@idempotent
def trial_save(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The limits become the next version of their scope's rule."""
    trial = find(ToleranceTrial, public_id)
    form = FirstDayForm(request.POST)
    if form.is_valid():
        try:
            made = set_tolerance(
                sku=trial.sku,
                category=trial.category,
                supplier=trial.supplier,
                limits=trial.limits,
                valid_from=form.cleaned_data["valid_from"],
                actor=request.user,
            )
            messages.success(request, f"{made} applies from {long_date(made.valid_from)}.")
            return redirect("matching:tolerance_list", request.organization.slug)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    return _shown(request, trial, form)


def _tolerances(request: OrganizationRequest) -> tuple[str, str]:
    return "Tolerances", reverse("matching:tolerance_list", args=[request.organization.slug])


def _lab(request: OrganizationRequest) -> tuple[str, str]:
    return "Tolerance lab", reverse("matching:trial_list", args=[request.organization.slug])
