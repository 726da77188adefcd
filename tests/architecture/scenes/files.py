"""Law 4 played with the files that come as invoices."""

from __future__ import annotations

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile

from matching import receiving_files
from matching.as_captured import captured_from
from matching.captured_files import CapturedFile
from matching.demo.einvoice_files import xml_of
from matching.einvoices.document import Outcome, Reading
from matching.einvoices.reading import read_einvoice
from matching.reading_files import claim_file
from tests.matching.einvoices.sold import sold
from tests.purchasing.buying import today
from tests.world import World

Step = Callable[[], object]


def for_files(world: World) -> dict[str, Step]:
    """Three files that are being read: one is captured, one left to a person, one refused."""
    clerk = world.people["ap_clerk"]
    readings = [read_einvoice(xml_of(sold(number=f"E-{place}"))) for place in range(3)]
    files = [claimed(world, f"E-{place}") for place in range(3)]

    def capture_it() -> object:
        document = readings[0].document
        assert document is not None
        captured = captured_from(document, supplier=world.northline, received_on=today())
        return receiving_files.capture_file(
            files[0], invoice=captured, origin="electronic", reading=readings[0], actor=clerk
        )

    upload = SimpleUploadedFile("photo.xml", b"\xff\xd8\xff")
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
    }


def claimed(world: World, number: str) -> CapturedFile:
    """A file that the worker has just taken."""
    sent = SimpleUploadedFile(f"{number}.xml", xml_of(sold(number=number)))
    receiving_files.receive_file(upload=sent, actor=world.people["ap_clerk"])
    file = claim_file()
    assert file is not None
    return file
