"""The bank account that an electronic invoice prints, beside the one on file."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from matching.capture import CapturedInvoice, capture_invoices
from matching.demo.einvoice_files import xml_of
from matching.einvoices.reading import read_einvoice
from matching.finding_supplier import find_supplier
from matching.models import SupplierInvoice
from matching.printed_accounts import PrintedAccounts, as_billed
from matching.reactions import match_after_waiting_periods
from matching.reading_files import claim_file, end_reading
from matching.receiving_files import receive_file
from matching.resolution import accept_variance
from matching.sentences import header_sentences
from procure.errors import BusinessRuleError
from suppliers.models import PriceBreak
from tests.factories import SupplierFactory
from tests.matching.einvoices.arrived import SALE
from tests.matching.paying import an_order, billed, receive, status_of
from tests.matching.payouts import account_of
from tests.world import World

pytestmark = pytest.mark.django_db
OURS, FOREIGN = "DE89370400440532013000", "DE02120300000000202051"


@pytest.fixture(autouse=True)
def ordered(inside: World, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    PriceBreak.objects.all().delete()
    order = an_order(inside, (inside.shipper, 100, 2))
    receive(inside, order, (1, 100))


def captured(world: World, number: str, account: str, **changes: Any) -> SupplierInvoice:
    """Ten shippers as they were ordered, to be paid to this account."""
    given = CapturedInvoice(
        **{
            "supplier": world.northline,
            "number": number,
            "invoiced_on": date(2026, 5, 4),
            "currency": "USD",
            "lines": [billed(1, 10, 2, order="PO-1")],
            "billed_account": as_billed([account]),
            **changes,
        }
    )
    return capture_invoices([given], actor=world.people["ap_clerk"])[0]


def held(of: SupplierInvoice) -> list[tuple[str, str, str, str, str]]:
    names = ("check_code", "code", "expected", "actual", "owner_role")
    return list(of.holds.filter(status="open").values_list(*names))


def test_a_file_that_prints_another_account_is_held_and_nobody_accepts_it(inside: World) -> None:
    account_of(inside, inside.northline)
    content = xml_of(replace(SALE, account="DE02 1203 0000 0000 2020 51"))
    receive_file(upload=SimpleUploadedFile("i.xml", content), actor=inside.people["ap_clerk"])
    file = claim_file()
    assert file is not None
    end_reading(inside.organization.pk, file, read_einvoice(content))
    file.refresh_from_db()
    invoice = file.invoice
    assert invoice.billed_account == FOREIGN
    assert held(invoice) == [("BANK_CHANGED", "printed", "DE •••• 3000", "DE •••• 2051", "ap_lead")]
    assert header_sentences(invoice, invoice.holds.all()) == [
        (
            "bad",
            f"The invoice asks for payment to DE •••• 2051; on file for {inside.northline} is "
            "DE •••• 3000. Call them back on a number that is on file.",
        )
    ]
    with pytest.raises(BusinessRuleError):
        accept_variance(invoice, reason="Go on", actor=inside.people["ap_lead"])
    assert status_of(invoice) == "open"
    client = Client()
    client.force_login(inside.people["ap_clerk"])
    page = client.get(f"/{inside.organization.slug}/invoices/{invoice.public_id}/")
    assert "Asks for payment to DE •••• 2051." in page.content.decode()


def test_accounts_on_file_pass_whatever_their_spelling(inside: World) -> None:
    account_of(inside, inside.northline)
    assert status_of(captured(inside, "B", "de89 3704-0044 0532 0130 00")) == "approved"
    assert status_of(captured(inside, "C", "")) == "approved"
    assert status_of(captured(inside, "D", FOREIGN)) == "open"
    assert status_of(captured(inside, "E", "532013000")) == "approved"  # the number in the IBAN


def test_an_iban_is_the_domestic_account_on_file_at_the_same_bank_only(inside: World) -> None:
    account_of(
        inside, inside.northline, "", country="DE", account_number="532 013 000",
        routing_number="370 400 44",
    )  # fmt: skip
    assert status_of(captured(inside, "A", OURS)) == "approved"
    assert status_of(captured(inside, "B", "0532013000")) == "approved"
    elsewhere = "DE10100100100532013000"  # the same number at another bank
    assert [hold[2:4] for hold in held(captured(inside, "C", elsewhere))] == [
        ("•••• 3000", "DE •••• 3000")
    ]


def test_without_an_account_on_file_it_is_said_and_nothing_is_held(inside: World) -> None:
    other = SupplierFactory(name="Brightline")
    account_of(inside, other, FOREIGN)
    invoice = captured(inside, "A", FOREIGN)
    assert status_of(invoice) == "approved"
    said = (
        f"No account is on file for {inside.northline} yet; the invoice asks for payment to "
        f"DE •••• 2051, the account of {other}. Have it confirmed by call-back before anything is "
        "paid there."
    )
    assert PrintedAccounts([invoice]).information(invoice) == said
    client = Client()
    client.force_login(inside.people["ap_clerk"])
    page = client.get(f"/{inside.organization.slug}/invoices/{invoice.public_id}/")
    assert said in html.unescape(page.content.decode())
    account_of(inside, inside.northline)
    assert PrintedAccounts([invoice]).information(invoice) == ""


def test_a_file_is_remarked_on_where_its_account_is_not_on_file(inside: World) -> None:
    document = read_einvoice(xml_of(replace(SALE, account="532013000"))).document
    assert document is not None
    said = f"No account is on file for {inside.northline}; it asks for payment to •••• 3000."
    assert find_supplier(document).remark == said
    account_of(inside, inside.northline)
    assert find_supplier(document).remark == ""  # the number in the IBAN on file
    other = replace(document, bank_accounts=(FOREIGN,))
    assert find_supplier(other).remark == (
        f"It asks for payment to an account that is not on file for {inside.northline}: "
        "DE •••• 2051."
    )


def test_a_file_that_names_one_supplier_and_the_account_of_another_is_nobodys(
    inside: World,
) -> None:
    other = SupplierFactory(name="Brightline")
    account_of(inside, other, FOREIGN)
    document = read_einvoice(xml_of(replace(SALE, account=FOREIGN))).document
    assert document is not None
    found = find_supplier(document)
    assert (found.supplier, found.why_not) == (
        None, f"It names {inside.northline}, and asks for payment to the account of {other}.",
    )  # fmt: skip
    renamed = replace(document, seller=replace(document.seller, name="NLP", legal_name=""))
    assert find_supplier(renamed).supplier == other


def test_the_account_of_another_supplier_is_named_and_its_same_number_suspected(
    inside: World,
) -> None:
    other = SupplierFactory(name="Brightline")
    account_of(inside, inside.northline)
    account_of(
        inside, other, "", country="DE", account_number="20 20 51", routing_number="12030000"
    )
    one, two = (
        captured(inside, number, FOREIGN, supplier=other, lines=[billed(1, 1, 2, order="")])
        for number in ("X-1", "X-2")
    )
    (hold,) = held(captured(inside, "Y-2", FOREIGN))
    assert hold[:4] == (
        "BANK_CHANGED", "printed", "DE •••• 3000", f"DE •••• 2051, the account of {other}",
    )  # fmt: skip
    (suspect,) = held(captured(inside, one.number, FOREIGN))
    assert suspect[0] == "DUPLICATE_SUSPECT"
    control = captured(inside, two.number, OURS)  # to its own account: another invoice
    assert held(control) == []


def test_an_account_that_ends_alike_is_told_apart(inside: World) -> None:
    account_of(inside, inside.northline)
    alike = "DE10100100100532013000"
    ((_, _, on_file, asked, _),) = held(captured(inside, "A", alike))
    assert (on_file, asked) == ("DE •••• 3000", "DE •••• 3000, another account that ends alike")


def test_the_hold_ends_when_the_printed_account_is_in_force(inside: World) -> None:
    account_of(inside, inside.northline)
    invoice = captured(inside, "A", FOREIGN)
    assert status_of(invoice) == "open"
    match_after_waiting_periods()
    assert status_of(invoice) == "open"  # the control: nothing was confirmed
    account_of(inside, inside.northline, FOREIGN, version=2)
    match_after_waiting_periods()
    assert status_of(invoice) == "approved"


def test_control_without_the_comparison_the_foreign_account_passes(
    inside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_of(inside, inside.northline)
    monkeypatch.setattr(PrintedAccounts, "of", lambda *_: None)
    assert status_of(captured(inside, "A", FOREIGN)) == "approved"


def test_printed_accounts_cost_one_statement_however_many(inside: World) -> None:
    account_of(inside, inside.northline)
    given = [
        CapturedInvoice(
            inside.northline, f"N-{n}", date(2026, 5, 4), "USD", [billed(1, 1, 2, order="PO-1")],
            billed_account=OURS if n % 2 else FOREIGN,
        )
        for n in range(6)
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as few:
        capture_invoices(given[:2], actor=None)
    with CaptureQueriesContext(connection) as more:
        capture_invoices(given[2:], actor=None)
    assert len(more) == len(few)
    asked = [q for q in more.captured_queries if "plain_iban" in (q["sql"] or "")]
    assert len(asked) == 1
