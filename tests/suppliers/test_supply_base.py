import pytest

from suppliers.details import ContactDetails, SupplierDetails
from suppliers.models import Contact, PerformanceCell, StaleRollup, Supplier
from suppliers.supply_base import (
    add_contact,
    archive_supplier,
    block_supplier,
    change_contact,
    change_supplier,
    create_supplier,
    remove_contact,
    unblock_supplier,
)
from tests.suppliers.support import kinds, nothing_changes, refused
from tests.suppliers.world import TODAY, agreement

ACME = SupplierDetails(code="ACME", name="Acme Films", currency="EUR", payment_terms_days=45)
DELTA = SupplierDetails(code="DELTA", name="Delta Corrugated", currency="USD")


def test_a_new_supplier_is_active(world):
    made = create_supplier(details=ACME, actor=world.sana)
    assert (made.status, made.currency, made.payment_terms_days) == ("active", "EUR", 45)
    assert kinds() == ["supplier.created"]


def test_a_code_in_use_is_refused_in_whatever_case(world):
    with refused("code_taken", "There is a supplier with the code “delta” already.", "code"):
        create_supplier(
            details=SupplierDetails(code="delta", name="Other", currency="USD"), actor=world.sana
        )


def test_a_change_keeps_before_and_after(world):
    changed = SupplierDetails(code="DELTA", name="Delta", currency="EUR", country="DE")
    made = change_supplier(world.delta, details=changed, actor=world.sana)
    assert (made.name, made.currency, made.country) == ("Delta", "EUR", "DE")
    with nothing_changes():
        change_supplier(world.delta, details=changed, actor=world.sana)
    assert kinds() == ["supplier.changed"]


def test_the_currency_stays_once_prices_are_agreed_in_it(world):
    agreement("D-1", world.delta, (world.small, "0", "1.00"))
    sentence = "Prices are agreed in USD by D-1; a supplier has one currency."
    with refused("currency_in_use", sentence, "currency"):
        change_supplier(
            world.delta,
            details=SupplierDetails(code="DELTA", name="Delta Corrugated", currency="EUR"),
            actor=world.sana,
        )


def test_another_delivery_window_makes_the_results_stale(world):
    PerformanceCell.objects.create(
        supplier=world.delta, sku=world.small, month=TODAY.replace(day=1), currency="USD"
    )
    wider = SupplierDetails(
        code="DELTA", name="Delta Corrugated", currency="USD", early_late_days=2
    )
    change_supplier(world.delta, details=wider, actor=world.sana)
    assert StaleRollup.objects.get().sku == world.small


def test_blocking_and_unblocking(world):
    assert block_supplier(world.delta, reason="Fraud check", actor=world.sana).status == "blocked"
    with refused("wrong_status"):
        block_supplier(world.delta, reason="Again", actor=world.sana)
    assert unblock_supplier(world.delta, reason="Cleared", actor=world.sana).status == "active"
    assert kinds() == ["supplier.blocked", "supplier.unblocked"]


def test_archiving(world):
    assert archive_supplier(world.delta, reason="Merged", actor=world.sana).status == "archived"
    with refused("wrong_status"):
        archive_supplier(world.delta, reason="Again", actor=world.sana)
    assert kinds() == ["supplier.archived"]


@pytest.mark.parametrize("step", [block_supplier, archive_supplier])
def test_a_step_without_a_reason_is_refused(world, step):
    with refused("reason_missing", "Say why in a few words.", "reason"):
        step(world.delta, reason="  ", actor=world.sana)
    assert Supplier.objects.get(pk=world.delta.pk).status == "active"


def test_contacts_come_change_and_go(world):
    jo = add_contact(world.delta, details=ContactDetails(name="Jo Ray"), actor=world.sana)
    details = ContactDetails(name="Jo Ray", email="jo@delta.example", position="Sales")
    assert change_contact(jo, details=details, actor=world.sana).email == "jo@delta.example"
    with nothing_changes():
        change_contact(jo, details=details, actor=world.sana)
    remove_contact(jo, actor=world.sana)
    assert not Contact.objects.exists()
    assert kinds() == [
        "supplier.contact_added", "supplier.contact_changed", "supplier.contact_removed",
    ]  # fmt: skip
    with refused("gone"):
        remove_contact(Contact(pk=jo.pk), actor=world.sana)
