"""A mailed link opens one supplier's one request, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from procure.tenancy import IsolatedBySupplier, supplier_atomic
from suppliers import quote_links
from suppliers.merging import merge_suppliers
from suppliers.models import (
    Quotation,
    QuotationInvitation,
    QuotationLine,
    QuotationQuestion,
    QuotationRequest,
)
from suppliers.offering import ask_question
from suppliers.quote_access import MOST_WRONG_LINKS, SESSION_KEY
from tests.counts import forget_counts
from tests.factories import SupplierFactory
from tests.quoting.asking import invitation_of, link_of, quoted, sent_request
from tests.services import ADMINISTRATOR
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

PRICE = "0.6123"


@pytest.fixture(autouse=True)
def no_counts_from_before() -> None:
    forget_counts()


@pytest.fixture
def request_sent(world: World) -> QuotationRequest:
    """Northline has quoted; Kestrel has asked a question."""
    with world.inside():
        request = sent_request(world)
        quoted(request, world.northline, PRICE, "0.09")
        ask_question(invitation_of(request, world.kestrel), text="Printed?", actor=None)
        return request


def opened(world: World, invitation: QuotationInvitation) -> tuple[Client, str]:
    client = Client()
    answer = client.get(link_of(world, invitation))
    return client, answer.headers.get("Location", "")


def invitations(world: World, request: QuotationRequest) -> list[QuotationInvitation]:
    with world.inside():
        return [invitation_of(request, one) for one in (world.northline, world.kestrel)]


def test_a_link_is_exchanged_for_a_session_and_leaves_the_address(
    world: World, request_sent: QuotationRequest
) -> None:
    north, _kestrel = invitations(world, request_sent)
    client = Client()
    answer = client.get(link_of(world, north))
    assert answer.status_code == 302
    assert quote_links.quotation_token(north) not in answer.headers["Location"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert PRICE in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    with world.inside():
        assert QuotationInvitation.objects.get(pk=north.pk).opened_at is not None


def test_forged_altered_and_strange_links_open_nothing(
    world: World, request_sent: QuotationRequest
) -> None:
    north, _kestrel = invitations(world, request_sent)
    link = link_of(world, north)
    altered = link[:-3] + ("A" if link[-3] != "A" else "B") + link[-2:]
    others = [
        altered,
        link.replace(f"/{world.organization.slug}/", "/nowhere/"),
        f"/quotes/{world.organization.slug}/open/{north.token_hash}/",
        f"/quotes/{world.organization.slug}/open/{north.link_seed}/",
    ]
    for path in others:
        client = Client()
        assert client.get(path).status_code == 404, path
        assert SESSION_KEY not in client.session
    assert Client().get(f"/quotes/acme/{north.public_id}/").status_code == 404


def test_a_link_of_another_organization_opens_nothing_here(
    world: World, other_world: World, request_sent: QuotationRequest
) -> None:
    north, _kestrel = invitations(world, request_sent)
    link = link_of(world, north).replace("/acme/", "/globex/")
    assert Client().get(link).status_code == 404
    client, page = opened(world, north)
    assert client.get(page).status_code == 200
    assert client.get(page.replace("/acme/", "/globex/")).status_code == 404


def test_a_token_moved_to_another_row_opens_nothing(
    world: World, request_sent: QuotationRequest
) -> None:
    """Bound to supplier and request: whoever can write a hash still makes no link."""
    north, kestrel = invitations(world, request_sent)
    with world.inside():
        QuotationInvitation.objects.filter(pk=north.pk).update(token_hash="0" * 64)
        QuotationInvitation.objects.filter(pk=kestrel.pk).update(token_hash=north.token_hash)
    assert Client().get(link_of(world, north)).status_code == 404


def test_control_without_the_binding_the_moved_token_opens(
    world: World, request_sent: QuotationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, kestrel = invitations(world, request_sent)
    monkeypatch.setattr(quote_links, "constant_time_compare", lambda one, other: True)
    with world.inside():
        QuotationInvitation.objects.filter(pk=north.pk).update(token_hash="0" * 64)
        QuotationInvitation.objects.filter(pk=kestrel.pk).update(token_hash=north.token_hash)
    assert Client().get(link_of(world, north)).status_code == 302


def test_a_link_goes_on_opening_after_its_suppliers_record_was_merged(
    world: World, request_sent: QuotationRequest
) -> None:
    """Kestrel is called Corvid now; what it was mailed, and what it is mailed from now on, opens."""
    _north, kestrel = invitations(world, request_sent)
    mailed = link_of(world, kestrel)
    with world.inside():
        corvid = SupplierFactory(code="CORVID", name="Corvid")
        merge_suppliers(
            world.kestrel, remaining=corvid, reason="New name.", actor=world.people["admin"]
        )
        kestrel = invitation_of(request_sent, corvid)
    assert link_of(world, kestrel) == mailed
    client = Client()
    page = client.get(mailed, follow=True)
    assert page.status_code == 200
    assert "Printed?" in page.content.decode()
    with world.inside():
        quoted(request_sent, corvid, "0.5")
        assert Quotation.objects.get(supplier=corvid).invitation_id == kestrel.pk


def test_an_expired_link_opens_nothing_and_closes_what_was_open(
    world: World, request_sent: QuotationRequest
) -> None:
    north, _kestrel = invitations(world, request_sent)
    client, page = opened(world, north)
    with world.inside():
        over = timezone.now() - quote_links.GRACE - timedelta(minutes=1)
        QuotationRequest.objects.update(deadline=over)
    assert Client().get(link_of(world, north)).status_code == 404
    assert client.get(page).status_code == 404
    assert client.post(page, {}).status_code == 404


def test_control_within_its_grace_the_link_opens(
    world: World, request_sent: QuotationRequest
) -> None:
    north, _kestrel = invitations(world, request_sent)
    with world.inside():
        over = timezone.now() - quote_links.GRACE + timedelta(minutes=1)
        QuotationRequest.objects.update(deadline=over)
    assert Client().get(link_of(world, north)).status_code == 302


def test_a_supplier_never_reads_or_writes_what_is_anothers(
    world: World, request_sent: QuotationRequest
) -> None:
    north, kestrel = invitations(world, request_sent)
    client, page = opened(world, kestrel)
    theirs = page.replace(str(kestrel.public_id), str(north.public_id))
    before = counts(world)
    assert client.get(theirs).status_code == 404
    for step in ("", "ask/", "decline/"):
        sent = {"text": "Who else?", "reason": "No", "line-1-unit_price": "0.01"}
        assert client.post(theirs + step, sent).status_code == 404
    assert counts(world) == before
    assert PRICE not in client.get(page).content.decode()


def test_too_many_wrong_links_are_put_off(world: World) -> None:
    answers = [
        Client().get(f"/quotes/acme/open/wrong-{number}/") for number in range(MOST_WRONG_LINKS + 1)
    ]
    assert [one.status_code for one in answers] == [404] * MOST_WRONG_LINKS + [429]
    assert answers[-1].headers["Retry-After"] == "600"


def counts(world: World) -> list[int]:
    with world.inside():
        return [model.objects.count() for model in (Quotation, QuotationLine, QuotationQuestion)]


# --- The second policy -------------------------------------------------------------------------


def seen_as(world: World, supplier_id: int) -> tuple[set[int], set[int], set[int]]:
    with supplier_atomic(world.organization.pk, supplier_id):
        return (
            set(Quotation.objects.values_list("supplier_id", flat=True)),
            set(QuotationLine.objects.values_list("supplier_id", flat=True)),
            set(QuotationInvitation.objects.values_list("supplier_id", flat=True)),
        )


def test_the_database_shows_a_supplier_only_its_own_rows(
    world: World, request_sent: QuotationRequest
) -> None:
    north, kestrel = world.northline.pk, world.kestrel.pk
    assert seen_as(world, north) == ({north}, {north}, {north})
    assert seen_as(world, kestrel) == (set(), set(), {kestrel})
    with world.inside():
        assert QuotationInvitation.objects.count() == 2, "we see all, and nothing is left set"


@pytest.fixture
def no_policy(transactional_db: None) -> Iterator[None]:
    """The protection removed: the second policy lets everything pass, and is put back."""
    name = connection.settings_dict["NAME"]
    place = make_conninfo(os.environ[ADMINISTRATOR], dbname=name)
    tables = ("suppliers_quotation", "suppliers_quotationline", "suppliers_quotationinvitation")
    with psycopg.connect(place, autocommit=True) as admin:
        for table in tables:
            admin.execute(f"ALTER POLICY supplier_isolation ON {table} USING (true)")
        yield
        for table in tables:
            admin.execute(
                f"ALTER POLICY supplier_isolation ON {table} USING ({IsolatedBySupplier.condition})"
            )


@pytest.mark.django_db(transaction=True)
def test_control_without_the_policy_the_same_look_shows_the_other(no_policy: None) -> None:
    world = make_world()
    with world.inside():
        quoted(sent_request(world), world.northline, PRICE, "0.09")
    assert seen_as(world, world.kestrel.pk)[0] == {world.northline.pk}
