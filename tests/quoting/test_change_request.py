"""A request that is out never changes silently, and gives more time only in the open."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from procure.events import work_off
from suppliers import quoting
from suppliers.awarding import AwardChoice, award_quotation
from suppliers.comparing import compare_quotations
from suppliers.models import Quotation, QuotationInvitation, QuotationRequest
from suppliers.request_changes import (
    change_quotation_request,
    extend_quotation_deadline,
    remind_invited,
)
from tests.quoting.asking import (
    changed_request,
    deadline_passes,
    drafted_request,
    invitation_of,
    link_of,
    quoted,
    sent_request,
)
from tests.suppliers.support import refused
from tests.world import World

pytestmark = pytest.mark.django_db


def in_days(days: int) -> Any:
    return timezone.now() + timedelta(days=days)


def lines(request: QuotationRequest) -> list[tuple[str, Decimal]]:
    return list(request.lines.values_list("sku__code", "quantity"))


def extend(world: World, request: QuotationRequest, days: int) -> QuotationRequest:
    return extend_quotation_deadline(
        request, deadline=in_days(days), actor=world.people["sourcing_lead"]
    )


def mails_after(world: World, step: Any) -> dict[str, str]:
    """The mails that a step sends, by their receivers."""
    work_off(world.organization.pk)
    mail.outbox.clear()
    with world.inside():
        step()
    work_off(world.organization.pk)
    return {one.to[0]: one.body for one in mail.outbox}


# --- Content -----------------------------------------------------------------------------------


def test_a_draft_changes_without_telling_anybody(world: World) -> None:
    with world.inside():
        request = drafted_request(world)
    sent = mails_after(
        world, lambda: changed_request(world, request, title="Boxes", is_sealed=True)
    )
    assert sent == {}
    with world.inside():
        request.refresh_from_db()
        assert (request.title, request.is_sealed, request.changed_at) == ("Boxes", True, None)
        assert lines(request) == [("CTN-12-KR", 3000), ("DIV-12-SB", 500)]


def test_a_change_of_a_sent_request_tells_everybody_and_asks_who_quoted_to_confirm(
    world: World,
) -> None:
    with world.inside():
        request = sent_request(world)
        quoted(request, world.northline, "0.60", "0.10")
    sent = mails_after(world, lambda: changed_request(world, request))
    assert set(sent) == {world.northline.email, world.kestrel.email}
    assert all("CTN-12-KR: 3,000 EA, was 2,000 EA." in body for body in sent.values())
    assert "until then it does not count" in sent[world.northline.email]
    assert "Please quote for the request as it is now." in sent[world.kestrel.email]


def test_a_quote_from_before_is_neither_best_nor_awarded_until_confirmed(inside: World) -> None:
    request = sent_request(inside)
    quoted(request, inside.northline, "0.60", "0.10")
    request = changed_request(inside, request)
    (offer,) = compare_quotations(request).offers
    assert (offer.is_before_change, offer.is_best, offer.is_lowest) == (True, False, False)
    award: dict[str, Any] = {
        "choices": [AwardChoice(line_no=1, supplier=inside.northline)],
        "reason": "Lowest",
        "review_on": None,
        "actor": inside.people["sourcing_lead"],
    }
    with refused("before_change"):
        award_quotation(request, **award)
    deadline_passes(request)
    again = quoted(request, inside.northline, "0.60", "0.10")
    assert (again.version, Quotation.objects.count()) == (1, 1)
    (offer,) = compare_quotations(request).offers
    assert (offer.is_before_change, offer.is_best) == (False, True)
    assert award_quotation(request, **award).status == "awarded"


def test_what_suppliers_were_sent_is_not_taken_back_and_promises_stay(inside: World) -> None:
    request = sent_request(inside, is_sealed=True)
    before = request.deadline
    only = [quoting.RequestedLine(sku=inside.shipper, quantity=Decimal(1))]
    from_form = quoting.RequestDetails(
        category=inside.packaging, title="Other", deadline=in_days(90), is_sealed=False
    )
    with refused("line_was_sent", field="lines"):
        change(inside, request, from_form, only)
    request = changed_request(inside, request, deadline=in_days(90), is_sealed=False)
    request.refresh_from_db()
    assert (request.deadline, request.is_sealed) == (before, True)


def change(world: World, request: QuotationRequest, details: Any, wanted: Any) -> None:
    from_here = {"details": details, "lines": wanted, "actor": world.people["sourcing_lead"]}
    change_quotation_request(request, **from_here)


def test_after_the_deadline_nothing_is_changed(inside: World) -> None:
    request = sent_request(inside)
    deadline_passes(request)
    with refused("deadline_over", field="deadline"):
        changed_request(inside, request)
    assert lines(request) == [("CTN-12-KR", 2000), ("DIV-12-SB", 500)]


# --- Deadline ----------------------------------------------------------------------------------


def test_more_time_is_told_to_all_and_keeps_the_seal(world: World) -> None:
    with world.inside():
        request = sent_request(world, is_sealed=True)
        quoted(request, world.northline, "0.60", "0.10")
    sent = mails_after(world, lambda: extend(world, request, 30))
    assert set(sent) == {world.northline.email, world.kestrel.email}
    assert "Your offer stands" in sent[world.northline.email]
    with world.inside():
        request.refresh_from_db()
        assert request.keeps_prices_sealed
        assert request.deadline > in_days(29)
        with refused("sealed"):
            compare_quotations(request)


def test_a_late_quote_is_in_time_by_a_later_deadline(inside: World) -> None:
    request = sent_request(inside)
    deadline_passes(request)
    late = quoted(request, inside.kestrel, "0.50", "0.08")
    extend(inside, request, 3)
    late.refresh_from_db()
    assert not late.is_late


def test_a_seal_that_was_opened_upon_quotes_is_not_closed_again(inside: World) -> None:
    request = sent_request(inside, is_sealed=True)
    quoted(request, inside.northline, "0.60", "0.10")
    with refused("not_later", field="deadline"):
        extend(inside, request, 1)
    deadline_passes(request)
    with refused("seal_opened", field="deadline"):
        extend(inside, request, 9)
    request.refresh_from_db()
    assert request.is_past_deadline()


# --- Reminding, inviting, calling off ----------------------------------------------------------


def test_only_who_has_not_answered_is_reminded_and_once_a_day(world: World) -> None:
    lead = world.people["sourcing_lead"]
    with world.inside():
        request = sent_request(world)
        quoted(request, world.northline, "0.60", "0.10")
    sent = mails_after(world, lambda: remind_invited(request, actor=lead))
    assert set(sent) == {world.kestrel.email}
    assert "please say so on your page" in sent[world.kestrel.email]
    with world.inside():
        with refused("reminded_lately"):
            remind_invited(request, actor=lead)
        quoted(request, world.kestrel, "0.50", "0.08")
        with refused("all_answered"):
            remind_invited(request, actor=lead)
        changed_request(world, request)
        QuotationInvitation.objects.update(reminded_at=in_days(-2))
    sent = mails_after(world, lambda: remind_invited(request, actor=lead))
    assert set(sent) == {world.northline.email, world.kestrel.email}


def test_a_request_called_off_says_why_on_the_suppliers_page_and_takes_nothing(
    world: World,
) -> None:
    with world.inside():
        request = sent_request(world)
        link = link_of(world, invitation_of(request, world.kestrel))
        quoting.cancel_quotation_request(
            request, reason="The product is dropped.", actor=world.people["sourcing_lead"]
        )
    client = world.client("buyer")
    page = client.get(link).headers["Location"]
    shown = client.get(page).content.decode()
    assert "called this request off" in shown
    assert "The product is dropped." in shown
    assert client.post(page, {"line-1-unit_price": "1", "valid_to": "2099-01-01"}).status_code in (
        409,
        422,
    )
    with world.inside():
        assert not Quotation.objects.exists()


# --- Screens -----------------------------------------------------------------------------------


def test_the_screens_change_extend_and_remind(world: World) -> None:
    with world.inside():
        request = sent_request(world, note="Plain kraft")
        quoted(request, world.northline, "0.60", "0.10")
        link = link_of(world, invitation_of(request, world.northline))
    client, base = world.client("sourcing_lead"), world.url(f"quotations/{request.public_id}/")
    form = client.get(f"{base}edit/").content.decode()
    for words in ('value="2000"', "1 supplier that quoted already is asked to confirm"):
        assert words in form
    assert 'name="deadline"' not in form
    sent = {
        "title": "Boxes 2027",
        "needed_on": str(request.needed_on),
        "note": "Plain kraft",
        "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "2",
        "lines-0-sku": "CTN-12-KR",
        "lines-0-quantity": "2500",
        "lines-1-sku": "DIV-12-SB",
        "lines-1-quantity": "500",
    }
    assert client.post(f"{base}edit/", sent).status_code == 302
    wrong = client.post(f"{base}edit/", {**sent, "lines-1-quantity": ""})
    assert (wrong.status_code, "was asked for already" in wrong.content.decode()) == (422, True)
    detail = client.get(base).content.decode()
    assert "Quoted before the change" in detail
    assert "CTN-12-KR: 2,500 EA, was 2,000 EA." in detail
    supplier = client.get(client.get(link).headers["Location"]).content.decode()
    assert "Send the offer again" in supplier
    assert client.post(f"{base}remind/").status_code == 302
    later = {"deadline": f"{timezone.localdate() + timedelta(days=40)}T17:00"}
    assert client.post(f"{base}extend/", later).status_code == 302
    earlier = client.post(f"{base}extend/", {"deadline": f"{timezone.localdate()}T00:00"})
    assert (earlier.status_code, "The deadline is over" in earlier.content.decode()) == (422, True)
    assert client.get(f"{base}compare/").content.decode().count("Before the change") == 1
