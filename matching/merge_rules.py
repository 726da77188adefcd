"""What becomes of invoices and tolerances when two records of a supplier are merged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Q, Sum

from matching.models import SupplierInvoice
from purchasing.models import PurchaseOrder
from suppliers.following import (
    MOVES,
    Reference,
    clashing,
    compares_suppliers,
    follow,
    objects_to_merging,
    objects_to_undoing,
)
from suppliers.models import Supplier, SupplierMerge

INVOICES = Reference("matching.SupplierInvoice.supplier", MOVES, "invoices", is_locked_first=True)
MOST_NAMED = 5
UNPAID = (SupplierInvoice.Status.OPEN, SupplierInvoice.Status.APPROVED)

follow(
    INVOICES,
    Reference(
        "matching.Tolerance.supplier",
        MOVES,
        "tolerances",
        kept="the remaining record has limits of its own for the same",
    ),
    Reference(
        "matching.ToleranceSuspension.supplier",
        MOVES,
        "months without tolerance",
        kept="the remaining record is matched without tolerance already",
    ),
    Reference(
        "matching.DeclinedFix.supplier",
        MOVES,
        "fixes put off",
        kept="the same was put off for the remaining record",
    ),
    Reference(
        "matching.SettlementTerms.supplier",
        MOVES,
        "terms of receipt settlement",
        kept="the remaining record has terms of its own",
    ),
    Reference(
        "matching.SupplierStatement.supplier",
        MOVES,
        "statements",
        kept="the remaining record sent one of the same day",
    ),
    Reference("matching.CapturedFile.supplier", MOVES, "electronic invoices"),
    Reference("matching.PaymentBatchLine.supplier", MOVES, "payments"),
    Reference("matching.ToleranceTrial.supplier", MOVES, "trials of limits"),
)


def _named(numbers: list[str]) -> str:
    more = len(numbers) - MOST_NAMED
    names = ", ".join(numbers[:MOST_NAMED])
    return f"{names} and {more} more" if more > 0 else names


@objects_to_merging
def numbers_billed_twice(merged: Supplier, remaining: Supplier) -> list[str]:
    """A number is billed once by a supplier: what both have is one invoice taken in twice."""
    found = clashing(INVOICES, merged.pk, remaining.pk).order_by("pk")
    numbers = list(found.values_list("number", flat=True))
    if not numbers:
        return []
    words = "Invoice" if len(numbers) == 1 else "Invoices"
    verb = "stands" if len(numbers) == 1 else "stand"
    return [
        f"{words} {_named(numbers)} {verb} under both records. Find out which of the two is real "
        "and void the other under Invoices first."
    ]


@objects_to_undoing
def billed_since(merge: SupplierMerge, moved: dict[str, list[int]]) -> list[str]:
    """What came, or was approved, as one supplier's cannot be about the order of another.

    What was there before and is still open may: it is matched anew, and held.
    """
    orders = moved.get("purchasing.PurchaseOrder.supplier", [])
    invoices = moved.get(INVOICES.label, [])
    last_id = merge.former["last_ids"][INVOICES.label]
    since = Q(pk__gt=last_id) | Q(approved_at__gt=merge.merged_at)
    staying = PurchaseOrder.objects.filter(supplier=merge.remaining).exclude(pk__in=orders)
    goes, bills = Q(pk__in=invoices), "lines__order_line__order__in"
    across = INVOICES.rows(merge.remaining_id).filter(
        since,
        ~goes & (Q(**{bills: orders}) | Q(credits__in=invoices)) | goes & Q(**{bills: staying}),
    )
    across = across.exclude(status=SupplierInvoice.Status.VOID)
    numbers = list(across.order_by("number").values_list("number", flat=True).distinct())
    if not numbers:
        return []
    return [
        f"{_named(numbers)} came or was approved after the merge and is about an order or invoice "
        "that would be another record's than its own. Void it and capture it again afterwards."
    ]


@compares_suppliers
def invoices_of_suppliers(ids: Collection[int], currency: str) -> list[tuple[str, dict[int, Any]]]:
    """How many invoices each has, and what of them is not paid."""
    rows = SupplierInvoice.objects.filter(supplier__in=ids).order_by().values_list("supplier_id")
    unpaid = rows.filter(status__in=UNPAID)
    amounts = unpaid.filter(currency=currency, kind=SupplierInvoice.Kind.INVOICE)
    return [
        ("Invoices", dict(rows.annotate(Count("pk")))),
        ("Invoices not paid", dict(unpaid.annotate(Count("pk")))),
        (f"Not paid, {currency}", dict(amounts.annotate(Sum("total_amount")))),
    ]
