"""What the database refuses, said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from procure.errors import BusinessRuleError


@contextmanager
def refusing(refusals: Mapping[str, BusinessRuleError]) -> Iterator[None]:
    """Writes inside a savepoint; a refusal by one of these constraints becomes its sentence.

    Constraints are matched by the beginning of their names, because a sharded server adds to
    them. Whoever comes second in a race is told the same as whoever comes late.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        for prefix, refusal in refusals.items():
            if name.startswith(prefix):
                raise refusal from error
        raise
