"""Working off the markers of stale results, and the change of the day.

One transaction takes on some keys: markers claimed, locks taken, documents read, results
replaced. It may be killed anywhere; what was not committed is still marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from matching.cells import (
    Documents,
    as_of_day,
    as_row,
    cells_from_documents,
    today_of,
)
from matching.scorecards import refresh_scorecards
from matching.sku_costs import refresh_sku_costs
from procure.events import reacts_to, sweeps
from procure.models import BusinessEvent, Organization
from procure.tenancy import current_organization_id, tenant_atomic
from purchasing.models import PurchaseOrderLine
from suppliers import rollups
from suppliers.models import Scorecard, SkuCost
from suppliers.rollups import StaleKey, StaleKeys

SUPPLIERS_AT_ONCE = 10
SKUS_AT_ONCE = 100


@sweeps
def drain(organization_id: int) -> None:
    """Brings every result of an organization up to date with its documents and its day."""
    with tenant_atomic(organization_id):
        turn_the_day()
    for step in (recompute_stale_keys, refresh_outdated_scorecards, refresh_outdated_sku_costs):
        is_left = True
        while is_left:
            with tenant_atomic(organization_id, is_bulk=True):
                is_left = step()


@reacts_to("organization.changed")
def recompute_after_changed_rules(events: Sequence[BusinessEvent]) -> None:
    """The delivery window and the basis of due dates are part of every result."""
    rollups.mark_all_results_stale()


def current_organization() -> Organization:
    """The organization of this transaction, read afresh."""
    return Organization.objects.get(pk=current_organization_id())


def recompute_stale_keys() -> bool:
    """Recomputes some marked keys; False when nothing is marked."""
    keys = rollups.claim_stale_keys()
    if keys is None:
        return False
    organization = current_organization()
    as_of = as_of_day(organization)
    recompute_cells(organization, keys, as_of)
    refresh_scorecards(organization, keys.supplier_ids, as_of)
    if keys.sku_ids:
        refresh_sku_costs(organization, keys.sku_ids, as_of)
    return True


def recompute_cells(organization: Organization, keys: StaleKeys, as_of: date) -> None:
    """Reads the documents of the keys and puts whole cells in the place of the old ones."""
    documents = Documents(organization, as_of, suppliers=keys.supplier_ids, skus=keys.sku_ids)
    cells = cells_from_documents(documents, invoices=keys.invoices)
    rollups.replace_cells(keys, [as_row(cell) for cell in cells])


def turn_the_day() -> None:
    """After midnight of the organization, what fell due and has not come is late.

    The rows that trail the day carry it; those left behind are refreshed by the next steps.
    """
    organization = current_organization()
    today = today_of(organization)
    if organization.rollups_as_of == today:
        return
    locked = (
        Organization.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(pk=organization.pk)
        .exclude(rollups_as_of=today)
        .first()
    )
    if locked is None:
        return
    rollups.mark_stale(_fell_due(locked, today))
    locked.rollups_as_of = today
    locked.save(update_fields=["rollups_as_of"])


def _fell_due(organization: Organization, today: date) -> set[StaleKey]:
    """The keys of issued lines whose last day in time has ended since results were counted."""
    requested = ("requested_on", "order__needed_on")
    is_requested = organization.due_date_basis == Organization.DueDate.REQUESTED
    basis = (*requested, "promised_on") if is_requested else ("promised_on", *requested)
    late = timedelta(days=organization.late_days)
    # With weekends left out it may be this much longer; a key too many is recomputed to what it was.
    longest = late + timedelta(days=2 * (organization.late_days // 5 + 2))
    lines = PurchaseOrderLine.objects.filter(
        order__status="issued", cancelled_quantity__lt=F("ordered_quantity")
    ).annotate(due_on=Coalesce(*basis))
    if organization.rollups_as_of is not None:
        lines = lines.filter(due_on__gte=organization.rollups_as_of - longest)
    keys = lines.filter(due_on__lt=today - late).values_list("order__supplier_id", "sku_id")
    return {StaleKey(supplier_id, sku_id) for supplier_id, sku_id in keys.distinct().order_by()}


def refresh_outdated_scorecards() -> bool:
    """Moves the trailing periods of some suppliers to the organization's day."""
    as_of = as_of_day(current_organization())
    outdated = Scorecard.objects.exclude(as_of=as_of)
    supplier_ids = _first_ids(outdated, "supplier_id", SUPPLIERS_AT_ONCE)
    if supplier_ids:
        rollups.lock_results(rollups.SUPPLIER_RESULTS, supplier_ids)
        refresh_scorecards(current_organization(), supplier_ids, as_of)
    return bool(supplier_ids)


def refresh_outdated_sku_costs() -> bool:
    """The same for the trailing averages and agreed prices of some SKUs."""
    as_of = as_of_day(current_organization())
    outdated = SkuCost.objects.exclude(as_of=as_of)
    sku_ids = _first_ids(outdated, "sku_id", SKUS_AT_ONCE)
    if sku_ids:
        rollups.lock_results(rollups.SKU_RESULTS, sku_ids)
        refresh_sku_costs(current_organization(), sku_ids, as_of)
    return bool(sku_ids)


def _first_ids(rows: QuerySet[Scorecard] | QuerySet[SkuCost], column: str, most: int) -> list[int]:
    return list(rows.order_by(column).values_list(column, flat=True).distinct()[:most])
