"""Units of measure: UN/ECE Recommendation 20 codes, their names, and factors between them.

    canonical_unit("H87")            -> "EA": EA, H87, C62 and NAR all mean one
    is_weighed("KGM")                -> True for mass, volume, length and area
    unit_name("KGM")                 -> "kilogram", for screens
    UnitFactors.of({"CS": {"EA": Decimal(12)}}).ratio("EA", "CS") -> (1, 12)

A factor is a fact about a SKU ("a case holds 12"), so none is built in: where nobody gave
one, there is none, and a match that needs it is held instead of guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

EACH = "EA"
ONE = Decimal(1)

_MEANS_ONE = frozenset({"EA", "H87", "C62", "NAR"})


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


MASS = _codes(
    "2U APZ CGM CNT CTM CWA CWI DG DJ DRA DRI DTN E4 F13 GRM GRN HGM KGM KTN LBR LTN M85 M86 "
    "MC MGM ONZ PN QTR STI STN TNE"
)
VOLUME = _codes(
    "4G 5I A44 BLD BLL BUA BUI CLT CMQ D40 DLT DMA DMQ FTQ G21 G23 G24 G25 G26 GIA GII GLD GLI "
    "GLL H19 H20 HLT INQ J57 K6 L43 L61 L62 L84 L86 LTR M67 M68 M69 M70 MAL MLT MMQ MTQ NM3 OZA "
    "OZI PT PTD PTI PTL Q32 Q33 Q34 QT QTD QTI QTL SM3 T6 WCD WSD YDQ"
)
LENGTH = _codes(
    "4H 77 A11 A45 A71 AK C45 C52 CMT DMT F49 FOT HMT INH KMT KTM LF LK LM M49 M50 M51 M52 M7 "
    "MAM MMT MTR NMI R1 SMI X1 YRD"
)
AREA = _codes("ACR ARE CMK DAA DMK E19 FTK H16 H18 H30 HAR INK KMK M47 M48 MIK MMK MTK SN YDK")
_WEIGHED = MASS | VOLUME | LENGTH | AREA

# What a buyer meets; a code outside this list is shown as it is.
_NAMES = {
    "EA": "each",
    "PR": "pair",
    "SET": "set",
    "KT": "kit",
    "DZN": "dozen",
    "GRO": "gross",
    "CEN": "hundred",
    "MIL": "thousand",
    "CS": "case",
    "CT": "carton",
    "BX": "box",
    "BG": "bag",
    "BO": "bottle",
    "CA": "can",
    "DR": "drum",
    "PK": "pack",
    "PF": "pallet",
    "RO": "roll",
    "ST": "sheet",
    "TU": "tube",
    "KGM": "kilogram",
    "GRM": "gram",
    "MGM": "milligram",
    "TNE": "tonne",
    "LBR": "pound",
    "ONZ": "ounce",
    "CWA": "hundredweight (US)",
    "STN": "short ton",
    "LTN": "long ton",
    "LTR": "litre",
    "MLT": "millilitre",
    "CLT": "centilitre",
    "HLT": "hectolitre",
    "MTQ": "cubic metre",
    "CMQ": "cubic centimetre",
    "GLL": "gallon (US)",
    "GLI": "gallon (UK)",
    "OZA": "fluid ounce (US)",
    "FTQ": "cubic foot",
    "MTR": "metre",
    "CMT": "centimetre",
    "MMT": "millimetre",
    "KMT": "kilometre",
    "INH": "inch",
    "FOT": "foot",
    "YRD": "yard",
    "MTK": "square metre",
    "CMK": "square centimetre",
    "HAR": "hectare",
    "FTK": "square foot",
    "YDK": "square yard",
    "ACR": "acre",
    "HUR": "hour",
    "DAY": "day",
    "WEE": "week",
    "MON": "month",
    "ANN": "year",
    "KWH": "kilowatt hour",
    "LS": "lump sum",
}


def canonical_unit(unit: str) -> str:
    """Return one word per unit: upper case, and ``EA`` for every code that means one."""
    word = unit.strip().upper()
    return EACH if word in _MEANS_ONE else word


def is_weighed(unit: str) -> bool:
    """Say whether the unit is of mass, volume, length or area, where small differences are normal."""
    return canonical_unit(unit) in _WEIGHED


def unit_name(unit: str) -> str:
    """Return the unit's name for a screen, or the code itself when it is not a common one."""
    return _NAMES.get(canonical_unit(unit), unit)


# What stands behind a quantity on a screen; a unit without a symbol shows its own word.
_SYMBOLS = {
    "EA": "ea", "KGM": "kg", "GRM": "g", "MGM": "mg", "TNE": "t", "LBR": "lb", "ONZ": "oz",
    "LTR": "l", "MLT": "ml", "CLT": "cl", "HLT": "hl", "MTQ": "m³", "CMQ": "cm³", "MTR": "m",
    "CMT": "cm", "MMT": "mm", "KMT": "km", "INH": "in", "FOT": "ft", "YRD": "yd", "MTK": "m²",
    "CMK": "cm²", "HUR": "h", "DAY": "d", "KWH": "kWh", "GLL": "gal", "FTQ": "ft³", "FTK": "ft²",
}  # fmt: skip


def unit_symbol(unit: str) -> str:
    """Return the short word behind a quantity: kg for KGM, ea for EA, roll for ROLL."""
    return _SYMBOLS.get(canonical_unit(unit), unit.strip().lower())


@dataclass(frozen=True, slots=True)
class UnitFactors:
    """The factors known for one SKU: ``(larger, smaller, how many)``, in canonical units."""

    factors: tuple[tuple[str, str, Decimal], ...] = ()

    @classmethod
    def of(cls, factors: Mapping[str, Mapping[str, Decimal]]) -> "UnitFactors":
        """Read ``{"CS": {"EA": 12}}``: one case is 12 eaches. Refuses factors at or below zero,
        and two different factors for the same pair of units."""
        found: dict[tuple[str, str], Decimal] = {}
        for unit, parts in factors.items():
            for part, factor in parts.items():
                pair = (canonical_unit(unit), canonical_unit(part))
                if factor <= 0:
                    raise ValueError(f"The factor from {unit} to {part} must be above zero.")
                if found.setdefault(pair, factor) != factor:
                    raise ValueError(f"There are two factors from {unit} to {part}.")
        return cls(tuple((unit, part, factor) for (unit, part), factor in found.items()))

    def ratio(self, given: str, wanted: str) -> tuple[Decimal, Decimal] | None:
        """Return ``(n, d)`` so that a quantity in ``given`` times n / d is one in ``wanted``.

        Equal units need no factor, one factor serves both directions, chains are not followed.
        None when there is no factor.
        """
        given, wanted = canonical_unit(given), canonical_unit(wanted)
        if given == wanted:
            return ONE, ONE
        backwards: tuple[Decimal, Decimal] | None = None
        for unit, part, factor in self.factors:
            if unit == given and part == wanted:
                return factor, ONE
            if unit == wanted and part == given:
                backwards = ONE, factor
        return backwards


NO_FACTORS = UnitFactors()
