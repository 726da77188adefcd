from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from procure.events import work_off
from procure.figures import long_date
from procure.models import BusinessEvent
from suppliers.bank_changes import (
    BankDetails,
    confirm_bank_account,
    propose_bank_account,
    record_call_back,
    reject_bank_account,
)
from suppliers.bank_checks import bank_warnings, tax_id_warning
from suppliers.details import ContactDetails
from suppliers.models import BankAccount, Contact
from suppliers.payment_holds import payments_held
from suppliers.supply_base import change_contact
from tests.suppliers.support import day, kinds, refused

IBAN = "DE89 3704 0044 0532 0130 00"
PHONE = "+1 555 0101"


def ago(days):
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def northline(world):
    Contact.objects.create(
        supplier=world.northline, name="Ida", phone=PHONE, email="ida@north.example",
        phone_since=ago(30),
    )  # fmt: skip
    return world.northline


def propose(world, iban=IBAN, actor=None, **changes):
    given = {"holder": "Northline Packaging", "country": "de", "currency": "usd", **changes}
    return propose_bank_account(
        world.northline, details=BankDetails(iban=iban, **given), reason="Letter",
        actor=actor or world.sana,
    )  # fmt: skip


def call(world, account, number=PHONE, **changes):
    given = {"spoke_with": "Ida", "called_at": timezone.now(), "note": "Yes, new bank", **changes}
    return record_call_back(account, number=number, **given, actor=world.sana)


def confirmed(world, **changes):
    return confirm_bank_account(call(world, propose(world, **changes)), actor=world.maya)


def test_a_change_is_called_back_confirmed_by_another_and_waits(world, northline):
    account = propose(world)
    assert (account.version, account.iban, account.country, account.currency) == (
        1, "DE89370400440532013000", "DE", "USD",
    )  # fmt: skip
    assert (account.phones_on_file, account.emails_on_file) == ([PHONE], ["ida@north.example"])
    account = confirm_bank_account(call(world, account), actor=world.maya)
    assert (account.status, account.usable_from) == ("confirmed", day(5))
    assert (account.is_in_force(day(4)), account.is_in_force(day(5))) == (False, True)
    assert kinds() == [
        "supplier.bank_account_proposed",
        "supplier.bank_account_called_back",
        "supplier.bank_account_confirmed",
    ]


def test_payments_are_held_from_the_proposal_until_it_may_be_used(
    world, northline, django_assert_num_queries
):
    asked = [northline.pk, world.kestrel.pk]
    assert payments_held(asked) == {}
    account = propose(world)
    with django_assert_num_queries(1):
        held = payments_held(asked)
    assert list(held) == [northline.pk]
    assert held[northline.pk].until is None
    confirm_bank_account(call(world, account), actor=world.maya)
    assert payments_held(asked, day(4))[northline.pk].until == day(5)
    assert payments_held(asked, day(5)) == {}
    second = propose(world, iban="DE75512108001245126199")
    assert payments_held(asked)[northline.pk].until is None
    reject_bank_account(second, reason="A fraud", actor=world.maya)
    assert payments_held(asked)[northline.pk].until == day(5)


def test_whoever_proposed_it_cannot_confirm_it(world, northline):
    account = call(world, propose(world))
    with refused("second_person"):
        confirm_bank_account(account, actor=world.sana)
    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        BankAccount.objects.filter(pk=account.pk).update(
            status="confirmed", confirmed_by=world.sana, confirmed_at=timezone.now(),
            usable_from=day(5),
        )  # fmt: skip


def test_it_is_not_confirmed_before_the_call_back(world, northline):
    account = propose(world)
    with refused("wrong_status"):
        confirm_bank_account(account, actor=world.maya)


def test_only_a_number_on_file_before_the_proposal_is_called_back(world, northline):
    account = propose(world)
    Contact.objects.create(supplier=northline, name="New", phone="+1 555 0666")
    with refused("number_not_on_file", field="number"):
        call(world, account, number="+1 555 0666")
    with pytest.raises(IntegrityError, match="bankaccount_called"), transaction.atomic():
        BankAccount.objects.filter(pk=account.pk).update(
            status="called_back", called_number="+1 555 0666", called_at=timezone.now(),
            called_by=world.sana, spoke_with="New", call_note="Yes",
        )  # fmt: skip
    with refused("called_when", field="called_at"):
        call(world, account, called_at=timezone.now() - timedelta(days=1))
    with refused("call_incomplete", field="note"):
        call(world, account, note=" ")


def test_a_supplier_nobody_can_call_gets_no_change(world):
    with refused("no_number_on_file"):
        propose(world)


def on_file(world, number, days):
    return Contact.objects.create(
        supplier=world.northline, name="Dana", phone=number, phone_since=ago(days)
    )


def test_a_number_counts_after_thirty_days_on_file(world, northline):
    confirmed(world)
    on_file(world, "+1 555 0629", 29)
    on_file(world, "+1 555 0630", 30)
    account = propose(world, iban="DE75512108001245126199")
    assert account.phones_on_file == [PHONE, "+1 555 0630"]
    with refused("number_not_on_file", field="number"):
        call(world, account, number="+1 555 0629")


def put_a_number_on_file(world):
    """What leads payments astray: the only number becomes the fraud's, then it is "called back"."""
    confirmed(world)
    ida = Contact.objects.get(supplier=world.northline)
    details = ContactDetails(name="Ida", phone="+1 555 0666")
    change_contact(ida, details=details, actor=world.sana)


def test_a_number_put_on_file_with_the_request_proves_nothing(world, northline):
    put_a_number_on_file(world)
    words = (
        "No phone number of Northline Packaging has been on file for 30 days, and a newer one "
        f"proves nothing: +1 555 0666 (Ida) counts from {long_date(day(30))}."
    )
    with refused("number_too_new", words):
        propose(world, iban="DE75512108001245126199")


def test_control_without_the_days_on_file_the_fraud_is_called_back(world, northline, monkeypatch):
    put_a_number_on_file(world)
    monkeypatch.setattr(Contact, "PHONE_SETTLES_DAYS", 0)
    account = propose(world, iban="DE75512108001245126199")
    assert call(world, account, number="+1 555 0666").status == "called_back"


def test_the_first_bank_details_take_a_new_number_and_warn_of_it(world):
    on_file(world, "+1 555 0601", 1)
    account = propose(world)
    assert account.phones_on_file == ["+1 555 0601"]
    assert any(
        "is on file only since" in words for words in bank_warnings(account, world.northline)
    )


def test_the_database_dates_every_change_of_a_number(world, northline):
    Contact.objects.filter(supplier=northline).update(phone="+1 555 0999")
    assert Contact.objects.get(supplier=northline).phone_settles_on == day(30)
    Contact.objects.filter(supplier=northline).update(phone_since=None)
    assert Contact.objects.get(supplier=northline).has_settled_phone(day())


def test_a_second_change_waits_for_the_first_and_the_same_is_none(world, northline):
    account = propose(world)
    with refused("bank_change_open"):
        propose(world, iban="DE75512108001245126199")
    confirm_bank_account(call(world, account), actor=world.maya)
    with refused("no_change", field="iban"):
        propose(world)


def test_one_in_its_waiting_period_can_be_rejected_and_one_in_force_not(world, northline):
    account = confirmed(world)
    assert reject_bank_account(account, reason="Fraud", actor=world.sana).status == "rejected"
    world.organization.bank_waiting_days = 0
    world.organization.save(update_fields=["bank_waiting_days"])
    at_once = confirmed(world)
    assert at_once.is_in_force(day())
    with refused("in_force"):
        reject_bank_account(at_once, reason="Late", actor=world.sana)


@pytest.mark.parametrize(
    "change",
    [
        {"iban": "GB33BUKB20201555555555"},
        {"phones_on_file": ["+1 555 0666"]},
        {"call_note": "Other words"},
        {"usable_from": day()},
        None,
    ],
)
def test_the_database_lets_nobody_edit_a_version(world, northline, change):
    account = confirmed(world)
    rows = BankAccount.objects.filter(pk=account.pk)
    with pytest.raises(DatabaseError, match="another version"), transaction.atomic():
        rows.update(**change) if change else rows.delete()
    assert rows.get().iban == "DE89370400440532013000"


def test_the_old_contacts_are_told_and_the_number_is_in_no_mail_and_no_trail(world, northline):
    propose(world)
    work_off(world.organization.pk)
    assert [one.to for one in mail.outbox] == [["ida@north.example"]]
    assert "ending in 3000" in mail.outbox[0].body
    trail = [f"{event.summary} {event.payload}" for event in BusinessEvent.objects.all()]
    assert not any("0532013" in text for text in [*trail, mail.outbox[0].body])


def test_what_looks_wrong_is_a_warning(world, northline):
    northline.country = "United States"
    account = propose(world, iban="DE00370400440532013000", bic="BARCGB22", holder="Evil Ltd")
    assert bank_warnings(account, northline) == [
        "The IBAN's check digits or length are not right.",
        "The BIC is of United Kingdom, not of the bank's country.",
        "The holder is not called Northline Packaging.",
        "The bank is in Germany, the supplier is not.",
    ]
    assert account.status == "proposed"


@pytest.mark.parametrize(
    ("country", "tax_id", "is_warned"),
    [
        ("Germany", "DE136695976", False),
        ("Germany", "DE136695970", True),
        ("US", "04-2103594", False),
        ("US", "12", True),
        ("Atlantis", "12", False),
        ("Germany", "", False),
    ],
)
def test_a_tax_id_that_fails_its_check_is_warned_of(country, tax_id, is_warned):
    assert bool(tax_id_warning(country, tax_id)) == is_warned
