"""Where mail about invoices goes at a supplier."""

from __future__ import annotations

from suppliers.models import Contact, Supplier


def mail_address_of(supplier: Supplier) -> str:
    """The supplier's own address, else that of a contact; nothing where none is known."""
    if supplier.email:
        return str(supplier.email)
    contact = Contact.objects.filter(supplier=supplier).exclude(email="").order_by("pk").first()
    return str(contact.email) if contact else ""
