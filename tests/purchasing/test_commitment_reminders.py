"""Commitments that will end short are reminded of once per stage, to whoever made them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.core import mail

from procure.models import BusinessEvent
from purchasing.commitment_reminders import (
    REMINDED,
    mail_short_commitments,
    remind_of_short_commitments,
)
from tests.purchasing.buying import today
from tests.purchasing.test_commitments import committed, ordered
from tests.world import World


def test_a_commitment_that_ends_short_is_reminded_of_once(inside: World) -> None:
    made = committed(inside, ends_on=today() + timedelta(days=20))  # day 50 of 70
    ordered(inside, 500)  # 306.00 of 1,000
    remind_of_short_commitments()
    remind_of_short_commitments()
    told = BusinessEvent.objects.get(kind=REMINDED)
    assert told.payload["days_before"] == 30
    assert "and will be 571.60 USD short of 1,000.00 USD." in told.summary
    mail_short_commitments([told])
    assert mail.outbox[0].to == [inside.people["sourcing_lead"].email]
    assert f"/commitments/{made.public_id}/" in mail.outbox[0].body


def test_one_that_is_kept_or_far_away_is_not_reminded_of(inside: World) -> None:
    committed(inside, committed=Decimal(100), ends_on=today() + timedelta(days=20))
    committed(inside, category=inside.boxes, ends_on=today() + timedelta(days=31))
    ordered(inside, 500)
    remind_of_short_commitments()
    assert not BusinessEvent.objects.filter(kind=REMINDED).exists()
