"""Volume commitments that will end short: whoever made them is reminded while it can be ordered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from procure.daily import every_day
from procure.events import reacts_to
from procure.figures import long_date
from procure.models import BusinessEvent, User
from procure.money import ZERO
from purchasing.commitments import CommitmentProgress, commitment_progress
from suppliers.models import VolumeCommitment
from suppliers.reminding import REMIND_DAYS_BEFORE, Ending, mail_reminders, remind_once

REMINDED = "volume_commitment.end_reminded"


@every_day
def remind_of_short_commitments() -> None:
    """Thirty and seven days before the last day of one that ends short at its pace."""
    today = timezone.localdate()
    last = today + timedelta(days=REMIND_DAYS_BEFORE[-1])
    short = {
        one.public_id: one
        for one in commitment_progress(today, in_force=True)
        if one.public_id and one.ends_on <= last and (one.shortfall or ZERO) > ZERO
    }
    if not short:
        return
    rows = VolumeCommitment.objects.filter(public_id__in=short).select_for_update(no_key=True)
    endings = [
        Ending(row, row.ends_on, _sentence(short[row.public_id])) for row in rows.order_by("pk")
    ]
    remind_once(REMINDED, endings, today)


def _sentence(one: CommitmentProgress) -> str:
    assert one.shortfall is not None
    return (
        f"{one.supplier}: commitment {one.number} ends on {long_date(one.ends_on)} and will be "
        f"{one.figure(one.shortfall)} short of {one.figure(one.committed)}."
    )


@reacts_to(REMINDED)
def mail_short_commitments(events: Sequence[BusinessEvent]) -> None:
    """Tells whoever made the commitment, else those who decide on sourcing."""
    advice = "What is ordered by that day still counts. How far it is, order by order:"
    mail_reminders(events, "purchasing:commitment_detail", _who_committed, advice)


def _who_committed(events: Sequence[BusinessEvent]) -> dict[int, User]:
    rows = VolumeCommitment.objects.filter(pk__in=[one.subject_id for one in events])
    return {one.pk: one.made_by for one in rows.select_related("made_by")}
