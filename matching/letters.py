"""A mail as far as it matters here: who sent it, about what, and the invoices attached to it.

    letter = letter_from(raw)

Files inside forwarded messages count as attached. Whatever a mail contains, it becomes a letter:
one that cannot be read says so in `problem`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import PurePath

ENDINGS = {"application/xml": ".xml", "text/xml": ".xml", "application/pdf": ".pdf"}
MOST_FILES = 50
MOST_PARTS = 1000
# The standard parser has its own ways to fail over what strangers write into a mail.
BROKEN = (
    MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail; `problem` says why none of its files is taken, or that some are not."""

    sender: str
    subject: str
    message_id: str
    files: tuple[tuple[str, bytes], ...] = ()
    problem: str = ""

    @property
    def sha256(self) -> str:
        """Over its files; over what it says of itself when there are none."""
        digest = hashlib.sha256()
        for name, content in self.files or ((self.sender + self.subject, b""),):
            digest.update(name.encode(errors="replace") + b"\0")
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()


def letter_from(raw: bytes, *, problem: str = "") -> Letter:
    """The mail that the bytes are; with a problem given, its files are left alone."""
    try:
        message = message_from_bytes(raw)
        sender, subject, identity = (
            _words(message, name) for name in ("From", "Subject", "Message-ID")
        )
        files = () if problem else tuple(_files(message))
    except BROKEN:
        return Letter("unknown", "", "", problem="The message is broken and cannot be read.")
    if not files and not problem:
        problem = "The message has no XML or PDF attached."
    elif len(files) > MOST_FILES:
        files = files[:MOST_FILES]
        problem = f"The message has more than {MOST_FILES} files; the others were left out."
    return Letter(sender[:320] or "unknown", subject[:300], identity[:500], files, problem)


def _words(message: Message, name: str) -> str:
    """A head line in plain words, without what a database or a screen cannot show."""
    raw = str(message.get(name, ""))
    try:
        text = str(make_header(decode_header(raw)))
    except (MessageError, LookupError, ValueError):
        text = raw
    shown = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(shown.encode("utf-8", "replace").decode().split())


def _files(message: Message) -> Iterator[tuple[str, bytes]]:
    """The attached XML and PDF files in their order, those of forwarded messages too."""
    for place, part in enumerate(message.walk(), 1):
        if place > MOST_PARTS:
            return
        if part.is_multipart():
            continue
        name = _plain_name(part.get_filename() or "")
        ending = ENDINGS.get(part.get_content_type(), "")
        if PurePath(name).suffix.lower() not in ENDINGS.values():
            if not ending:
                continue
            name = f"{name or 'attachment'}{ending}"
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield name, content


def _plain_name(written: str) -> str:
    with suppress(MessageError, LookupError, ValueError):
        written = str(make_header(decode_header(written)))
    shown = "".join(one for one in written if one.isprintable()).replace("\\", "/")
    return PurePath(shown.encode("utf-8", "replace").decode()).name[-190:]
