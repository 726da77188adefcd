"""For how many days each SKU lasts: what is on hand and on order against what is used.

On hand is the last count, more what came since, less what was used since at the average rate.
Use is measured on the goods received in 180 days. A SKU that was never counted, or not received
in that time, has no figure. Quantities are in the SKU's unit; an order in a unit without a factor
to it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

USE_DAYS = 180

# Common table expressions for one statement; %(without)s is a supplier whose orders never come.
COVER = f"""
    counted AS (
        SELECT sku_id, sum(counted_quantity) AS quantity, max(counted_at)::date AS counted_on
        FROM (
            SELECT DISTINCT ON (sku_id, location_id) sku_id, counted_quantity, counted_at
            FROM purchasing_stockcount WHERE organization_id = %(organization)s
            ORDER BY sku_id, location_id, counted_at DESC, id DESC
        ) AS latest GROUP BY sku_id
    ), came AS (
        SELECT line.sku_id,
            sum((g.received_quantity - g.rejected_quantity) * unit.factor)
                FILTER (WHERE r.received_on > %(day)s::date - {USE_DAYS}) AS used,
            sum((g.received_quantity - g.rejected_quantity) * unit.factor)
                FILTER (WHERE r.received_on > counted.counted_on) AS since
        FROM purchasing_goodsreceipt r
        JOIN purchasing_goodsreceiptline g
            ON g.organization_id = r.organization_id AND g.receipt_id = r.id
        JOIN purchasing_purchaseorderline line
            ON line.organization_id = r.organization_id AND line.id = g.order_line_id
        JOIN suppliers_sku sku
            ON sku.organization_id = r.organization_id AND sku.id = line.sku_id
        CROSS JOIN LATERAL (SELECT CASE WHEN line.unit = sku.unit THEN 1 ELSE (
            SELECT factor FROM suppliers_unitfactor f
            WHERE f.organization_id = r.organization_id AND f.sku_id = sku.id
                AND f.unit = line.unit AND f.valid_from <= %(day)s::date
            ORDER BY f.valid_from DESC LIMIT 1) END AS factor) AS unit
        LEFT JOIN counted ON counted.sku_id = line.sku_id
        WHERE r.organization_id = %(organization)s AND r.status = 'posted' AND r.kind = 'receipt'
            AND (r.received_on > %(day)s::date - {USE_DAYS} OR r.received_on > counted.counted_on)
        GROUP BY line.sku_id
    ), awaited AS (
        SELECT line.sku_id,
            sum(rest.quantity) FILTER (WHERE o.supplier_id IS DISTINCT FROM %(without)s::bigint)
                AS open_quantity,
            sum(rest.quantity) FILTER (WHERE o.supplier_id = %(without)s::bigint) AS lost_quantity
        FROM purchasing_purchaseorder o
        JOIN purchasing_purchaseorderline line
            ON line.organization_id = o.organization_id AND line.order_id = o.id
        JOIN suppliers_sku sku
            ON sku.organization_id = o.organization_id AND sku.id = line.sku_id
        CROSS JOIN LATERAL (SELECT CASE WHEN line.unit = sku.unit THEN 1 ELSE (
            SELECT factor FROM suppliers_unitfactor f
            WHERE f.organization_id = o.organization_id AND f.sku_id = sku.id
                AND f.unit = line.unit AND f.valid_from <= %(day)s::date
            ORDER BY f.valid_from DESC LIMIT 1) END AS factor) AS unit
        LEFT JOIN LATERAL (
            SELECT sum(g.received_quantity - g.returned_quantity) AS quantity
            FROM purchasing_goodsreceiptline g JOIN purchasing_goodsreceipt r
                ON r.organization_id = g.organization_id AND r.id = g.receipt_id
            WHERE g.organization_id = o.organization_id AND g.order_line_id = line.id
                AND r.status = 'posted') AS here ON true
        CROSS JOIN LATERAL (SELECT greatest(line.ordered_quantity - line.cancelled_quantity
            - coalesce(here.quantity, 0), 0) * unit.factor AS quantity) AS rest
        WHERE o.organization_id = %(organization)s AND o.status = 'issued'
        GROUP BY line.sku_id
    ), cover AS (
        SELECT sku.id AS sku_id, counted.quantity AS counted, counted.counted_on,
            coalesce(came.since, 0) AS since, stock.on_hand,
            coalesce(awaited.open_quantity, 0) AS open_quantity,
            coalesce(awaited.lost_quantity, 0) AS lost_quantity, use.daily,
            (stock.on_hand + coalesce(awaited.open_quantity, 0)) / nullif(use.daily, 0) AS days
        FROM suppliers_sku sku
        LEFT JOIN counted ON counted.sku_id = sku.id
        LEFT JOIN came ON came.sku_id = sku.id
        LEFT JOIN awaited ON awaited.sku_id = sku.id
        CROSS JOIN LATERAL (SELECT coalesce(came.used, 0) / {USE_DAYS} AS daily) AS use
        CROSS JOIN LATERAL (SELECT greatest(counted.quantity + coalesce(came.since, 0)
            - use.daily * greatest(%(day)s::date - counted.counted_on, 0), 0) AS on_hand
            WHERE counted.quantity IS NOT NULL UNION ALL SELECT NULL WHERE counted.quantity IS NULL
        ) AS stock
        WHERE sku.organization_id = %(organization)s
    )
"""


def cover_rows(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement with COVER in it, in three statements.

    Postgres takes each of its parts for one row, and would join thousands of them in nested
    loops: 5,000 SKUs took eight seconds. Those are out of bounds for this statement alone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(statement, values)
        rows = list(cursor.fetchall())
        cursor.execute("SET LOCAL enable_nestloop = on")
    return rows
