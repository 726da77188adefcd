"""What a supplier lacks before orders to it follow a decision: one step, in one sentence.

Vetted, listed, agreed with: each step leads to its form, filled in as far as is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procure.tenancy import OrganizationRequest
from suppliers.addresses import address
from suppliers.models import Category, Qualification, Sku, Supplier
from suppliers.profiles import Standing


@dataclass(frozen=True, slots=True)
class SupplierStep:
    """Why the step comes next, and the button that leads to it."""

    reason: str
    words: str
    address: str


def next_for_supplier(
    request: OrganizationRequest,
    supplier: Supplier,
    standings: Sequence[Standing],
    *,
    has_agreement: bool,
) -> SupplierStep | None:
    """The next step, or None when there is none or it is not this person's: one statement at most.

    Not told about a supplier that is blocked, or whose review is still under way.
    """
    if not request.membership.may("sourcing.write") or supplier.status != Supplier.Status.ACTIVE:
        return None
    if not standings:
        return _vetting(request, supplier)
    unlisted = next((row for row in standings if _is_unlisted(row)), None)
    if unlisted is not None:
        return approval_step(request, supplier, unlisted.category)
    listed = next((row for row in standings if row.entry and not row.lack), None)
    if listed is None or has_agreement:
        return None
    return _agreeing(request, supplier, listed)


def approval_step(
    request: OrganizationRequest, supplier: Supplier, category: Category
) -> SupplierStep:
    """Onto the approved vendor list for a category."""
    return SupplierStep(
        f"It is qualified for {category}, but not on the approved vendor list for it.",
        f"Approve for {category}",
        f"{address(request, 'approved_vendor_new')}"
        f"?supplier={supplier.public_id}&category={category.public_id}",
    )


def _is_unlisted(row: Standing) -> bool:
    usable = row.qualification is not None and row.qualification.status in Qualification.USABLE
    return row.entry is None and usable and not row.is_expired


def _vetting(request: OrganizationRequest, supplier: Supplier) -> SupplierStep:
    categories = list(Category.objects.order_by("pk")[:2])
    form = address(request, "qualification_edit", supplier)
    reason = "It is not qualified for any category yet."
    if len(categories) != 1:
        return SupplierStep(reason, "Qualify for a category", form)
    return SupplierStep(
        reason, f"Qualify for {categories[0]}", f"{form}?category={categories[0].public_id}"
    )


def _agreeing(request: OrganizationRequest, supplier: Supplier, row: Standing) -> SupplierStep:
    """An agreement; its first price is for the SKU or the category's first one."""
    found = Sku.objects.filter(category__lineage__contains=[row.category.pk], is_active=True)
    sku = row.sku or found.order_by("code").first()
    query = f"?sku={sku.public_id}" if sku is not None else ""
    return SupplierStep(
        f"It is approved for {row.name}; no price is agreed yet.",
        "New agreement",
        address(request, "agreement_new", supplier) + query,
    )
