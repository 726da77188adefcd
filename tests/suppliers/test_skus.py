from decimal import Decimal

from suppliers.catalogue import change_sku, create_sku
from suppliers.details import SkuDetails
from suppliers.models import PerformanceCell, Sku, StaleRollup
from tests.suppliers.support import kinds, nothing_changes, refused
from tests.suppliers.world import TODAY, agreement


def details(world, **changes):
    values = {"code": "CTN-12", "description": "CTN-12 box", "category": world.corrugate}
    return SkuDetails(**values, **{"standard_cost": Decimal("0.70"), **changes})


def test_a_new_sku_is_there_with_its_unit_and_cost(world):
    made = create_sku(
        details=SkuDetails(code="TAPE-48", description="Tape", category=world.packaging, unit="RL"),
        actor=world.sana,
    )
    assert Sku.objects.get(code_key="TAPE-48") == made
    assert (made.unit, made.standard_cost, made.is_active) == ("RL", None, True)
    assert kinds() == ["sku.created"]


def test_a_code_in_use_is_refused_in_whatever_case(world):
    with refused("code_taken", "There is a SKU with the code “ctn-12” already.", "code"):
        create_sku(
            details=SkuDetails(code="ctn-12", description="x", category=world.packaging),
            actor=world.sana,
        )


def test_a_changed_standard_cost_makes_its_results_stale(world):
    PerformanceCell.objects.create(
        supplier=world.delta, sku=world.small, month=TODAY.replace(day=1), currency="USD"
    )
    change_sku(world.small, details=details(world, standard_cost=Decimal("0.75")), actor=world.sana)
    assert list(StaleRollup.objects.values_list("supplier", "sku", "month")) == [
        (world.delta.pk, world.small.pk, None)
    ]
    assert kinds() == ["sku.changed"]


def test_the_same_details_change_nothing(world):
    with nothing_changes():
        change_sku(world.small, details=details(world), actor=world.sana)


def test_the_unit_stays_once_prices_are_agreed_in_it(world):
    change_sku(world.small, details=details(world, unit="CT"), actor=world.sana)
    agreement("NL-1", world.northline, (world.small, "0", "0.60"))
    sentence = "Prices and results of CTN-12 are counted in CT. Add a new SKU instead."
    with refused("unit_in_use", sentence, "unit"):
        change_sku(world.small, details=details(world, unit="EA"), actor=world.sana)
