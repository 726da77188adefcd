"""Rows for tests, each valid by itself; made inside the current organization's transaction."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from procure.models import Location, Membership, Organization, User
from purchasing.models import StockCount
from suppliers.models import (
    ApprovedVendor,
    BillOfMaterials,
    Category,
    CategoryStrategy,
    PriceAgreement,
    PriceBreak,
    Qualification,
    Sku,
    Supplier,
)

LONG_AGO = date(2020, 1, 1)


class OrganizationFactory(DjangoModelFactory):
    class Meta:
        model = Organization

    slug = factory.Sequence(lambda n: f"company-{n}")
    name = factory.Sequence(lambda n: f"Company {n}")
    currency = "USD"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.test")
    full_name = factory.Sequence(lambda n: f"Person {n}")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)
    roles = ["buyer"]


class LocationFactory(DjangoModelFactory):
    class Meta:
        model = Location

    code = factory.Sequence(lambda n: f"L{n}")
    name = factory.Sequence(lambda n: f"Place {n}")


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category

    code = factory.Sequence(lambda n: f"C{n}")
    name = factory.Sequence(lambda n: f"Category {n}")

    @factory.post_generation
    def lineage(self: Category, create: bool, extracted: object, **kwargs: object) -> None:
        """Itself, then its parent's line."""
        if create:
            self.lineage = [self.pk, *(self.parent.lineage if self.parent else [])]
            self.save(update_fields=["lineage"])

    @classmethod
    def _after_postgeneration(
        cls, instance: Category, create: bool, results: object = None
    ) -> None:
        return None


class CategoryStrategyFactory(DjangoModelFactory):
    class Meta:
        model = CategoryStrategy

    category = factory.SubFactory(CategoryFactory)


class SkuFactory(DjangoModelFactory):
    class Meta:
        model = Sku

    code = factory.Sequence(lambda n: f"SKU-{n}")
    description = factory.Sequence(lambda n: f"Thing {n}")
    category = factory.SubFactory(CategoryFactory)
    unit = "EA"


class SupplierFactory(DjangoModelFactory):
    class Meta:
        model = Supplier

    code = factory.Sequence(lambda n: f"S{n}")
    name = factory.Sequence(lambda n: f"Supplier {n}")
    currency = "USD"
    email = factory.Sequence(lambda n: f"orders@supplier{n}.test")


class QualificationFactory(DjangoModelFactory):
    class Meta:
        model = Qualification

    supplier = factory.SubFactory(SupplierFactory)
    category = factory.SubFactory(CategoryFactory)
    status = Qualification.Status.QUALIFIED


class ApprovedVendorFactory(DjangoModelFactory):
    class Meta:
        model = ApprovedVendor

    supplier = factory.SubFactory(SupplierFactory)
    category = factory.SubFactory(CategoryFactory)
    standing = ApprovedVendor.Standing.APPROVED
    valid_from = LONG_AGO


class PriceAgreementFactory(DjangoModelFactory):
    class Meta:
        model = PriceAgreement

    number = factory.Sequence(lambda n: f"AG-{n}")
    supplier = factory.SubFactory(SupplierFactory)
    currency = "USD"
    valid_from = LONG_AGO


class PriceBreakFactory(DjangoModelFactory):
    class Meta:
        model = PriceBreak

    agreement = factory.SubFactory(PriceAgreementFactory)
    sku = factory.SubFactory(SkuFactory)
    unit = "EA"
    unit_price = Decimal("1.00")
    valid_from = LONG_AGO


class BillOfMaterialsFactory(DjangoModelFactory):
    class Meta:
        model = BillOfMaterials

    quantity = Decimal(1)


class StockCountFactory(DjangoModelFactory):
    class Meta:
        model = StockCount

    counted_quantity = Decimal(100)
    counted_at = factory.LazyFunction(timezone.now)
