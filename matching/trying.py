"""Trying limits on past invoices: asked by a person, worked out by the worker.

try_tolerance(limits=…, days=…, …)   asks; refused as `set_tolerance` refuses
rule_on_trial(trial)                 the version that its limits would be
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from matching.models import Tolerance, ToleranceTrial
from matching.replaying import replay
from matching.tolerances import next_rule_number, require_one_scope, require_readable
from matching.trial_results import count
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import reacts_to, record
from procure.exchange import rates_on
from procure.models import BusinessEvent, Organization, User
from procure.tenancy import current_organization_id
from suppliers.models import Category, Sku, Supplier

MOST_DAYS = 730


@transaction.atomic
def try_tolerance(
    *,
    sku: Sku | None = None,
    category: Category | None = None,
    supplier: Supplier | None = None,
    limits: Mapping[str, Any],
    days: int,
    actor: User | None,
) -> ToleranceTrial:
    """Asks what these limits would have meant for the invoices of the last days.

    Refused: limits the engine cannot read, a SKU together with a category, more than two years.
    """
    require_readable(limits)
    require_one_scope(sku, category)
    if not 1 <= days <= MOST_DAYS:
        raise BusinessRuleError("days", "Choose a period of at most two years.", "days")
    trial: ToleranceTrial = ToleranceTrial.objects.create(
        sku=sku,
        category=category,
        supplier=supplier,
        limits=dict(limits),
        days=days,
        asked_by=actor,
    )
    summary = f"Limits for “{trial}” are tried on the invoices of {days} days."
    record("tolerance_trial.asked", trial, actor=actor, summary=summary)
    return trial


@reacts_to("tolerance_trial.asked")
def work_out_trials(events: Sequence[BusinessEvent]) -> None:
    """Replays what was asked; one that is done already is left as it is."""
    organization = Organization.objects.get(pk=current_organization_id())
    asked = ToleranceTrial.objects.filter(
        pk__in={event.subject_id for event in events}, status=ToleranceTrial.Status.WAITING
    )
    for trial in asked.select_related("sku", "category", "supplier").order_by("pk"):
        _work_out(trial, organization)


def _work_out(trial: ToleranceTrial, organization: Organization) -> None:
    today = timezone.localdate()
    since = timezone.localdate(trial.asked_at) - timedelta(days=trial.days)
    found = count(
        replay(rule_on_trial(trial), since=since, today=today),
        since=since,
        currency=organization.currency,
        rates=rates_on(today),
    )
    trial = lock(trial)
    trial.status, trial.result = ToleranceTrial.Status.DONE, found.as_json()
    trial.finished_at = timezone.now()
    trial.save(update_fields=["status", "result", "finished_at"])


def rule_on_trial(trial: ToleranceTrial) -> Tolerance:
    """The version that these limits would be, unsaved: the next of its scope's rule."""
    scope = {"sku": trial.sku, "category": trial.category, "supplier": trial.supplier}
    latest = Tolerance.objects.filter(**scope).order_by("-version").first()
    return Tolerance(
        **scope,
        number=latest.number if latest else next_rule_number(),
        version=latest.version + 1 if latest else 1,
        limits=trial.limits,
        valid_from=timezone.localdate(),
    )
