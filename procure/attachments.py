"""Files that belong to a record: photos, certificates, contracts. The one way in and out.

An app says in its `attached.py` which of its models carry files and who may read and add them. A
file is kept as it was sent, never read by us and never changed, because it is evidence: it is
known by its hash, lies under a random key, and leaves only as a download in a sandbox. What it
is, its first bytes say; its name must agree.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import filetype
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.http import Http404
from django.urls import reverse

from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record as tell
from procure.models import Attachment, User
from procure.reading import MAXIMUM_UPLOAD_BYTES
from procure.tenancy import OrganizationRequest, current_organization_id

MOST_FILES = 50  # on one record
PURPOSE = "file"

IMAGES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}
WORD, EXCEL = "wordprocessingml.document", "spreadsheetml.sheet"
DOCUMENTS = {
    "pdf": "application/pdf",
    "docx": f"application/vnd.openxmlformats-officedocument.{WORD}",
    "xlsx": f"application/vnd.openxmlformats-officedocument.{EXCEL}",
}
ALLOWED = IMAGES | DOCUMENTS
ACCEPT = ",".join(f".{extension}" for extension in ALLOWED)


@dataclass(frozen=True, slots=True)
class FileKind:
    """A model whose rows carry files; `name` stands in addresses.

    `page` is the url name of a row's page, where files are added; "" when only an action adds them.
    """

    name: str
    model: str
    read: str
    write: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """An upload that may be kept."""

    name: str
    content: bytes
    content_type: str


_kinds: dict[str, FileKind] = {}


def register_file_kind(kind: FileKind) -> None:
    """Lets the rows of a model carry files; called when an app is ready."""
    _kinds[kind.model.lower()] = kind


def find_file_kind(name: str) -> FileKind:
    """The kind of this name in an address, or 404."""
    for kind in _kinds.values():
        if kind.name == name and kind.page:
            return kind
    raise Http404


def kind_of(attachment: Attachment) -> FileKind:
    """The kind of the file's record; a file that no kind shows is not found."""
    kind = _kinds.get(attachment.subject_type)
    if kind is None:
        raise Http404
    return kind


def model_of(kind: FileKind) -> type[models.Model]:
    """The model whose rows carry the files."""
    return apps.get_model(kind.model)


def check_upload(
    upload: UploadedFile[bytes], *, allowed: dict[str, str] = ALLOWED, field: str = "file"
) -> CheckedFile:
    """Reads an upload. Refused: empty, over 10 MB, or not of an allowed type by name and content."""
    name = PurePath((upload.name or "").replace("\\", "/")).name[-200:]
    if not upload.size:
        raise BusinessRuleError("empty", f"{name or 'The file'} is empty.", field)
    if upload.size > MAXIMUM_UPLOAD_BYTES:
        raise BusinessRuleError("too_large", f"{name} is larger than 10 MB.", field)
    content: bytes = upload.read()
    wanted = allowed.get(PurePath(name).suffix.lower().lstrip("."))
    if wanted is None:
        kinds = ", ".join(sorted({one.upper() for one in allowed if one != "jpeg"}))
        raise BusinessRuleError("file_type", f"{name} cannot be kept. Use {kinds}.", field)
    if filetype.guess_mime(content) != wanted:
        ending = PurePath(name).suffix
        raise BusinessRuleError(
            "file_type", f"{name} is not what its ending {ending} says. Save it again.", field
        )
    return CheckedFile(name, content, wanted)


def keep_file(
    record: models.Model, file: CheckedFile, *, purpose: str = PURPOSE, uploaded_by: User | None
) -> Attachment:
    """Stores a file under a random name that says nothing; the action around it tells the trail."""
    key = f"{current_organization_id()}/{purpose}/{uuid.uuid4().hex}"
    attachment: Attachment = Attachment.objects.create(
        subject_type=record._meta.label_lower,
        subject_id=record.pk,
        purpose=purpose,
        file_name=file.name,
        content_type=file.content_type,
        sha256=hashlib.sha256(file.content).hexdigest(),
        size=len(file.content),
        storage_key=default_storage.save(key, ContentFile(file.content)),
        uploaded_by=uploaded_by,
    )
    return attachment


def share_file(attachment: Attachment, record: models.Model) -> Attachment:
    """Lets another record carry a file that is kept already; the bytes are stored once."""
    shared: Attachment = Attachment.objects.create(
        subject_type=record._meta.label_lower,
        subject_id=record.pk,
        purpose=attachment.purpose,
        file_name=attachment.file_name,
        content_type=attachment.content_type,
        sha256=attachment.sha256,
        size=attachment.size,
        storage_key=attachment.storage_key,
        uploaded_by=attachment.uploaded_by,
    )
    return shared


@transaction.atomic
def attach_file(record: models.Model, *, upload: UploadedFile[bytes], actor: User) -> Attachment:
    """Adds a file to a record, for good.

    Refused: what `check_upload` refuses, the same file again, more than 50 files.
    """
    record = lock(record)
    file = check_upload(upload)
    already = files_of(record)
    if len(already) >= MOST_FILES:
        raise BusinessRuleError("too_many", f"At most {MOST_FILES} files are kept here.", "file")
    if hashlib.sha256(file.content).hexdigest() in {one.sha256 for one in already}:
        raise BusinessRuleError("same_file", f"{file.name} is attached already.", "file")
    attachment = keep_file(record, file, uploaded_by=actor)
    tell("file.attached", record, actor=actor, summary=f"{file.name} was attached.")
    return attachment


def files_of(record: models.Model) -> list[Attachment]:
    """The files of a record in the order they came: one statement."""
    return files_of_all([record]).get(record.pk, [])


def files_of_all(records: Iterable[models.Model]) -> dict[int, list[Attachment]]:
    """The files of records of one model, by the record's id: one statement."""
    wanted = list(records)
    found: dict[int, list[Attachment]] = defaultdict(list)
    if wanted:
        kept = Attachment.objects.filter(
            subject_type=wanted[0]._meta.label_lower,
            subject_id__in=[one.pk for one in wanted],
            purpose=PURPOSE,
        )
        for attachment in kept.select_related("uploaded_by").order_by("pk"):
            found[attachment.subject_id].append(attachment)
    return dict(found)


def read_file(attachment: Attachment) -> bytes:
    """The stored bytes. Refused: a file that is not kept any more, or not the one that was kept."""
    if not default_storage.exists(attachment.storage_key):
        raise BusinessRuleError("file_gone", "The file is not kept any more. Upload it again.")
    with default_storage.open(attachment.storage_key) as stored:
        content: bytes = stored.read()
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        name = attachment.file_name
        raise BusinessRuleError("file_altered", f"{name} is not the file that was kept.")
    return content


def attached(request: OrganizationRequest, record: models.Model) -> dict[str, Any]:
    """What `_pieces/attachments.html` shows: the record's files, and where the member adds one."""
    kind = _kinds[record._meta.label_lower]
    may_read = request.membership.may(kind.read)
    url = ""
    if kind.page and request.membership.may(kind.write):
        slug, public_id = request.organization.slug, getattr(record, "public_id")  # noqa: B009
        url = reverse("procure:file_attach", args=[slug, kind.name, public_id])
    return {"files": files_of(record) if may_read else [], "attach_url": url, "accept": ACCEPT}
