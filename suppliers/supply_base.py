"""Who we buy from: suppliers, whether they may be used at all, and the people there."""

from __future__ import annotations

from django.db import transaction

from procure.constraints import refusing
from procure.documents import lock, require_status
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from suppliers.details import (
    ContactDetails,
    SupplierDetails,
    apply_changes,
    changed_words,
    values_of,
)
from suppliers.merged_records import lock_supplier
from suppliers.models import Contact, PerformanceCell, PriceAgreement, Supplier
from suppliers.rollups import StaleKey, mark_stale

Status = Supplier.Status


@transaction.atomic
def create_supplier(*, details: SupplierDetails, actor: User) -> Supplier:
    """Adds a supplier; a code in use, in whatever case, is refused."""
    supplier = Supplier(**values_of(details), created_by=actor)
    with refusing(_code_taken(details.code)):
        supplier.save()
    record("supplier.created", supplier, actor=actor, summary=f"{supplier.name} was added.")
    return supplier


@transaction.atomic
def change_supplier(supplier: Supplier, *, details: SupplierDetails, actor: User) -> Supplier:
    """Changes what is said of a supplier. The currency stays once prices are agreed in it."""
    supplier = lock_supplier(supplier)
    changes = apply_changes(supplier, values_of(details))
    if not changes:
        return supplier
    if "currency" in changes:
        _require_no_agreements(supplier)
    with refusing(_code_taken(details.code)):
        supplier.save(update_fields=list(changes))
    if "early_late_days" in changes:
        _mark_results_stale(supplier)
    record(
        "supplier.changed",
        supplier,
        actor=actor,
        summary=changed_words(supplier, changes),
        changes=changes,
    )
    return supplier


@transaction.atomic
def block_supplier(supplier: Supplier, *, reason: str, actor: User) -> Supplier:
    """Stops orders to and payments of a supplier at once, until it is unblocked."""
    return _set_status(supplier, Status.BLOCKED, (Status.ACTIVE,), reason, actor)


@transaction.atomic
def unblock_supplier(supplier: Supplier, *, reason: str, actor: User) -> Supplier:
    """Lets a blocked or archived supplier be used again, as far as the list allows."""
    return _set_status(supplier, Status.ACTIVE, (Status.BLOCKED, Status.ARCHIVED), reason, actor)


@transaction.atomic
def archive_supplier(supplier: Supplier, *, reason: str, actor: User) -> Supplier:
    """Keeps a supplier for its history only; it disappears from choices."""
    return _set_status(supplier, Status.ARCHIVED, (Status.ACTIVE, Status.BLOCKED), reason, actor)


STATUS_EVENTS = {
    Status.BLOCKED: ("supplier.blocked", "Blocked"),
    Status.ACTIVE: ("supplier.unblocked", "Made active again"),
    Status.ARCHIVED: ("supplier.archived", "Archived"),
}


def _set_status(
    supplier: Supplier, status: Status, allowed: tuple[Status, ...], reason: str, actor: User
) -> Supplier:
    supplier = lock_supplier(supplier)
    require_status(supplier, *allowed)
    if not reason.strip():
        raise BusinessRuleError("reason_missing", "Say why in a few words.", "reason")
    supplier.status = status
    supplier.save(update_fields=["status"])
    kind, words = STATUS_EVENTS[status]
    record(kind, supplier, actor=actor, summary=f"{words}: {reason.strip()}", reason=reason)
    return supplier


@transaction.atomic
def add_contact(supplier: Supplier, *, details: ContactDetails, actor: User) -> Contact:
    """Adds a person at the supplier."""
    supplier = lock_supplier(supplier)
    contact: Contact = Contact.objects.create(supplier=supplier, **values_of(details))
    record("supplier.contact_added", supplier, actor=actor, summary=f"{contact.name} is a contact.")
    return contact


@transaction.atomic
def change_contact(contact: Contact, *, details: ContactDetails, actor: User) -> Contact:
    """Changes a person at the supplier."""
    contact = lock(contact)
    changes = apply_changes(contact, values_of(details))
    if not changes:
        return contact
    contact.save(update_fields=list(changes))
    record(
        "supplier.contact_changed",
        contact.supplier,
        actor=actor,
        summary=f"{contact.name}: {changed_words(contact, changes)}",
        changes=changes,
    )
    return contact


@transaction.atomic
def remove_contact(contact: Contact, *, actor: User) -> None:
    """Takes a person off the supplier's contacts; the trail keeps the name."""
    contact = lock(contact)
    supplier, name = contact.supplier, contact.name
    contact.delete()
    record(
        "supplier.contact_removed",
        supplier,
        actor=actor,
        summary=f"{name} is no longer a contact.",
    )


def _require_no_agreements(supplier: Supplier) -> None:
    agreement = PriceAgreement.objects.filter(supplier=supplier).first()
    if agreement is not None:
        raise BusinessRuleError(
            "currency_in_use",
            f"Prices are agreed in {agreement.currency} by {agreement.number}; "
            "a supplier has one currency.",
            "currency",
        )


def _mark_results_stale(supplier: Supplier) -> None:
    skus = PerformanceCell.objects.filter(supplier=supplier, sku__isnull=False)
    mark_stale(
        StaleKey(supplier.pk, sku_id) for sku_id in set(skus.values_list("sku_id", flat=True))
    )


def _code_taken(code: str) -> dict[str, BusinessRuleError]:
    return {
        "suppliers_supplier_code": BusinessRuleError(
            "code_taken", f"There is a supplier with the code “{code}” already.", "code"
        )
    }
