"""A real IMAP server (pymap) on loopback, encrypted, with one mailbox that tests fill by APPEND."""

from __future__ import annotations

import imaplib
import ipaddress
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "invoices@acme.test", "pässword"
RUN = "import sys; from pymap.main import main; sys.exit(main())"


@dataclass
class Server:
    """Where it is, and how a test puts mails in and looks at them."""

    port: int
    certificate: Path

    @cached_property
    def session(self) -> imaplib.IMAP4:
        """The one connection of the tests' own."""
        connection = imaplib.IMAP4("127.0.0.1", self.port, timeout=5)
        connection.starttls(ssl.create_default_context(cafile=str(self.certificate)))
        secret = f"\0{USER}\0{PASSWORD}".encode()
        connection.authenticate("PLAIN", lambda _: secret)
        connection.select()
        return connection

    def deliver(self, *mails: bytes) -> None:
        for mail in mails:
            assert self.session.append("INBOX", "", "", mail)[0] == "OK"

    def unread(self) -> int:
        self.session.noop()
        return len(self.session.uid("SEARCH", "UNSEEN")[1][0].split())

    def empty(self) -> None:
        self.session.noop()
        if self.session.search(None, "ALL")[1][0]:
            self.session.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
            self.session.expunge()


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Starts the server in a process of its own and ends it."""
    certificate, key = a_certificate(folder)
    port = free_port()
    command = [
        *(sys.executable, "-c", RUN, "--no-service", "admin", "--no-service", "managesieve"),
        *("--host", "127.0.0.1", "--port", str(port), "--cert", str(certificate)),
        *("--key", str(key), "dict", "--demo-user", USER, "--demo-password", PASSWORD),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield Server(port, certificate)
    finally:
        process.terminate()
        process.wait(timeout=5)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the mail server did not start")


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that nobody knows but who is told."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of the tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "mail.crt", folder / "mail.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def a_mail(
    subject: str, *files: tuple[str, bytes], identity: str = "<1@north.test>"
) -> EmailMessage:
    """A mail of a supplier with these files attached."""
    mail = EmailMessage()
    mail["From"] = "Nörth Billing <billing@north.test>"
    mail["To"] = USER
    mail["Subject"] = subject
    if identity:
        mail["Message-ID"] = identity
    mail.set_content("Please find our invoice attached.")
    for name, content in files:
        kind = {"pdf": "pdf", "xml": "xml"}.get(name.rpartition(".")[2], "octet-stream")
        mail.add_attachment(content, maintype="application", subtype=kind, filename=name)
    return mail
