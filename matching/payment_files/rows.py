"""What every format is given: one row per payment, in the order of suppliers and invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from matching.models import PayingAccount, PaymentBatch
from suppliers.models import BankAccount


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment: `amount` leaves, `discount` is kept; `account` is where it goes, if known."""

    invoice: Any
    amount: Decimal
    discount: Decimal
    account: BankAccount | None

    @property
    def booked(self) -> Decimal:
        """What the books take the bill for: paid and discount together."""
        return self.amount + self.discount


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A batch as a file format sees it. `account_code` is the ledger account of bills; `locale` is
    the organization's, by which two of the formats write dates."""

    batch: PaymentBatch
    rows: list[PaymentRow]
    debtor: PayingAccount | None
    account_code: str
    locale: str


def local_day(day: date | None, locale: str) -> str:
    """A day as bookkeeping imports of a country read it: 11/27/2026 in the US, else 27/11/2026."""
    if day is None:
        return ""
    return f"{day:%m/%d/%Y}" if locale == "en_US" else f"{day:%d/%m/%Y}"
