"""What the worker does with the organization's mailbox: one look a minute, fewer while it fails.

The mailbox is claimed in one transaction, read outside of any; each message is taken in a
transaction of its own and marked as read after its commit. A worker that dies in between leaves
the message unread; taken again, it adds nothing.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

from django.db.models import F, Q
from django.utils import timezone

from matching.imap import Access, Inbox, MailboxError, opened
from matching.mailboxes import Mailbox
from matching.taking_mail import take_message
from procure.errors import BusinessRuleError
from procure.events import record
from procure.sealing import unseal
from procure.tenancy import tenant_atomic

EVERY = timedelta(seconds=60)
EVERY_WHEN_FAILING = timedelta(minutes=5)
MOST_MESSAGES = 20  # in one look
LOOK_SECONDS = 20.0


def read_mailbox(organization_id: int) -> None:
    """Looks into the mailbox when it is time; a mailbox that fails says so and is left alone."""
    with tenant_atomic(organization_id):
        mailbox = claim_mailbox()
    if mailbox is None:
        return
    problem = ""
    try:
        with opened(_access(mailbox)) as inbox:
            if mailbox.is_active:
                _take_all(organization_id, inbox)
    except MailboxError as error:
        problem = str(error)
    with tenant_atomic(organization_id):
        note_look(mailbox, problem)


def claim_mailbox() -> Mailbox | None:
    """The mailbox when a look is due or a person wants one; no other worker looks meanwhile."""
    now = timezone.now()
    asked = Q(asked_at__isnull=False) & (Q(polled_at=None) | Q(polled_at__lt=F("asked_at")))
    due = Q(is_active=True) & (
        Q(polled_at=None)
        | Q(problem="", polled_at__lte=now - EVERY)
        | Q(polled_at__lte=now - EVERY_WHEN_FAILING)
    )
    mailbox: Mailbox | None = (
        Mailbox.objects.filter(asked | due).select_for_update(skip_locked=True).first()
    )
    if mailbox is not None:
        mailbox.polled_at = now
        mailbox.save(update_fields=["polled_at"])
    return mailbox


def _access(mailbox: Mailbox) -> Access:
    try:
        password = unseal(mailbox.sealed_password)
    except BusinessRuleError as error:
        raise MailboxError(error.message) from error
    return Access(
        host=mailbox.host,
        port=mailbox.port,
        security=mailbox.security,
        username=mailbox.username,
        password=password,
        folder=mailbox.folder,
    )


def _take_all(organization_id: int, inbox: Inbox) -> None:
    until = monotonic() + LOOK_SECONDS
    for uid in inbox.unread(MOST_MESSAGES):
        letter = inbox.letter(uid)
        with tenant_atomic(organization_id):
            take_message(letter, actor=None)
        inbox.mark_read(uid)
        if monotonic() > until:
            return


def note_look(mailbox: Mailbox, problem: str) -> None:
    """Keeps how the look ended; the trail is told when it begins to fail and when it works again."""
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    was_failing = bool(mailbox.problem)
    mailbox.problem = problem[:300]
    if not problem:
        mailbox.failing_since = None
    elif not was_failing:
        mailbox.failing_since = timezone.now()
    mailbox.save(update_fields=["problem", "failing_since"])
    if problem and not was_failing:
        record("mailbox.failed", mailbox, actor=None, summary=problem)
    elif was_failing and not problem:
        record("mailbox.recovered", mailbox, actor=None, summary="The mailbox is read again.")
