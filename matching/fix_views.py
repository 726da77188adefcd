"""The screen of permanent fixes: what keeps a supplier's differences from coming back."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from matching.fixes import MAKERS, decline_fix, proposed_fixes
from matching.questions import DifferenceCause
from procure.errors import BusinessRuleError
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.models import Supplier


class DeclineForm(forms.Form):
    """Which fix is not wanted now."""

    supplier: forms.ModelChoiceField[Supplier] = forms.ModelChoiceField(
        queryset=None, to_field_name="public_id"
    )
    cause = forms.ChoiceField(choices=[one for one in DifferenceCause.choices if one[0] in MAKERS])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["supplier"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Supplier.objects.all()


@requires("holds.read")
def fix_list(request: OrganizationRequest) -> HttpResponse:
    """Every fix that is due, those that spare the most holds first: five statements."""
    back = reverse("matching:exception_queue", args=[request.organization.slug])
    context = {
        "fixes": proposed_fixes(request.organization),
        "can_resolve": request.membership.may("holds.resolve"),
    }
    return render_screen(
        request,
        "matching/fix_list.html",
        context,
        breadcrumb=[("Match exceptions", back), "Permanent fixes"],
        section="matching:exception_queue",
    )


@requires("holds.resolve")
@require_POST
def fix_decline(request: OrganizationRequest) -> HttpResponse:
    """Not now: the fix is proposed again after three more of its cause."""
    form = DeclineForm(request.POST)
    if not form.is_valid():
        raise BusinessRuleError("fix", "Choose a fix of the list.")
    supplier, cause = form.cleaned_data["supplier"], form.cleaned_data["cause"]
    decline_fix(supplier, cause=cause, actor=request.user)
    messages.info(request, f"Not now. {supplier} is asked about again after three more.")
    return redirect("matching:exception_queue", request.organization.slug)
