"""Mails become files that wait to be read, each knowing the mail it came with."""

from __future__ import annotations

import hashlib

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from matching.captured_files import CapturedFile
from matching.letters import Letter
from matching.mailboxes import TakenMessage
from matching.receiving_files import receive_file
from procure.events import record
from procure.models import User


@transaction.atomic
def take_message(letter: Letter, *, actor: User | None) -> list[CapturedFile]:
    """Takes in every file of a mail; one without any has its line in the list all the same.

    A mail that was taken before, whichever way it came again, adds nothing.
    """
    message, is_new = TakenMessage.objects.get_or_create(
        message_id=letter.message_id,
        sha256=letter.sha256,
        defaults={"sender": letter.sender, "subject": letter.subject},
    )
    if not is_new:
        return []
    files = [
        receive_file(upload=SimpleUploadedFile(name, content), message=message, actor=actor)
        for name, content in letter.files
    ]
    if letter.problem:
        files.append(_told(message, letter.problem, actor))
    return files


def _told(message: TakenMessage, problem: str, actor: User | None) -> CapturedFile:
    """A line for what was not taken, so that nobody waits for it."""
    file: CapturedFile = CapturedFile.objects.create(
        file_name=f"Mail: {message}"[:200],
        sha256=hashlib.sha256(b"").hexdigest(),
        is_kept=False,
        status=CapturedFile.Status.REFUSED,
        sentence=problem,
        message=message,
        uploaded_by=actor,
        finished_at=timezone.now(),
    )
    record("captured_file.refused", file, actor=actor, summary=problem)
    return file
