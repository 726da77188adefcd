"""`manage.py seed_demo`: the two demo organizations, made once."""

from __future__ import annotations

import os
import secrets
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from matching.demo.asking import make_quotations
from matching.demo.commitments import make_commitments
from matching.demo.company import make_company
from matching.demo.crediting import make_credits
from matching.demo.deciding import make_queue_work
from matching.demo.electronic import make_electronic_invoices
from matching.demo.history import make_history
from matching.demo.judging import judge_misses
from matching.demo.order_changes import make_budgets, make_order_changes
from matching.demo.paying import make_payments
from matching.demo.self_billing import make_settlements
from matching.demo.settling import settle_history
from matching.demo.statements import make_statements
from matching.demo.stocktaking import make_stock
from matching.demo.strategy import make_strategy
from matching.demo.supplier_records import make_supplier_records
from matching.demo.trying import try_limits
from matching.demo.vetting import make_vetting
from matching.demo.waiting import Desk, make_waiting_work
from procure.events import work_off
from procure.figures import reading_as
from procure.models import Organization
from procure.statistics import refresh_statistics
from procure.tenancy import tenant_atomic

ORGANIZATIONS = (("fernhill", "Fernhill Foods", 548), ("northwind", "Northwind Snacks", 70))
LOCALE = "en_GB"  # what the demo people wrote is dated as their screens are
A_YEAR = 365  # days; a shorter history has no results to decide on


class Command(BaseCommand):
    """Makes Fernhill Foods and Northwind Snacks, or leaves them alone when they exist."""

    help = "Make the demo organizations fernhill and northwind, once."

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DEMO_PASSWORD", "")
        if not password:
            password = secrets.token_urlsafe(9)
            self.stdout.write(f"Password of the demo's people: {password}")
        for slug, name, days in ORGANIZATIONS:
            if Organization.objects.filter(slug=slug).exists():
                self.stdout.write(f"{slug} is there already.")
                continue
            begun = time.monotonic()
            with reading_as(LOCALE):
                make_demo(slug, name, days, password)
            self.stdout.write(f"{slug} was made in {time.monotonic() - begun:.0f} s.")


def make_demo(slug: str, name: str, days: int, password: str) -> None:
    """One demo organization with its results; the longer one decides on them."""
    organization = make_organization(slug, name, days, password)
    refresh_statistics()
    work_off(organization.pk)
    if days > A_YEAR:
        with tenant_atomic(organization.pk, is_bulk=True):
            make_strategy(organization)
        work_off(organization.pk)


@transaction.atomic
def make_organization(slug: str, name: str, days: int, password: str) -> Organization:
    """One demo organization with `days` of history; the longer one has work waiting."""
    organization = Organization.objects.create(slug=slug, name=name, currency="USD", locale=LOCALE)
    today = timezone.localdate()
    with tenant_atomic(organization.pk, is_bulk=True):
        company = make_company(organization, today, password, days)
        settle_history(company, make_history(company))
    if days > A_YEAR:
        with tenant_atomic(organization.pk, is_bulk=True):
            make_vetting(company)
            make_waiting_work(company)
            make_credits(Desk(company))
            make_queue_work(Desk(company))
            make_quotations(company)
            make_order_changes(Desk(company))
            make_commitments(company)
            make_budgets(company)
            judge_misses(company)
            make_stock(company)
            make_supplier_records(company)
            make_electronic_invoices(Desk(company))
            make_payments(company)
            try_limits(company)
            make_settlements(Desk(company))
            make_statements(company)
    return organization
