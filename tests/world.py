"""A small company with named people, one supplier it trusts, one it does not, and two SKUs.

Tests start from it and say only what is different. `world.inside()` opens its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from django.test import Client

from procure.models import Location, Membership, Organization, User
from procure.permissions import Role
from procure.tenancy import tenant_atomic
from suppliers.models import Category, PriceAgreement, Sku, Supplier
from tests.factories import (
    ApprovedVendorFactory,
    CategoryFactory,
    LocationFactory,
    MembershipFactory,
    OrganizationFactory,
    PriceAgreementFactory,
    PriceBreakFactory,
    QualificationFactory,
    SkuFactory,
    SupplierFactory,
    UserFactory,
)


@dataclass
class World:
    """The company; people are found by role: `world.people["buyer"]`."""

    organization: Organization
    people: dict[str, User] = field(default_factory=dict)
    packaging: Category = None  # type: ignore[assignment]
    boxes: Category = None  # type: ignore[assignment]
    shipper: Sku = None  # type: ignore[assignment]
    divider: Sku = None  # type: ignore[assignment]
    northline: Supplier = None  # type: ignore[assignment]
    kestrel: Supplier = None  # type: ignore[assignment]
    agreement: PriceAgreement = None  # type: ignore[assignment]
    reno: Location = None  # type: ignore[assignment]

    def inside(self) -> AbstractContextManager[None]:
        return tenant_atomic(self.organization.pk)

    def client(self, role: str) -> Client:
        """A browser in which the person of this role is signed in."""
        client = Client()
        client.force_login(self.people[role])
        return client

    def url(self, path: str = "") -> str:
        return f"/{self.organization.slug}/{path}"


def make_world(slug: str = "acme") -> World:
    """Boxes below Packaging; Northline preferred with agreed prices, Kestrel unvetted."""
    world = World(OrganizationFactory(slug=slug, name=slug.title()))
    world.people = employ(world.organization)
    with world.inside():
        world.packaging = CategoryFactory(code="PACK", name="Packaging")
        world.boxes = CategoryFactory(
            code="BOX", name="Boxes", parent=world.packaging, lead_time_days=14
        )
        world.shipper = SkuFactory(
            code="CTN-12-KR", description="Shipper 12-ct, kraft", category=world.boxes
        )
        world.divider = SkuFactory(
            code="DIV-12-SB", description="Divider insert, 12-cell", category=world.boxes
        )
        world.reno = LocationFactory(code="RENO", name="Reno co-packer")
        world.northline = SupplierFactory(code="NORTH", name="Northline Packaging")
        world.kestrel = SupplierFactory(code="KESTREL", name="Kestrel Pack")
        QualificationFactory(supplier=world.northline, category=world.packaging)
        ApprovedVendorFactory(
            supplier=world.northline, category=world.packaging, standing="preferred"
        )
        world.agreement = PriceAgreementFactory(number="NL-2026-04", supplier=world.northline)
        for sku, price in ((world.shipper, "0.612"), (world.divider, "0.089")):
            PriceBreakFactory(
                agreement=world.agreement, sku=sku, unit_price=Decimal(price), lead_time_days=14
            )
    return world


def employ(organization: Organization) -> dict[str, User]:
    """One person per role, in two statements: nearly every test begins with them."""
    slug = organization.slug
    people = User.objects.bulk_create(
        UserFactory.build(email=f"{role.value}@{slug}.test", full_name=f"{role.label} {slug}")
        for role in Role
    )
    Membership.objects.bulk_create(
        MembershipFactory.build(
            organization=organization,
            user=person,
            roles=[role.value],
            acceptance_limit=1000 if role is Role.AP_LEAD else 0,
        )
        for role, person in zip(Role, people, strict=True)
    )
    return {role.value: person for role, person in zip(Role, people, strict=True)}


@pytest.fixture
def world(db: None) -> World:
    """The company, outside any transaction of its own."""
    return make_world()


@pytest.fixture
def other_world(db: None) -> World:
    """A second company with the same people's roles, to leak into."""
    return make_world("globex")


@pytest.fixture
def inside(world: World) -> Iterator[World]:
    """The company, with its transaction open for the whole test."""
    with world.inside():
        yield world
