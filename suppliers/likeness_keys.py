"""One spelling for all spellings of a name, tax id, mail address or telephone number, as columns
that the database keeps: two records that are one supplier share a key, found by an index."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Lower, Upper

# Whole words at the end or in the middle of a name that only say what kind of company it is.
LEGAL_FORMS = (
    "GMBH|MBH|UG|AG|KG|KGAA|OHG|GBR|EK|EG|SE|LTD|LIMITED|PLC|LLP|LLC|LP|INC|INCORPORATED|CORP|"
    "CORPORATION|CO|COMPANY|SA|SAS|SARL|SRL|SPA|SL|BV|NV|AB|AS|APS|OY|OYJ|SP|ZOO|PTY|PTE|PVT"
)
MOST = 200


def _replaced(text: object, pattern: str, by: str) -> Func:
    return Func(text, Value(pattern), Value(by), Value("g"), function="regexp_replace")


def _key(expression: Func, most: int = MOST) -> models.GeneratedField:
    return models.GeneratedField(
        expression=expression,
        output_field=models.CharField(max_length=most),
        db_persist=True,
    )


def name_spelling(text: Any) -> Func:
    """“Muster G.m.b.H. & Co. KG” and “MUSTER” are one name."""
    without_dots = _replaced(Upper(text), r"[.'’]", "")
    words = _replaced(without_dots, r"[^[:alnum:]]+", " ")
    return _replaced(_replaced(words, rf"\m({LEGAL_FORMS})\M", ""), r"\s+", "")


def tax_spelling(text: Any) -> Func:
    """Letters and digits only."""
    return _replaced(Upper(text), r"[^[:alnum:]]+", "")


def name_key(field: str = "name") -> models.GeneratedField:
    """The spelling of a name, kept by the database."""
    return _key(name_spelling(field))


def tax_key(field: str = "tax_id") -> models.GeneratedField:
    """The spelling of a tax id, kept by the database."""
    return _key(tax_spelling(field), 40)


def domain_key(field: str = "email") -> models.GeneratedField:
    """What stands behind the @."""
    return _key(Lower(_replaced(field, r"^[^@]*@?", "")), 254)


def phone_key(field: str = "phone") -> models.GeneratedField:
    """Digits only, without the zeros or the plus that begin it."""
    return _key(_replaced(_replaced(field, r"\D+", ""), "^0+", ""), 40)
