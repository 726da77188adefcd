"""Files of records: kept as sent, shown to those who may read the record, harmless to the browser."""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from procure import attachments, permissions
from procure.attachments import attach_file, files_of, read_file
from procure.errors import BusinessRuleError
from procure.models import Attachment, BusinessEvent
from tests.imports.support import everything, workbook
from tests.world import World

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj"
PAGE = b"<html><script>alert(1)</script></html>"


def packed(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x")
    return out.getvalue()


def sent(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


def attach(world: World, name: str = "offer.pdf", content: bytes = PDF) -> Attachment:
    lead = world.people["sourcing_lead"]
    return attach_file(world.agreement, upload=sent(name, content), actor=lead)


def address(world: World, attachment: Attachment) -> str:
    return world.url(f"files/{attachment.public_id}/")


def test_a_file_is_kept_as_it_was_sent_under_a_name_that_says_nothing(inside: World) -> None:
    kept = attach(inside, r"C:\contracts\offer 2026.pdf")
    assert (kept.file_name, kept.content_type, kept.size) == (
        "offer 2026.pdf",
        "application/pdf",
        len(PDF),
    )
    assert kept.sha256 == hashlib.sha256(PDF).hexdigest()
    assert "offer" not in kept.storage_key
    assert read_file(kept) == PDF
    assert files_of(inside.agreement) == [kept]
    assert files_of(inside.northline) == []
    event = BusinessEvent.objects.get(kind="file.attached")
    assert event.summary == "offer 2026.pdf was attached."


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.html", PAGE, "page.html cannot be kept. Use DOCX, JPG, PDF, PNG, WEBP, XLSX."),
        ("shot.svg", b"<svg xmlns='x'/>", "shot.svg cannot be kept."),
        ("photo", PNG, "photo cannot be kept."),
        ("photo.png", PAGE, "photo.png is not what its ending .png says. Save it again."),
        ("photo.jpg", PNG, "photo.jpg is not what its ending .jpg says."),
        ("terms.docx", packed("evil.exe"), "terms.docx is not what its ending .docx says."),
        ("offer.pdf", b"", "offer.pdf is empty."),
        ("offer.pdf", PDF + b"\0" * 10 * 1024 * 1024, "offer.pdf is larger than 10 MB."),
    ],
)
def test_what_is_no_photo_or_document_is_refused_in_a_sentence(
    world: World, name: str, content: bytes, words: str
) -> None:
    before = everything(world)
    with world.inside(), pytest.raises(BusinessRuleError, match=words[:60]) as refused:
        attach(world, name, content)
    assert refused.value.message.startswith(words)
    assert everything(world) == before


def test_a_workbook_and_a_photo_are_what_they_say(inside: World) -> None:
    assert "spreadsheetml" in attach(inside, "prices.xlsx", workbook(["a"], [1])).content_type
    assert attach(inside, "PALLET.PNG", PNG).content_type == "image/png"


def test_the_same_file_is_kept_once_and_fifty_at_most(
    inside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach(inside)
    with pytest.raises(BusinessRuleError, match=r"again\.pdf is attached already"):
        attach(inside, "again.pdf")
    monkeypatch.setattr(attachments, "MOST_FILES", 1)
    with pytest.raises(BusinessRuleError, match="At most 1 files are kept here"):
        attach(inside, "photo.png", PNG)
    assert Attachment.objects.count() == 1


def test_a_download_is_saved_and_nothing_in_it_runs(world: World) -> None:
    with world.inside():
        kept = attach(world, 'a"b\r\n.pdf')
    answer = world.client("receiver").get(address(world, kept))
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in answer["Content-Disposition"]
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"


def test_only_those_who_may_read_the_record_read_its_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.inside():
        kept = attach(world)
    monkeypatch.setitem(
        permissions.PERMISSIONS, "suppliers.read", frozenset({permissions.Role.SOURCING_LEAD})
    )
    assert world.client("receiver").get(address(world, kept)).status_code == 403
    assert world.client("sourcing_lead").get(address(world, kept)).status_code == 200


def test_another_companys_file_is_not_found(world: World, other_world: World) -> None:
    with world.inside():
        kept = attach(world)
    for slug in (world.url(), other_world.url()):
        path = f"{slug}files/{kept.public_id}/"
        assert other_world.client("sourcing_lead").get(path).status_code == 404


def test_a_file_of_no_shown_record_or_one_that_is_gone_is_not_served(world: World) -> None:
    with world.inside():
        kept, gone = attach(world), attach(world, "photo.png", PNG)
        Attachment.objects.filter(pk=kept.pk).update(subject_type="procure.importrun")
        default_storage.delete(gone.storage_key)
    assert world.client("admin").get(address(world, kept)).status_code == 404
    assert world.client("admin").get(address(world, gone)).status_code == 409


def post_to(world: World, role: str, *files: SimpleUploadedFile, **given: str) -> str:
    path = f"files/price-agreement/{world.agreement.public_id}/attach/"
    answer = world.client(role).post(world.url(path), {"file": list(files), **given}, follow=True)
    return str(answer.status_code) + answer.content.decode()


def test_a_person_attaches_several_files_or_none(world: World) -> None:
    said = post_to(world, "sourcing_lead", sent("a.pdf", PDF), sent("b.png", PNG))
    assert said.startswith("200")
    assert "Attached: a.pdf, b.png." in said
    assert 'alt="Photo b.png"' in said
    before = everything(world)
    said = post_to(world, "sourcing_lead", sent("c.pdf", PDF + b"3"), sent("d.html", PAGE))
    assert "d.html cannot be kept." in said
    assert "Choose a file first." in post_to(world, "sourcing_lead")
    assert post_to(world, "receiver", sent("c.pdf", PDF + b"3")).startswith("403")
    assert everything(world) == before


def test_a_form_sent_twice_attaches_once(world: World) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        post_to(world, "sourcing_lead", sent("a.pdf", PDF), idempotency_key=key)
    with world.inside():
        assert Attachment.objects.count() == 1


Change = Callable[[World], str]


@pytest.mark.parametrize(
    "path",
    [
        lambda world: f"files/nothing/{world.agreement.public_id}/attach/",
        lambda world: f"files/supplier/{world.agreement.public_id}/attach/",
    ],
)
def test_a_record_that_is_not_there_takes_no_file(world: World, path: Change) -> None:
    answer = world.client("sourcing_lead").post(
        world.url(path(world)), {"file": sent("a.pdf", PDF)}
    )
    assert answer.status_code == 404
