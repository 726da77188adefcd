"""What becomes of this floor's rows when two records of a supplier are merged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from suppliers.following import (
    FOLLOWS,
    MOVES,
    STAYS,
    Reference,
    clashing,
    compares_suppliers,
    follow,
    objects_to_merging,
    objects_to_undoing,
)
from suppliers.models import (
    ApprovedVendor,
    BankAccount,
    Contact,
    PriceAgreement,
    PriceBreak,
    Qualification,
    QuotationInvitation,
    QuotationRequest,
    Supplier,
    SupplierMerge,
    VolumeCommitment,
)

COMMITMENTS = Reference("suppliers.VolumeCommitment.supplier", MOVES, "volume commitments")

follow(
    Reference("suppliers.Contact.supplier", MOVES, "contacts"),
    Reference(
        "suppliers.SupplierAddress.supplier",
        MOVES,
        "addresses",
        kept="the remaining record has one of the same kind",
    ),
    Reference("suppliers.RiskNote.supplier", MOVES, "risk notes"),
    # A merge never makes an account payable: that takes the usual change with its second person.
    Reference("suppliers.BankAccount.supplier", STAYS),
    Reference(
        "suppliers.Qualification.supplier",
        MOVES,
        "qualifications",
        kept="the remaining record is vetted for the same category; the stricter status counts",
    ),
    Reference(
        "suppliers.ApprovedVendor.supplier",
        MOVES,
        "list entries",
        kept="the remaining record has an entry for the same at that time, and its own counts",
    ),
    Reference(
        "suppliers.ProvisionalAdmission.supplier",
        MOVES,
        "provisional admissions",
        kept="the remaining record is admitted to the same category, within its own limits",
    ),
    Reference("suppliers.PriceAgreement.supplier", MOVES, "price agreements"),
    COMMITMENTS,
    Reference(
        "suppliers.SupplierReview.supplier",
        MOVES,
        "reviews",
        kept="the remaining record is under review for the same",
    ),
    Reference(
        "suppliers.StrategyShare.supplier",
        MOVES,
        "planned shares",
        kept="the strategy names the remaining record, too",
    ),
    Reference(
        "suppliers.DecisionCandidate.supplier",
        MOVES,
        "places in decisions",
        kept="both records were weighed in the same decision",
    ),
    Reference(
        "suppliers.QuotationInvitation.supplier",
        MOVES,
        "invitations to quote",
        kept="both records were asked in the same request",
    ),
    Reference("suppliers.Quotation.supplier", FOLLOWS, parent="invitation"),
    Reference("suppliers.QuotationLine.supplier", FOLLOWS, parent="quotation"),
    Reference("suppliers.QuotationBreak.supplier", FOLLOWS, parent="line"),
    Reference("suppliers.QuotationQuestion.supplier", FOLLOWS, parent="invitation"),
    Reference("suppliers.QuotationAward.supplier", FOLLOWS, parent="quotation"),
    # Results are computed anew from the documents, for both.
    Reference("suppliers.PerformanceCell.supplier", STAYS),
    Reference("suppliers.Scorecard.supplier", STAYS),
    Reference("suppliers.SkuCost.supplier", STAYS),
    Reference("suppliers.StaleRollup.supplier", STAYS),
    # What was said about the two records themselves.
    Reference("suppliers.SupplierMerge.merged", STAYS),
    Reference("suppliers.SupplierMerge.remaining", STAYS),
    Reference("suppliers.SuppliersToldApart.first", STAYS),
    Reference("suppliers.SuppliersToldApart.second", STAYS),
)


@objects_to_merging
def terms_that_disagree(merged: Supplier, remaining: Supplier) -> list[str]:
    """One currency for both, one open commitment for the same, no account on its way."""
    found = []
    if merged.currency != remaining.currency:
        found.append(
            f"{merged.name} trades in {merged.currency}, {remaining.name} in "
            f"{remaining.currency}, and a supplier has one currency. Change one of them first."
        )
    today = timezone.localdate()
    changing = BankAccount.objects.filter(
        Q(status__in=BankAccount.OPEN) | Q(status="confirmed", usable_from__gt=today),
        supplier=merged,
    )
    if changing.exists():
        found.append(
            f"Bank details of {merged.name} are changing. Reject the change on its page, or wait "
            "until it is in force: payments wait for it, and a merge would let them go."
        )
    numbers = [one.number for one in clashing(COMMITMENTS, merged.pk, remaining.pk)]
    if numbers:
        found.append(
            f"Both have an open volume commitment for the same: withdraw {', '.join(numbers)} "
            f"or the one of {remaining.name} first."
        )
    return found


@objects_to_merging
def requests_that_ask_both(merged: Supplier, remaining: Supplier) -> list[str]:
    """While a request is open, two links of one supplier could quote twice."""
    done = (QuotationRequest.Status.AWARDED, QuotationRequest.Status.CANCELLED)
    asked = QuotationRequest.objects.exclude(status__in=done).filter(
        pk__in=QuotationInvitation.objects.filter(supplier=merged).values("request")
    )
    both = asked.filter(
        pk__in=QuotationInvitation.objects.filter(supplier=remaining).values("request")
    )
    names = [str(one) for one in both.order_by("pk")]
    if not names:
        return []
    return [f"Both are asked to quote in {', '.join(names)}: award it or call it off first."]


@objects_to_undoing
def merged_on(merge: SupplierMerge, moved: dict[str, list[int]]) -> list[str]:
    """A record that went on into a third one comes back first."""
    if merge.remaining.status != Supplier.Status.MERGED:
        return []
    return [f"{merge.remaining.name} was merged into another record since. Undo that first."]


def _counted(model: Any, ids: Collection[int], field: str = "supplier_id", **more: Any) -> Any:
    rows = model.objects.filter(**{f"{field}__in": ids}, **more).values_list(field)
    return dict(
        rows.annotate(Count("sku" if model is PriceBreak else "pk", distinct=True)).order_by()
    )


@compares_suppliers
def records_of_suppliers(ids: Collection[int], currency: str) -> list[tuple[str, dict[int, Any]]]:
    """What this floor keeps of each."""
    return [
        ("Contacts", _counted(Contact, ids)),
        ("Qualifications", _counted(Qualification, ids)),
        ("List entries", _counted(ApprovedVendor, ids)),
        ("Price agreements", _counted(PriceAgreement, ids)),
        ("SKUs with a price", _counted(PriceBreak, ids, "agreement__supplier_id")),
        ("Open commitments", _counted(VolumeCommitment, ids, status="open")),
    ]
