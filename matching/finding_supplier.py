"""Whose electronic invoice this is: by tax id, bank account, address of delivery, then name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from matching.einvoices.document import Einvoice
from matching.invoice_numbers import plain_number
from suppliers.account_numbers import masked_number
from suppliers.known_accounts import KnownAccounts, plain_column
from suppliers.models import Supplier

SHORTEST_KEY = 5  # a tax id of fewer letters and digits says nothing


@dataclass(frozen=True, slots=True)
class FoundSupplier:
    """The supplier, or why none is certain; `remark` is what looks wrong about a found one."""

    supplier: Supplier | None
    why_not: str = ""
    remark: str = ""


def find_supplier(document: Einvoice) -> FoundSupplier:
    """The one supplier whom the document names; two that are named differently are nobody.

    At most five statements.
    """
    by_account = _by_account(document)
    found = _by_tax_id(document) or _told_by_account(document, by_account)
    found = found or _by_address(document) or _by_name(document)
    if not found:
        name = document.seller.name or "its seller"
        return FoundSupplier(None, f"{name} is not among the suppliers. Choose who it is.")
    if len(found) > 1:
        names = ", ".join(sorted(str(one) for one in found)[:3])
        return FoundSupplier(None, f"It may be of {names}. Choose which.")
    (supplier,) = found
    if by_account and supplier not in by_account:
        owner = ", ".join(sorted(str(one) for one in by_account))
        return FoundSupplier(
            None, f"It names {supplier}, and asks for payment to the account of {owner}."
        )
    return FoundSupplier(
        supplier, remark=_account_remark(supplier, _accounts(document), by_account)
    )


def _told_by_account(document: Einvoice, owners: set[Supplier]) -> set[Supplier]:
    """Who has the account; another supplier whose name it carries is looked at before it counts."""
    named = _by_name(document) if owners else set()
    return owners if not named or named & owners else named


def _accounts(document: Einvoice) -> set[str]:
    return {plain_number(account) for account in document.bank_accounts} - {""}


def _account_remark(supplier: Supplier, accounts: set[str], owners: set[Supplier]) -> str:
    """Why a person looks at where it asks to be paid; an account that is not confirmed is not on
    file."""
    if not accounts or owners:
        return ""
    own = [one for one in KnownAccounts({supplier.pk}, ()).of(supplier.pk) if one.is_confirmed]
    if any(one.is_named(number) for one in own for number in accounts):
        return ""
    asked = ", ".join(map(masked_number, sorted(accounts)))
    if not own:
        return f"No account is on file for {supplier}; it asks for payment to {asked}."
    return f"It asks for payment to an account that is not on file for {supplier}: {asked}."


def _known() -> QuerySet[Supplier]:
    return Supplier.objects.exclude(status=Supplier.Status.ARCHIVED)


def _by_tax_id(document: Einvoice) -> set[Supplier]:
    """With or without the letters of the country before it; also when it is the endpoint."""
    endpoint = document.seller.endpoint.rpartition(":")[2]
    written = {plain_number(text) for text in (*document.seller.tax_ids, endpoint)}
    keys = {key for key in written if len(key) >= SHORTEST_KEY and any(map(str.isdigit, key))}
    keys |= {key[2:] for key in keys if key[:2].isalpha() and len(key) > SHORTEST_KEY + 2}
    if not keys:
        return set()
    return set(_known().annotate(plain_tax_id=plain_column("tax_id")).filter(plain_tax_id__in=keys))


def _by_account(document: Einvoice) -> set[Supplier]:
    accounts = _accounts(document)
    if not accounts:
        return set()
    known = KnownAccounts((), accounts)
    return {
        one.supplier
        for number in accounts
        for one in known.named(number)
        if one.is_confirmed and one.supplier.status != Supplier.Status.ARCHIVED
    }


def _by_address(document: Einvoice) -> set[Supplier]:
    """The mail address that is the endpoint, or the seller's contact."""
    written = (document.seller.endpoint.rpartition(":")[2], document.seller.email)
    addresses: Collection[str] = {text.lower() for text in written if "@" in text}
    if not addresses:
        return set()
    rows = _known().annotate(plain_email=Upper("email"))
    upper = [address.upper() for address in addresses]
    return set(rows.filter(Q(plain_email__in=upper) | Q(contacts__email__in=addresses)).distinct())


def _by_name(document: Einvoice) -> set[Supplier]:
    names = {plain_number(document.seller.name), plain_number(document.seller.legal_name)} - {""}
    if not names:
        return set()
    rows = _known().annotate(
        plain_name=plain_column("name"), plain_legal_name=plain_column("legal_name")
    )
    return set(rows.filter(Q(plain_name__in=names) | Q(plain_legal_name__in=names)))
