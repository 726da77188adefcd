"""Price agreements that end: their owner is reminded while there is time to agree anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from procure.daily import every_day
from procure.events import reacts_to
from procure.figures import long_date
from procure.models import BusinessEvent, User
from suppliers.models import PriceAgreement, PriceBreak, Supplier
from suppliers.reminding import REMIND_DAYS_BEFORE, Ending, mail_reminders, remind_once

REMINDED = "price_agreement.end_reminded"


@every_day
def remind_of_ending_agreements() -> None:
    """Thirty and seven days before the last day, unless other prices follow for all its SKUs."""
    today = timezone.localdate()
    last = today + timedelta(days=REMIND_DAYS_BEFORE[-1])
    ending = list(
        PriceAgreement.objects.filter(
            valid_to__gte=today, valid_to__lte=last, supplier__status=Supplier.Status.ACTIVE
        )
        .select_related("supplier")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    if not ending:
        return
    uncovered = skus_without_successor(ending)
    endings = []
    for one in ending:
        priced, open_skus = uncovered[one.pk]
        if one.valid_to is not None and (open_skus or not priced):
            endings.append(Ending(one, one.valid_to, _sentence(one, priced, open_skus)))
    remind_once(REMINDED, endings, today)


def skus_without_successor(agreements: Sequence[PriceAgreement]) -> dict[int, tuple[int, int]]:
    """By agreement, of how many SKUs it has prices on its last day, and for how many of these no
    other agreement with the supplier has one on the day after: two statements."""
    last_days = {one.pk: one.valid_to for one in agreements if one.valid_to is not None}
    priced: dict[int, set[int]] = defaultdict(set)
    steps = PriceBreak.objects.filter(agreement__in=last_days)
    for agreement_id, sku_id, valid_to in steps.values_list("agreement", "sku", "valid_to"):
        if valid_to is None or valid_to >= last_days[agreement_id]:
            priced[agreement_id].add(sku_id)
    suppliers = {one.supplier_id for one in agreements}
    after = min(last_days.values()) + timedelta(days=1)
    others = PriceBreak.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=after),
        Q(agreement__valid_to__isnull=True) | Q(agreement__valid_to__gte=after),
        agreement__supplier__in=suppliers,
    )
    following = list(
        others.values_list(
            *("agreement__supplier", "sku", "valid_from", "valid_to", "agreement__valid_from"),
            "agreement__valid_to",
        )
    )
    return {
        one.pk: (
            len(priced[one.pk]),
            len(priced[one.pk] - _priced_on(following, one.supplier_id, last_days[one.pk])),
        )
        for one in agreements
    }


Priced = tuple[int, int, date, date | None, date, date | None]


def _priced_on(rows: Sequence[Priced], supplier_id: int, last_day: date) -> set[int]:
    """The SKUs that the supplier has an agreed price for on the day after a last day."""
    on = last_day + timedelta(days=1)
    return {
        sku_id
        for supplier, sku_id, first, last, agreed_first, agreed_last in rows
        if supplier == supplier_id
        and max(first, agreed_first) <= on
        and on <= min(last or on, agreed_last or on)
    }


def _sentence(agreement: PriceAgreement, priced: int, uncovered: int) -> str:
    words = f"{agreement.supplier}: agreement {agreement} ends on {long_date(agreement.valid_to)}"
    if not priced:
        return f"{words}."
    noun = "SKU" if uncovered == 1 else "SKUs"
    if uncovered == priced:
        return f"{words}; no price follows for its {uncovered} {noun}."
    return f"{words}; no price follows for {uncovered} of its {priced} SKUs."


@reacts_to(REMINDED)
def mail_ending_agreements(events: Sequence[BusinessEvent]) -> None:
    """Tells whoever agreed on it; of one that was imported, those who decide on sourcing."""
    advice = "After that day orders take the last price paid, else the standard cost. Agree anew:"
    mail_reminders(events, "suppliers:agreement_detail", _who_agreed, advice)


def _who_agreed(events: Sequence[BusinessEvent]) -> dict[int, User]:
    """By agreement, the person who agreed on it."""
    made = BusinessEvent.objects.filter(
        kind="price_agreement.agreed",
        subject_type="suppliers.priceagreement",
        subject_id__in=[one.subject_id for one in events],
    ).select_related("actor")
    return {one.subject_id: one.actor for one in made if one.actor is not None}
