"""The screens of suppliers and their contacts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from procure.attachments import attached
from procure.documents import find, idempotent
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from suppliers.addresses import address, address_if, go_to
from suppliers.bank_checks import tax_id_warning
from suppliers.checklists import criteria_of
from suppliers.filters import ENDS_SOON_DAYS, SupplierFilter
from suppliers.form_screens import named_row
from suppliers.forms import ContactForm, ReasonForm, SupplierForm, submitted
from suppliers.histories import newest_first
from suppliers.listing import sorted_page
from suppliers.merged_records import merges_of
from suppliers.models import (
    BankAccount,
    Category,
    Contact,
    PriceAgreement,
    Qualification,
    Scorecard,
    Supplier,
    SupplierAddress,
)
from suppliers.payment_holds import hold_among
from suppliers.possible_duplicates import same_by_name_or_tax_id
from suppliers.profiles import best_category, priced_skus, supplier_standing_rows, supplier_timeline
from suppliers.queries import (
    next_agreement_ends,
    supplier_rows,
    supplier_standings,
    suppliers_with_pending,
)
from suppliers.spend_shares import supplier_shares
from suppliers.supplier_records import open_risks
from suppliers.supplier_steps import next_for_supplier
from suppliers.supply_base import (
    add_contact,
    archive_supplier,
    block_supplier,
    change_contact,
    change_supplier,
    create_supplier,
    remove_contact,
    unblock_supplier,
)
from suppliers.vetted import supplier_admissions, supplier_qualifications

SUPPLIER_SORTS = {
    "name": "name",
    "on_time": "on_time_percent",
    "lead_time": "lead_time_median",
    "spend": "spend",
    "score": "score",
}
SUPPLIER_VIEWS = (
    ("All", ""),
    ("Preferred", "standing=preferred"),
    ("Qualification expiring", "qualification=expiring"),
    ("In review", "qualification=in_review"),
    ("Blocked", "status=blocked"),
)


@requires("suppliers.read")
def supplier_list(request: OrganizationRequest) -> HttpResponse:
    """Who we buy from, with standing and record."""
    found = SupplierFilter(request.GET, supplier_rows(), request=request)
    page = sorted_page(request, found.qs, SUPPLIER_SORTS, "name")
    today = timezone.localdate()
    rows = list(page)
    standings = supplier_standings(rows, today)
    ends = next_agreement_ends(rows, today)
    query = request.GET.urlencode()
    context = {
        "filter": found,
        "page": page,
        "rows": [(row, standings.get(row.pk), row.pk in ends, ends.get(row.pk)) for row in rows],
        "views": [(words, f"?{part}", query == part, None) for words, part in SUPPLIER_VIEWS],
        "soon": today + timedelta(days=ENDS_SOON_DAYS),
        "new_url": address_if(request, "suppliers.write", "supplier_new"),
        "duplicates_url": address(request, "duplicate_list"),
    }
    return render_screen(
        request, "suppliers/supplier_list.html", context, piece="suppliers/_supplier_table.html"
    )


@requires("suppliers.read")
def supplier_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Who a supplier is to us: standing, terms, prices, record, people and history."""
    supplier = get_object_or_404(suppliers_with_pending(), public_id=public_id)
    return render_screen(
        request,
        "suppliers/supplier_detail.html",
        {**supplier_context(request, supplier), "is_pending": supplier.is_pending},
        breadcrumb=[("Suppliers", address(request, "supplier_list")), supplier.name],
    )


def supplier_context(request: OrganizationRequest, supplier: Supplier) -> dict[str, Any]:
    """Everything the page of a supplier shows."""
    today = timezone.localdate()
    agreements = list(PriceAgreement.objects.filter(supplier=supplier).order_by("-valid_from"))
    accounts = list(BankAccount.objects.filter(supplier=supplier))
    vetted = supplier_qualifications(supplier, today)
    standings = supplier_standing_rows(supplier, [one for one, _ in vetted], today)
    admissions = supplier_admissions(supplier)
    is_kept = supplier.status != Supplier.Status.MERGED
    return {
        "supplier": supplier,
        "merged_into": None if is_kept else merges_of(supplier)[0],
        "can_merge": request.membership.may("suppliers.merge"),
        "card": Scorecard.objects.filter(supplier=supplier, period=Scorecard.Period.YEAR).first(),
        "standings": standings,
        "order_category": best_category(standings, today),
        "next_step": next_for_supplier(
            request, supplier, standings, has_agreement=bool(agreements)
        ),
        "vetted": vetted,
        "admissions": admissions,
        "provisional": {one.category_id for one in admissions if one.expires_on >= today},
        "agreements": [one for one in agreements if one.valid_to is None or one.valid_to >= today],
        "ended_agreements": sum(1 for one in agreements if one.valid_to and one.valid_to < today),
        "contacts": list(supplier.contacts.all()),
        "addresses": addresses_by_kind(supplier),
        "risks": open_risks(supplier.pk, today),
        "tax_id_warning": tax_id_warning(supplier.country, supplier.tax_id),
        "bank_accounts": accounts,
        "payment_hold": hold_among(supplier.pk, accounts, today),
        "can_bank": is_kept and request.membership.may("bank_accounts.write"),
        "attached": attached(request, supplier),
        "events": newest_first(request, supplier, supplier_timeline(supplier, agreements)),
        "can_write": is_kept and request.membership.may("suppliers.write"),
        "can_source": is_kept and request.membership.may("sourcing.write"),
        "can_buy": is_kept and request.membership.may("orders.write"),
        "today": today,
        "soon": today + timedelta(days=ENDS_SOON_DAYS),
    }


@requires("suppliers.read")
def supplier_supply(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """What a supplier sells us, at which price and for which share: a part of its page."""
    supplier = find(Supplier, public_id)
    today = timezone.localdate()
    prices, sku_count = priced_skus(supplier, today)
    shares = supplier_shares(supplier, request.organization.currency, today)
    return render_screen(
        request,
        "suppliers/supplier_supply.html",
        {
            "supplier": supplier,
            "prices": [(row, shares.skus.get(row.sku.pk)) for row in prices],
            "shares": shares,
            "sku_count": sku_count,
        },
        piece="suppliers/_supply.html",
        breadcrumb=supplier_crumbs(request, supplier, "What it sells us"),
    )


def addresses_by_kind(supplier: Supplier) -> list[tuple[str, str, str]]:
    """Each kind of address with its name, and what is on file."""
    known = dict(SupplierAddress.objects.filter(supplier=supplier).values_list("kind", "address"))
    return [(kind, label, known.get(kind, "")) for kind, label in SupplierAddress.Kind.choices]


@requires("suppliers.write")
@idempotent
def supplier_new(request: OrganizationRequest) -> HttpResponse:
    """Adds a supplier; from a category's page the next screen qualifies it for that one."""
    form = SupplierForm(
        request.POST if request.method == "POST" else None,
        initial={"currency": request.organization.currency},
    )
    if known := _known_alike(request, form):
        return supplier_form(request, form, None, known)
    supplier = submitted(form, lambda: create_supplier(details=form.details(), actor=request.user))
    if supplier is not None:
        return _to_qualification(request, supplier)
    return supplier_form(request, form, None)


def _known_alike(request: OrganizationRequest, form: SupplierForm) -> list[tuple[Supplier, str]]:
    """Whom the new supplier would repeat by name or tax id, until the person says it is another."""
    if request.POST.get("add_anyway") or not form.is_valid():
        return []
    return same_by_name_or_tax_id(form.cleaned_data["name"], form.cleaned_data["tax_id"])


def _to_qualification(request: OrganizationRequest, supplier: Supplier) -> HttpResponse:
    """On to the category the supplier was added for, where there is one and the person may.

    A category that asks for nothing has nothing to review: "qualified" is offered at once.
    """
    category = named_row(request, Category, "category")
    if category is None or not request.membership.may("sourcing.write"):
        messages.success(request, f"{supplier.name} was added.")
        return go_to(request, "supplier_detail", supplier)
    messages.success(request, f"{supplier.name} was added. Now qualify it for {category}.")
    status = "" if criteria_of(category) else f"&status={Qualification.Status.QUALIFIED}"
    form = address(request, "qualification_edit", supplier)
    return redirect(f"{form}?category={category.public_id}{status}")


@requires("suppliers.write")
@idempotent
def supplier_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes what is said about a supplier."""
    supplier = find(Supplier, public_id)
    form = SupplierForm(request.POST if request.method == "POST" else None, instance=supplier)
    changed = submitted(
        form, lambda: change_supplier(supplier, details=form.details(), actor=request.user)
    )
    if changed is not None:
        return go_to(request, "supplier_detail", changed)
    return supplier_form(request, form, supplier)


def supplier_form(
    request: OrganizationRequest,
    form: SupplierForm,
    supplier: Supplier | None,
    alike: Sequence[tuple[Supplier, str]] = (),
) -> HttpResponse:
    """The form with what was typed; 422 when it was refused, or when the person is asked whether
    it is another supplier than those alike."""
    title = "New supplier" if supplier is None else f"Change {find_name(supplier)}"
    return render_screen(
        request,
        "suppliers/supplier_form.html",
        {
            "form": form,
            "title": title,
            "back_url": address(
                request, "supplier_list" if supplier is None else "supplier_detail", supplier
            ),
            "button": _button(supplier, alike),
            "alike": alike,
        },
        breadcrumb=[("Suppliers", address(request, "supplier_list")), title],
        status=422 if form.is_bound else 200,
    )


def _button(supplier: Supplier | None, alike: Sequence[tuple[Supplier, str]]) -> str:
    if alike:
        return "Add it anyway"
    return "Add supplier" if supplier is None else "Save supplier"


def find_name(supplier: Supplier) -> str:
    """The stored name: a refused form has put the typed one on the row."""
    return str(Supplier.objects.values_list("name", flat=True).get(pk=supplier.pk))


# Step: action, title, what happens, button, tone.
STEPS = {
    "block": (
        block_supplier,
        "Block",
        "No order and no payment goes to it until it is made active again.",
        "bad",
    ),
    "unblock": (
        unblock_supplier,
        "Make active",
        "It may be ordered from again, as far as the approved vendor list allows.",
        "",
    ),
    "archive": (
        archive_supplier,
        "Archive",
        "It is kept for its history and disappears from choices.",
        "bad",
    ),
}


@requires("suppliers.write")
@idempotent
def supplier_step(request: OrganizationRequest, public_id: uuid.UUID, step: str) -> HttpResponse:
    """Blocks, archives or reactivates a supplier, with the reason."""
    supplier = find(Supplier, public_id)
    action, words, text, tone = STEPS[step]
    form = ReasonForm(request.POST if request.method == "POST" else None)
    done = submitted(
        form, lambda: action(supplier, reason=form.cleaned_data["reason"], actor=request.user)
    )
    if done is not None:
        messages.success(request, f"{done.name} is {done.get_status_display().lower()} now.")
        return go_to(request, "supplier_detail", done)
    errors = [*form.errors.get("reason", []), *form.non_field_errors()]
    context = {
        "title": f"{words} {supplier.name}",
        "text": text,
        "button": f"{words} {supplier.name}",
        "post_url": request.path,
        "back_url": address(request, "supplier_detail", supplier),
        "tone": tone,
        "reason_label": "Reason",
        "reason": form["reason"].value() or "",
        "reason_error": " ".join(str(error) for error in errors),
    }
    return render_screen(
        request,
        "confirm.html",
        context,
        piece="_pieces/confirm.html",
        status=422 if form.is_bound else 200,
    )


@requires("suppliers.write")
@idempotent
def contact_new(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Adds a person at a supplier."""
    supplier = find(Supplier, public_id)
    form = ContactForm(request.POST if request.method == "POST" else None)
    contact = submitted(
        form, lambda: add_contact(supplier, details=form.details(), actor=request.user)
    )
    if contact is not None:
        return go_to(request, "supplier_detail", supplier)
    return contact_form(request, form, supplier, None)


@requires("suppliers.write")
@idempotent
def contact_edit(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Changes a person at a supplier."""
    contact = find(Contact, public_id)
    form = ContactForm(request.POST if request.method == "POST" else None, instance=contact)
    changed = submitted(
        form, lambda: change_contact(contact, details=form.details(), actor=request.user)
    )
    if changed is not None:
        return go_to(request, "supplier_detail", changed.supplier)
    return contact_form(request, form, contact.supplier, contact)


def contact_form(
    request: OrganizationRequest, form: ContactForm, supplier: Supplier, contact: Contact | None
) -> HttpResponse:
    """The form of a contact, with the way to remove one that exists."""
    title = "New contact" if contact is None else "Change contact"
    return render_screen(
        request,
        "suppliers/contact_form.html",
        {"form": form, "title": title, "supplier": supplier, "contact": contact},
        breadcrumb=supplier_crumbs(request, supplier, title),
        status=422 if form.is_bound else 200,
    )


@requires("suppliers.write")
@idempotent
def contact_remove(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes a person off a supplier's contacts."""
    contact = find(Contact, public_id)
    supplier = contact.supplier
    if request.method == "POST":
        remove_contact(contact, actor=request.user)
        return go_to(request, "supplier_detail", supplier)
    context = {
        "title": f"Remove {contact.name}",
        "text": f"{contact.name} disappears from the contacts of {supplier.name}.",
        "button": f"Remove {contact.name}",
        "post_url": request.path,
        "back_url": address(request, "contact_edit", contact),
        "tone": "bad",
    }
    return render_screen(request, "confirm.html", context, piece="_pieces/confirm.html")


def supplier_crumbs(
    request: OrganizationRequest, supplier: Supplier, *last: tuple[str, str] | str
) -> list[tuple[str, str] | str]:
    """The way from the list over a supplier to what is done there."""
    return [
        ("Suppliers", address(request, "supplier_list")),
        (supplier.name, address(request, "supplier_detail", supplier)),
        *last,
    ]
