"""From the draft to the award over our screens and the supplier's page, without scripts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from suppliers.models import PriceAgreement, Quotation, QuotationQuestion, QuotationRequest
from suppliers.offering import ask_question
from tests.counts import forget_counts
from tests.quoting.asking import (
    deadline_passes,
    drafted_request,
    invitation_of,
    link_of,
    quoted,
    sent_request,
)
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_counts_from_before() -> None:
    forget_counts()


def rows(*lines: tuple[str, str]) -> dict[str, str]:
    sent = {"lines-TOTAL_FORMS": str(len(lines)), "lines-INITIAL_FORMS": "0"}
    for number, (sku, quantity) in enumerate(lines):
        sent |= {f"lines-{number}-sku": sku, f"lines-{number}-quantity": quantity}
    return sent


def supplier_page(world: World, request: QuotationRequest, supplier: object) -> tuple[Client, str]:
    with world.inside():
        link = link_of(world, invitation_of(request, supplier))  # type: ignore[arg-type]
    client = Client()
    return client, client.get(link).headers["Location"]


OFFER = {"valid_to": str(timezone.localdate() + timedelta(days=300)), "freight_amount": "60"}


def test_a_category_brings_its_skus_and_suppliers_into_the_form(world: World) -> None:
    client = world.client("sourcing_lead")
    path = f"{world.url('quotations/new/')}?category={world.boxes.public_id}"
    page = client.get(path).content.decode()
    for words in ("CTN-12-KR", "DIV-12-SB", "Northline Packaging", "Boxes 20"):
        assert words in page
    named = client.get(f"{path}&line=DIV-12-SB:750").content.decode()
    assert 'value="750"' in named
    assert "CTN-12-KR" not in named


def test_a_draft_is_saved_from_the_form_and_sent(world: World) -> None:
    client = world.client("sourcing_lead")
    sent = {
        "category": str(world.boxes.public_id),
        "title": "Boxes",
        "deadline": f"{timezone.localdate() + timedelta(days=3)}T17:00",
        "is_sealed": "on",
        "suppliers": [str(world.northline.public_id)],
        **rows(("ctn-12-kr", "2000"), ("DIV-12-SB", "")),
    }
    answer = client.post(world.url("quotations/new/"), sent)
    assert answer.status_code == 302
    assert client.post(f"{answer.headers['Location']}send/").status_code == 302
    with world.inside():
        request = QuotationRequest.objects.get()
        assert (request.number, request.is_sealed, request.lines.count()) == ("RFQ-1001", True, 1)
        assert request.invitations.get().supplier == world.northline


def test_a_draft_without_quantities_is_refused_in_words(world: World) -> None:
    sent = {
        "category": str(world.boxes.public_id),
        "title": "Boxes",
        "deadline": f"{timezone.localdate() + timedelta(days=3)}T17:00",
        **rows(("CTN-12-KR", "")),
    }
    answer = world.client("sourcing_lead").post(world.url("quotations/new/"), sent)
    assert answer.status_code == 422
    assert "Give at least one SKU with its quantity." in answer.content.decode()
    with world.inside():
        assert not QuotationRequest.objects.exists()


def test_a_deadline_at_the_end_of_time_is_refused_at_its_field(world: World) -> None:
    sent = {
        "category": str(world.boxes.public_id),
        "title": "Boxes",
        "deadline": "2199-12-31T23:59",
        "suppliers": [str(world.northline.public_id)],
        **rows(("CTN-12-KR", "2000")),
    }
    client = world.client("sourcing_lead")
    answer = client.post(world.url("quotations/new/"), sent)
    assert answer.status_code == 422
    assert "This is more than ten years away. Check the year." in answer.content.decode()
    with world.inside():
        assert not QuotationRequest.objects.exists()
        request = sent_request(world)
    answer = client.post(
        world.url(f"quotations/{request.public_id}/extend/"), {"deadline": "2199-12-31T23:59"}
    )
    assert answer.status_code == 422
    with world.inside():
        assert QuotationRequest.objects.get().deadline == request.deadline


def test_a_supplier_quotes_revises_and_finds_its_last_version_typed_in(world: World) -> None:
    with world.inside():
        request = sent_request(world)
    client, page = supplier_page(world, request, world.kestrel)
    first = {"line-1-unit_price": "0.61", "line-1-from_1": "5000", "line-1-price_1": "0.55"}
    assert client.post(page, {**OFFER, **first}).status_code == 302
    assert client.post(page, {**OFFER, **first, "line-1-unit_price": "0.60"}).status_code == 302
    shown = client.get(page).content.decode()
    for words in ('value="0.6"', 'value="0.55"', 'value="5000"', "Version 2", "Send a new version"):
        assert words in shown
    with world.inside():
        last = Quotation.objects.get(version=2)
        assert (last.supplier, last.freight_amount) == (world.kestrel, Decimal(60))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Give the price of at least one line."),
        ({"line-1-unit_price": "cheap"}, "Enter a number."),
        ({"line-1-lead_time_days": "5"}, "Give the unit price, or empty this line."),
        (
            {"line-1-unit_price": "1", "line-1-from_1": "10", "line-1-price_1": "2"},
            "Lower than the price before.",
        ),
        (
            {"line-1-unit_price": "1", "line-1-from_1": "10"},
            "A step needs its quantity and its price.",
        ),
        ({"line-1-unit_price": "1", "valid_to": "2020-01-01"}, "This day is over."),
    ],
)
def test_a_quote_that_does_not_read_is_answered_in_words(
    world: World, sent: dict[str, str], words: str
) -> None:
    with world.inside():
        request = sent_request(world)
    client, page = supplier_page(world, request, world.kestrel)
    answer = client.post(page, {**OFFER, **sent})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with world.inside():
        assert not Quotation.objects.exists()


def test_a_supplier_asks_we_answer_and_all_read_it(world: World) -> None:
    with world.inside():
        request = sent_request(world)
    client, page = supplier_page(world, request, world.kestrel)
    assert client.post(f"{page}ask/", {"text": ""}).status_code == 422
    assert client.post(f"{page}ask/", {"text": "Printed or plain?"}).status_code == 302
    with world.inside():
        question = QuotationQuestion.objects.get()
    name = str(question.public_id)
    answered = world.client("sourcing_lead").post(
        world.url(f"quotation-questions/{question.public_id}/answer/"),
        {f"{name}-answer": "Plain kraft.", f"{name}-goes_to_all": "on"},
    )
    assert answered.status_code == 302
    for supplier in (world.kestrel, world.northline):
        other, theirs = supplier_page(world, request, supplier)
        shown = other.get(theirs).content.decode()
        assert shown.count("Plain kraft.") == 1
    assert "Kestrel" not in shown


def test_a_supplier_declines_and_may_change_its_mind(world: World) -> None:
    with world.inside():
        request = sent_request(world)
    client, page = supplier_page(world, request, world.kestrel)
    assert client.post(f"{page}decline/", {"reason": "No capacity"}).status_code == 302
    detail = world.client("buyer").get(world.url(f"quotations/{request.public_id}/"))
    assert "No capacity" in detail.content.decode()
    assert client.post(page, {**OFFER, "line-1-unit_price": "0.6"}).status_code == 302


def test_a_page_that_was_left_open_says_why_it_came_too_late(world: World) -> None:
    """The forms are not on the page any more; what refused them is."""
    with world.inside():
        request = sent_request(world)
        quoted(request, world.northline, "0.6", "0.09")
    client, page = supplier_page(world, request, world.northline)
    lead, detail = world.client("sourcing_lead"), world.url(f"quotations/{request.public_id}/")
    with world.inside():
        deadline_passes(request)
    late = client.post(page, {**OFFER, "line-1-unit_price": "0.5"})
    assert "The deadline was" in late.content.decode()
    assert lead.post(f"{detail}cancel/", {"reason": "No budget."}).status_code == 302
    for step, typed in (
        ("", {**OFFER, "line-1-unit_price": "0.5"}),
        ("ask/", {"text": "Printed?"}),
        ("decline/", {"reason": "Busy"}),
    ):
        answer = client.post(f"{page}{step}", typed)
        assert answer.status_code == 422
        assert "the step needs it to be sent" in answer.content.decode(), step
    for step, typed in (
        ("cancel/", {"reason": "Again"}),
        ("extend/", {"deadline": f"{timezone.localdate() + timedelta(days=3)}T17:00"}),
        ("invite/", {"supplier": str(world.northline.public_id)}),
    ):
        answer = lead.post(f"{detail}{step}", typed)
        assert answer.status_code == 422
        assert "This request for quotation is cancelled" in answer.content.decode(), step


def test_the_comparison_awards_in_one_press(world: World) -> None:
    with world.inside():
        request = sent_request(world)
        north = quoted(request, world.northline, "0.60", "0.10")
    client = world.client("sourcing_lead")
    base = world.url(f"quotations/{request.public_id}/")
    page = client.get(f"{base}compare/").content.decode()
    for words in ("1,200.00", "1,250.00", "No quote", "lowest complete"):
        assert words in page
    shares = {f"share-{number}-{north.pk}": "100" for number in (1, 2)}
    refused = client.post(f"{base}award/", shares)
    assert (refused.status_code, "This field is required" in refused.content.decode()) == (
        422,
        True,
    )
    assert client.post(f"{base}award/", {**shares, "reason": "Lowest"}).status_code == 302
    with world.inside():
        agreement = PriceAgreement.objects.get(number="RFQ-1001-NORTH")
    assert agreement.number in client.get(base).content.decode()


def test_sealed_prices_are_on_no_screen(world: World) -> None:
    with world.inside():
        request = sent_request(world, is_sealed=True)
        north = quoted(request, world.northline, "0.6123", "0.10")
    base = world.url(f"quotations/{request.public_id}/")
    for role in ("sourcing_lead", "admin", "auditor"):
        client = world.client(role)
        assert client.get(f"{base}compare/").status_code == 409
        pages = [client.get(path).content.decode() for path in (base, world.url("quotations/"))]
        assert not any("0.6123" in page or "0.61" in page for page in pages)
    shares = {f"share-1-{north.pk}": "100", "reason": "Peeking"}
    assert world.client("sourcing_lead").post(f"{base}award/", shares).status_code == 409


def test_screens_take_as_many_statements_for_ten_quotes_as_for_two(
    world: World, django_assert_max_num_queries: object
) -> None:
    with world.inside():
        request = drafted_request(world)
    path = world.url(f"quotations/{request.public_id}/")
    client = world.client("auditor")
    client.get(path)
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        client.get(path)
    with world.inside():
        ask = sent_request(world)
        ask_question(invitation_of(ask, world.kestrel), text="Printed?", actor=None)
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        client.get(world.url(f"quotations/{ask.public_id}/"))
