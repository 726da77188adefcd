"""Rejected goods: photographed at the door, sent back, and then replaced."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from procure.attachments import files_of
from procure.errors import BusinessRuleError
from procure.models import Attachment, BusinessEvent
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder
from purchasing.queries import line_quantities
from purchasing.receiving import MOST_PHOTOS, ReceivedLine, return_rejected
from tests.imports.support import everything
from tests.matching.paying import billed, invoice
from tests.procure.test_attach_file import PAGE, PNG
from tests.purchasing.buying import issued, receive
from tests.world import World

pytestmark = pytest.mark.django_db

CRUSHED = ReceivedLine(1, Decimal(60), Decimal(40), "damaged")


def photo(name: str = "crushed.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def post(world: World, order: PurchaseOrder, **fields: object) -> str:
    given = {"line-1-good": "60", "line-1-rejected": "40", "line-1-reason": "damaged"}
    path = world.url(f"receiving/{order.public_id}/")
    answer = world.client("receiver").post(path, {**given, **fields}, follow=True)
    return str(answer.status_code) + answer.content.decode()


@pytest.fixture
def order(world: World) -> PurchaseOrder:
    with world.inside():
        return issued(world)


def test_photos_of_rejected_goods_are_evidence_on_the_receipt(
    world: World, order: PurchaseOrder
) -> None:
    said = post(world, order, **{"line-1-photos": [photo(), photo("torn.png", PNG + b"2")]})
    assert said.startswith("200")
    assert "Photos of rejected goods" in said
    assert 'alt="Photo crushed.png"' in said
    with world.inside():
        line = GoodsReceiptLine.objects.get()
        assert [one.file_name for one in files_of(line)] == ["crushed.png", "torn.png"]
        assert BusinessEvent.objects.filter(kind="goods_receipt.posted").count() == 1
        address = world.url(f"files/{files_of(line)[0].public_id}/")
    assert world.client("ap_clerk").get(address).content == PNG


def test_photos_of_rejected_goods_are_evidence_beside_the_invoice(
    world: World, order: PurchaseOrder
) -> None:
    post(world, order, **{"line-1-photos": [photo()]})
    with world.inside():
        held = invoice(world, "INV-9", billed(1, 100, "0.612", order=str(order.number)))
    page = world.client("ap_clerk").get(world.url(f"exceptions/{held.public_id}/?all=1"))
    assert 'alt="Photo crushed.png"' in page.content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"line-1-photos": [photo("shot.svg", PAGE)]},
            "shot.svg cannot be kept. Use JPG, PNG, WEBP.",
        ),
        ({"line-1-photos": [photo("offer.pdf", b"%PDF-1.7")]}, "offer.pdf cannot be kept."),
        ({"line-1-photos": [photo(content=PAGE)]}, "crushed.png is not what its ending .png says."),
        ({"line-1-photos": [photo()], "line-1-rejected": ""}, "say how many are rejected."),
        (
            {"line-1-photos": [photo() for _ in range(MOST_PHOTOS + 1)]},
            "Line 1: 10 photos at most.",
        ),
    ],
)
def test_a_hostile_or_misplaced_photo_posts_nothing_and_says_why(
    world: World, order: PurchaseOrder, fields: dict[str, object], words: str
) -> None:
    before = everything(world)
    said = post(world, order, **fields)
    assert said.startswith("422")
    assert words in said
    assert "Take or choose the photos again" in said
    assert everything(world) == before


def test_rejected_goods_are_replaced_once_they_went_back(inside: World) -> None:
    order = issued(inside)
    receive(inside, order, CRUSHED)
    with pytest.raises(BusinessRuleError, match="Send the rejected 40 back first; as many can"):
        receive(inside, order, (1, 40))
    back = return_rejected(order, line_no=1, actor=inside.people["receiver"])
    assert back.lines.get().returned_quantity == 40
    receive(inside, order, (1, 40))
    line = order.lines.get(line_no=1)
    here = line_quantities([line.pk])[line.pk]
    assert (here.net_received, here.accepted, here.rejected_here) == (100, 100, 0)


@pytest.mark.parametrize(("line_no", "words"), [(2, "no rejected goods"), (9, "not on this order")])
def test_what_was_not_rejected_does_not_go_back_by_itself(
    inside: World, line_no: int, words: str
) -> None:
    order = issued(inside)
    receive(inside, order, CRUSHED, (2, 40))
    with pytest.raises(BusinessRuleError, match=words):
        return_rejected(order, line_no=line_no, actor=inside.people["receiver"])
    assert GoodsReceipt.objects.filter(kind="return").count() == 0


def test_the_screens_say_what_to_do_with_rejected_goods_and_do_it(
    world: World, order: PurchaseOrder
) -> None:
    assert "Return the rejected 40" in post(world, order)
    receiver = world.client("receiver")
    page = world.url(f"receiving/{order.public_id}/")
    text = receiver.get(page).content.decode()
    assert "rejected earlier are still here" in text
    answer = receiver.post(f"{page}lines/1/return-rejected/", follow=True).content.decode()
    assert "a replacement can be received." in answer
    assert "rejected earlier" not in answer
    again = receiver.post(f"{page}lines/1/return-rejected/", follow=True).content.decode()
    assert "Line 1: no rejected goods are here any more." in again
    with world.inside():
        assert GoodsReceipt.objects.filter(kind="return").count() == 1
        assert Attachment.objects.count() == 0
