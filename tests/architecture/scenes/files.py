"""Law 4 played with the files that come as invoices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from matching import checking_rules, receiving_files, responding
from matching.as_captured import captured_from
from matching.captured_files import CapturedFile
from matching.demo.einvoice_files import xml_of
from matching.einvoices.document import Outcome, Reading
from matching.einvoices.reading import read_einvoice
from matching.einvoices.rule_report import RuleReport
from matching.letters import Letter
from matching.mailboxes import Mailbox
from matching.reading_files import claim_file
from matching.rule_checks import RuleCheck
from matching.setting_mailbox import MailboxDetails, set_mailbox, try_mailbox
from matching.taking_mail import take_message
from tests.matching.einvoices.arrived import came
from tests.matching.einvoices.sold import sold
from tests.purchasing.buying import today
from tests.world import World

Step = Callable[[], object]


def for_files(world: World) -> dict[str, Step]:
    """Three files being read: one is captured, one left to a person, one refused; one is answered."""
    clerk = world.people["ap_clerk"]
    of_file = came(world, price=2)
    readings = [read_einvoice(xml_of(sold(number=f"E-{place}"))) for place in range(3)]
    files = [claimed(world, f"E-{place}") for place in range(3)]

    def capture_it() -> object:
        document = readings[0].document
        assert document is not None
        captured = captured_from(document, supplier=world.northline, received_on=today())
        return receiving_files.capture_file(
            files[0], invoice=captured, origin="electronic", reading=readings[0], actor=clerk
        )

    check = RuleCheck.objects.get(file__invoice=of_file)
    upload = SimpleUploadedFile("photo.xml", b"\xff\xd8\xff")
    letter = Letter("a@north.test", "July", "<1@north.test>", (("july.xml", xml_of(sold())),))
    return {
        "receiving_files.py:receive_file": lambda: receiving_files.receive_file(
            upload=upload, actor=clerk
        ),
        "receiving_files.py:capture_file": capture_it,
        "receiving_files.py:leave_to_person": lambda: receiving_files.leave_to_person(
            files[1], reading=readings[1], why="Whose is it?", actor=clerk
        ),
        "receiving_files.py:refuse_file": lambda: receiving_files.refuse_file(
            files[2], reading=Reading(Outcome.REFUSED, sentence="This is FatturaPA."), actor=clerk
        ),
        "checking_rules.py:end_check": lambda: checking_rules.end_check(
            check, report=RuleReport("EN 16931"), actor=None
        ),
        "taking_mail.py:take_message": lambda: take_message(letter, actor=None),
        "responding.py:respond_to_invoice": lambda: responding.respond_to_invoice(
            of_file, status="UQ", actor=clerk
        ),
    }


def for_mailbox(world: World) -> dict[str, Step]:
    """A mailbox is named and, once the worker has looked, tried again."""
    admin = world.people["admin"]
    with_password = MailboxDetails(host="imap.acme.test", username="ap", password="secret")
    set_mailbox(with_password, actor=admin)
    without = replace(with_password, password="", folder="Invoices")

    def try_it() -> object:
        mailbox = Mailbox.objects.get()
        if "tried" not in done:
            done.append("tried")
            mailbox.polled_at = timezone.now()
            mailbox.save(update_fields=["polled_at"])
        return try_mailbox(mailbox, actor=admin)

    done: list[str] = []
    return {
        "setting_mailbox.py:set_mailbox": lambda: set_mailbox(without, actor=admin),
        "setting_mailbox.py:try_mailbox": try_it,
    }


def claimed(world: World, number: str) -> CapturedFile:
    """A file that the worker has just taken."""
    sent = SimpleUploadedFile(f"{number}.xml", xml_of(sold(number=number)))
    receiving_files.receive_file(upload=sent, actor=world.people["ap_clerk"])
    file = claim_file()
    assert file is not None
    return file
