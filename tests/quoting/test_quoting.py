"""Asking suppliers, and what they answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.events import work_off
from procure.models import BusinessEvent
from suppliers import offering, quoting
from suppliers.comparing import compare_quotations, opened_quotations
from suppliers.models import Quotation, QuotationRequest, Supplier
from tests.quoting.asking import (
    deadline_passes,
    drafted_request,
    invitation_of,
    quoted,
    sent_request,
)
from tests.suppliers.support import refused
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_sent_request_has_a_number_and_keeps_only_hashes_of_its_links(inside: World) -> None:
    request = drafted_request(inside)
    assert request.number == ""
    request = quoting.send_quotation_request(request, actor=inside.people["sourcing_lead"])
    assert (request.number, request.status) == ("RFQ-1001", "sent")
    hashes = set(request.invitations.values_list("token_hash", flat=True))
    assert len(hashes) == 2
    assert all(len(one) == 64 for one in hashes)


@pytest.mark.parametrize(
    ("details", "code"), [({"deadline": timezone.now() - timedelta(1)}, "deadline_over")]
)
def test_a_deadline_in_the_past_is_refused(
    inside: World, details: dict[str, object], code: str
) -> None:
    with refused(code, field="deadline"):
        drafted_request(inside, **details)


def test_a_supplier_without_an_address_is_not_invited(inside: World) -> None:
    Supplier.objects.filter(pk=inside.kestrel.pk).update(email="")
    inside.kestrel.refresh_from_db()
    with refused("no_email", "Kestrel Pack has no e-mail address. Give one.", "email"):
        drafted_request(inside)
    assert not QuotationRequest.objects.exists()


def test_each_supplier_gets_its_own_link_by_mail_after_the_commit(world: World) -> None:
    with world.inside():
        request = sent_request(world)
    assert mail.outbox == []
    work_off(world.organization.pk)
    assert {one.to[0] for one in mail.outbox} == {world.northline.email, world.kestrel.email}
    links = {
        word
        for one in mail.outbox
        for word in one.body.split()
        if f"/{world.organization.slug}/open/" in word
    }
    assert len(links) == 2
    assert request.number in mail.outbox[0].subject
    assert len({one.extra_headers["Message-ID"] for one in mail.outbox}) == 2


def test_a_later_version_replaces_the_one_before_until_the_deadline(inside: World) -> None:
    request = sent_request(inside)
    first = quoted(request, inside.northline, "0.60", "0.09")
    assert quoted(request, inside.northline, "0.60", "0.09") == first, (
        "the same again is no version"
    )
    second = quoted(request, inside.northline, "0.58", "0.09")
    assert (first.version, second.version, second.is_late) == (1, 2, False)
    assert opened_quotations(request) == [second]
    deadline_passes(request)
    with refused("deadline_over"):
        quoted(request, inside.northline, "0.50", "0.08")


def test_a_first_quote_after_the_deadline_is_taken_and_marked_late(inside: World) -> None:
    request = sent_request(inside)
    deadline_passes(request)
    assert quoted(request, inside.kestrel, "0.50", "0.08").is_late
    assert quoted(request, inside.kestrel, "0.49", "0.08").is_late


def test_a_quote_that_makes_no_sense_changes_nothing(inside: World) -> None:
    request = sent_request(inside)
    with refused("no_prices"):
        quoted(request, inside.kestrel)
    with refused("already_over", field="valid_to"):
        quoted(request, inside.kestrel, "1", valid_to=timezone.localdate() - timedelta(1))
    with refused("breaks_out_of_order"):
        quoted(request, inside.kestrel, "1", breaks=((Decimal(500), Decimal("1.1")),))
    assert not Quotation.objects.exists()


def test_a_closed_request_takes_no_quote_no_question_and_no_refusal(inside: World) -> None:
    request = sent_request(inside)
    quoting.close_quotation_request(request, actor=inside.people["sourcing_lead"])
    invitation = invitation_of(request, inside.kestrel)
    with refused("wrong_status"):
        quoted(request, inside.kestrel, "1", "1")
    with refused("wrong_status"):
        offering.ask_question(invitation, text="Printed?", actor=None)
    with refused("wrong_status"):
        offering.decline_invitation(invitation, reason="", actor=None)


def test_an_answer_for_all_goes_without_the_name_of_who_asked(world: World) -> None:
    with world.inside():
        request = sent_request(world)
    work_off(world.organization.pk)
    mail.outbox.clear()
    with world.inside():
        question = offering.ask_question(
            invitation_of(request, world.kestrel), text="Printed or plain?", actor=None
        )
        quoting.answer_question(
            question, answer="Plain.", goes_to_all=True, actor=world.people["sourcing_lead"]
        )
        shared = request.clarifications.get()
        assert (shared.question, shared.answer) == ("Printed or plain?", "Plain.")
    work_off(world.organization.pk)
    assert {one.to[0] for one in mail.outbox} == {world.northline.email, world.kestrel.email}
    assert not any("Kestrel" in one.body for one in mail.outbox)


def test_an_answer_to_one_reaches_nobody_else(world: World) -> None:
    with world.inside():
        request = sent_request(world)
        question = offering.ask_question(
            invitation_of(request, world.kestrel), text="Printed?", actor=None
        )
    work_off(world.organization.pk)
    mail.outbox.clear()
    with world.inside():
        quoting.answer_question(
            question, answer="Plain.", goes_to_all=False, actor=world.people["sourcing_lead"]
        )
    work_off(world.organization.pk)
    assert [one.to for one in mail.outbox] == [[world.kestrel.email]]


# --- Sealed ------------------------------------------------------------------------------------


def prices_in_the_trail() -> list[str]:
    texts = BusinessEvent.objects.values_list("summary", "payload")
    return [text for text in map(str, texts) if "0.6123" in text]


def test_sealed_prices_are_nobodys_to_see_before_the_deadline(inside: World) -> None:
    lead = inside.people["sourcing_lead"]
    request = sent_request(inside, is_sealed=True)
    quoted(request, inside.northline, "0.6123", "0.09")
    for look in (opened_quotations, compare_quotations):
        with pytest.raises(BusinessRuleError) as caught:
            look(request)
        assert caught.value.code == "sealed"
    with refused("sealed"):
        quoting.close_quotation_request(request, actor=lead)
    page = inside.client("sourcing_lead").get(inside.url(f"quotations/{request.public_id}/"))
    assert "0.6123" not in page.content.decode()
    assert prices_in_the_trail() == []
    quoting.cancel_quotation_request(request, reason="No budget", actor=lead)
    with pytest.raises(BusinessRuleError):
        opened_quotations(QuotationRequest.objects.get(pk=request.pk))


def test_sealed_prices_open_with_the_deadline(inside: World) -> None:
    request = sent_request(inside, is_sealed=True)
    quoted(request, inside.northline, "0.6123", "0.09")
    deadline_passes(request)
    assert [one.supplier for one in opened_quotations(request)] == [inside.northline]


def test_control_without_the_seal_the_same_look_shows_the_price(
    inside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = sent_request(inside, is_sealed=True)
    quoted(request, inside.northline, "0.6123", "0.09")
    monkeypatch.setattr("suppliers.comparing.require_unsealed", lambda request: None)
    (quotation,) = opened_quotations(request)
    assert quotation.lines.first().unit_price == Decimal("0.6123")


# --- Compared ----------------------------------------------------------------------------------


def test_quotes_are_compared_on_landed_cost_with_steps_freight_and_rates(inside: World) -> None:
    request = sent_request(inside)
    step = ((Decimal(1000), Decimal("0.04")),)
    quoted(request, inside.northline, "0.60", "0.10", freight_amount=Decimal("125"))
    quoted(request, inside.kestrel, "0.05", None, breaks=step, lead_time=None)
    north, kestrel = compare_quotations(request).offers
    assert (north.supplier, north.is_best, north.is_complete) == (inside.northline, True, True)
    first, second = (north.cells[line.pk] for line in request.lines.all())
    # 1,200 and 50 of goods carry 120 and 5 of the freight.
    assert (first.landed, second.landed, north.total) == (1320, 55, 1375)
    assert (first.days_late, first.is_best, second.is_best) == (-16, False, True)
    assert (kestrel.missing_lines, kestrel.total, kestrel.is_best) == (1, 80, False)
    (cell,) = kestrel.cells.values()
    assert (cell.unit_price, cell.is_best, cell.days_late) == (Decimal("0.04"), True, None)


def test_a_quote_in_another_currency_without_a_rate_has_no_total(inside: World) -> None:
    request = sent_request(inside)
    Supplier.objects.filter(pk=inside.kestrel.pk).update(currency="EUR")
    quoted(request, inside.kestrel, "0.50", "0.08")
    (offer,) = compare_quotations(request).offers
    assert (offer.quotation.currency, offer.total, offer.is_lowest) == ("EUR", None, False)


def test_a_late_quote_is_never_the_best(inside: World) -> None:
    request = sent_request(inside)
    quoted(request, inside.northline, "0.60", "0.10")
    deadline_passes(request)
    quoted(request, inside.kestrel, "0.10", "0.01")
    north, kestrel = compare_quotations(request).offers
    assert (north.supplier, north.is_best) == (inside.northline, True)
    assert not any(cell.is_best for cell in kestrel.cells.values())
