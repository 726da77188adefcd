"""The bank accounts printed on a batch of invoices, beside those that are on file.

An invoice keeps them as `billed_account`: capitals, letters and digits only, several with a comma.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matching.invoice_numbers import plain_number
from matching.models import SupplierInvoice
from matching.terms import BilledAccount
from suppliers.account_numbers import masked_number
from suppliers.known_accounts import KnownAccounts

SEPARATOR = ", "
MOST_ACCOUNTS, LONGEST_ACCOUNT = 4, 40
MOST_OWNERS = 2


def as_billed(accounts: Iterable[str]) -> str:
    """Printed accounts as an invoice keeps them; empty when there is none."""
    plain = dict.fromkeys(plain_number(account)[:LONGEST_ACCOUNT] for account in accounts)
    return SEPARATOR.join([number for number in plain if number][:MOST_ACCOUNTS])


def numbers_of(invoice: SupplierInvoice) -> list[str]:
    """The accounts that the invoice asks to be paid to."""
    return invoice.billed_account.split(SEPARATOR) if invoice.billed_account else []


def masked_accounts(invoice: SupplierInvoice) -> str:
    """The same as everybody may see them."""
    return SEPARATOR.join(map(masked_number, numbers_of(invoice)))


class PrintedAccounts:
    """What is known of the printed accounts of a batch: one statement, none without any."""

    def __init__(self, invoices: Sequence[SupplierInvoice]) -> None:
        printed = [invoice for invoice in invoices if invoice.billed_account]
        numbers = {number for invoice in printed for number in numbers_of(invoice)}
        suppliers = {invoice.supplier_id for invoice in printed}
        self._known = KnownAccounts(suppliers, numbers) if printed else None

    def of(self, invoice: SupplierInvoice) -> BilledAccount | None:
        """Printed and on file; None where nothing is printed or nothing on file is in force."""
        if self._known is None or not invoice.billed_account:
            return None
        own = self._known.of(invoice.supplier_id)
        in_force = [one for one in own if one.is_in_force]
        if not in_force:
            return None
        on_file = masked_number(in_force[-1].number)
        return BilledAccount(
            is_own=any(one.is_named(number) for one in own for number in numbers_of(invoice)),
            on_file=on_file,
            asked=self._asked(invoice, on_file),
        )

    def information(self, invoice: SupplierInvoice) -> str:
        """What is said, and holds nothing, where no account is on file to compare with."""
        if not invoice.billed_account or self.of(invoice) is not None:
            return ""
        return (
            f"No account is on file for {invoice.supplier} yet; the invoice asks for payment to "
            f"{self._asked(invoice)}. Have it confirmed by call-back before anything is paid there."
        )

    def owners(self, invoice: SupplierInvoice) -> set[int]:
        """The other suppliers that have a printed account; a credit note asks for no payment."""
        if invoice.kind == SupplierInvoice.Kind.CREDIT:
            return set()
        return set(self._others(invoice))

    def _asked(self, invoice: SupplierInvoice, on_file: str = "") -> str:
        """The printed accounts, and whose they are where somebody else has one on file."""
        asked = masked_accounts(invoice)
        names = sorted(set(self._others(invoice).values()))[:MOST_OWNERS]
        if names:
            return f"{asked}, the account of {' and '.join(names)}"
        return f"{asked}, another account that ends alike" if asked == on_file else asked

    def _others(self, invoice: SupplierInvoice) -> dict[int, str]:
        """The other suppliers that have a printed account on file, by id with their names."""
        if self._known is None:
            return {}
        return {
            one.owner_id: str(one.supplier)
            for number in numbers_of(invoice)
            for one in self._known.named(number)
            if one.owner_id != invoice.supplier_id
        }
