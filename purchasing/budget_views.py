"""The settings' screens of the budgets."""

from __future__ import annotations

import uuid

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect

from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.form_fields import DayField
from procure.forms import add_rule_error
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.budgeting import BUDGET_FIELDS, save_budget
from purchasing.models import Budget


class BudgetForm(forms.Form):
    """How much a cost center may commit, from which day to which."""

    cost_center = forms.CharField(
        label="Cost center", max_length=60, help_text="As it is written on orders."
    )
    amount = forms.DecimalField(label="Amount", max_digits=18, decimal_places=4)
    currency = forms.CharField(label="Currency", min_length=3, max_length=3)
    period_start = DayField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    period_end = DayField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}))

    def clean_currency(self) -> str:
        """Upper case, as orders write it."""
        return str(self.cleaned_data["currency"]).upper()


@requires("settings.read")
def budget_list(request: OrganizationRequest) -> HttpResponse:
    """All budgets, by cost center and period."""
    return render_screen(
        request,
        "purchasing/budget_list.html",
        {
            "budgets": Budget.objects.all()[:500],
            "may_write": request.membership.may("rules.write"),
        },
        breadcrumb=["Settings", "Budgets"],
        section="procure:settings",
    )


@requires("rules.write")
@idempotent
def budget_form(request: OrganizationRequest, public_id: uuid.UUID | None = None) -> HttpResponse:
    """Adds or changes a budget."""
    budget = find(Budget, public_id) if public_id else None
    initial: dict[str, object] = {"currency": request.organization.currency}
    if budget:
        initial = {name: getattr(budget, name) for name in BUDGET_FIELDS}
    form = BudgetForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            save_budget(budget, values=form.cleaned_data, actor=request.user)
            return redirect("purchasing:budget_list", request.organization.slug)
        except BusinessRuleError as error:
            add_rule_error(form, error)
    return render_screen(
        request,
        "purchasing/budget.html",
        {"form": form, "budget": budget},
        breadcrumb=["Settings", "Budgets"],
        section="procure:settings",
        status=422 if form.errors else 200,
    )
