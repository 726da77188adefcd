"""What is unusual about an invoice: flags with their reason, which a person looks at.

A flag holds nothing; it stands beside the invoice and in one list. Everything is read by one
statement, for some invoices or for all that came since a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from matching.models import SupplierInvoice
from procure.figures import long_date, money
from procure.prepared import prepared
from procure.tenancy import current_organization_id

JUST_UNDER = Decimal("0.95")  # of a limit
NEW_BANK_DAYS = 30
SPLIT_DAYS = 5
LARGE = Decimal("0.5")  # of a limit: a smaller order is nothing that somebody cut in two
ROUND_TO, ROUND_FROM = 100, 1000
ROUND_SHARE = Decimal("0.2")  # a supplier whose invoices are mostly round is no news
ROUND_AMONG = 5
ALIKE = 0.6  # of the three-letter pieces of two names

FLAGGED = """
WITH wanted AS (
    SELECT i.id, i.supplier_id, i.received_on, i.currency, i.total_amount, i.tax_amount,
        o.currency AS own_currency
    FROM matching_supplierinvoice i JOIN procure_organization o ON o.id = i.organization_id
    WHERE i.organization_id = %(organization)s::bigint AND i.kind = 'invoice'
        AND i.status <> 'void'
        AND (i.id = ANY(%(ids)s::bigint[]) OR i.received_on >= %(since)s::date)
),
account AS (
    SELECT a.supplier_id, a.usable_from, a.version, a.status,
        coalesce(nullif(a.iban, ''), a.routing_number || '/' || a.account_number) AS number
    FROM suppliers_bankaccount a
    WHERE a.organization_id = %(organization)s::bigint AND a.status <> 'rejected'
),
limits AS (
    SELECT r.minimum_amount AS amount, r.name AS words
    FROM purchasing_approvalrule r
    WHERE r.organization_id = %(organization)s::bigint AND r.is_active
        AND NOT r.off_list_only AND r.minimum_amount > 0
),
billed AS (
    SELECT DISTINCT w.id, p.id AS order_id, p.supplier_id, p.created_by_id, p.issued_on
    FROM wanted w
    JOIN matching_supplierinvoiceline l
        ON l.organization_id = %(organization)s::bigint AND l.invoice_id = w.id
    JOIN purchasing_purchaseorderline pl ON pl.id = l.order_line_id
    JOIN purchasing_purchaseorder p ON p.id = pl.order_id
    WHERE p.currency = w.own_currency AND p.created_by_id IS NOT NULL
        AND p.issued_on IS NOT NULL
),
beside AS (
    SELECT b.id, p.id AS order_id, p.number, sum(pl.amount) AS amount
    FROM billed b
    JOIN purchasing_purchaseorder p
        ON p.organization_id = %(organization)s::bigint AND p.supplier_id = b.supplier_id
        AND p.created_by_id = b.created_by_id
        AND p.issued_on BETWEEN b.issued_on - %(split_days)s::int
            AND b.issued_on + %(split_days)s::int
    JOIN purchasing_purchaseorderline pl ON pl.order_id = p.id
    GROUP BY b.id, p.id, p.number
),
split AS (
    SELECT b.id, string_agg(b.number, ', ' ORDER BY b.number) AS numbers, sum(b.amount) AS amount,
        min(r.amount) AS limit_amount, count(*) AS orders
    FROM beside b JOIN limits r ON b.amount < r.amount AND b.amount >= r.amount * %(large)s::numeric
    GROUP BY b.id, r.amount
)
SELECT w.id, 'look_alike', alike.name, NULL::numeric, NULL::date
FROM wanted w JOIN (
    SELECT own.id, other.name
    FROM suppliers_supplier own JOIN suppliers_supplier other
        ON other.organization_id = %(organization)s::bigint AND other.id <> own.id
        AND other.status <> 'archived'
        AND upper(other.code || ' ' || other.name || ' ' || other.legal_name) %% upper(own.name)
        AND similarity(other.name, own.name) >= %(alike)s::real
    WHERE own.id IN (SELECT supplier_id FROM wanted)
) AS alike ON alike.id = w.supplier_id
UNION ALL
SELECT w.id, 'bank_changed', '', NULL::numeric, max(a.usable_from)
FROM wanted w JOIN account a ON a.supplier_id = w.supplier_id
WHERE a.version > 1 AND a.status = 'confirmed'
    AND a.usable_from BETWEEN w.received_on - %(new_bank_days)s::int AND w.received_on
GROUP BY w.id
UNION ALL
SELECT DISTINCT w.id, 'same_account', s.name, NULL::numeric, NULL::date
FROM wanted w JOIN account a ON a.supplier_id = w.supplier_id
JOIN account other ON other.number = a.number AND other.supplier_id <> a.supplier_id
JOIN suppliers_supplier s ON s.id = other.supplier_id
UNION ALL
SELECT w.id, 'under_limit', (array_agg(l.words ORDER BY l.amount))[1], min(l.amount), NULL::date
FROM wanted w JOIN limits l ON w.total_amount < l.amount
    AND w.total_amount >= l.amount * %(just_under)s::numeric
WHERE w.currency = w.own_currency
GROUP BY w.id
UNION ALL
SELECT s.id, 'split_orders', s.numbers, s.limit_amount, NULL::date
FROM split s WHERE s.orders > 1 AND s.amount >= s.limit_amount
UNION ALL
SELECT w.id, 'round', '', w.total_amount, NULL::date
FROM wanted w CROSS JOIN LATERAL (
    SELECT count(*) AS invoices, count(*) FILTER (
        WHERE mod(c.total_amount - c.tax_amount, %(round_to)s::int) = 0
    ) AS round_ones
    FROM matching_supplierinvoice c
    WHERE c.organization_id = %(organization)s::bigint AND c.supplier_id = w.supplier_id
        AND c.id <> w.id AND c.status <> 'void'
) AS others
WHERE w.total_amount - w.tax_amount >= %(round_from)s::int
    AND mod(w.total_amount - w.tax_amount, %(round_to)s::int) = 0
    AND others.invoices >= %(round_among)s::int
    AND others.round_ones <= others.invoices * %(round_share)s::numeric
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Flag:
    """One unusual thing: its kind, and a sentence that says why."""

    kind: str
    sentence: str


def flags_of(invoice_ids: Collection[int]) -> Mapping[int, Sequence[Flag]]:
    """The flags of these invoices by id, none left out: one statement."""
    return _flags(list(invoice_ids), None)


def flags_since(day: date) -> Mapping[int, Sequence[Flag]]:
    """The flags of every invoice received since a day: one statement."""
    return _flags([], day)


def flagged_invoices(days: int, today: date) -> list[tuple[SupplierInvoice, Sequence[Flag]]]:
    """The invoices of so many days with a flag, the most flagged and largest first."""
    found = flags_since(today - timedelta(days=days))
    invoices = SupplierInvoice.objects.filter(pk__in=found).select_related("supplier")
    rows = [(invoice, found[invoice.pk]) for invoice in invoices]
    return sorted(rows, key=lambda row: (-len(row[1]), -row[0].total_amount, row[0].pk))


def _flags(ids: list[int], since: date | None) -> dict[int, list[Flag]]:
    values = {
        "organization": current_organization_id(),
        "ids": ids,
        "since": since,
        "just_under": JUST_UNDER,
        "new_bank_days": NEW_BANK_DAYS,
        "split_days": SPLIT_DAYS,
        "large": LARGE,
        "round_to": ROUND_TO,
        "round_from": ROUND_FROM,
        "round_among": ROUND_AMONG,
        "round_share": ROUND_SHARE,
        "alike": ALIKE,
    }
    found: dict[int, list[Flag]] = defaultdict(list)
    for invoice_id, kind, words, amount, day in prepared(FLAGGED, values):
        found[invoice_id].append(Flag(kind, _sentence(kind, words, amount, day)))
    return dict(found)


def _sentence(kind: str, words: str, amount: Any, day: date | None) -> str:
    sentences = {
        "bank_changed": lambda: f"The bank details are new since {long_date(day)}.",
        "look_alike": lambda: f"The supplier's name is close to that of {words}.",
        "same_account": lambda: f"{words} is paid to the same bank account.",
        "under_limit": lambda: (
            f"The total is just under {money(amount)}, where the rule “{words}” begins."
        ),
        "split_orders": lambda: (
            f"Orders {words} were placed within {SPLIT_DAYS} days by the same "
            f"person; together they reach {money(amount)}, above which somebody approves."
        ),
        "round": lambda: f"{money(amount)} is round; other invoices of this supplier are not.",
    }
    return sentences[kind]()
