"""Screens of tolerance rules: which apply, and the next version of one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from matching.leakage import open_suspensions, restore_tolerances
from matching.models import Tolerance, ToleranceSuspension
from matching.queries import tolerance_rules
from matching.tolerance_forms import ToleranceForm, WhichRuleForm
from matching.tolerances import WhichRule, default_limits, set_tolerance, which_rule
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.figures import decimal_of, long_date
from procure.forms import add_rule_error
from procure.money import plain_decimal
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest


@requires("settings.read")
def tolerance_list(request: OrganizationRequest) -> HttpResponse:
    """Every version of every rule, what applies today first, and which one judges a given line."""
    asked = WhichRuleForm(request.GET if "supplier" in request.GET else None)
    context = {
        "rules": tolerance_rules(),
        "suspensions": open_suspensions(),
        "asked": asked,
        "answer": _answer(asked) if asked.is_bound and asked.is_valid() else None,
        "today": timezone.localdate(),
        "can_write": request.membership.may("tolerances.write"),
    }
    return render_screen(
        request, "matching/tolerance_list.html", context, breadcrumb=["Tolerances"]
    )


def _answer(asked: WhichRuleForm) -> WhichRule:
    chosen = asked.cleaned_data
    return which_rule(chosen["supplier"], chosen["sku"], chosen["on"] or timezone.localdate())


@requires("tolerances.write")
@idempotent
def suspension_review(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Somebody has looked at what was accepted: the supplier's tolerances apply again."""
    suspension = find(ToleranceSuspension, public_id)
    back = redirect("matching:tolerance_list", request.organization.slug)
    if request.method == "POST":
        try:
            restore_tolerances(
                suspension, review=request.POST.get("review", ""), actor=request.user
            )
            messages.success(request, f"Tolerances apply to {suspension.supplier} again.")
        except BusinessRuleError as error:
            messages.error(request, error.message)
    return back


@requires("tolerances.write")
@idempotent
def tolerance_new(request: OrganizationRequest, public_id: uuid.UUID | None = None) -> HttpResponse:
    """A new rule, or the next version of one: the old one ends the day before."""
    rule = find(Tolerance, public_id) if public_id else None
    form = ToleranceForm(
        request.POST or None,
        limits=rule.limits if rule else _limits_given(request),
        initial=_scope_of(rule) if rule else {"supplier": request.GET.get("supplier", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = _set(request, rule, form)
            messages.success(request, f"{made} applies from {long_date(made.valid_from)}.")
            return redirect("matching:tolerance_list", request.organization.slug)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    back = reverse("matching:tolerance_list", args=[request.organization.slug])
    return render_screen(
        request,
        "matching/tolerance_form.html",
        {"form": form, "rule": rule, "heading": f"Next version of {rule}"},
        breadcrumb=[("Tolerances", back), f"Change {rule}" if rule else "New rule"],
        section="procure:settings",
        status=422 if request.method == "POST" else 200,
    )


def _limits_given(request: OrganizationRequest) -> dict[str, Any]:
    """The usual limits; the address may bring how much a charge may be over."""
    limits = default_limits()
    amount = decimal_of(request.GET.get("charge_amount"))
    if amount is not None and amount > 0:
        limits["charge"] = {"mode": "limit", "amount": plain_decimal(amount)}
    return limits


def _scope_of(rule: Tolerance) -> dict[str, object]:
    return {
        "supplier": rule.supplier and rule.supplier.public_id,
        "category": rule.category and rule.category.public_id,
        "sku": rule.sku and rule.sku.code,
    }


def _set(request: OrganizationRequest, rule: Tolerance | None, form: ToleranceForm) -> Tolerance:
    """A version keeps its rule's scope, whatever the form says."""
    chosen = form.cleaned_data
    return set_tolerance(
        sku=rule.sku if rule else chosen["sku"],
        category=rule.category if rule else chosen["category"],
        supplier=rule.supplier if rule else chosen["supplier"],
        limits=form.limits(),
        valid_from=chosen["valid_from"],
        actor=request.user,
    )
