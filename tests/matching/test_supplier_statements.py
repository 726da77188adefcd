"""A supplier's statement beside our books: each difference is found once, with the next step."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook

from matching.claiming import Claim, expect_credit
from matching.demo.einvoice_files import xml_of
from matching.einvoices.reading import read_einvoice
from matching.models import SupplierInvoice
from matching.reading_files import claim_file, end_reading
from matching.receiving_files import receive_file
from matching.statement_comparison import State, compare_statement
from matching.statement_files import ColumnNames, read_statement
from matching.statement_reactions import mail_questions
from matching.statement_taking import (
    StatementDetails,
    StatementLine,
    ask_about_statement,
    close_statement,
    remove_statement,
    take_statement,
)
from matching.supplier_statements import SupplierStatement
from procure.columns import Notation
from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from tests.matching.einvoices.arrived import SALE
from tests.matching.paying import a_dear_invoice, billed, credit
from tests.matching.payouts import approved, bank_says
from tests.world import World

TODAY = timezone.localdate()
PLAIN = Notation()


def taken(world: World, *lines: StatementLine, **changes: Any) -> SupplierStatement:
    given = {"stated_on": TODAY, "currency": "USD", "lines": lines, "file_name": "s.csv"}
    return take_statement(
        world.northline,
        statement=StatementDetails(**{**given, **changes}),
        actor=world.people["ap_clerk"],
    )


def line(number: str, amount: object, **changes: Any) -> StatementLine:
    return StatementLine(number=number, amount=Decimal(str(amount)), **changes)


def found(statement: SupplierStatement) -> dict[str, State]:
    return {one.number: one.state for one in compare_statement(statement).documents}


def told_story(world: World) -> SupplierStatement:
    """Every way in which two books can differ, once."""
    for number, amount in (("A-1", 100), ("A-2", 50), ("A-3", 70), ("A-4", 30), ("A-5", 20)):
        approved(world, number, amount)
    a_dear_invoice(world, "HELD")
    credit(world, "C-1", "A-1", billed(1, 10, 1, order="PO-A-1"))
    bank_says(world, f"A-3,,NORTH,{TODAY.isoformat()},70,WIRE-9,paid")
    expect_credit(
        SupplierInvoice.objects.get(number="A-4"), Claim("returned", Decimal(5), "Went back")
    )
    return taken(
        world,
        line("a1", 100, open_amount=Decimal(90)),  # the same number and what is left of it
        line("A-2", 55),
        line("A-3", 70),
        line("HELD", 20),
        line("C-1", 10, kind="credit", open_amount=Decimal(0)),
        line("NEW-7", 44, dated_on=date(2026, 5, 4)),
        line("WIRE-9", 70, kind="payment", dated_on=TODAY),
        line("WIRE-1", 12, kind="payment", dated_on=TODAY),
    )


def test_each_difference_is_found(inside: World) -> None:
    statement = told_story(inside)
    assert found(statement) == {
        "NEW-7": State.MISSING_HERE,
        "WIRE-1": State.MISSING_HERE,
        "A-2": State.AMOUNT,
        "HELD": State.HELD,
        "A-4": State.MISSING_THERE,
        "A-5": State.MISSING_THERE,
        "DN-1001": State.CREDIT_EXPECTED,
        "a1": State.AGREES,
        "A-3": State.AGREES,  # their list has the payment, too
        "C-1": State.AGREES,
        "WIRE-9": State.AGREES,
    }
    compared = compare_statement(statement)
    # 90 + 55 + 70 + 20 + 44 - 70 - 12 there; 90 + 50 + 30 + 20 + 20 held here
    assert (compared.theirs, compared.ours) == (197, 210)
    gaps = [one.difference for one in compared.documents if one.difference]
    assert sorted(gaps) == [-30, -20, -12, 5, 44]
    assert sum(gaps) == compared.difference == -13
    (differs,) = [one for one in compared.documents if one.number == "A-2"]
    assert (differs.theirs, differs.ours, differs.difference) == (55, 50, 5)
    approved(inside, "NEW-7", 44)
    assert found(statement)["NEW-7"] == State.AGREES


def test_what_we_paid_and_they_still_wait_for_is_said(inside: World) -> None:
    approved(inside, "A-1", 100)
    bank_says(inside, f"A-1,,NORTH,{TODAY.isoformat()},100,WIRE-9,paid")
    (one,) = compare_statement(taken(inside, line("A-1", 100))).documents
    assert one.state == State.PAID
    assert "We paid 100.00 USD by" in one.words
    assert "reference WIRE-9" in one.words
    assert one.difference == 100


def test_a_transfer_of_ours_stands_for_one_payment_of_theirs(inside: World) -> None:
    approved(inside, "A-1", 30)
    approved(inside, "A-2", 40)
    paid = [f"{number},,NORTH,{TODAY.isoformat()},{amount},WIRE-9,paid" for number, amount in
            (("A-1", 30), ("A-2", 40))]  # fmt: skip
    bank_says(inside, *paid)
    received = {"kind": "payment", "dated_on": TODAY}
    statement = taken(inside, line("R-1", 70, **received), line("WIRE-9", 70, **received))
    assert found(statement) == {"R-1": State.MISSING_HERE, "WIRE-9": State.AGREES}


def test_a_document_whose_file_waits_for_a_person_is_not_asked_for(
    inside: World, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    content = xml_of(replace(SALE, number="NL-99", credits_number="NL-1"))
    receive_file(upload=SimpleUploadedFile("c.xml", content), actor=inside.people["ap_clerk"])
    file = claim_file()
    assert file is not None
    end_reading(inside.organization.pk, file, read_einvoice(content))
    statement = taken(inside, line("NL-99", 20, kind="credit"), line("NL-98", 20))
    waits, missing = compare_statement(statement).documents[::-1]
    assert (waits.number, waits.state, waits.file) == ("NL-99", State.FILE_WAITS, file)
    assert waits.words == "c.xml: There is no invoice NL-1 of Northline Packaging to credit."
    assert (missing.state, waits.question) == (State.MISSING_HERE, "")
    page = inside.client("ap_clerk").get(inside.url(f"payables/statements/{statement.public_id}/"))
    assert f"invoices/files/{file.public_id}/" in page.content.decode()


def test_a_payment_of_theirs_is_our_nearest_transfer(inside: World) -> None:
    """The earliest that fits would leave the other one without: 11 days are too many."""
    approved(inside, "A-1", 70)
    approved(inside, "A-2", 70)
    day = TODAY - timedelta(days=20)
    paid = [f"{number},,NORTH,{(day + timedelta(days=after)).isoformat()},70,W-{after},paid"
            for number, after in (("A-1", 0), ("A-2", 10))]  # fmt: skip
    bank_says(inside, *paid)
    late, early = (
        line(name, 70, kind="payment", dated_on=day + timedelta(days=after))
        for name, after in (("LATE", 9), ("EARLY", -1))
    )
    documents = compare_statement(taken(inside, late, early)).documents
    words = {one.number: one.words for one in documents if one.kind == "payment"}
    assert (words["LATE"][-5:], words["EARLY"][-4:]) == ("W-10.", "W-0.")


def test_a_part_that_is_open_differs(inside: World) -> None:
    approved(inside, "A-1", 100)
    bank_says(inside, f"A-1,,NORTH,{TODAY.isoformat()},60,WIRE-9,paid")
    (one,) = compare_statement(taken(inside, line("A-1", 100, open_amount=Decimal(70)))).documents
    assert (one.state, one.words) == (State.AMOUNT, "Open there 70.00, here 40.00.")
    assert one.difference == 30


def test_a_number_that_reads_the_same_is_the_same(inside: World) -> None:
    approved(inside, "INV-0107", 100)
    (one,) = compare_statement(taken(inside, line("INV O107", 100))).documents
    assert (one.state, one.words) == (State.AGREES, "Here as INV-0107.")


def test_the_number_of_statements_does_not_grow(
    inside: World, django_assert_max_num_queries: Any
) -> None:
    statement = told_story(inside)
    with django_assert_max_num_queries(9):
        compare_statement(statement)


def test_the_supplier_is_asked_by_mail_about_what_was_ticked(inside: World) -> None:
    statement, clerk = told_story(inside), inside.people["ap_clerk"]
    inside.northline.email = ""
    inside.northline.save()
    with pytest.raises(BusinessRuleError, match="has no mail address"):
        ask_about_statement(statement, positions={6}, actor=clerk)
    inside.northline.email = "ar@northline.test"
    inside.northline.save()
    ask_about_statement(statement, positions={1, 2, 6}, message="By Friday, please.", actor=clerk)
    event = BusinessEvent.objects.get(kind="supplier_statement.asked")
    mail_questions([event])
    (sent,) = mail.outbox
    assert (sent.to, sent.reply_to) == (["ar@northline.test"], [clerk.email])
    assert "Invoice NEW-7 of" in sent.body
    assert "send us a copy" in sent.body
    assert "over 55.00 USD: the document that we have is over 50.00 USD" in sent.body
    assert "By Friday, please." in sent.body
    assert "a1" not in sent.body  # it agrees: nothing to ask
    with pytest.raises(BusinessRuleError, match="asked about today"):
        ask_about_statement(statement, positions={6}, actor=clerk)
    with pytest.raises(BusinessRuleError, match="Tick at least one"):
        ask_about_statement(statement, positions={1}, actor=clerk)


def test_a_statement_is_taken_once_and_done_once(inside: World) -> None:
    clerk = inside.people["ap_clerk"]
    statement = taken(inside, line("A-1", 1))
    assert taken(inside, line("A-1", 1)) == statement
    for lines, changes, code in (
        ((line("A-1", 2),), {}, "known"),
        ((), {"stated_on": TODAY - timedelta(days=1)}, "no_lines"),
        ((line("A", 1), line("a.", 1)), {"stated_on": TODAY - timedelta(days=1)}, "twice"),
        ((line("A", 1),), {"stated_on": TODAY + timedelta(days=1)}, "future"),
    ):
        with pytest.raises(BusinessRuleError) as refused:
            taken(inside, *lines, **changes)
        assert refused.value.code == code
    assert SupplierStatement.objects.count() == 1
    close_statement(statement, note="All asked", actor=clerk)
    for again in (
        lambda: close_statement(statement, actor=clerk),
        lambda: remove_statement(statement, actor=clerk),
    ):
        with pytest.raises(BusinessRuleError, match="is reconciled"):
            again()


def test_a_file_is_read_with_the_columns_it_has() -> None:
    german = (
        (
            "Beleg-Nr.;Belegdatum;Art;Soll;Haben;Fällig\n"
            "RE 4711;04.05.2026;Rechnung;1.190,00;;03.06.2026\n"
            "GU 12;05.05.2026;Gutschrift;;19,50;\n"
            ";;Saldo;1.170,50;;\n"
        )
        .replace("1.190", "1190")
        .replace("1.170", "1170")
    )
    lines = read_statement(german.encode(), Notation("DD.MM.YYYY", True), currency_code="EUR")
    assert lines == [
        line("RE 4711", 1190, dated_on=date(2026, 5, 4), due_on=date(2026, 6, 3)),
        line("GU 12", "19.5", kind="credit", dated_on=date(2026, 5, 5)),
    ]
    book = Workbook()
    for row in (
        ["Invoice No", "Date", "Amount", "Balance due"],
        ["I-1", date(2026, 5, 4), 100.5, 40],
        ["I-2", date(2026, 5, 5), -7, -7],
    ):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    assert read_statement(content.getvalue(), PLAIN, currency_code="EUR") == [
        line("I-1", "100.5", dated_on=date(2026, 5, 4), open_amount=Decimal(40)),
        line("I-2", 7, kind="credit", dated_on=date(2026, 5, 5), open_amount=Decimal(7)),
    ]


@pytest.mark.parametrize(
    ("text", "names", "field", "words"),
    [
        ("x,amount\n1,2\n", {}, "number_column", "The file has: x, amount."),
        ("number,x\n1,2\n", {}, "amount_column", "The file has: number, x."),
        ("x,amount\n1,2\n", {"number": "y"}, "number_column", "no such column"),
        ("number,amount\n1,soon\n", {}, "file", "Line 2: “soon” is not a plain number"),
        ("number,amount,currency\n1,2,GBP\n", {}, "file", "Line 2 is in GBP, not in EUR."),
        ("number,amount\n", {}, "file", "no document"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    text: str, names: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(BusinessRuleError) as refused:
        read_statement(text.encode(), PLAIN, currency_code="EUR", names=ColumnNames(**names))
    assert refused.value.field == field
    assert words in refused.value.message
    if not names and field == "number_column":
        named = read_statement(
            text.encode(), PLAIN, currency_code="EUR", names=ColumnNames(number="X")
        )
        assert named == [line("1", 2)]


def test_the_screen_takes_a_file_and_shows_both_sides(world: World) -> None:
    clerk = world.client("ap_clerk")
    with world.inside():
        approved(world, "A-1", 100)
    file = SimpleUploadedFile("s.csv", b"document no,amount\nA-1,110\nB-9,5\n")
    form = {"supplier": str(world.northline.public_id), "stated_on": TODAY.isoformat()}
    answer = clerk.post(world.url("payables/statements/new/"), {**form, "file": file})
    page = clerk.get(answer["Location"]).content.decode()
    assert "Ask for a copy" in page
    assert "Ask about the difference" in page
    assert "+10.00" in page
    assert world.client("buyer").get(answer["Location"]).status_code == 200
    assert "s.csv" in clerk.get(world.url("payables/statements/")).content.decode()
    ask = f"{answer['Location']}ask/"
    assert world.client("buyer").post(ask, {"line": "1"}).status_code == 403
    bad = SimpleUploadedFile("s.csv", b"x,amount\nA-1,110\n")
    answer = clerk.post(world.url("payables/statements/new/"), {**form, "file": bad})
    assert answer.status_code == 422
    assert "Which column has the number" in answer.content.decode()
