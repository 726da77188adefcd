"""The first steps of an organization that are taken here: from a category to agreed prices.

Each leads to its form with what is known already filled in, and is done when it has happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from procure.models import Organization
from procure.screens import step_url
from procure.tenancy import OrganizationRequest
from procure.work import FirstStep, tells_first_steps
from suppliers.models import (
    ApprovedVendor,
    Category,
    CategoryStrategy,
    PriceAgreement,
    Qualification,
    Sku,
    Supplier,
)

SOURCES_WANTED = 2


@dataclass(frozen=True, slots=True)
class Beginning:
    """How far the organization is; each id is the record that the next form is opened with."""

    category: UUID | None
    has_strategy: bool
    sku: UUID | None
    suppliers: int
    unvetted: UUID | None
    qualified: int
    unlisted: UUID | None
    listed: int
    source: UUID | None
    has_agreement: bool


def beginning(organization: Organization) -> Beginning:
    """One statement, however much there is."""
    vetted = Qualification.objects.filter(status__in=Qualification.USABLE)
    today = timezone.localdate()
    listed = ApprovedVendor.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today))
    active = Supplier.objects.filter(status=Supplier.Status.ACTIVE)
    is_vetted = Exists(vetted.filter(supplier=OuterRef("pk")))
    is_listed = Exists(listed.filter(supplier=OuterRef("pk")))
    row = (
        Organization.objects.filter(pk=organization.pk)
        .values(
            category=_first(Category.objects.all()),
            has_strategy=Exists(CategoryStrategy.objects.all()),
            sku=_first(Sku.objects.filter(is_active=True)),
            suppliers=_number(active, "pk"),
            unvetted=_first(active.filter(~is_vetted)),
            qualified=_number(vetted, "supplier"),
            unlisted=_first(active.filter(is_vetted).filter(~is_listed)),
            listed=_number(listed, "supplier"),
            source=_first(active.filter(is_listed)),
            has_agreement=Exists(PriceAgreement.objects.all()),
        )
        .get()
    )
    return Beginning(**row)


def _first(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.order_by("pk").values("public_id")[:1])


def _number(rows: QuerySet[Any], name: str) -> Coalesce:
    counted = rows.order_by().values("organization").annotate(number=Count(name, distinct=True))
    return Coalesce(Subquery(counted.values("number")[:1]), 0)


@tells_first_steps
def sourcing_steps(request: OrganizationRequest) -> list[FirstStep]:
    """From a category to agreed prices: one statement."""
    at = beginning(request.organization)
    return [*_category_steps(request, at), *_supplier_steps(request, at)]


def _category_steps(request: OrganizationRequest, at: Beginning) -> list[FirstStep]:
    """What is bought, and by which strategy."""
    return [
        FirstStep(
            title="Add a category",
            detail="What is bought by one strategy, such as boxes.",
            address=step_url(request, "catalogue.write", "suppliers:category_new"),
            icon="folder-tree",
            is_done=at.category is not None,
            place=20,
        ),
        FirstStep(
            title="Say how it is bought",
            detail="Its strategy: the objective, and how many sources it needs.",
            address=_opened(request, "sourcing.write", "strategy_edit", at.category),
            icon="target",
            is_done=at.has_strategy,
            place=22,
        ),
        FirstStep(
            title="Add what you buy",
            detail="The SKUs of the category.",
            address=_filled_in(request, "catalogue.write", "sku_new", category=at.category),
            icon="barcode",
            is_done=at.sku is not None,
            place=24,
        ),
    ]


def _supplier_steps(request: OrganizationRequest, at: Beginning) -> list[FirstStep]:
    """From whom: two sources that are vetted and listed, and prices with one of them."""
    return [
        FirstStep(
            title="Add two suppliers",
            detail=f"{at.suppliers} so far. The second is your fallback.",
            address=_filled_in(request, "suppliers.write", "supplier_new", category=at.category),
            icon="store",
            is_done=at.suppliers >= SOURCES_WANTED,
            place=30,
        ),
        FirstStep(
            title="Qualify both",
            detail=f"{at.qualified} of {SOURCES_WANTED}. One sourcing lead decides; the category's "
            "checklist says on what.",
            address=_opened(
                request, "sourcing.write", "qualification_edit", at.unvetted, category=at.category
            ),
            icon="shield-check",
            is_done=at.qualified >= SOURCES_WANTED,
            place=32,
        ),
        FirstStep(
            title="Approve both",
            detail=f"{at.listed} of {SOURCES_WANTED} on the approved vendor list. Orders are "
            "offered to them first.",
            address=_filled_in(
                request,
                "sourcing.write",
                "approved_vendor_new",
                supplier=at.unlisted,
                category=at.category,
            ),
            icon="list-checks",
            is_done=at.listed >= SOURCES_WANTED,
            place=34,
        ),
        FirstStep(
            title="Agree on prices",
            detail="Order lines take them by themselves.",
            address=_opened(request, "sourcing.write", "agreement_new", at.source, sku=at.sku),
            icon="handshake",
            is_done=at.has_agreement,
            place=36,
        ),
    ]


def _opened(
    request: OrganizationRequest,
    permission: str,
    name: str,
    row: UUID | None,
    **values: UUID | None,
) -> str:
    """The form that stands on a record, filled in; nothing while there is no such record."""
    if row is None:
        return ""
    known = {key: value for key, value in values.items() if value is not None}
    query = f"?{urlencode(known)}" if known else ""
    return step_url(request, permission, f"suppliers:{name}", query, public_id=row)


def _filled_in(
    request: OrganizationRequest, permission: str, name: str, **values: UUID | None
) -> str:
    """The form of a new record, filled in; nothing while what it needs is missing."""
    if None in values.values():
        return ""
    return step_url(request, permission, f"suppliers:{name}", f"?{urlencode(values)}")
