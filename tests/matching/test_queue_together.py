"""The queue: equals at once with one undo, questions and answers, ages, and what it learns."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from matching.asking import answer_question, ask_owner
from matching.causes import likely_cause
from matching.fixes import decline_fix, proposed_fixes
from matching.models import Hold, Resolution, SupplierInvoice
from matching.queries import ages_by_owner, exception_queue
from matching.resolution import accept_variance, pay_supported
from procure.errors import BusinessRuleError
from procure.models import Membership
from suppliers.models import PriceBreak
from tests.matching.paying import a_dear_invoice, an_order, billed, invoice, receive
from tests.world import World

pytestmark = pytest.mark.django_db


def queue_of(world: World, role: str = "ap_clerk") -> list[str]:
    membership = Membership.objects.select_related("organization").get(user=world.people[role])
    return [item.invoice.number for item in exception_queue(membership, only_mine=True)]


def several_dear(world: World, count: int = 4) -> list[SupplierInvoice]:
    lead = world.people["ap_lead"]
    return [a_dear_invoice(world, f"INV-{n}", actor=lead) for n in range(1, count + 1)]


def test_equals_are_decided_together_with_their_failures_and_one_undo(inside: World) -> None:
    first, second, third, theirs = several_dear(inside)
    SupplierInvoice.objects.filter(pk=theirs.pk).update(captured_by=inside.people["buyer"])
    buyer = inside.client("buyer")
    path = inside.url(f"exceptions/{first.public_id}/")
    page = buyer.get(path).content.decode()
    assert "Also apply to 3 equal ones, together 30.00" in page
    others = ",".join(str(one.public_id) for one in (second, third, theirs))
    chosen = {"choice": "accept", "cause": "price_list", "equals": others}
    answer = buyer.post(f"{path}resolve/", chosen, follow=True)
    text = answer.content.decode()
    assert "INV-4 was left: You entered this invoice" in text
    assert "INV-1 and 2 more: approved in full" in text
    decided = Resolution.objects.filter(status="waiting")
    assert decided.count() == 3
    assert set(decided.values_list("reason", "cause")) == {("Supplier's price list", "price_list")}
    assert queue_of(inside, "buyer") == ["INV-4"]
    buyer.post(inside.url(f"decisions/{decided.get(invoice=first).public_id}/undo/"))
    assert queue_of(inside, "buyer") == ["INV-1", "INV-2", "INV-3", "INV-4"]


def test_another_suppliers_invoice_is_never_an_equal(inside: World) -> None:
    (first,) = several_dear(inside, 1)
    order = an_order(inside, (inside.divider, 10, 1), number="PO-K", supplier=inside.kestrel)
    receive(inside, order, (1, 10))
    dear = billed(1, 10, 2, order="PO-K")
    second = invoice(inside, "K-1", dear, supplier=inside.kestrel, actor=inside.people["ap_lead"])
    clerk = inside.client("ap_clerk")
    path = inside.url(f"exceptions/{first.public_id}/")
    assert "Also apply" not in clerk.get(path).content.decode()
    chosen = {"choice": "pay_supported", "equals": str(second.public_id)}
    clerk.post(f"{path}resolve/", chosen)
    assert Resolution.objects.get().invoice_id == first.pk


def test_a_question_is_found_at_home_and_its_answer_returns_to_the_clerk(inside: World) -> None:
    held = a_dear_invoice(inside)
    other = a_dear_invoice(inside, "INV-2")
    clerk, buyer = inside.people["ap_clerk"], inside.people["buyer"]
    ask_owner(held, person=buyer, question="Was 2.00 agreed?", actor=clerk)
    assert queue_of(inside) == ["INV-2", "INV-1"]  # what waits for an answer stands last
    home = inside.client("buyer").get(inside.url()).content.decode()
    assert "Answer AP clerk acme about INV-1" in home
    page = inside.url(f"exceptions/{held.public_id}/")
    assert 'value="answer" checked' in inside.client("buyer").get(page).content.decode()
    inside.client("buyer").post(f"{page}resolve/", {"choice": "answer", "reason": "No, 1.00"})
    assert set(Hold.objects.filter(invoice=held).values_list("assigned_to", flat=True)) == {
        clerk.pk
    }
    assert queue_of(inside) == ["INV-1", "INV-2"]
    assert "No, 1.00" in inside.client("ap_clerk").get(page).content.decode()
    with pytest.raises(BusinessRuleError, match="Nobody waits for your answer"):
        answer_question(other, answer="Yes", actor=buyer)


def test_the_queue_says_how_long_each_owner_lets_it_wait(inside: World) -> None:
    several_dear(inside, 2)
    Hold.objects.filter(invoice__number="INV-1").update(
        opened_at=timezone.now() - timedelta(days=9, hours=1)
    )
    membership = Membership.objects.get(user=inside.people["ap_clerk"])
    (age,) = ages_by_owner(exception_queue(membership, only_mine=True))
    assert (age.words, age.count, age.oldest_days) == ("Buyer", 2, 9)


@pytest.mark.parametrize(
    ("check", "expected", "actual", "cause"),
    [
        ("PRICE", "1", "1.05", "price_list"),
        ("PRICE", "1", "12", "unit"),
        ("PRICE", "12.1", "1.01", "unit"),
        ("CHARGE", "0", "25", "freight"),
        ("AWAITING_RECEIPT", "0", "5", "not_posted"),
        ("QUALITY", "4", "5", "short_delivery"),
        ("TAX", "1", "2", "tax"),
        ("NO_PO", "", "PO-9", "other"),
    ],
)
def test_the_cause_is_guessed_from_kind_and_figures(
    inside: World, check: str, expected: str, actual: str, cause: str
) -> None:
    hold = Hold(check_code=check, expected=expected, actual=actual)
    assert likely_cause([hold]) == cause


def test_the_third_equal_cause_proposes_the_agreed_price_and_counts(inside: World) -> None:
    held = several_dear(inside, 5)
    lead = inside.people["ap_lead"]
    for one in held[:2]:
        pay_supported(one, reason="x", cause="price_list", actor=lead)
    assert proposed_fixes(inside.organization) == []
    pay_supported(held[2], reason="x", cause="price_list", actor=lead)
    (fix,) = proposed_fixes(inside.organization)
    assert (fix.title, fix.times, fix.would_prevent, fix.of) == (
        "Agree on 2.00 for CTN-12-KR", 3, 5, 5,
    )  # fmt: skip
    given = parse_qs(urlsplit(fix.address).query)
    assert given["price"] == ["2"]
    form = inside.client("sourcing_lead").get(fix.address).content.decode()
    assert re.search(r'<input[^>]*name="prices-0-unit_price"[^>]*value="2"', form) or re.search(
        r'<input[^>]*value="2"[^>]*name="prices-0-unit_price"', form
    )
    decline_fix(inside.northline, cause="price_list", actor=lead)
    assert proposed_fixes(inside.organization) == []


def test_freight_and_unit_have_their_own_fixes(inside: World) -> None:
    PriceBreak.objects.all().delete()
    buyer = inside.people["buyer"]
    for n in range(1, 4):
        order = an_order(inside, (inside.shipper, 10, 1), number=f"PO-{n}")
        receive(inside, order, (1, 10))
        freight = invoice(
            inside, f"F-{n}", billed(1, 5, 1, order=f"PO-{n}"), charges={"freight": Decimal(60 + n)}
        )
        accept_variance(freight, reason="x", cause="freight", actor=buyer)
        other = an_order(inside, (inside.divider, 10, n), number=f"PO-U{n}")
        receive(inside, other, (1, 10))
        cases = invoice(inside, f"U{n}-CASES", billed(1, 1, 70 * n, order=f"PO-U{n}", unit="CS"))
        pay = [hold.check_code for hold in cases.holds.all()]
        assert pay == ["UOM_UNKNOWN"]
        accept_variance(cases, reason="x", cause="unit", actor=buyer)
    fixes = {fix.cause: fix for fix in proposed_fixes(inside.organization)}
    assert fixes["freight"].title == "Let charges of Northline Packaging pass up to 63.00"
    assert fixes["unit"].title == "Say that 1 CS of DIV-12-SB holds how many"
    assert (fixes["freight"].would_prevent, fixes["unit"].would_prevent) == (3, 3)
    page = inside.client("ap_lead").get(fixes["freight"].address).content.decode()
    assert 'name="charge_amount"' in page
    assert 'value="63"' in page


def test_what_is_sent_from_a_stale_page_is_refused_in_words_and_changes_nothing(
    inside: World,
) -> None:
    held, clerk = several_dear(inside, 1)[0], inside.client("ap_clerk")
    address = inside.url(f"exceptions/{held.public_id}/")
    choice = {"choice": "return", "cause": "other", "reason": "Not ours"}
    assert clerk.post(f"{address}resolve/", choice).status_code == 302
    again = clerk.post(f"{address}resolve/", choice)
    assert again.status_code == 422
    assert "Somebody has just decided this." in again.content.decode()
    (decided,) = Resolution.objects.all()
    undo = inside.url(f"decisions/{decided.public_id}/undo/")
    assert clerk.post(undo).status_code == 302
    twice = clerk.post(undo, HTTP_REFERER=f"http://testserver{address}?all=1")
    assert twice.status_code == 409
    assert "This was undone already." in twice.content.decode()
    assert f'href="{address}?all=1"' in twice.content.decode()
    note = clerk.post(f"{address}note/", {"text": "x" * 2001}, follow=True).content.decode()
    assert "The note was not kept." in note
    link = clerk.post(f"{address}link/", {"position": "1"}, follow=True).content.decode()
    assert "The line was not placed. Bills: This field is required." in link
    assert Resolution.objects.get().status == "undone"


def test_signing_in_on_the_way_to_a_button_ends_on_a_page_with_words(inside: World) -> None:
    held = several_dear(inside, 1)[0]
    answer = inside.client("ap_clerk").get(inside.url(f"exceptions/{held.public_id}/resolve/"))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "This is done with a button on a page." in answer.content.decode()
    assert 'href="/"' in answer.content.decode()
