"""An issued order reaches its supplier by mail, with the PDF that is kept for its revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import SuspiciousFileOperation

from procure import pdf
from procure.attachments import read_file
from procure.errors import BusinessRuleError
from procure.events import work_off
from procure.models import Attachment, BusinessEvent, PendingEvent
from purchasing.order_documents import keep_order_pdf, order_page
from purchasing.reactions import mail_issued_orders
from suppliers.models import Supplier
from tests.purchasing.buying import issued, submitted
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def with_pango() -> None:
    if not pdf.can_make_pdfs():
        pytest.skip("Pango is not installed, so no PDF can be made.")


def mailed_to(world: World, address: str) -> None:
    with world.inside():
        Supplier.objects.filter(pk=world.northline.pk).update(email=address)
        world.northline.refresh_from_db()


def test_the_mail_leaves_after_the_commit_with_the_kept_pdf(world: World, with_pango: None) -> None:
    mailed_to(world, "orders@northline.test")
    with world.inside():
        order = issued(world)
        assert mail.outbox == []
    work_off(world.organization.pk)
    (sent,) = mail.outbox
    with world.inside():
        event = BusinessEvent.objects.get(kind="purchase_order.issued")
        kept = Attachment.objects.get()
        assert not PendingEvent.objects.filter(event=event).exists()
    assert sent.to == ["orders@northline.test"]
    assert sent.reply_to == [world.people["buyer"].email]
    assert sent.extra_headers["Message-ID"] == f"<event-{event.pk}@acme.procure>"
    assert "PO-1001" in sent.subject
    ((name, content, kind),) = sent.attachments
    assert (name, kind) == ("PO-1001.pdf", "application/pdf")
    assert bytes(content)[:5] == b"%PDF-"
    assert len(bytes(content)) == kept.size
    assert kept.subject_id == order.pk


def test_the_pdf_is_made_once_and_a_repeated_reaction_names_the_same_mail(
    inside: World, with_pango: None
) -> None:
    mailed_to(inside, "orders@northline.test")
    order = issued(inside)
    events = list(BusinessEvent.objects.filter(kind="purchase_order.issued"))
    mail_issued_orders(events)
    mail_issued_orders(events)
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 1
    assert Attachment.objects.count() == 1
    assert keep_order_pdf(order) == Attachment.objects.get()


def test_a_supplier_without_an_address_gets_no_mail(inside: World) -> None:
    mailed_to(inside, "")
    issued(inside)
    mail_issued_orders(list(BusinessEvent.objects.filter(kind="purchase_order.issued")))
    assert mail.outbox == []


def test_without_pango_the_mail_goes_without_a_pdf_and_the_page_prints(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "can_make_pdfs", lambda: False)
    mailed_to(world, "orders@northline.test")
    with world.inside():
        order = issued(world)
    work_off(world.organization.pk)
    assert mail.outbox[0].attachments == []
    path = world.url(f"orders/{order.public_id}/")
    answer = world.client("buyer").get(f"{path}pdf/")
    assert answer["Location"] == f"{path}print/"
    assert (
        "Purchase order PO-1001" in world.client("buyer").get(answer["Location"]).content.decode()
    )


def test_a_pdf_of_an_order_that_was_not_issued_says_so_and_is_not_kept(
    world: World, with_pango: None
) -> None:
    with world.inside():
        order = submitted(world)
        assert "this copy is no order" in order_page(order, for_pdf=False)
    answer = world.client("buyer").get(world.url(f"orders/{order.public_id}/pdf/"))
    assert answer.content[:5] == b"%PDF-"
    with world.inside():
        assert not Attachment.objects.exists()


def test_a_kept_file_that_was_changed_is_not_handed_out(
    inside: World, with_pango: None, tmp_path: Path
) -> None:
    kept = keep_order_pdf(issued(inside))
    assert kept is not None
    assert read_file(kept)[:5] == b"%PDF-"
    (tmp_path / kept.storage_key).write_bytes(b"%PDF-forged")
    with pytest.raises(BusinessRuleError, match="not the file that was kept"):
        read_file(kept)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://127.0.0.1:1/x.png", "static:../manage.py"]
)
def test_a_pdf_fetches_nothing_from_outside(with_pango: None, address: str) -> None:
    fetcher = pdf._fetcher()
    with pytest.raises((ValueError, SuspiciousFileOperation)):
        fetcher.fetch(address)


def test_a_pdf_reads_our_own_files(with_pango: None) -> None:
    assert b"pc-doc__" in pdf._fetcher().fetch("static:order_document.css").read()
