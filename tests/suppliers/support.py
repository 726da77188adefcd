"""What the tests of actions share: the days around today, and what must not have changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db.models import Model
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from suppliers.models import (
    ApprovedVendor,
    BankAccount,
    Category,
    Contact,
    PriceAgreement,
    PriceBreak,
    Qualification,
    Quotation,
    QuotationAward,
    QuotationInvitation,
    QuotationQuestion,
    QuotationRequest,
    RiskNote,
    Sku,
    SourcingDecision,
    StaleRollup,
    Supplier,
    SupplierAddress,
)

WATCHED: list[type[Model]] = [
    RiskNote, SupplierAddress,
    ApprovedVendor, BankAccount, BusinessEvent, Category, Contact, PriceAgreement, PriceBreak, Qualification,
    Quotation, QuotationAward, QuotationInvitation, QuotationQuestion, QuotationRequest,
    Sku, SourcingDecision, StaleRollup, Supplier,
]  # fmt: skip


def day(offset: int = 0) -> date:
    """Today, or so many days after it."""
    return timezone.localdate() + timedelta(days=offset)


def kinds() -> list[str]:
    """The kinds of all events, oldest first."""
    return list(BusinessEvent.objects.order_by("id").values_list("kind", flat=True))


def snapshot() -> list[object]:
    return [list(model._default_manager.order_by("pk").values()) for model in WATCHED]


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = snapshot()
    yield
    assert snapshot() == before


@contextmanager
def refused(code: str, message: str = "", field: str | None = None) -> Iterator[None]:
    """The step is refused with this code and sentence, and no row changed."""
    with nothing_changes(), pytest.raises(BusinessRuleError) as caught:
        yield
    assert caught.value.code == code
    assert caught.value.field == field
    if message:
        assert caught.value.message == message
