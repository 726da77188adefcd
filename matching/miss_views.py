"""The screen of one missed line: what its documents show, and whose miss it was."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from matching.attributing import attribute_miss
from matching.cells import as_of_day
from matching.evidence import miss_of
from matching.misses import MissAttribution
from procure.documents import idempotent
from procure.errors import BusinessRuleError
from procure.forms import add_rule_error
from procure.models import BusinessEvent
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.models import PurchaseOrderLine


class MissForm(forms.Form):
    """Whose miss it was, and why."""

    cause = forms.ChoiceField(choices=MissAttribution.Cause.choices, label="Caused by")
    reason = forms.CharField(
        max_length=300, label="Reason", help_text="What you know that the dates do not show."
    )


@requires("misses.attribute")
@idempotent
def miss_attribute(
    request: OrganizationRequest, public_id: uuid.UUID, line_no: int
) -> HttpResponse:
    """Corrects the attribution of one late or short line."""
    lines = PurchaseOrderLine.objects.select_related("order__supplier", "sku", "organization")
    line = get_object_or_404(lines, order__public_id=public_id, line_no=line_no)
    miss = miss_of(request.organization, line, as_of_day(request.organization))
    if miss is None:
        raise Http404
    form = MissForm(
        request.POST if request.method == "POST" else None, initial={"cause": miss.cause}
    )
    back = reverse(
        "matching:scorecard_detail", args=[request.organization.slug, line.order.supplier.public_id]
    )
    if form.is_valid():
        try:
            said = attribute_miss(line, **form.cleaned_data, actor=request.user)
        except BusinessRuleError as error:
            add_rule_error(form, error)
        else:
            messages.success(request, f"The miss is attributed: {said}. The score is unchanged.")
            return redirect(f"{back}?measure=otif&month={miss.due_on:%Y-%m}")
    return render_screen(
        request,
        "insight/miss.html",
        {
            "form": form,
            "line": line,
            "miss": miss,
            "cause": MissAttribution.Cause(miss.cause).label,
            "said": MissAttribution.objects.filter(order_line=line).first(),
            "events": list(
                BusinessEvent.objects.filter(
                    kind="miss.attributed", subject_id=line.order_id, payload__line_no=line_no
                )
                .select_related("actor")
                .order_by("-id")
            ),
            "back_url": back,
        },
        breadcrumb=[(line.order.supplier.name, back), f"{line.order.number}, line {line_no}"],
        section="matching:scorecard_list",
        status=422 if request.method == "POST" else 200,
    )
