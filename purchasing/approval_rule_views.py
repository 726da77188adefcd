"""The settings' screens of the approval rules."""

from __future__ import annotations

import uuid

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect

from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.forms import add_rule_error
from procure.permissions import PERMISSIONS, Role, requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.approval_rules import RULE_FIELDS, save_approval_rule
from purchasing.models import ApprovalRule

APPROVING = [(role.value, role.label) for role in Role if role in PERMISSIONS["orders.approve"]]


class ApprovalRuleForm(forms.ModelForm[ApprovalRule]):
    """A rule: from which amount, in which step, who."""

    role = forms.ChoiceField(label="Asks this role", choices=APPROVING)

    class Meta:
        model = ApprovalRule
        fields = list(RULE_FIELDS)
        labels = {
            "minimum_amount": "For orders from",
            "by_category_owner": "Ask the category's owner first",
            "off_list_only": "Only for exceptions from the approved list",
            "is_active": "In use",
        }
        help_texts = {
            "minimum_amount": "In the organization's currency.",
            "step": "Of the rules of one step the highest that fits counts; the steps add up.",
        }


@requires("settings.read")
def approval_rule_list(request: OrganizationRequest) -> HttpResponse:
    """All rules, by step and amount."""
    return render_screen(
        request,
        "purchasing/approval_rule_list.html",
        {
            "rules": ApprovalRule.objects.all(),
            "may_write": request.membership.may("rules.write"),
        },
        breadcrumb=["Settings", "Approval rules"],
        section="procure:settings",
    )


@requires("rules.write")
@idempotent
def approval_rule_form(
    request: OrganizationRequest, public_id: uuid.UUID | None = None
) -> HttpResponse:
    """Adds or changes a rule."""
    rule = find(ApprovalRule, public_id) if public_id else None
    form = ApprovalRuleForm(request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        try:
            save_approval_rule(rule, values=form.cleaned_data, actor=request.user)
            return redirect("purchasing:approval_rule_list", request.organization.slug)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    return render_screen(
        request,
        "purchasing/approval_rule.html",
        {"form": form, "rule": rule},
        breadcrumb=["Settings", "Approval rules"],
        section="procure:settings",
        status=422 if form.errors else 200,
    )
