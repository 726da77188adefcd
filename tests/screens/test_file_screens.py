"""The screens of electronic invoices, by the clerk who sends them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from matching import reading_files
from matching.captured_files import CapturedFile
from matching.demo.einvoice_files import xml_of
from matching.einvoices.pictures import draw_pages
from matching.einvoices.reading import read_einvoice
from matching.models import SupplierInvoice
from matching.reading_files import read_waiting_files
from tests.matching.einvoices.sold import paper, sold, ubl
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept_here(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(reading_files, "read_apart", read_einvoice)
    monkeypatch.setattr(reading_files, "draw_apart", draw_pages)


def send(world: World, *files: tuple[str, bytes], role: str = "ap_clerk") -> Any:
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return world.client(role).post(world.url("invoices/files/send/"), {"file": uploads})


def only(world: World, **fields: Any) -> CapturedFile:
    with world.inside():
        return CapturedFile.objects.select_related("invoice").get(**fields)


def test_several_files_are_sent_at_once_and_each_has_its_result(world: World) -> None:
    stranger = xml_of(sold(seller="Somebody Ltd", number="S-1"))
    answer = send(world, ("a.xml", ubl()), ("b.xml", stranger), ("c.pdf", paper()), ("d.xml", b""))
    assert (answer.status_code, answer.url) == (302, world.url("invoices/files/"))
    client = world.client("ap_clerk")
    waiting = client.get(answer.url).content.decode()
    assert waiting.count("Waiting") == 3
    assert 'hx-trigger="every 2s"' in waiting
    read_waiting_files(world.organization.pk)
    done = client.get(answer.url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in done
    assert "every 2s" not in done
    for words in (
        "Captured", "NL-77/2026", "Somebody Ltd is not among the suppliers.",
        "The PDF carries no invoice data.", "The file is empty.",
    ):  # fmt: skip
        assert words in done


def test_no_file_or_too_many_are_refused_and_change_nothing(world: World) -> None:
    client = world.client("ap_clerk")
    assert (
        "Choose a file first."
        in client.post(world.url("invoices/files/send/"), follow=True).content.decode()
    )
    many = [(f"{place}.xml", b"<a/>") for place in range(51)]
    assert send(world, *many).status_code == 302
    with world.inside():
        assert not CapturedFile.objects.exists()


def test_a_buyer_reads_the_list_and_sends_nothing(world: World) -> None:
    assert send(world, ("a.xml", ubl()), role="buyer").status_code == 403
    page = world.client("buyer").get(world.url("invoices/files/"))
    assert page.status_code == 200
    assert "data-files" not in page.content.decode()


def test_a_person_says_whose_it_is_and_it_is_captured(world: World) -> None:
    send(world, ("b.xml", xml_of(sold(seller="Somebody Ltd"))))
    read_waiting_files(world.organization.pk)
    address = world.url(f"invoices/files/{only(world).public_id}/")
    client = world.client("ap_clerk")
    page = client.get(address).content.decode()
    assert "Whose is it?" in page
    assert "61.20 per 100" in page
    assert "0.612 for one" in page
    refused = client.post(f"{address}capture/", {"supplier": ""})
    assert refused.status_code == 422
    with world.inside():
        assert not SupplierInvoice.objects.exists()
    done = client.post(f"{address}capture/", {"supplier": world.northline.public_id})
    assert done.status_code == 302
    file = only(world)
    assert (file.status, file.invoice.number, file.invoice.origin) == (
        "captured", "NL-77/2026", "electronic",
    )  # fmt: skip
    assert "b.xml" in client.get(done.url).content.decode()


def test_a_paper_is_entered_by_hand_and_kept_with_its_invoice(world: World) -> None:
    send(world, ("c.pdf", paper()))
    read_waiting_files(world.organization.pk)
    address = world.url(f"invoices/new/?file={only(world).public_id}")
    client = world.client("ap_clerk")
    page = client.get(address).content.decode()
    assert "c.pdf: The PDF carries no invoice data." in page
    assert 'alt="Page 1 of the paper"' in page
    head = {
        "supplier": world.northline.public_id, "kind": "invoice", "number": "P-1",
        "currency": "USD", "invoiced_on": "2026-05-04", "received_on": "2026-05-05",
        "charge_code": "", "total_amount": "10", "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0", "lines-0-quantity": "1", "lines-0-unit_price": "10",
    }  # fmt: skip
    assert client.post(address, head).status_code == 302
    file = only(world)
    assert (file.status, file.invoice.number, file.invoice.origin) == ("captured", "P-1", "entered")
    assert client.get(address).status_code == 404


def test_what_could_be_read_stands_in_the_form(world: World) -> None:
    send(world, ("b.xml", ubl().replace(b">EUR</cbc:Doc", b"></cbc:Doc")))
    read_waiting_files(world.organization.pk)
    file = only(world)
    assert (file.status, file.is_sound) == ("needs_person", False)
    page = world.client("ap_clerk").get(world.url(f"invoices/new/?file={file.public_id}"))
    text = page.content.decode()
    for value in ("NL-77/2026", "PO-1001", "CTN-12-KR", "121.03", "755.03", "0.612"):
        assert f'value="{value}' in text, value
    assert f'<option value="{world.northline.public_id}" selected>' in text
