"""The screens of price agreements."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from procure.attachments import attached
from procure.documents import find, idempotent
from procure.money import plain_decimal
from procure.permissions import requires
from procure.queries import timeline
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, go_to
from suppliers.agreeing import agree_prices, change_agreed_prices, change_price_agreement
from suppliers.agreement_forms import (
    EMPTY_ROWS,
    MOST_ROWS,
    AgreementChangeForm,
    AgreementForm,
    EffectiveForm,
    PriceRowFormSet,
)
from suppliers.filters import ENDS_SOON_DAYS, AgreementFilter
from suppliers.form_screens import named_row, plain_form
from suppliers.forms import submitted
from suppliers.listing import sorted_page
from suppliers.models import AgreementAmendment, PriceAgreement, Sku, SourcingDecision, Supplier
from suppliers.profiles import EVENTS_SHOWN, agreed_rows, usual_number
from suppliers.queries import agreement_rows, priced_sku_counts
from suppliers.supplier_views import supplier_crumbs

LOTS = ("committed_quantity", "minimum_order_quantity", "order_multiple")

AGREEMENT_SORTS = {
    "number": "number",
    "supplier": "supplier__name",
    "valid_from": "valid_from",
    "valid_to": "valid_to",
}


@requires("suppliers.read")
def agreement_list(request: OrganizationRequest) -> HttpResponse:
    """What is agreed with whom until when."""
    found = AgreementFilter(request.GET, agreement_rows(), request=request)
    page = sorted_page(request, found.qs, AGREEMENT_SORTS, "-valid_from")
    agreements = list(page)
    counts = priced_sku_counts(agreements)
    context = {
        "filter": found,
        "page": page,
        "rows": [(one, counts.get(one.pk, 0)) for one in agreements],
        "today": timezone.localdate(),
        "soon": timezone.localdate() + timedelta(days=ENDS_SOON_DAYS),
    }
    return render_screen(
        request, "suppliers/agreement_list.html", context, piece="suppliers/_agreement_table.html"
    )


@requires("suppliers.read")
def agreement_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """An agreement with its prices and its history."""
    agreement = find(PriceAgreement, public_id)
    supplier = Supplier.objects.get(pk=agreement.supplier_id)
    today = timezone.localdate()
    versions = list(agreement.amendments.select_related("made_by").order_by("-version"))
    shown_on = _day_asked_for(request, agreement, versions) or today
    rows = agreed_rows(agreement, shown_on)
    context = {
        "agreement": agreement,
        "supplier": supplier,
        "rows": rows,
        "sku_count": len({row.step.sku_id for row in rows}),
        "order_category": next(
            (row.step.sku.category for row in rows if row.state == "current"), None
        ),
        "can_buy": request.membership.may("orders.write") and supplier.status == "active",
        "today": today,
        "shown_on": shown_on if shown_on != today else None,
        "versions": versions,
        "soon": today + timedelta(days=ENDS_SOON_DAYS),
        "attached": attached(request, agreement),
        "events": timeline({"suppliers.priceagreement": [agreement.pk]}, EVENTS_SHOWN),
        "can_source": request.membership.may("sourcing.write"),
    }
    return render_screen(
        request,
        "suppliers/agreement_detail.html",
        context,
        breadcrumb=[("Price agreements", address(request, "agreement_list")), agreement.number],
    )


def _day_asked_for(
    request: OrganizationRequest, agreement: PriceAgreement, versions: Sequence[AgreementAmendment]
) -> date | None:
    """The first day of the version that the address asks for; a strange one asks for none."""
    first_days = {str(one.version): one.effective_on for one in versions}
    return {"1": agreement.valid_from, **first_days}.get(request.GET.get("version", ""))


@requires("sourcing.write")
@idempotent
def agreement_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Writes down a price agreement with a supplier; a SKU may come with the address."""
    supplier = find(Supplier, public_id)
    sent = request.POST if request.method == "POST" else None
    form = AgreementForm(sent, initial={"number": usual_number(supplier, timezone.localdate())})
    wanted = named_row(request, Sku, "sku")
    first_row = [{"sku": wanted, **_given(request)}] if wanted is not None else None
    rows = PriceRowFormSet(sent, prefix="prices", initial=first_row)
    if sent is not None and "more" not in sent and rows.is_valid():
        agreement = submitted(
            form,
            lambda: agree_prices(
                supplier,
                **form.values(),
                prices=rows.rows(),
                decision=named_row(request, SourcingDecision, "decision"),
                actor=request.user,
            ),
        )
        if agreement is not None:
            return go_to(request, "agreement_detail", agreement)
    context = {
        "form": form,
        "title": f"New agreement with {supplier.name}",
        "button": "Save agreement",
        "supplier": supplier,
        "back_url": address(request, "supplier_detail", supplier),
    }
    crumbs = supplier_crumbs(request, supplier, "New agreement")
    return _price_form(request, context, form, rows, crumbs)


@requires("sourcing.write")
@idempotent
def agreement_prices(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes, adds and ends prices of an agreement from a day on."""
    agreement = find(PriceAgreement, public_id)
    sent = request.POST if request.method == "POST" else None
    form = EffectiveForm(sent, initial={"version_shown": agreement.version})
    prices = _current_prices(agreement, timezone.localdate())
    _propose(prices, named_row(request, Sku, "sku"), _given(request))
    rows = PriceRowFormSet(sent, prefix="prices", initial=prices)
    if sent is not None and "more" not in sent and rows.is_valid():
        changed = submitted(
            form,
            lambda: change_agreed_prices(
                agreement,
                **form.cleaned_data,
                prices=rows.rows(),
                ended=rows.ended(),
                actor=request.user,
            ),
        )
        if changed is not None:
            return go_to(request, "agreement_detail", changed)
    context = {
        "form": form,
        "title": f"Change prices of {agreement.number}",
        "button": "Save prices",
        "supplier": agreement.supplier,
        "agreement": agreement,
        "back_url": address(request, "agreement_detail", agreement),
    }
    crumbs = [("Price agreements", address(request, "agreement_list")), context["title"]]
    return _price_form(request, context, form, rows, crumbs)


def _given(request: OrganizationRequest) -> dict[str, str]:
    """A price and a lead time that the address proposes."""
    given = {"unit_price": "price", "lead_time_days": "lead_time_days"}
    return {field: request.GET[name] for field, name in given.items() if request.GET.get(name)}


def _propose(prices: list[dict[str, Any]], sku: Sku | None, given: dict[str, str]) -> None:
    """Fills what is proposed for a SKU into its rows, or into one of its own."""
    if sku is None or not given:
        return
    rows = [row for row in prices if row["sku"] == sku]
    for row in rows:
        row.update(given)
    if not rows:
        prices.append({"sku": sku, **given})


def _current_prices(agreement: PriceAgreement, on: date) -> list[dict[str, Any]]:
    """Today's prices as the form shows them; one may be changed, ended or left."""
    return [
        {
            "sku": row.step.sku,
            "minimum_quantity": plain_decimal(row.step.minimum_quantity),
            "unit_price": plain_decimal(row.step.unit_price),
            "unit": row.step.unit,
            "lead_time_days": row.step.lead_time_days,
            "supplier_sku": row.step.supplier_sku,
            **{
                name: value and plain_decimal(value)
                for name in LOTS
                for value in [getattr(row.step, name)]
            },
        }
        for row in agreed_rows(agreement, on)
        if row.state == "current"
    ]


def _price_form(
    request: OrganizationRequest, context: dict[str, Any], form: Any, rows: Any, crumbs: Any
) -> HttpResponse:
    """The form with its rows; "more rows" asks for it again with what was typed."""
    is_refused = request.method == "POST" and "more" not in request.POST
    if request.method == "POST" and "more" in request.POST:
        form, rows = _with_more_rows(request, form, rows)
    return render_screen(
        request,
        "suppliers/agreement_form.html",
        {**context, "form": form, "rows": rows},
        breadcrumb=crumbs,
        status=422 if is_refused else 200,
    )


def _with_more_rows(request: OrganizationRequest, form: Any, rows: Any) -> tuple[Any, Any]:
    """The same forms, not judged yet, holding what was typed and five rows more."""
    names = list(rows.empty_form.fields)
    count = rows.total_form_count()
    typed = [
        {name: request.POST.get(f"{rows.prefix}-{number}-{name}", "") for name in names}
        for number in range(count)
    ]
    return (
        type(form)(initial={name: request.POST.get(name, "") for name in form.fields}),
        PriceRowFormSet(prefix=rows.prefix, initial=typed[: MOST_ROWS - EMPTY_ROWS]),
    )


@requires("sourcing.write")
@idempotent
def agreement_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Extends or ends an agreement, or changes its terms."""
    agreement = find(PriceAgreement, public_id)
    names = ("valid_to", "note", "incoterm", "payment_terms_days", "is_price_fixed")
    form = AgreementChangeForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(agreement, name) for name in names}
        | {"version_shown": agreement.version},
    )
    changed = submitted(
        form, lambda: change_price_agreement(agreement, **form.values(), actor=request.user)
    )
    if changed is not None:
        return go_to(request, "agreement_detail", changed)
    title = f"Change {agreement.number}"
    back_url = address(request, "agreement_detail", agreement)
    crumbs = [("Price agreements", address(request, "agreement_list")), title]
    return plain_form(request, form, title, "Save agreement", back_url, crumbs)
