"""Files that came as invoices: read by the worker, captured like any other, or left to a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from matching import reading_files
from matching.as_captured import captured_from, charge_code
from matching.capture import void_invoice
from matching.captured_files import CapturedFile
from matching.demo.einvoice_files import Sale, SoldLine, pdf_of, xml_of
from matching.einvoices.apart import read_apart
from matching.einvoices.document import Charge
from matching.einvoices.pictures import draw_pages
from matching.einvoices.reading import read_einvoice
from matching.models import SupplierInvoice
from matching.reading_files import MOST_ATTEMPTS, NOT_AS_IT_CAME, read_waiting_files
from matching.receiving_files import pages_of, receive_file
from procure.attachments import files_of, read_file
from procure.models import BusinessEvent
from purchasing.models import PurchaseOrder
from suppliers.models import PriceBreak, Supplier
from tests.factories import SupplierFactory
from tests.matching.einvoices.sold import paper
from tests.matching.paying import an_order, billed, invoice, receive
from tests.world import World

pytestmark = pytest.mark.django_db

SALE = Sale(
    number="NL-77",
    issued_on=date(2026, 5, 4),
    seller="Northline Packaging",
    lines=[
        SoldLine(Decimal(100), Decimal("61.20"), "Shipper", order_line="1", unit="C62",
                 base_quantity=Decimal(100)),
    ],
    order_number="PO-1",
    due_on=date(2026, 6, 3),
)  # fmt: skip


@pytest.fixture(autouse=True)
def ordered(world: World, settings: Any, tmp_path: Any, monkeypatch: Any) -> None:
    """One hundred shippers at 0.612, ordered as PO-1 and received.

    The same reader in this process: a process for every file is what one test is about.
    """
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(reading_files, "read_apart", read_einvoice)
    monkeypatch.setattr(reading_files, "draw_apart", draw_pages)
    with world.inside():
        PriceBreak.objects.all().delete()
        order = an_order(world, (world.shipper, 100, "0.612"))
        receive(world, order, (1, 100))


def sent(world: World, content: bytes, name: str = "invoice.xml") -> CapturedFile:
    with world.inside():
        return receive_file(
            upload=SimpleUploadedFile(name, content), actor=world.people["ap_clerk"]
        )


def read(world: World, content: bytes, name: str = "invoice.xml") -> CapturedFile:
    """What becomes of a file that is sent and read."""
    file = sent(world, content, name)
    read_waiting_files(world.organization.pk)
    with world.inside():
        return CapturedFile.objects.select_related(
            "supplier",
            "uploaded_by",
            "invoice__supplier",
            "invoice__credits",
            "invoice__captured_by",
        ).get(pk=file.pk)


def sold(**changes: Any) -> bytes:
    return xml_of(replace(SALE, **changes))


def test_other_terms_of_delivery_are_said_and_hold_nothing(world: World) -> None:
    with world.inside():
        PurchaseOrder.objects.update(incoterm="DAP Reno")
    terms = b"<cac:DeliveryTerms><cbc:ID>EXW</cbc:ID></cac:DeliveryTerms><cac:TaxTotal>"
    kept = read(world, sold().replace(b"<cac:TaxTotal>", terms, 1)).invoice
    assert (kept.status, kept.incoterm) == ("approved", "EXW")
    path = world.url(f"invoices/{kept.public_id}/")
    page = world.client("auditor").get(path).content.decode()
    assert "Its incoterm is EXW, that of order PO-1 is DAP." in page


def test_a_file_becomes_an_invoice_that_is_matched_and_carries_the_file(world: World) -> None:
    file = read(world, sold(), "NL 77.xml")
    assert (file.status, file.sentence, file.format) == ("captured", "", "EN 16931 (UBL 2.1)")
    kept = file.invoice
    assert (kept.number, kept.supplier, kept.status) == ("NL-77", world.northline, "approved")
    assert (kept.origin, kept.is_touchless, kept.total_amount) == (
        "electronic", True, Decimal("61.20"),
    )  # fmt: skip
    assert (kept.due_on, kept.captured_by) == (date(2026, 6, 3), world.people["ap_clerk"])
    with world.inside():
        line = kept.lines.select_related("order_line").get()
        (attachment,) = files_of(kept)
        assert read_file(attachment) == sold()
        kinds = list(BusinessEvent.objects.order_by("pk").values_list("kind", flat=True))[-2:]
    # Beside the price of one, what the supplier wrote: 61.20 for a hundred.
    assert (line.quantity, line.unit_price, line.order_line.line_no) == (100, Decimal("0.612"), 1)
    written = file.document["lines"][0]
    assert (written["price"], written["base_quantity"], written["unit"]) == ("61.2", "100", "C62")
    assert kinds == ["captured_file.received", "supplier_invoice.captured"]


@pytest.mark.parametrize(
    "said", [{"delivery_note": "LS-7"}, {"text": "Goods of your order PO-2, with thanks"}]
)
def test_its_order_is_found_by_its_delivery_note_or_its_text(
    world: World, said: dict[str, str]
) -> None:
    with world.inside():
        order = an_order(world, (world.shipper, 100, "0.612"), number="PO-2")
        receive(world, order, (1, 100), delivery_note="LS-7")
    kept = read(world, sold(order_number="", **said)).invoice
    assert (kept.status, kept.found_reference) == ("approved", "PO-2")


def test_charges_discount_tax_and_what_was_paid_before_are_taken_in(world: World) -> None:
    file = read(
        world,
        sold(freight=Decimal(10), discount=Decimal(2), tax_rate=Decimal(19), prepaid=Decimal(30)),
    )
    kept = file.invoice
    # 61.20 + 10.00 - 2.00 = 69.20; 19 % of it 13.15; 82.35 less 30.00 paid before.
    assert (kept.charges, kept.taxes, kept.charge_tax_rates) == (
        {"freight": "10"}, {"19": "13.15"}, {"freight": "19"},
    )  # fmt: skip
    assert (kept.discount_amount, kept.prepaid_amount, kept.total_amount) == (
        2, 30, Decimal("52.35"),
    )  # fmt: skip
    # A freight up to 50.00 passes; what is approved is what is left to pay.
    assert (kept.status, kept.approved_amount) == ("approved", Decimal("52.35"))


def test_what_was_paid_before_is_taken_from_what_is_supported(world: World) -> None:
    lines = [replace(SALE.lines[0], quantity=Decimal(200))]
    kept = read(world, sold(lines=lines, prepaid=Decimal(30))).invoice
    with world.inside():
        result = kept.match_results.get()
    # 200 billed, 100 received: 61.20 of 122.40 is supported, 30.00 of it was paid.
    assert (kept.status, kept.total_amount) == ("open", Decimal("92.40"))
    assert (result.supported_amount, result.disputed_amount) == (
        Decimal("31.20"), Decimal("61.20"),
    )  # fmt: skip


def test_a_discount_of_one_rate_lowers_the_lines_of_that_rate(world: World) -> None:
    line = read_einvoice(sold()).document.lines[0]
    document = replace(
        read_einvoice(sold()).document,
        lines=tuple(
            replace(line, amount=Decimal(amount), tax_rate=Decimal(rate))
            for amount, rate in ((60, 7), (40, 7), (100, 19))
        ),
        allowances=(Charge(Decimal(10), tax_rate=Decimal(7)), Charge(Decimal(5))),
    )
    taken = captured_from(document, supplier=world.northline, received_on=date(2026, 5, 4))
    assert [(one.amount, one.discount) for one in taken.lines] == [(54, 6), (36, 4), (100, 0)]
    assert taken.discount_amount == 5


@pytest.mark.parametrize(
    ("code", "reason", "ours"),
    [("FC", "", "freight"), ("", "Versandkosten", "freight"), ("", "Europalette", "pallet"),
     ("", "Pfand", "deposit"), ("ZZZ", "Express fee", "other")],
)  # fmt: skip
def test_a_charge_gets_our_code(code: str, reason: str, ours: str) -> None:
    assert charge_code(Charge(Decimal(1), code, reason)) == ours


@pytest.mark.parametrize(
    ("named", "changes", "of_supplier"),
    [
        ("by tax id", {"seller": "NLP Holding", "tax_id": "DE136695976"}, {"tax_id": "136 695 976"}),
        ("by name", {"seller": "NORTHLINE  packaging"}, {}),
        ("by legal name", {"seller": "Northline Inc."}, {"legal_name": "NORTHLINE INC"}),
    ],
)  # fmt: skip
def test_the_supplier_is_found(
    world: World, named: str, changes: dict[str, Any], of_supplier: dict[str, str]
) -> None:
    with world.inside():
        Supplier.objects.filter(pk=world.northline.pk).update(**of_supplier)
    assert read(world, sold(**changes)).supplier == world.northline


def test_an_unknown_seller_is_left_to_a_person_with_what_was_read(world: World) -> None:
    file = read(world, sold(seller="Somebody Ltd"))
    assert (file.status, file.is_sound, file.may_be_entered) == ("needs_person", True, True)
    assert file.supplier is None
    assert file.sentence == "Somebody Ltd is not among the suppliers. Choose who it is."
    assert file.document["number"] == "NL-77"
    with world.inside():
        assert not SupplierInvoice.objects.exists()


def test_two_suppliers_of_one_name_are_not_guessed(world: World) -> None:
    with world.inside():
        SupplierFactory(code="N2", name="Northline-Packaging")
    file = read(world, sold())
    assert file.sentence == "It may be of Northline Packaging, Northline-Packaging. Choose which."


def test_a_number_that_is_taken_is_refused(world: World) -> None:
    with world.inside():
        invoice(world, "NL 77", billed(1, 1, 1))
    file = read(world, sold())
    assert (file.status, file.sentence[:58]) == (
        "refused", "Northline Packaging has billed under this number already: ",
    )  # fmt: skip
    with world.inside():
        assert SupplierInvoice.objects.count() == 1


def test_the_same_file_again_is_said_and_not_read(world: World) -> None:
    read(world, sold(), "first.xml")
    again = sent(world, sold(), "second.xml")
    assert (again.status, again.is_kept, again.may_be_entered) == ("refused", False, False)
    assert again.sentence.startswith("The same file came on ")
    assert again.sentence.endswith(" as first.xml, captured as NL-77.")
    with world.inside():
        assert files_of(again) == []
        void_invoice(SupplierInvoice.objects.get(), reason="wrong", actor=world.people["ap_lead"])
    assert sent(world, sold(), "third.xml").status == "waiting"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.xml", b"", "The file is empty."),
        ("photo.xml", b"\xff\xd8\xff\xe0", "This is a photo, not an electronic invoice."),
        ("paper.xml", None, "It is not what its ending .xml says. Save it again."),
        ("invoice.exe", b"<a/>", "Invoices come as XML or PDF; this has another ending."),
        ("big.xml", b"<" + b"a" * 10_500_000, "The file is larger than 10 MB."),
    ],
)  # fmt: skip
def test_what_is_no_invoice_file_does_not_even_wait(
    world: World, name: str, content: bytes | None, sentence: str
) -> None:
    file = sent(world, paper() if content is None else content, name)
    assert (file.status, file.is_kept) == ("refused", False)
    assert file.sentence.startswith(sentence)


def test_a_credit_note_is_captured_against_its_invoice(world: World) -> None:
    read(world, sold())
    file = read(world, sold(number="NL-78", credits_number="NL-77"), "credit.xml")
    assert (file.status, file.invoice.kind, file.invoice.credits.number) == (
        "captured", "credit", "NL-77",
    )  # fmt: skip
    unknown = read(world, sold(number="NL-79", credits_number="NL-1"), "other.xml")
    assert (unknown.status, unknown.sentence, unknown.supplier) == (
        "needs_person", "There is no invoice NL-1 of Northline Packaging to credit.",
        world.northline,
    )  # fmt: skip
    page = world.client("ap_clerk").get(world.url(f"invoices/files/{unknown.public_id}/"))
    chosen = f'<option value="{world.northline.public_id}" selected>'
    assert chosen in page.content.decode()


def test_a_line_may_take_goods_back(world: World) -> None:
    lines = [
        replace(SALE.lines[0], unit_price=Decimal("0.612"), base_quantity=Decimal(1)),
        SoldLine(Decimal(-10), Decimal("0.612"), "Shipper", order_line="1", unit="EA"),
    ]
    file = read(world, sold(lines=lines))
    assert (file.status, file.invoice.status) == ("captured", "approved")
    assert file.invoice.total_amount == Decimal("55.08")


def test_a_paper_without_data_waits_for_a_person(world: World) -> None:
    file = read(world, paper(), "scan.pdf")
    assert (file.status, file.is_sound) == ("needs_person", False)
    assert file.sentence == "The PDF carries no invoice data."
    with world.inside():
        (page,) = pages_of(file)
        assert (page.content_type, files_of(file)[0].file_name) == ("image/jpeg", "scan.pdf")
        assert read_file(page)[:3] == b"\xff\xd8\xff"


def test_a_pdf_with_data_is_captured_by_the_process_apart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_files, "read_apart", read_apart)
    assert read(world, pdf_of(SALE, paper()), "hybrid.pdf").invoice.number == "NL-77"


def test_a_file_whose_reader_dies_is_read_again_three_times_at_most(world: World) -> None:
    file = sent(world, sold())
    with world.inside():
        lost = {"status": "reading", "started_at": "2026-05-04T00:00Z"}
        CapturedFile.objects.filter(pk=file.pk).update(attempts=1, **lost)
    read_waiting_files(world.organization.pk)
    with world.inside():
        assert CapturedFile.objects.get().status == "captured"
    other = sent(world, sold(number="NL-80"))
    with world.inside():
        CapturedFile.objects.filter(pk=other.pk).update(attempts=MOST_ATTEMPTS, **lost)
    read_waiting_files(world.organization.pk)
    with world.inside():
        given_up = CapturedFile.objects.get(pk=other.pk)
    assert (given_up.status, given_up.sentence[:39]) == (
        "refused", "The file takes more memory or time to r",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "ends"),
    [
        (lambda stored: stored.write_bytes(sold(number="NL-99")), "needs_person"),
        (lambda stored: stored.unlink(), "needs_person"),
        (lambda stored: None, "captured"),  # the control
    ],
)
def test_a_stored_file_that_is_not_what_came_is_left_to_a_person_and_stops_no_other(
    world: World, tmp_path: Path, spoil: Callable[[Path], object], ends: str
) -> None:
    file, other = sent(world, sold()), sent(world, sold(number="NL-80"), "other.xml")
    with world.inside():
        (kept,) = files_of(file)
    spoil(tmp_path / kept.storage_key)
    read_waiting_files(world.organization.pk)
    with world.inside():
        file, other = (CapturedFile.objects.get(pk=one.pk) for one in (file, other))
        numbers = set(SupplierInvoice.objects.values_list("number", flat=True))
    assert (file.status, other.status) == (ends, "captured")
    assert numbers == ({"NL-77", "NL-80"} if ends == "captured" else {"NL-80"})
    if ends == "needs_person":
        assert (file.sentence, file.may_be_entered) == (NOT_AS_IT_CAME, True)
        answer = world.client("ap_clerk").get(world.url(f"files/{kept.public_id}/"))
        assert answer.status_code == 409


def test_a_file_that_is_being_read_is_left_alone(world: World) -> None:
    file = sent(world, sold())
    with world.inside():
        CapturedFile.objects.filter(pk=file.pk).update(
            status="reading", started_at=file.uploaded_at
        )
    read_waiting_files(world.organization.pk)
    with world.inside():
        assert CapturedFile.objects.get().status == "reading"
