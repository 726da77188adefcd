"""Captured files against the rules they name: after the match, once each, and never in its way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from matching import checking_rules, reactions
from matching.checking_rules import MOST_ATTEMPTS, NOT_INSTALLED, TOO_MUCH, check_waiting_rules
from matching.demo.einvoice_files import xml_of
from matching.einvoices.reading import read_einvoice
from matching.einvoices.rule_report import BrokenRule, RuleReport
from matching.reading_files import claim_file, end_reading
from matching.receiving_files import receive_file
from matching.rule_checks import RuleCheck
from procure.models import BusinessEvent
from tests.matching.einvoices.sold import paper, sold
from tests.world import World

pytestmark = pytest.mark.django_db

WRONG = BrokenRule("BR-CO-15", "Total with VAT = total without VAT + VAT.")
ADVICE = BrokenRule("UBL-CR-001", "A UBL invoice should not include extensions.", is_warning=True)
Reports = list[RuleReport | None]


@pytest.fixture(autouse=True)
def kept_here(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files each process was given; the rules themselves are another module's tests.

    A file with an S in its number ends the process, as if it took too much.
    """
    started: list[int] = []

    def check(contents: Sequence[bytes]) -> Reports:
        started.append(len(contents))
        reports: Reports = []
        for content in contents:
            if b">S-" in content:
                return reports
            reports.append(RuleReport("EN 16931", (WRONG, ADVICE)))
        return reports

    monkeypatch.setattr(checking_rules, "check_rules_apart", check)
    return started


def take_in(world: World, *numbers: str, content: bytes = b"") -> None:
    """Files as the worker reads them."""
    for number in numbers:
        written = content or xml_of(sold(number=number))
        name = f"{number}.pdf" if content else f"{number}.xml"
        with world.inside():
            receive_file(upload=SimpleUploadedFile(name, written), actor=world.people["ap_clerk"])
            file = claim_file()
        assert file is not None
        end_reading(world.organization.pk, file, read_einvoice(written))


def checks(world: World) -> list[tuple[str, str, str]]:
    with world.inside():
        rows = RuleCheck.objects.select_related("file").order_by("pk")
        return [(one.file.file_name[:-4], one.status, one.sentence) for one in rows]


def test_a_captured_file_is_checked_after_its_match_and_says_what_it_breaks(
    world: World, checked: list[int]
) -> None:
    take_in(world, "NL-1")
    client = world.client("ap_clerk")
    with world.inside():
        check = RuleCheck.objects.select_related("file__invoice").get()
        invoice = check.file.invoice
        assert BusinessEvent.objects.filter(kind="supplier_invoice.captured").exists()
    addresses = [
        world.url(f"invoices/{invoice.public_id}/"),
        world.url(f"invoices/files/{check.file.public_id}/"),
    ]
    for address in addresses:
        assert "It is being checked against EN 16931." in client.get(address).content.decode()
    check_waiting_rules(world.organization.pk)
    for address in addresses:
        page = client.get(address).content.decode()
        assert f"The sender’s file breaks rule BR-CO-15: {WRONG.sentence}" in page
        assert f"Rule UBL-CR-001 advises: {ADVICE.sentence}" in page
        assert "Checked against EN 16931.</p>" in page
    with world.inside():
        event = BusinessEvent.objects.get(kind="captured_file.checked")
        invoice_now = type(invoice).objects.get(pk=invoice.pk)
    assert (event.summary, event.subject_id) == (
        "Checked against EN 16931: 2 rules broken.", check.file.pk,
    )  # fmt: skip
    assert invoice_now.status == invoice.status


def test_a_second_run_and_another_organization_find_nothing(
    world: World, other_world: World, checked: list[int]
) -> None:
    take_in(world, "NL-1")
    check_waiting_rules(other_world.organization.pk)
    assert checks(world) == [("NL-1", "waiting", "")]
    check_waiting_rules(world.organization.pk)
    check_waiting_rules(world.organization.pk)
    assert checked == [1]


def test_a_file_that_names_no_rules_waits_for_none(world: World, checked: list[int]) -> None:
    take_in(world, "scan", content=paper())
    assert checks(world) == []


def test_a_file_that_ends_the_process_takes_no_other_with_it(
    world: World, checked: list[int]
) -> None:
    take_in(world, "NL-1", "S-2", "NL-3")
    check_waiting_rules(world.organization.pk)
    # Three, then the two that were not come to, of which the first is to blame; then the last.
    assert checked == [3, 2, 1]
    assert checks(world) == [
        ("NL-1", "checked", ""), ("S-2", "unchecked", TOO_MUCH), ("NL-3", "checked", ""),
    ]  # fmt: skip


def test_without_a_checker_the_file_is_taken_in_and_not_checked(
    world: World, checked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking_rules, "find_spec", lambda _: None)
    take_in(world, "NL-1")
    check_waiting_rules(world.organization.pk)
    assert (checked, checks(world)) == ([], [("NL-1", "unchecked", NOT_INSTALLED)])
    with world.inside():
        invoice = RuleCheck.objects.get().file.invoice
    page = world.client("ap_clerk").get(world.url(f"invoices/{invoice.public_id}/"))
    words = f"It could not be checked against EN 16931. {NOT_INSTALLED}"
    assert words in page.content.decode()


def test_a_check_whose_worker_died_is_taken_again_and_given_up_at_last(
    world: World, checked: list[int]
) -> None:
    take_in(world, "NL-1")

    def left(**changes: Any) -> list[tuple[str, str, str]]:
        with world.inside():
            RuleCheck.objects.update(**changes)
        check_waiting_rules(world.organization.pk)
        return checks(world)

    assert left(started_at=timezone.now(), attempts=1) == [("NL-1", "waiting", "")]
    long_ago = timezone.now() - timedelta(minutes=5)
    assert left(started_at=long_ago, attempts=MOST_ATTEMPTS) == [("NL-1", "unchecked", TOO_MUCH)]
    assert checked == []


def test_the_sweep_hands_waiting_files_to_a_task_of_its_own_and_to_one_at_a_time(
    world: World, checked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(reactions, "hand_over", lambda *task: sent.append(task))
    reactions.have_rules_checked(world.organization.pk)
    assert sent == []
    take_in(world, "NL-1", "NL-2")
    reactions.have_rules_checked(world.organization.pk)
    assert sent == [("matching.tasks.check_rules", world.organization.pk)]
    with world.inside():
        RuleCheck.objects.filter(file__file_name="NL-1.xml").update(started_at=timezone.now())
    reactions.have_rules_checked(world.organization.pk)
    assert len(sent) == 1
