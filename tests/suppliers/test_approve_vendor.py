from suppliers.approved_vendors import list_decisions
from suppliers.models import ApprovedVendor, Qualification, Supplier
from suppliers.vendor_approval import (
    approve_vendor,
    change_vendor_approval,
    end_vendor_approval,
)
from tests.suppliers.support import day, kinds, nothing_changes, refused


def approve(world, who=None, **changes):
    values = {"category": world.corrugate, "standing": "approved", "valid_from": day()}
    return approve_vendor(who or world.kestrel, **{**values, **changes}, actor=world.sana)


def change(world, entry, **changes):
    values = {"standing": entry.standing, "rank": entry.rank, "valid_to": None, "reason": ""}
    return change_vendor_approval(entry, **{**values, **changes}, actor=world.sana)


def end(world, entry, last_day, reason="Too late too often"):
    return end_vendor_approval(entry, last_day=last_day, reason=reason, actor=world.sana)


def decision(world, who, on):
    return list_decisions([(who.pk, world.small.pk)], on)[who.pk, world.small.pk]


def test_a_supplier_enters_the_list(world):
    Qualification.objects.filter(supplier=world.kestrel).update(status="qualified")
    made = approve(world, standing="backup", valid_to=day(90), reason="Second source")
    assert (made.standing, made.valid_to, made.decided_by) == ("backup", day(90), world.sana)
    assert decision(world, world.kestrel, day()).entry_id == made.pk
    assert kinds() == ["supplier.approved"]


def test_an_entry_for_a_sku_counts_before_its_category(world):
    approve(world, world.northline, category=None, sku=world.small, standing="backup")
    assert decision(world, world.northline, day()).standing == "backup"


def test_a_second_entry_for_the_same_days_is_refused(world):
    sentence = (
        "Northline Packaging is already on the list for Corrugate on some of these days. "
        "Change or end that entry first."
    )
    with refused("already_listed", sentence, "valid_from"):
        approve(world, world.northline)


def test_a_suspended_supplier_cannot_enter(world):
    Qualification.objects.filter(supplier=world.kestrel).update(status="suspended")
    sentence = "Kestrel Pack is suspended for Corrugate. Qualify it first."
    with refused("not_qualified", sentence, "category"):
        approve(world)


def test_a_blocked_supplier_cannot_enter(world):
    Supplier.objects.filter(pk=world.kestrel.pk).update(status="blocked")
    with refused("wrong_status"):
        approve(world)


def test_an_entry_needs_exactly_one_scope_and_days_in_order(world):
    with refused("scope", field="category"):
        approve(world, sku=world.small)
    with refused("scope", field="category"):
        approve(world, category=None)
    with refused("days_out_of_order", field="valid_to"):
        approve(world, valid_to=day(-1))


def test_a_new_standing_is_a_new_entry_and_the_past_stays(world):
    old = ApprovedVendor.objects.get(supplier=world.delta)
    new = change(world, old, standing="approved", reason="Recovered")
    old.refresh_from_db()
    assert (old.standing, old.valid_to) == ("backup", day(-1))
    assert (new.standing, new.valid_from, new.valid_to) == ("approved", day(), None)
    assert decision(world, world.delta, day(-1)).standing == "backup"
    assert decision(world, world.delta, day()).standing == "approved"
    assert kinds() == ["supplier.approval_changed"]
    with nothing_changes():
        change(world, new, reason="Recovered")


def test_an_entry_begun_today_is_changed_in_place(world):
    entry = approve(world)
    assert change(world, entry, standing="preferred").pk == entry.pk


def test_only_another_end_keeps_the_entry(world):
    old = ApprovedVendor.objects.get(supplier=world.delta)
    assert change(world, old, valid_to=day(30)).pk == old.pk


def test_an_entry_ends_with_its_last_day(world):
    entry = ApprovedVendor.objects.get(supplier=world.delta)
    end(world, entry, day())
    assert decision(world, world.delta, day()).standing == "backup"
    assert decision(world, world.delta, day(1)).standing == "off_list"
    assert kinds() == ["supplier.approval_ended"]


def test_the_end_may_be_neither_in_the_past_nor_without_reason(world):
    entry = ApprovedVendor.objects.get(supplier=world.delta)
    with refused("in_the_past", field="last_day"):
        end(world, entry, day(-2))
    with refused("reason_missing", field="reason"):
        end(world, entry, day(), reason="")


def test_an_entry_that_is_over_is_not_touched(world):
    entry = ApprovedVendor.objects.get(supplier=world.delta)
    ApprovedVendor.objects.filter(pk=entry.pk).update(valid_to=day(-1))
    with refused("already_over"):
        end(world, entry, day())
    with refused("already_over"):
        change(world, entry, standing="preferred")
