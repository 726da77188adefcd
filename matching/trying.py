"""Trying limits on past invoices: asked by a person, worked out by the worker.

try_tolerance(limits=…, days=…, …)   asks; refused as `set_tolerance` refuses
rule_on_trial(trial)                 the version that its limits would be
limits_now(trial, in_force)          what limits exactly its scope now
progress_key(trial)                  under which the worker tells how far it has come
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from matching.ladders import VARIED, value_of, values_around
from matching.models import Tolerance, ToleranceTrial
from matching.replaying import replay
from matching.tolerances import (
    default_limits,
    next_rule_number,
    require_one_scope,
    require_readable,
)
from matching.trial_results import TrialResult, count
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import reacts_to, record
from procure.models import BusinessEvent, User
from procure.progress import tell_progress
from suppliers.models import Category, Sku, Supplier

MOST_DAYS = 730
USUALLY_VARIED = "prices_percent"


@transaction.atomic
def try_tolerance(
    *,
    sku: Sku | None = None,
    category: Category | None = None,
    supplier: Supplier | None = None,
    limits: Mapping[str, Any],
    days: int,
    varied: str = USUALLY_VARIED,
    actor: User | None,
) -> ToleranceTrial:
    """Asks what these limits would have meant for the invoices of the last days, and what other
    values of the one that is varied.

    Refused: limits the engine cannot read, a SKU together with a category, more than two years,
    a limit that does not exist.
    """
    require_readable(limits)
    require_one_scope(sku, category)
    if not 1 <= days <= MOST_DAYS:
        raise BusinessRuleError("days", "Choose a period of at most two years.", "days")
    if varied not in VARIED:
        raise BusinessRuleError("varied", "Choose one of the limits.", "varied")
    trial: ToleranceTrial = ToleranceTrial.objects.create(
        sku=sku,
        category=category,
        supplier=supplier,
        limits=dict(limits),
        varied=varied,
        days=days,
        asked_by=actor,
    )
    summary = f"Limits for “{trial}” are tried on the invoices of {days} days."
    record("tolerance_trial.asked", trial, actor=actor, summary=summary)
    return trial


@reacts_to("tolerance_trial.asked")
def work_out_trials(events: Sequence[BusinessEvent]) -> None:
    """Replays what was asked; one that is done already is left as it is."""
    asked = ToleranceTrial.objects.filter(
        pk__in={event.subject_id for event in events}, status=ToleranceTrial.Status.WAITING
    )
    for trial in asked.select_related("sku", "category", "supplier").order_by("pk"):
        _work_out(trial)


def _work_out(trial: ToleranceTrial) -> None:
    found = _replayed(trial)
    trial = lock(trial)
    trial.status, trial.result = ToleranceTrial.Status.DONE, found.as_json()
    trial.finished_at = timezone.now()
    trial.save(update_fields=["status", "result", "finished_at"])


def _replayed(trial: ToleranceTrial) -> TrialResult:
    """The limits on trial, and the varied one of them at each value of its ladder."""
    rule, today = rule_on_trial(trial), timezone.localdate()
    since = timezone.localdate(trial.asked_at) - timedelta(days=trial.days)
    varied = VARIED[trial.varied or USUALLY_VARIED]
    value_now = value_of(limits_now(trial, _in_force(trial, today)) or default_limits(), varied)
    value = value_of(trial.limits, varied)
    ladder = values_around((value_now, value), varied)
    replayed = replay(
        rule,
        since=since,
        today=today,
        varied=varied,
        ladder=ladder,
        told=partial(tell_progress, progress_key(trial)),
    )
    return replace(
        count(replayed, since=since),
        ladder=tuple(ladder),
        value_now=value_now,
        value_on_trial=value,
    )


def _in_force(trial: ToleranceTrial, today: date) -> Tolerance | None:
    rules = Tolerance.objects.filter(**_scope(trial))
    return next((rule for rule in rules if rule.is_valid_on(today)), None)


def limits_now(trial: ToleranceTrial, in_force: Tolerance | None) -> dict[str, Any]:
    """What limits exactly this scope now: its rule, for everything else the usual limits."""
    if in_force is not None:
        return dict(in_force.limits)
    is_everything = not (trial.sku_id or trial.category_id or trial.supplier_id)
    return default_limits() if is_everything else {}


def progress_key(trial: ToleranceTrial) -> str:
    """Names the trial's work for all organizations together."""
    return f"trial:{trial.public_id}"


def rule_on_trial(trial: ToleranceTrial) -> Tolerance:
    """The version that its limits would be, unsaved: the next of its scope's rule."""
    scope = _scope(trial)
    latest = Tolerance.objects.filter(**scope).order_by("-version").first()
    return Tolerance(
        **scope,
        number=latest.number if latest else next_rule_number(),
        version=latest.version + 1 if latest else 1,
        limits=trial.limits,
        valid_from=timezone.localdate(),
    )


def _scope(trial: ToleranceTrial) -> dict[str, Any]:
    return {"sku": trial.sku, "category": trial.category, "supplier": trial.supplier}
