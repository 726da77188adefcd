"""Files that want to harm: each is refused with a sentence, and none reads, writes or calls out."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zlib
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from matching.einvoices import apart, elements
from matching.einvoices.apart import TOO_MUCH, draw_apart, read_apart
from matching.einvoices.reading import MOST_BYTES, read_einvoice
from procure.bootstrap import ROOT
from tests.matching.einvoices.malformed import malformed
from tests.matching.einvoices.sold import cii, hybrid, paper, ubl
from tests.matching.einvoices.test_reading import with_attachment
from tests.safety.crowd import rounds

DOCTYPE = "The file declares a DOCTYPE, which no invoice needs. It is not opened."
CANARY = "canary-9f31"


def declaring(entities: str, reference: str, encoding: str = "utf-8") -> bytes:
    """Our own invoice whose number is what an entity says."""
    text = ubl().decode().replace("<Invoice", f"<!DOCTYPE Invoice [{entities}]><Invoice", 1)
    text = text.replace("NL-77/2026", reference).replace("UTF-8", encoding)
    return text.encode(encoding)


def laughs() -> str:
    more = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)
    )  # 10^9 times the first
    return f'<!ENTITY l0 "ha">{more}'


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(CANARY)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_and_no_file_is_read(canary: Path, encoding: str) -> None:
    for entities, reference in (
        (f'<!ENTITY x SYSTEM "{canary.as_uri()}">', "&x;"),
        ('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">', "&x;"),
        (laughs(), "&l9;"),
        (f'<!ENTITY q "{"a" * 50_000}">', "&q;" * 500),
        ("", "NL-77/2026"),
    ):
        reading = read_einvoice(declaring(entities, reference, encoding))
        assert (reading.outcome, reading.sentence) == ("refused", DOCTYPE)


def test_without_the_guard_the_file_would_be_read(
    canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a parser that resolves entities puts the canary into the invoice number."""
    content = declaring(f'<!ENTITY x SYSTEM "{canary.as_uri()}">', "&x;")
    open_parser = etree.XMLParser(resolve_entities=True, load_dtd=True)
    found = etree.fromstring(content, open_parser)
    assert CANARY in etree.tostring(found, encoding="unicode")
    # Ours does not resolve it even if nobody looked for the DOCTYPE.
    monkeypatch.setattr(elements, "_DECLARES", elements.re.compile(b"never"))
    assert read_einvoice(content).sentence == DOCTYPE


def test_an_include_is_refused_and_would_be_followed(canary: Path) -> None:
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{canary.as_uri()}" parse="text"/>'
    content = ubl().replace(b"NL-77/2026", include.encode())
    reading = read_einvoice(content)
    assert reading.sentence == "The file asks to include other files. It is not opened."
    tree = etree.fromstring(content).getroottree()
    tree.xinclude()
    assert CANARY in etree.tostring(tree, encoding="unicode")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<a>" * 100_000, "The file is nested too deeply or too large to be an invoice."),
        (b"<a>" + b"<b/>" * 400_001, "The file has more elements than any invoice. It is not opened."),
        (b"<a>" + b"x" * MOST_BYTES, "The file is larger than 10 MB."),
        (b'<a b="' + b"x" * 9_000_000 + b'"/>', "This is XML that begins with “a”, not an invoice."),
        (ubl()[:2_000], "The file is not complete XML."),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>',
         "The file names an encoding that it is not written in."),
        (ubl().replace(b"Shipper", b"Schachtel gr\xfcn"),
         "The file names an encoding that it is not written in."),
        (b"\0" * 5_000, "This is neither XML nor a PDF."),
    ],
)  # fmt: skip
def test_what_is_no_sound_file_is_refused_in_words(content: bytes, sentence: str) -> None:
    started = time.monotonic()
    reading = read_einvoice(content)
    assert reading.outcome == "refused"
    assert reading.sentence.startswith(sentence)
    assert time.monotonic() - started < 3


def bomb(megabytes: int) -> bytes:
    """A small PDF whose attachment unpacks into much."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(with_attachment(b"<a/>"))))
    squeezer = zlib.compressobj(9)
    packed = b"".join(squeezer.compress(b" " * 1_000_000) for _ in range(megabytes))
    for kept in writer._objects:
        if isinstance(kept, StreamObject) and kept.get("/Type") == "/EmbeddedFile":
            kept._data = packed + squeezer.flush()
            kept[NameObject("/Filter")] = NameObject("/FlateDecode")
            kept.pop("/Params", None)
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def test_a_pdf_that_unpacks_into_much_is_not_opened() -> None:
    content = bomb(20)
    assert len(content) < 100_000
    assert read_einvoice(content).sentence == (
        "The PDF's attachment unpacks into more than 10 MB. It is not opened."
    )
    assert read_einvoice(bomb(200)).outcome in {"manual", "refused"}


def test_a_doctype_inside_a_pdf_is_refused_too(canary: Path) -> None:
    content = with_attachment(declaring(f'<!ENTITY x SYSTEM "{canary.as_uri()}">', "&x;"))
    assert read_einvoice(content).sentence == f"Inside the PDF: {DOCTYPE}"


def test_names_with_paths_mean_nothing() -> None:
    attached = (
        b"<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment>"
        b'<cbc:EmbeddedDocumentBinaryObject mimeCode="text/plain" filename="../../../etc/cron.d/x">'
        b"KiAqICogKiAq</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
        b"</cac:AdditionalDocumentReference>"
    )
    at = ubl().index(b"<cac:AccountingSupplierParty>")
    for content in (
        ubl()[:at] + attached + ubl()[at:],
        with_attachment(cii(), "../../../etc/cron.d/factur-x.xml"),
    ):
        reading = read_apart(content)
        assert (reading.outcome, reading.document and reading.document.number) == (
            "accepted",
            "NL-77/2026",
        )


def test_an_associated_file_is_found_though_no_list_names_it() -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(hybrid())))
    del writer.root_object["/Names"]
    written = BytesIO()
    writer.write(written)
    assert isinstance(writer.root_object, DictionaryObject)
    assert read_einvoice(written.getvalue()).outcome == "accepted"


# --- The process apart ------------------------------------------------------------------------


def in_the_process(code: str) -> subprocess.CompletedProcess[str]:
    """Runs code behind the same limits."""
    return subprocess.run(
        [sys.executable, "-E", "-s", "-c", f"from matching.einvoices.__main__ import limit\nlimit()\n{code}"],
        capture_output=True, text=True, cwd=ROOT, env={}, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "PermissionError: socket"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError"),
        ("open('canary.txt', 'w')", "PermissionError: an invoice writes nothing"),
        ("bytearray(600 * 1024 * 1024)", "MemoryError"),
    ],
)
def test_the_process_may_do_nothing_but_read(code: str, error: str) -> None:
    assert error in in_the_process(code).stderr
    assert not (ROOT / "canary.txt").exists()


def test_the_processors_time_and_the_environment_are_limited() -> None:
    code = (
        "import json, os, resource as r\n"
        "print(json.dumps([r.getrlimit(r.RLIMIT_CPU), r.getrlimit(r.RLIMIT_AS),"
        " r.getrlimit(r.RLIMIT_FSIZE), [n for n in os.environ if 'URL' in n or 'KEY' in n]]))"
    )
    megabytes = 512 * 1024 * 1024
    assert json.loads(in_the_process(code).stdout) == [
        [10, 10], [megabytes, megabytes], [0, 0], [],
    ]  # fmt: skip


def test_pages_are_drawn_apart_and_what_is_no_pdf_draws_nothing() -> None:
    (page,) = draw_apart(paper())
    assert page.startswith(b"\xff\xd8\xff")
    assert draw_apart(b"%PDF-1.7 broken") == []


def test_a_process_that_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 0.01)
    assert read_apart(ubl()).sentence == TOO_MUCH


# --- Malformed on purpose ---------------------------------------------------------------------


def test_malformed_files_end_with_a_sentence_and_never_with_an_error() -> None:
    """300 in the suite, 10,000 in a soak; every one has an outcome, at once."""
    sound = [ubl(), cii(), hybrid(), paper()]
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(rounds(300, 10_000)):
        name, content = malformed(number, sound)
        started = time.monotonic()
        reading = read_einvoice(content)
        slowest = max(slowest, time.monotonic() - started)
        outcomes[reading.outcome] += 1
        assert reading.sentence or reading.outcome == "accepted", (number, name)
        assert "root:" not in json.dumps(reading.sentence)
    print(dict(outcomes), f"slowest {slowest:.3f} s")
    assert slowest < 10
    assert outcomes["refused"] > outcomes["accepted"] > 0
    assert outcomes["manual"] > 0
