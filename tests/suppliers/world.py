"""A small company to source for: Packaging with Corrugate below it, and its suppliers."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from procure.models import Membership, Organization, User
from procure.permissions import Role
from suppliers.models import (
    ApprovedVendor,
    Category,
    PriceAgreement,
    PriceBreak,
    Qualification,
    Scorecard,
    Sku,
    SkuCost,
    Supplier,
)

TODAY = date(2026, 11, 23)


def person(name: str, organization: Organization, *roles: str) -> User:
    user = User.objects.create_user(
        f"{name.lower()}@{organization.slug}.example", "pass", full_name=name
    )
    Membership.objects.create(organization=organization, user=user, roles=list(roles))
    return user


def company(slug: str = "fernhill", currency: str = "USD") -> Organization:
    return Organization.objects.create(slug=slug, name=slug.title(), currency=currency)


def category(code: str, parent: Category | None = None, **fields: Any) -> Category:
    made = Category.objects.create(code=code, name=code.title(), parent=parent, **fields)
    made.lineage = [made.pk, *(parent.lineage if parent else [])]
    made.save(update_fields=["lineage"])
    return made


def sku(code: str, of: Category, **fields: Any) -> Sku:
    return Sku.objects.create(code=code, description=f"{code} box", category=of, **fields)


def supplier(name: str, **fields: Any) -> Supplier:
    code = name.split()[0].upper()
    return Supplier.objects.create(**{"code": code, "name": name, "currency": "USD", **fields})


def entry(
    who: Supplier, of: Category | Sku, standing: str = "approved", **fields: Any
) -> ApprovedVendor:
    scope = {"sku": of} if isinstance(of, Sku) else {"category": of}
    days = {"valid_from": date(2025, 1, 1), **fields}
    return ApprovedVendor.objects.create(supplier=who, standing=standing, **scope, **days)


def qualification(
    who: Supplier, of: Category, status: str = "qualified", **fields: Any
) -> Qualification:
    return Qualification.objects.create(supplier=who, category=of, status=status, **fields)


def agreement(
    number: str, who: Supplier, *rows: tuple[Sku, str, str], **fields: Any
) -> PriceAgreement:
    """Rows are SKU, minimum quantity, unit price."""
    days = {"valid_from": date(2026, 4, 1), "valid_to": date(2027, 3, 31)}
    lead_time = fields.pop("lead_time_days", 14)
    made = PriceAgreement.objects.create(
        **{"number": number, "supplier": who, "currency": "USD", **days, **fields}
    )
    PriceBreak.objects.bulk_create(
        PriceBreak(
            agreement=made, sku=one, unit=one.unit, minimum_quantity=Decimal(minimum),
            unit_price=Decimal(price), lead_time_days=lead_time,
            valid_from=made.valid_from, valid_to=made.valid_to,
        )
        for one, minimum, price in rows
    )  # fmt: skip
    return made


def scorecard(who: Supplier, on_time: str | None, lines: int, **fields: Any) -> Scorecard:
    return Scorecard.objects.create(
        supplier=who, period="365d", lines_due=lines, currency="USD", as_of=TODAY,
        on_time_percent=None if on_time is None else Decimal(on_time), **fields,
    )  # fmt: skip


def last_paid(who: Supplier, what: Sku, price: str, on: date = date(2026, 11, 12)) -> SkuCost:
    return SkuCost.objects.create(
        supplier=who, sku=what, currency=who.currency, last_price=Decimal(price),
        last_on=on, lines=1, suppliers=1, as_of=TODAY,
    )  # fmt: skip


def fernhill() -> SimpleNamespace:
    """Northline preferred, Ashgrove approved, Delta backup; Kestrel is in review."""
    packaging = category("packaging", lead_time_days=30)
    corrugate = category("corrugate", packaging)
    small, large = sku("CTN-12", corrugate, standard_cost=Decimal("0.70")), sku("CTN-24", corrugate)
    northline, ashgrove = supplier("Northline Packaging"), supplier("Ashgrove Box")
    delta, kestrel = supplier("Delta Corrugated"), supplier("Kestrel Pack")
    entry(northline, corrugate, "preferred")
    entry(ashgrove, packaging, "approved")
    entry(delta, corrugate, "backup")
    for one in (northline, ashgrove, delta):
        qualification(one, packaging)
    qualification(kestrel, corrugate, "in_review", note="Insurance certificate missing.")
    return SimpleNamespace(**{key: value for key, value in locals().items() if key != "one"})


def people(organization: Organization) -> Iterator[User]:
    yield person("Sana", organization, Role.SOURCING_LEAD)
    yield person("Maya", organization, Role.BUYER)
    yield person("Aldo", organization, Role.AUDITOR)
