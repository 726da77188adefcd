"""Naming the mailbox to which suppliers send invoices, and trying its connection."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from matching.mailboxes import Mailbox
from procure.documents import lock
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import Organization, User
from procure.outbound import is_private_server
from procure.sealing import seal
from procure.tenancy import current_organization_id


@dataclass(frozen=True, slots=True)
class MailboxDetails:
    """What a person says about the mailbox; an empty password keeps the one that is stored."""

    host: str
    username: str
    password: str = ""
    port: int = 993
    security: str = Mailbox.Security.TLS
    folder: str = "INBOX"
    is_active: bool = True

    @property
    def target(self) -> tuple[str, int, str, str]:
        """Whom the password is told."""
        return self.host.lower(), self.port, self.security, self.username


@transaction.atomic
def set_mailbox(details: MailboxDetails, *, actor: User) -> Mailbox:
    """Keeps the mailbox, its password sealed; the worker tries it at once.

    Refused: no encryption to a server outside the house, and another server, encryption or name
    without the password, which would else be told to whoever is named next. The same again
    changes nothing.
    """
    lock(Organization.objects.get(pk=current_organization_id()))
    known: Mailbox | None = Mailbox.objects.select_for_update().first()
    _require_safe(details, known)
    if known is not None and not details.password and _details_of(known) == details:
        return known
    mailbox = known or Mailbox()
    mailbox.host, mailbox.port, mailbox.security = details.host, details.port, details.security
    mailbox.username, mailbox.folder = details.username, details.folder
    mailbox.is_active, mailbox.asked_at = details.is_active, timezone.now()
    mailbox.problem, mailbox.failing_since = "", None
    if details.password:
        mailbox.sealed_password = seal(details.password)
    mailbox.save()
    record(
        "mailbox.set",
        mailbox,
        actor=actor,
        summary=f"{mailbox} was {'changed' if known else 'named'} as mailbox for invoices.",
        is_active=mailbox.is_active,
        with_password=bool(details.password),
    )
    return mailbox


def _require_safe(details: MailboxDetails, known: Mailbox | None) -> None:
    if details.security == Mailbox.Security.NONE and not is_private_server(details.host):
        raise BusinessRuleError(
            "security", "Without encryption the password can be read on the way.", "security"
        )
    if details.password:
        return
    if known is None:
        raise BusinessRuleError("password", "Give the mailbox's password.", "password")
    if details.target != _details_of(known).target:
        raise BusinessRuleError(
            "password", "Give the password again: it goes to another place now.", "password"
        )


def _details_of(mailbox: Mailbox) -> MailboxDetails:
    return MailboxDetails(
        host=mailbox.host,
        username=mailbox.username,
        port=mailbox.port,
        security=mailbox.security,
        folder=mailbox.folder,
        is_active=mailbox.is_active,
    )


@transaction.atomic
def try_mailbox(mailbox: Mailbox, *, actor: User) -> Mailbox:
    """The worker tries the connection at its next round. While it is about to, nothing changes."""
    mailbox = lock(mailbox)
    if not mailbox.is_tried:
        return mailbox
    mailbox.asked_at = timezone.now()
    mailbox.save(update_fields=["asked_at"])
    record("mailbox.tried", mailbox, actor=actor, summary="The connection is tried.")
    return mailbox
