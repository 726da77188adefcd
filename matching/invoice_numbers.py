"""Invoice numbers as people and machines respell them.

normalised_number("Inv. 00123/2026-R") -> "1NV00123"
"""

import re
import unicodedata

_SUFFIX = re.compile(r"^(?P<number>.*\d.*?)[^A-Z0-9]+(?:R|(?:19|20)\d\d)[^A-Z0-9]*$", re.DOTALL)
_NOT_ALPHANUMERIC = re.compile(r"[^A-Z0-9]+")
_LOOKALIKES = str.maketrans("OI", "01")


def plain_number(number: str) -> str:
    """Return the number in upper case, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", number.upper())


def normalised_number(number: str) -> str:
    """Return one spelling for all of a number's spellings; empty when nothing is left of it.

    Upper case, letters and digits only, O read as 0 and I as 1, no leading zeros. A trailing
    year or R is cut only after a separator and while a digit remains before it.
    """
    text = unicodedata.normalize("NFKC", number).upper()
    while suffixed := _SUFFIX.match(text):
        text = suffixed["number"]
    return _NOT_ALPHANUMERIC.sub("", text).translate(_LOOKALIKES).lstrip("0")
