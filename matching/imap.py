"""A mailbox over IMAP, as little of it as is used: look, fetch, mark as read.

    with opened(access) as inbox:
        for uid in inbox.unread(20):
            letter = inbox.letter(uid)
            inbox.mark_read(uid)

Whatever goes wrong is a MailboxError with a sentence. Nothing a server sends is trusted: not its
lengths, not its patience. The whole connection ends after OPEN_SECONDS.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Timer

from matching.letters import Letter, letter_from
from matching.mailboxes import Mailbox
from procure.errors import BusinessRuleError
from procure.outbound import address_of

ANSWER_SECONDS = 10.0
OPEN_SECONDS = 45.0
MOST_BYTES = 25 * 1024 * 1024
TOO_LARGE = "The message is larger than 25 MB. It was not taken in; it is still in the mailbox."
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxError(Exception):
    """Why the mailbox cannot be read, in a sentence."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a mailbox is and how it is opened."""

    host: str
    port: int
    security: str
    username: str
    password: str
    folder: str


class _Connection(imaplib.IMAP4):
    """A connection to the address that was checked, not to whatever the name means by then."""

    def __init__(self, access: Access, address: str) -> None:
        self._access, self._address = access, address
        super().__init__(access.host, access.port, timeout=ANSWER_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        made = socket.create_connection((self._address, self._access.port), timeout)
        if self._access.security == Mailbox.Security.TLS:
            made = ssl.create_default_context().wrap_socket(
                made, server_hostname=self._access.host, do_handshake_on_connect=False
            )
        self.limit = Timer(OPEN_SECONDS, _hang_up, [made])
        self.limit.daemon = True
        self.limit.start()
        if isinstance(made, ssl.SSLSocket):
            made.do_handshake()
        return made

    def read(self, size: int) -> bytes:
        if size > MOST_BYTES + 1024:
            raise self.abort("more than was agreed")
        return super().read(size)


class Inbox:
    """The opened folder."""

    def __init__(self, connection: imaplib.IMAP4, access: Access) -> None:
        self._connection, self._access = connection, access

    def unread(self, most: int) -> list[str]:
        """The first messages that nobody has read yet."""
        numbers = _flat(self._ask("SEARCH", "UNSEEN")).split()
        return [number.decode() for number in numbers if number.isdigit()][:most]

    def letter(self, uid: str) -> Letter:
        """The message, left unread; of one that is too large only who sent it about what."""
        told = _SIZE.search(_flat(self._ask("FETCH", uid, "(RFC822.SIZE)")))
        if told and int(told[1]) > MOST_BYTES:
            head = _literal(self._ask("FETCH", uid, "(BODY.PEEK[HEADER])"))
            return letter_from(head, problem=TOO_LARGE)
        return letter_from(_literal(self._ask("FETCH", uid, "(BODY.PEEK[])")))

    def mark_read(self, uid: str) -> None:
        """Nobody takes it again; it stays where it is."""
        self._ask("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def _ask(self, command: str, *arguments: str) -> list[object]:
        with _in_words(self._access):
            answer, found = self._connection.uid(command, *arguments)
        if answer != "OK":
            raise MailboxError(f"{self._access.host} refuses what every mail server does.")
        return list(found)


def _flat(found: list[object]) -> bytes:
    return b" ".join(one for one in found if isinstance(one, bytes))


def _literal(found: list[object]) -> bytes:
    """The message in an answer; empty when it is gone."""
    return next((bytes(one[1]) for one in found if isinstance(one, tuple)), b"")


@contextmanager
def opened(access: Access) -> Iterator[Inbox]:
    """The folder of a mailbox, signed in. Raises MailboxError."""
    with _in_words(access):
        connection = _Connection(access, address_of(access.host, access.port))
    try:
        with _in_words(access):
            _sign_in(connection, access)
        yield Inbox(connection, access)
    finally:
        connection.limit.cancel()
        with suppress(imaplib.IMAP4.error, OSError):
            connection.logout()


@contextmanager
def _in_words(access: Access) -> Iterator[None]:
    """Says what went wrong with the server, for the person who named it."""
    where = f"{access.host} on port {access.port}"
    try:
        yield
    except BusinessRuleError as error:
        raise MailboxError(error.message) from error
    except ssl.SSLCertVerificationError as error:
        raise MailboxError(f"The certificate of {access.host} is not valid.") from error
    except ssl.SSLError as error:
        raise MailboxError(f"There is no TLS at {where}. Choose another encryption.") from error
    except TimeoutError as error:
        raise MailboxError(f"There is no answer from {where}.") from error
    except OSError as error:
        raise MailboxError(f"There is no connection to {where}.") from error
    except (imaplib.IMAP4.error, ValueError) as error:
        raise MailboxError(f"{where} ended the connection or is no mail server.") from error


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _sign_in(connection: imaplib.IMAP4, access: Access) -> None:
    if access.security == Mailbox.Security.STARTTLS:
        connection.starttls(ssl.create_default_context())
    try:
        if "AUTH=PLAIN" in connection.capabilities:
            secret = f"\0{access.username}\0{access.password}".encode()
            connection.authenticate("PLAIN", lambda _: secret)
        else:
            connection.login(_quoted(access.username), access.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise MailboxError(f"{access.host} does not accept this name and password.") from error
    if connection.select(_quoted(access.folder))[0] != "OK":
        raise MailboxError(f"There is no folder {access.folder} in the mailbox.")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
