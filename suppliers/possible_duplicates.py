"""Records that may be one supplier, with the reason in words: a hint that a person settles.

likenesses([supplier.pk, …])      what looks like these, one statement
possible_duplicates()             every pair of the organization, one statement
tell_apart(supplier, other=…, actor=…)

Records are alike by a key that both have: tax id, bank account, name without its legal form, mail
domain, telephone number. They are found by the keys' indexes or by grouping, never by comparing
each with each. A key that many share (a freemail domain, a group's switchboard) says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Value

from procure.documents import lock_all
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from procure.tenancy import current_organization_id
from suppliers.likeness_keys import name_spelling, tax_spelling
from suppliers.models import Supplier, SuppliersToldApart

# The strongest first: in this order they are told.
REASONS = {
    "tax_id": "same tax id",
    "bank_account": "same bank account",
    "name": "same name",
    "phone": "same telephone number",
    "domain": "same mail domain",
}
MOST_SHARING = 5
MOST_SHOWN = 100
SHORTEST_PHONE = 7
FREEMAIL = (
    *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
    *("yahoo.com", "ymail.com", "aol.com", "icloud.com", "me.com", "mac.com", "proton.me"),
    *("protonmail.com", "gmx.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "mail.com"),
    *("mail.ru", "yandex.ru", "qq.com", "163.com", "126.com", "zoho.com", "orange.fr", "libero.it"),
)

KEYS = """
    SELECT s.id AS supplier_id, 'tax_id' AS kind, s.tax_key AS key FROM suppliers_supplier s
    WHERE s.organization_id = %(organization)s AND s.tax_key <> ''
    UNION ALL
    SELECT s.id, 'name', s.name_key FROM suppliers_supplier s
    WHERE s.organization_id = %(organization)s AND s.name_key <> ''
    UNION ALL
    SELECT s.id, 'domain', s.email_domain FROM suppliers_supplier s
    WHERE s.organization_id = %(organization)s AND s.email_domain <> ALL(%(freemail)s)
    UNION ALL
    SELECT c.supplier_id, 'domain', c.email_domain FROM suppliers_contact c
    WHERE c.organization_id = %(organization)s AND c.email_domain <> ALL(%(freemail)s)
    UNION ALL
    SELECT c.supplier_id, 'phone', c.phone_key FROM suppliers_contact c
    WHERE c.organization_id = %(organization)s AND length(c.phone_key) >= %(shortest)s
    UNION ALL
    SELECT b.supplier_id, 'bank_account', b.iban FROM suppliers_bankaccount b
    WHERE b.organization_id = %(organization)s AND b.status = 'confirmed' AND b.iban <> ''
    UNION ALL
    SELECT b.supplier_id, 'bank_account', b.account_number FROM suppliers_bankaccount b
    WHERE b.organization_id = %(organization)s AND b.status = 'confirmed'
        AND b.account_number <> ''
"""
SHARED = f"""
WITH named AS NOT MATERIALIZED ({KEYS}),
alive AS NOT MATERIALIZED (
    SELECT named.* FROM named JOIN suppliers_supplier s
        ON s.organization_id = %(organization)s AND s.id = named.supplier_id
    WHERE s.status NOT IN ('archived', 'merged')
),
"""
# By the keys of some suppliers, and for the whole organization.
OF_SOME = f"""{SHARED}
shared AS (
    SELECT other.kind, other.key, array_agg(DISTINCT other.supplier_id) AS ids
    FROM (SELECT DISTINCT kind, key FROM alive WHERE supplier_id = ANY(%(ids)s)) AS mine
    JOIN alive AS other ON other.kind = mine.kind AND other.key = mine.key
    GROUP BY 1, 2
)"""
OF_ALL = f"""{SHARED}
shared AS (
    SELECT kind, key, array_agg(DISTINCT supplier_id) AS ids FROM alive GROUP BY 1, 2
)"""
PAIRS = """
SELECT first, second, array_agg(DISTINCT kind) FROM shared
CROSS JOIN LATERAL unnest(ids) AS first CROSS JOIN LATERAL unnest(ids) AS second
WHERE cardinality(ids) BETWEEN 2 AND %(most)s AND first < second
    AND (%(ids)s::bigint[] IS NULL OR first = ANY(%(ids)s) OR second = ANY(%(ids)s))
    AND NOT EXISTS (
        SELECT FROM suppliers_supplierstoldapart apart
        WHERE apart.organization_id = %(organization)s
            AND apart.first_id = first AND apart.second_id = second
    )
GROUP BY 1, 2 ORDER BY min(array_position(%(kinds)s, kind)), 1, 2 LIMIT %(shown)s
"""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two records, the older one first, and why they may be one supplier."""

    first: Supplier
    second: Supplier
    kinds: tuple[str, ...]

    @property
    def reason(self) -> str:
        return ", ".join(REASONS[kind] for kind in self.kinds)

    def other_than(self, supplier: Supplier) -> Supplier:
        return self.second if self.first.pk == supplier.pk else self.first


def possible_duplicates() -> list[Likeness]:
    """Every pair that may be one supplier, the strongest reasons first: two statements."""
    return _likenesses(OF_ALL + PAIRS, None)


def likenesses(supplier_ids: Iterable[int]) -> list[Likeness]:
    """What may be the same as one of these: one statement, two when something is."""
    ids = list(supplier_ids)
    return _likenesses(OF_SOME + PAIRS, ids) if ids else []


def _likenesses(statement: str, ids: Collection[int] | None) -> list[Likeness]:
    given: dict[str, Any] = {
        "organization": current_organization_id(),
        "ids": ids,
        "freemail": ["", *FREEMAIL],
        "shortest": SHORTEST_PHONE,
        "most": MOST_SHARING,
        "kinds": list(REASONS),
        "shown": MOST_SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        pairs = cursor.fetchall()
    if not pairs:
        return []
    wanted = {pk for first, second, _ in pairs for pk in (first, second)}
    known = Supplier.objects.in_bulk(wanted)
    return [
        Likeness(known[first], known[second], tuple(one for one in REASONS if one in kinds))
        for first, second, kinds in pairs
    ]


def same_by_name_or_tax_id(name: str, tax_id: str) -> list[tuple[Supplier, str]]:
    """Suppliers that a new one with this name and tax id would repeat, with the reason."""
    rows = Supplier.objects.exclude(status__in=Supplier.GONE)
    same_name = Q(name_key__gt="") & Q(name_key=name_spelling(Value(name)))
    same_tax = Q(tax_key__gt="") & Q(tax_key=tax_spelling(Value(tax_id)))
    found = rows.filter(same_name | same_tax).annotate(has_tax=same_tax).order_by("pk")
    return [(one, REASONS["tax_id" if one.has_tax else "name"]) for one in found[:MOST_SHARING]]


@transaction.atomic
def tell_apart(supplier: Supplier, *, other: Supplier, actor: User) -> SuppliersToldApart:
    """Remembers that two records are two suppliers: they are not hinted at again.

    Refused: one record, and a pair that was told apart before.
    """
    if supplier.pk == other.pk:
        raise BusinessRuleError("same_record", "Choose another record: this is the same one.")
    first, second = lock_all(Supplier.objects.filter(pk__in=[supplier.pk, other.pk]))
    if SuppliersToldApart.objects.filter(first=first, second=second).exists():
        raise BusinessRuleError("told_apart", "These two were told apart already.")
    apart: SuppliersToldApart = SuppliersToldApart.objects.create(
        first=first, second=second, told_by=actor
    )
    record(
        "supplier.told_apart",
        supplier,
        actor=actor,
        summary=f"{first.name} ({first.code}) and {second.name} ({second.code}) are two suppliers.",
    )
    return apart
