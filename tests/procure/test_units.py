"""Words for one unit, weighed units, and factors that are never guessed."""

from decimal import Decimal

import pytest

from procure.units import (
    UnitFactors,
    canonical_unit,
    is_weighed,
    unit_name,
    unit_symbol,
)


@pytest.mark.parametrize("unit", ["EA", "H87", "C62", "NAR", " ea "])
def test_four_codes_mean_one(unit):
    assert canonical_unit(unit) == "EA"
    assert unit_name(unit) == "each"


@pytest.mark.parametrize(
    "unit",
    [
        "KGM",
        "GRM",
        "TNE",
        "LBR",
        "ONZ",
        "LTR",
        "MLT",
        "MTR",
        "MTK",
        "kgm",
        "STN",
        "MTQ",
    ],
)
def test_mass_volume_length_and_area_are_weighed(unit):
    assert is_weighed(unit)


@pytest.mark.parametrize("unit", ["EA", "H87", "CS", "HUR", "KWH", "DZN", "NIU"])
def test_everything_else_is_counted(unit):
    assert not is_weighed(unit)


def test_an_uncommon_code_is_shown_as_it_is():
    assert unit_name("XZZ") == "XZZ"
    assert unit_name("KGM") == "kilogram"


def test_one_factor_serves_both_directions_and_aliases_apply_inside():
    factors = UnitFactors.of({"CS": {"H87": Decimal(12)}})
    assert factors.ratio("CS", "EA") == (Decimal(12), Decimal(1))
    assert factors.ratio("NAR", "CS") == (Decimal(1), Decimal(12))


def test_equal_words_need_no_factor():
    assert UnitFactors().ratio("C62", "EA") == (Decimal(1), Decimal(1))
    assert UnitFactors().ratio("XZZ", "XZZ") == (Decimal(1), Decimal(1))


def test_chains_are_not_followed():
    factors = UnitFactors.of({"PF": {"CS": Decimal(40)}, "CS": {"EA": Decimal(12)}})
    assert factors.ratio("PF", "EA") is None
    assert UnitFactors().ratio("KGM", "GRM") is None


def test_contradictory_or_empty_factors_are_refused():
    with pytest.raises(ValueError, match="two factors"):
        UnitFactors.of({"CS": {"EA": Decimal(12), "H87": Decimal(10)}})
    with pytest.raises(ValueError, match="above zero"):
        UnitFactors.of({"CS": {"EA": Decimal(0)}})


def test_a_screen_shows_a_units_symbol_or_its_own_word() -> None:
    assert [unit_symbol(unit) for unit in ("KGM", "H87", "roll", "HUR")] == [
        "kg",
        "ea",
        "roll",
        "h",
    ]
