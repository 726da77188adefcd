"""The page that answers who a supplier is to us: few statements, however much there is."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procure.tenancy import tenant_atomic
from suppliers.models import BankAccount, Contact, PerformanceCell, PriceAgreement, PriceBreak, Sku
from suppliers.record_keeping import note_risk
from tests.suppliers.support import day
from tests.suppliers.world import category, company, entry, fernhill, people, qualification

# What the page itself reads; signing in, the membership and the frame's own come on top.
MOST = 15
COUNTED = "AS counted"  # the frame's own, of the navigation
READ = (
    "suppliers_",
    "purchasing_",
    "procure_businessevent",
    "procure_attachment",
    "procure_exchangerate",
)


@pytest.fixture
def house(db):
    organization = company()
    sana, *_ = people(organization)
    with tenant_atomic(organization.pk):
        house = fernhill()
    house.organization, house.sana = organization, sana
    return house


def fill(house, first, last):
    """So many of everything that the page shows, of one supplier."""
    for number in range(first, last):
        below = category(f"c{number}", house.packaging)
        entry(house.northline, below)
        qualification(house.northline, below)
        what = Sku.objects.create(code=f"S{number}", description="Box", category=below)
        made = PriceAgreement.objects.create(
            number=f"A{number}", supplier=house.northline, currency="USD", valid_from=day(-9)
        )
        PriceBreak.objects.create(
            agreement=made, sku=what, unit="EA", unit_price=Decimal(1), valid_from=day(-9)
        )
        PerformanceCell.objects.create(
            supplier=house.northline, sku=what, month=day().replace(day=1), currency="USD",
            spend=Decimal(5),
        )  # fmt: skip
        Contact.objects.create(supplier=house.northline, name=f"Person {number}")
        note_risk(
            house.northline, kind="other", severity="low", text=f"Risk {number}",
            valid_until=None, actor=house.sana,
        )  # fmt: skip
        BankAccount.objects.create(
            supplier=house.northline, version=number + 1, holder="N", account_number="1",
            country="US", currency="USD", reason="R", phones_on_file=["1"], emails_on_file=[],
            status="rejected", proposed_by=house.sana, rejected_by=house.sana,
            rejected_at="2026-01-01T00:00Z", rejection_reason="No",
        )  # fmt: skip


def statements(house):
    client = Client()
    client.force_login(house.sana)
    path = f"/fernhill/suppliers/{house.northline.public_id}/"
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(path).status_code == 200
    asked = [one["sql"] or "" for one in seen]
    return [sql for sql in asked if any(table in sql for table in READ) and COUNTED not in sql]


def test_the_page_takes_as_many_statements_for_a_hundred_rows_as_for_ten(house):
    with tenant_atomic(house.organization.pk):
        fill(house, 0, 10)
    few = statements(house)
    with tenant_atomic(house.organization.pk):
        fill(house, 10, 100)
    many = statements(house)
    assert (len(many), len(many) <= MOST) == (len(few), True), "\n".join(many)
