"""What looks wrong about bank details and tax ids. Warnings, never refusals: a check digit that
fails may be a typing error, and some right numbers are unknown to every checker."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

from babel.core import Locale
from django.utils import timezone
from stdnum import bic, iban
from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

from procure.figures import long_date
from suppliers.models import BankAccount, Contact, Supplier

# What a country's tax ids are called in stdnum, the most common first. The United States have
# one number for companies that stdnum files under another name.
TAX_ID_KINDS = ("vat", "businessid", "ein", "taxid", "tin", "personalid")


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Names of countries by their code of two letters."""
    names: Any = Locale("en").territories
    return {code: str(names[code]) for code in sorted(names) if len(code) == 2 and code.isalpha()}


def country_code(country: str) -> str:
    """The code of a country written as a code or by its English name; empty when unknown."""
    text = country.strip()
    if text.upper() in countries():
        return text.upper()
    named = {name.casefold(): code for code, name in countries().items()}
    return named.get(text.casefold(), "")


def tax_id_warning(country: str, tax_id: str) -> str:
    """Why a tax id may be wrong, or nothing: also where nobody knows how to check it."""
    code = country_code(country)
    checkers = _tax_checkers(code)
    if not tax_id.strip() or not checkers:
        return ""
    if any(checker.is_valid(tax_id) for checker in checkers):
        return ""
    return f"This does not look like a tax id of {countries()[code]}. Check it for a typing error."


@lru_cache(maxsize=256)
def _tax_checkers(code: str) -> tuple[ModuleType, ...]:
    found = (get_cc_module(code.lower(), kind) for kind in TAX_ID_KINDS) if code else ()
    return tuple(module for module in found if module is not None)


def iban_warning(number: str, country: str) -> str:
    """Why an IBAN may be wrong, or nothing."""
    if not number:
        return ""
    try:
        iban.validate(number)
    except ValidationError:
        return "The IBAN's check digits or length are not right."
    if number[:2] != country:
        return (
            f"The IBAN is of {countries().get(number[:2], number[:2])}, not of the bank's country."
        )
    return ""


def bic_warning(code: str, country: str) -> str:
    """Why a BIC may be wrong, or nothing."""
    if not code:
        return ""
    if not bic.is_valid(code):
        return "The BIC does not have the form of one."
    if code[4:6] != country:
        return f"The BIC is of {countries().get(code[4:6], code[4:6])}, not of the bank's country."
    return ""


def bank_warnings(account: BankAccount, supplier: Supplier) -> list[str]:
    """What the second person should look at: two statements, for the same number elsewhere and
    for how long the number called has been on file."""
    names = {supplier.name.casefold(), supplier.legal_name.casefold()}
    home = country_code(supplier.country)
    found = [
        iban_warning(account.iban, account.country),
        bic_warning(account.bic, account.country),
        ""
        if account.holder.casefold() in names
        else f"The holder is not called {supplier.legal_name or supplier.name}.",
        f"The bank is in {countries().get(account.country, account.country)}, the supplier is not."
        if home and home != account.country
        else "",
        ""
        if account.currency == supplier.currency
        else f"The account is in {account.currency}, the supplier's currency is {supplier.currency}.",
        *_shared_with(account),
        *_new_numbers(account),
    ]
    return [sentence for sentence in found if sentence]


def _shared_with(account: BankAccount) -> list[str]:
    others = BankAccount.objects.filter(
        iban=account.iban, account_number=account.account_number,
        routing_number=account.routing_number,
    ).exclude(supplier_id=account.supplier_id)  # fmt: skip
    names = sorted(set(others.values_list("supplier__name", flat=True)))
    return [f"{name} has the same account." for name in names]


def _new_numbers(account: BankAccount) -> list[str]:
    """Only the first bank details of a supplier may rest on a number that is new itself."""
    proposed_on = timezone.localdate(account.proposed_at)
    phones = [account.called_number] if account.called_number else account.phones_on_file
    contacts = Contact.objects.filter(supplier_id=account.supplier_id, phone__in=phones)
    return [
        f"{one.phone} ({one.name}) is on file only since {long_date(one.phone_since)}. Compare it "
        "with a contract or an invoice from before."
        for one in contacts
        if not one.has_settled_phone(proposed_on)
    ]
