"""Whose the bank accounts are that somebody names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Upper
from django.utils import timezone

from suppliers.account_numbers import bare_number, is_iban_of, national_parts
from suppliers.models import BankAccount, Supplier, SupplierMerge


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account on file, its numbers in capitals, letters and digits only.

    `owner_id` is the record that remains where `supplier` was merged into another.
    """

    owner_id: int
    supplier: Supplier
    iban: str
    account_number: str
    routing_number: str
    country: str
    is_confirmed: bool
    is_in_force: bool

    @property
    def number(self) -> str:
        """The IBAN, or the account number where the country has none."""
        return self.iban or self.account_number

    def is_named(self, number: str) -> bool:
        """Whether this number is its own: as it is on file, or its IBAN, or what an IBAN holds."""
        if number == self.iban or is_iban_of(self.iban, number):
            return True
        return bool(self.account_number) and (
            bare_number(number) == bare_number(self.account_number)
            or (
                number.startswith(self.country)
                and is_iban_of(number, self.account_number, self.routing_number)
            )
        )


class KnownAccounts:
    """The accounts of some suppliers, and whoever's have one of these numbers: one statement.

    In the order of their versions. What is proposed counts until it is rejected: until then the
    change itself holds payments.
    """

    def __init__(
        self, supplier_ids: Collection[int], numbers: Collection[str], on: date | None = None
    ) -> None:
        self._of: dict[int, list[KnownAccount]] = defaultdict(list)
        self._with: dict[str, list[KnownAccount]] = defaultdict(list)
        today = on or timezone.localdate()
        bare = {key for number in numbers for key in _domestic_numbers(number)}
        for row in _rows(set(supplier_ids), set(numbers), bare):
            one = _known(row, today)
            self._of[one.owner_id].append(one)
            for key in {one.iban, bare_number(one.account_number)} - {""}:
                self._with[key].append(one)

    def of(self, supplier_id: int) -> Sequence[KnownAccount]:
        """What is on file for a supplier, also under records that were merged into it."""
        return self._of.get(supplier_id, ())

    def named(self, number: str) -> list[KnownAccount]:
        """Everybody's accounts with this number. A domestic one names no bank, so nobody is found
        by it whose IBAN alone is on file."""
        found = [one for key in _domestic_numbers(number) for one in self._with.get(key, ())]
        found += self._with.get(number, ())
        return [one for one in dict.fromkeys(found) if one.is_named(number)]


def _rows(supplier_ids: set[int], numbers: set[str], bare: set[str]) -> QuerySet[BankAccount]:
    remaining = SupplierMerge.objects.filter(
        merged=OuterRef("supplier_id"), undone_at__isnull=True
    ).values("remaining_id")[:1]
    rows: QuerySet[BankAccount] = (
        BankAccount.objects.exclude(status=BankAccount.Status.REJECTED)
        .annotate(
            owner_id=Coalesce(
                Subquery(remaining), F("supplier_id"), output_field=BigIntegerField()
            ),
            plain_iban=plain_column("iban"),
            plain_account=plain_column("account_number"),
            plain_routing=plain_column("routing_number"),
            bare_account=Func(plain_column("account_number"), Value("0"), function="ltrim"),
        )
        .filter(Q(owner_id__in=supplier_ids) | Q(plain_iban__in=numbers) | Q(bare_account__in=bare))
        .select_related("supplier")
        .order_by("version", "pk")
    )
    return rows


def _known(row: Any, on: date) -> KnownAccount:
    return KnownAccount(
        owner_id=row.owner_id,
        supplier=row.supplier,
        iban=row.plain_iban,
        account_number=row.plain_account,
        routing_number=row.plain_routing,
        country=row.country,
        is_confirmed=row.status == BankAccount.Status.CONFIRMED,
        is_in_force=row.is_in_force(on),
    )


def plain_column(column: str) -> Func:
    """The column in capitals, letters and digits only."""
    return Upper(
        Func(F(column), Value("[^A-Za-z0-9]"), Value(""), Value("g"), function="regexp_replace")
    )


def _domestic_numbers(number: str) -> set[str]:
    """The domestic numbers that this one may stand for, without the zeros that fill them up."""
    parts = {bare_number(part) for _, part in national_parts(number)}
    return (parts | {bare_number(number)}) - {""}
