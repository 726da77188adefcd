from decimal import Decimal

import pytest

from suppliers.admitting import admit_provisionally, end_admission, tick_admission_task
from suppliers.approved_vendors import category_decisions, list_decisions
from suppliers.models import AdmissionTask, ProvisionalAdmission
from tests.suppliers.support import day, kinds, refused
from tests.suppliers.world import qualification


def admit(world, **changes):
    given = {
        "category": world.packaging, "maximum_spend": Decimal(5000), "maximum_orders": 2,
        "expires_on": day(30), "tasks": ["Insurance", "", "Trial order"], "reason": "Fire",
        "actor": world.sana,
    }  # fmt: skip
    return admit_provisionally(world.kestrel, **{**given, **changes})


def test_an_admission_lends_a_standing_below_every_approval(world):
    admission = admit(world)
    pair = (world.kestrel.pk, world.small.pk)
    found = list_decisions([pair], day())[pair]
    assert (found.standing, found.is_approved, found.is_blocked) == ("provisional", False, False)
    assert (found.admission_id, found.missing) == (
        admission.pk, "In review for Corrugate: Insurance certificate missing.",
    )  # fmt: skip
    whole = category_decisions([world.kestrel.pk], world.packaging, day())
    assert whole[world.kestrel.pk].standing == "provisional"
    assert [task.text for task in admission.tasks.all()] == ["Insurance", "Trial order"]
    assert kinds() == ["supplier.admitted_provisionally"]


def test_it_ends_with_its_day_and_lends_nothing_before_its_first(world):
    admit(world)
    pair = (world.kestrel.pk, world.small.pk)
    assert list_decisions([pair], day(30))[pair].standing == "provisional"
    after = list_decisions([pair], day(31))[pair]
    assert (after.standing, after.is_blocked) == ("off_list", True)
    before = list_decisions([pair], day(-1))[pair]
    assert (before.standing, before.is_blocked) == ("off_list", False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"maximum_spend": Decimal(0)}, "maximum_spend"),
        ({"maximum_orders": 0}, "maximum_orders"),
        ({"expires_on": day(-1)}, "expires_on"),
        ({"expires_on": day(181)}, "expires_on"),
        ({"tasks": [" "]}, "tasks"),
        ({"reason": " "}, "reason"),
    ],
)
def test_an_admission_without_sense_is_refused_at_its_field(world, change, field):
    with refused(f"{field}_wrong", field=field):
        admit(world, **change)
    assert not ProvisionalAdmission.objects.exists()


def test_a_suspended_supplier_is_not_admitted(world):
    qualification(world.ashgrove, world.corrugate, "suspended")
    with refused("refused_there", field="category"):
        admit_provisionally(
            world.ashgrove, category=world.corrugate, maximum_spend=Decimal(1), maximum_orders=1,
            expires_on=day(1), tasks=["Audit"], reason="Fire", actor=world.sana,
        )  # fmt: skip


def test_a_second_admission_waits_for_the_end_of_the_first(world):
    first = admit(world)
    with refused("already_admitted", field="category"):
        admit(world)
    end_admission(first, reason="Over", actor=world.sana)
    assert admit(world).pk != first.pk


def test_one_that_is_over_makes_way(world):
    first = admit(world)
    ProvisionalAdmission.objects.update(admitted_on=day(-9), expires_on=day(-1))
    admit(world)
    first.refresh_from_db()
    assert (first.ended_by, first.end_reason) == (world.sana, "A new admission takes its place.")


def test_tasks_are_ticked_and_opened_again(world):
    task = admit(world).tasks.first()
    done = tick_admission_task(task, is_done=True, actor=world.sana)
    assert (done.done_by, kinds()[-1]) == (world.sana, "supplier.admission_task_ticked")
    tick_admission_task(task, is_done=True, actor=world.sana)
    assert len(kinds()) == 2
    tick_admission_task(task, is_done=False, actor=world.sana)
    assert AdmissionTask.objects.filter(done_at__isnull=True).count() == 2
