"""The demo's standing records: people, places, categories, SKUs, suppliers, lists, agreements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from matching.demo.catalogue import (
    CATEGORIES,
    FAMILIES,
    FINISHED_GOODS,
    PEOPLE,
    PLACES,
    RATES,
    SUPPLIERS,
    DemoFamily,
    DemoSupplier,
)
from procure.models import ExchangeRate, Location, Membership, Organization, User
from procure.units import is_weighed
from purchasing.models import ApprovalRule
from suppliers.models import (
    ApprovedVendor,
    Category,
    Contact,
    PriceAgreement,
    PriceBreak,
    Qualification,
    ScoreRules,
    Sku,
    Supplier,
    UnitFactor,
)
from suppliers.score_rules import FIRST_SCORING, RANK, REVIEW, WARN

RENEWED_DAYS_AGO = 280
UTC = ZoneInfo("UTC")


@dataclass(slots=True)
class Company:
    """Everything the history needs to find again, by code."""

    organization: Organization
    today: date
    rng: Random
    history_days: int
    small_differences: Random  # of its own, so that what it decides moves nothing else
    people: dict[str, User] = field(default_factory=dict)
    places: list[Location] = field(default_factory=list)
    categories: dict[str, Category] = field(default_factory=dict)
    suppliers: dict[str, Supplier] = field(default_factory=dict)
    habits: dict[str, DemoSupplier] = field(default_factory=dict)
    skus: dict[str, list[Sku]] = field(default_factory=dict)
    quantities: dict[int, int] = field(default_factory=dict)
    market: dict[int, Decimal] = field(default_factory=dict)
    breaks: dict[tuple[int, int], list[PriceBreak]] = field(default_factory=dict)

    def moment(self, day: date, hour: int = 9) -> datetime:
        """That day's hour with some minutes, never in the future."""
        at = datetime.combine(day, time(hour, self.rng.randrange(60)), UTC)
        return min(at, datetime.now(UTC))

    def sources(self, category: str, standings: tuple[str, ...]) -> list[str]:
        """Codes of the suppliers with one of these standings in a category."""
        return [
            supplier.code
            for supplier in SUPPLIERS
            if supplier.standings.get(category) in standings and category in supplier.standings
        ]

    def price(self, supplier: str, sku: Sku, factor: Decimal = Decimal(1)) -> Decimal:
        """The supplier's price of a SKU in its own currency, 4 places."""
        habits = self.habits[supplier]
        level = Decimal(habits.price) * factor / RATES[habits.currency]
        return (self.market[sku.pk] * level).quantize(Decimal("0.0001"))


def make_company(
    organization: Organization, today: date, password: str, history_days: int
) -> Company:
    """Fills an empty organization with its standing records; inside its transaction."""
    rng, small = Random(organization.slug), Random(f"{organization.slug}, small differences")
    company = Company(organization, today, rng, history_days, small)
    _people(company, password)
    _places_and_rules(company)
    _categories(company)
    _skus(company)
    _suppliers(company)
    _lists(company)
    _agreements(company)
    return company


def _people(company: Company, password: str) -> None:
    hashed = make_password(password)
    domain = f"{company.organization.slug}.example"
    for name, full_name, roles, limit in PEOPLE:
        user, _made = User.objects.get_or_create(
            email=f"{name}@{domain}", defaults={"full_name": full_name, "password": hashed}
        )
        Membership.objects.update_or_create(
            organization=company.organization,
            user=user,
            defaults={"roles": list(roles), "acceptance_limit": Decimal(limit)},
        )
        company.people[name] = user
    lead = Membership.objects.filter(organization=company.organization)
    lead.filter(user=company.people["ap"]).update(lead=company.people["aplead"])
    lead.filter(user=company.people["buyer"]).update(lead=company.people["sourcing"])


def _places_and_rules(company: Company) -> None:
    company.places = Location.objects.bulk_create(
        Location(code=code, name=name, address=address, country=country)
        for code, name, address, country in PLACES
    )
    ApprovalRule.objects.bulk_create(
        [
            ApprovalRule(name="Orders from 2,500", minimum_amount=2500, by_category_owner=True),
            ApprovalRule(
                name="Operations above 25,000", minimum_amount=25000, role="operations_lead", step=2
            ),
            ApprovalRule(
                name="Off the approved list", off_list_only=True, role="operations_lead", step=3
            ),
        ]
    )
    _score_rules(company)
    long_ago = company.today - timedelta(days=company.history_days + 60)
    ExchangeRate.objects.bulk_create(
        ExchangeRate(currency=code, per_currency="USD", rate=rate, valid_from=long_ago)
        for code, rate in RATES.items()
        if code != "USD"
    )


def _score_rules(company: Company) -> None:
    """A second version: prices count a little more, lead times a little less."""
    weights = (40, 10, 15, 20, 15)
    ScoreRules.objects.create(
        version=2,
        valid_from=company.today - timedelta(days=min(company.history_days, 60)),
        measures={
            one.name: {"weight": weight, "nothing": one.nothing, "target": one.target}
            for one, weight in zip(FIRST_SCORING.measures, weights, strict=True)
        },
        grades=dict(FIRST_SCORING.grades[:-1]),
        least_lines=FIRST_SCORING.least_lines,
        consequences={REVIEW: "C", RANK: "D", WARN: "C"},
        created_by=company.people["sourcing"],
    )


def _categories(company: Company) -> None:
    owners = {"PACK": "approver", "ING": "approver"}
    for entry in CATEGORIES:
        parent = company.categories.get(entry.parent)
        owner = owners.get(entry.code.split("-")[0])
        category = Category.objects.create(
            code=entry.code,
            name=entry.name,
            parent=parent,
            lead_time_days=entry.lead_time_days,
            criticality=entry.criticality,
            off_list_rule=entry.off_list_rule,
            owner=company.people[owner] if owner else None,
        )
        category.lineage = [category.pk, *(parent.lineage if parent else [])]
        category.save(update_fields=["lineage"])
        company.categories[entry.code] = category


def _skus(company: Company) -> None:
    rng = company.rng
    made: list[tuple[Sku, DemoFamily | None, Decimal]] = []
    for bought in FAMILIES:
        for number, (suffix, words) in enumerate(bought.variants):
            factor = Decimal(str(round(1 + 0.11 * number + rng.uniform(-0.03, 0.03), 4)))
            market = (Decimal(bought.price) * factor).quantize(Decimal("0.0001"))
            sku = Sku(
                code=f"{bought.stem}-{suffix}",
                description=f"{bought.words} {words}",
                category=company.categories[bought.category],
                unit=bought.unit,
                in_full_tolerance_percent=2 if is_weighed(bought.unit) else 0,
                standard_cost=market,
                reorder_point=bought.typical_quantity // 2,
            )
            made.append((sku, bought, market))
    goods = Category.objects.create(code="FG", name="Finished goods", off_list_rule="off")
    goods.lineage = [goods.pk]
    goods.save(update_fields=["lineage"])
    for stem, words, retail, variants in FINISHED_GOODS:
        sale = Decimal(retail)
        for suffix, variant in variants:
            sku = Sku(
                code=f"{stem}-{suffix}",
                description=f"{words} {variant}",
                category=goods,
                standard_cost=(sale * Decimal("0.46")).quantize(Decimal("0.01")),
                sale_price=sale,
            )
            made.append((sku, None, sale))
    Sku.objects.bulk_create([sku for sku, _family, _price in made])
    for sku, family, price in made:
        if family:
            company.skus.setdefault(family.category, []).append(sku)
            company.quantities[sku.pk] = family.typical_quantity
            company.market[sku.pk] = price
    boxes = [sku for sku in company.skus["PACK-BOX"] if sku.unit == "EA"]
    UnitFactor.objects.bulk_create(
        UnitFactor(sku=sku, unit="BDL", factor=25, valid_from=date(2020, 1, 1)) for sku in boxes
    )


def _suppliers(company: Company) -> None:
    since = datetime.combine(
        company.today - timedelta(days=company.history_days + 60), time(9), UTC
    )
    company.habits = {supplier.code: supplier for supplier in SUPPLIERS}
    rows = Supplier.objects.bulk_create(
        Supplier(
            code=habits.code,
            name=habits.name,
            legal_name=f"{habits.name}, Inc." if habits.country == "United States" else habits.name,
            country=habits.country,
            currency=habits.currency,
            payment_terms_days=habits.terms_days,
            incoterm="DAP" if habits.country == "United States" else "CIF",
            email=f"orders@{habits.code.lower()}.example",
            created_at=since,
        )
        for habits in SUPPLIERS
    )
    company.suppliers = {row.code: row for row in rows}
    Contact.objects.bulk_create(
        Contact(
            supplier=row,
            name=f"{row.name.split()[0]} order desk",
            email=f"desk@{row.code.lower()}.example",
            phone=f"+1 555 01{number:02d}",
            phone_since=since,
            position="Order desk",
        )
        for number, row in enumerate(rows)
    )


def _lists(company: Company) -> None:
    since = company.today - timedelta(days=company.history_days + 30)
    decided_at = company.moment(since)
    sourcing = company.people["sourcing"]
    qualifications, entries = [], []
    for habits in SUPPLIERS:
        for rank, (code, standing) in enumerate(habits.standings.items(), start=1):
            ends = company.today + timedelta(days=company.rng.choice((12, 25, 90, 200, 400)))
            qualifications.append(
                Qualification(
                    supplier=company.suppliers[habits.code],
                    category=company.categories[code],
                    status="qualified" if standing else "in_review",
                    valid_to=ends if standing else None,
                    note="" if standing else "Insurance certificate missing.",
                    decided_by=sourcing,
                    decided_at=decided_at,
                )
            )
            if standing:
                entries.append(
                    ApprovedVendor(
                        supplier=company.suppliers[habits.code],
                        category=company.categories[code],
                        standing=standing,
                        rank=rank,
                        valid_from=since,
                        reason="Chosen in the yearly review.",
                        decided_by=sourcing,
                        decided_at=decided_at,
                    )
                )
    Qualification.objects.bulk_create(qualifications)
    ApprovedVendor.objects.bulk_create([*entries, *_particular_entries(company, since)])


def _particular_entries(company: Company, since: date) -> list[ApprovedVendor]:
    """Entries that say more than a standing: for one ship-to, with a share, with a flag."""
    by_standing = {
        (code, standing): company.suppliers[habits.code]
        for habits in SUPPLIERS
        for code, standing in habits.standings.items()
        if standing
    }
    code = next(code for code, standing in by_standing if standing == "backup")
    particular = {
        "location": company.places[-1],
        "category": company.categories[code],
        "valid_from": since,
        "decided_by": company.people["sourcing"],
        "decided_at": company.moment(since),
    }
    backup, first = by_standing[code, "backup"], by_standing.get((code, "preferred"))
    entries = [
        ApprovedVendor(
            supplier=backup, standing="approved", share_percent=40, needs_justification=True,
            reason="Shorter way to this place; the first choice is to stay the first.", **particular,
        )
    ]  # fmt: skip
    if first is not None:
        entries.append(
            ApprovedVendor(supplier=first, standing="preferred", share_percent=60,
                           reason="Keeps its volume here, too.", **particular)
        )  # fmt: skip
    return entries


def _agreements(company: Company) -> None:
    """Last year's and this year's agreement of every supplier with a standing but backups."""
    renewed = company.today - timedelta(days=RENEWED_DAYS_AGO)
    agreements: list[PriceAgreement] = []
    breaks: list[PriceBreak] = []
    for number, habits in enumerate(SUPPLIERS):
        codes = [code for code, standing in habits.standings.items() if standing in _CONTRACTED]
        if not codes:
            continue
        ends = company.today + timedelta(days=(9, 24, 41, 85, 150, 240)[number % 6])
        for label, starts, until, factor in (
            ("A", renewed - timedelta(days=365), renewed - timedelta(days=1), Decimal("0.97")),
            ("B", renewed, ends, Decimal(1)),
        ):
            agreement = PriceAgreement(
                number=f"{habits.code}-{starts:%Y}-{label}",
                supplier=company.suppliers[habits.code],
                currency=habits.currency,
                valid_from=starts,
                valid_to=until,
            )
            agreements.append(agreement)
            breaks.extend(_breaks(company, agreement, habits, codes, factor))
    PriceAgreement.objects.bulk_create(agreements)
    for price_break in breaks:
        price_break.agreement_id = price_break.agreement.pk
    PriceBreak.objects.bulk_create(breaks)
    for price_break in breaks:
        key = (price_break.agreement.supplier_id, price_break.sku_id)
        company.breaks.setdefault(key, []).append(price_break)


_CONTRACTED = ("preferred", "approved")


def _breaks(
    company: Company,
    agreement: PriceAgreement,
    habits: DemoSupplier,
    codes: list[str],
    factor: Decimal,
) -> Iterator[PriceBreak]:
    for code in codes:
        lead_time = round((company.categories[code].lead_time_days or 10) * habits.lead_factor)
        for sku in company.skus[code]:
            base = company.price(habits.code, sku, factor)
            tiers = [(Decimal(0), base)]
            if habits.standings[code] == "preferred":
                tier = Decimal(round(company.quantities[sku.pk] * 1.25))
                tiers.append((tier, (base * Decimal("0.93")).quantize(Decimal("0.0001"))))
            for minimum, unit_price in tiers:
                yield PriceBreak(
                    agreement=agreement,
                    sku=sku,
                    unit=sku.unit,
                    minimum_quantity=minimum,
                    unit_price=unit_price,
                    lead_time_days=lead_time,
                    valid_from=agreement.valid_from,
                    valid_to=agreement.valid_to,
                )
