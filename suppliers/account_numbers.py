"""When two bank account numbers, written as plain numbers, are one; and how little is shown.

A plain number is in capitals, letters and digits only. Banks of many countries print the IBAN or
the domestic account number of one account: the IBAN holds the bank's code and that number,
filled up with zeros, and in some countries check digits around them.
"""

from __future__ import annotations

import re
from itertools import accumulate, combinations

from stdnum import iban, numdb

COUNTRY_AND_CHECK = 4  # letters and digits that stand before the national part of an IBAN
SHORTEST_ACCOUNT = 6  # a part with fewer is a check digit or a branch, no account
_LENGTH = re.compile(r"(\d+)!")


def national_parts(number: str) -> list[tuple[str, str]]:
    """What may be the account in an IBAN, after what stands before it; none in another number."""
    if not iban.is_valid(number):
        return []
    structure = numdb.get("iban").info(number)[0][1].get("bban", "")
    lengths = [int(length) for length in _LENGTH.findall(structure)]
    bounds = list(accumulate(lengths, initial=COUNTRY_AND_CHECK))
    return [
        (number[COUNTRY_AND_CHECK:start], number[start:end])
        for start, end in combinations(bounds, 2)
        if end - start >= SHORTEST_ACCOUNT and end > bounds[1]  # the first is the bank's code
    ]


def is_iban_of(number: str, account: str, routing: str = "") -> bool:
    """Whether this IBAN is that of a domestic account, at that bank where its code is known."""
    return bool(bare_number(account)) and any(
        part == account.zfill(len(part))
        and (routing in before or (part.startswith(routing) and len(part) > len(routing)))
        for before, part in national_parts(number)
    )


def bare_number(number: str) -> str:
    """Without the zeros that fill it up."""
    return number.lstrip("0")


def masked_number(number: str) -> str:
    """What everybody may see: the country of an IBAN and the last digits."""
    country = number[:2] if re.match(r"[A-Z]{2}\d\d", number) else ""
    return f"{country} •••• {number[-4:]}".strip()
