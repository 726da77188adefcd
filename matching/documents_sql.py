"""What the documents say, as SQL: one row per order line due, per received line, per invoice.

The results add these rows up and the screens list them, so that a figure and the documents behind
it can never part. Each text is a chain of common table expressions; a statement appends its own
SELECT. What belongs to a line is looked up line by line through its index, so that the work follows
the number of lines even where the planner knows nothing yet of a new organization.

Parameters: organization, suppliers and skus (arrays, or NULL for all), as_of, late_days,
early_days (NULL: any), skip_weekends, and the basis of the due date.
"""

from __future__ import annotations

# As a subselect it is no constant to the planner, which would take an organization that is not in
# its statistics yet for an empty one and choose plans that are quadratic in its documents.
ORGANIZATION = "(SELECT %(organization)s::bigint)"

# Holds that say something about us, not about the supplier.
OUR_OWN_HOLDS = ("AWAITING_RECEIPT", "PO_STATUS", "SUPPLIER_BLOCKED", "BANK_CHANGED", "UOM_UNKNOWN", "SAMPLE")  # fmt: skip

_SCOPE = f"""l.organization_id = {ORGANIZATION}
      AND (%(suppliers)s::bigint[] IS NULL OR o.supplier_id = ANY(%(suppliers)s::bigint[]))
      AND (%(skus)s::bigint[] IS NULL OR l.sku_id = ANY(%(skus)s::bigint[]))"""


def _counted_day(day: str) -> str:
    """A day as a number whose differences are days late: all days, or Monday to Friday only, when
    a Saturday and a Sunday are the Friday before. The first day counted from is a Monday."""
    since = f"({day} - DATE '1970-01-05')"
    return f"""CASE WHEN %(skip_weekends)s
        THEN 5 * ({since} / 7) + LEAST({since} %% 7, 4) ELSE {since} END"""


# A line counts once its fate is known: delivered, or past its day. What we cancelled is not due.
# `full_on` is the receipt that made it full; a line of a closed order is done with its last one.
# `cause` says who missed a line that was late or short: the person who looked into it, else the
# dates, which show when we asked for less than the agreed lead time; else it is the supplier's.
DUE_LINES = f"""
line AS (
    SELECT l.id, l.order_id, o.supplier_id, l.sku_id, o.currency, o.issued_on,
        o.status = 'closed' AS is_closed, l.unit_price, l.agreed_price, l.agreed_lead_time_days,
        l.ordered_quantity - l.cancelled_quantity AS needed,
        (l.ordered_quantity - l.cancelled_quantity)
            * (1 - s.in_full_tolerance_percent / 100) AS enough,
        round(l.amount * (l.ordered_quantity - l.cancelled_quantity) / l.ordered_quantity, 4)
            AS amount,
        CASE WHEN %(basis)s = 'requested'
            THEN COALESCE(l.requested_on, o.needed_on, l.promised_on)
            ELSE COALESCE(l.promised_on, l.requested_on, o.needed_on) END AS due_on
    FROM purchasing_purchaseorderline l
    JOIN purchasing_purchaseorder o
        ON o.organization_id = l.organization_id AND o.id = l.order_id
    JOIN suppliers_sku s ON s.organization_id = l.organization_id AND s.id = l.sku_id
    WHERE {_SCOPE}
      AND o.status IN ('issued', 'closed') AND l.cancelled_quantity < l.ordered_quantity
),
timed AS (
    SELECT line.*, CASE
        WHEN %(skip_weekends)s AND extract(isodow FROM due_on) > 5
        THEN {_counted_day("due_on")} + 1 ELSE {_counted_day("due_on")} END AS due_day
    FROM line
),
fate AS (
    SELECT line.*, d.full_on, COALESCE(d.full_on, CASE WHEN is_closed THEN d.last_on END) AS done_on,
        COALESCE(d.in_time, 0) >= line.enough AS is_in_full,
        LEAST(COALESCE(d.first_quantity, 0), line.needed) AS first_quantity
    FROM timed line CROSS JOIN LATERAL (
        SELECT min(a.received_on) FILTER (WHERE a.so_far >= line.enough) AS full_on,
            max(a.received_on) AS last_on,
            sum(a.quantity) FILTER (
                WHERE {_counted_day("a.received_on")} <= line.due_day + %(late_days)s) AS in_time,
            max(a.quantity) FILTER (WHERE a.nth = 1) AS first_quantity
        FROM (
            SELECT r.received_on, g.received_quantity AS quantity,
                sum(g.received_quantity) OVER turn AS so_far, row_number() OVER turn AS nth
            FROM purchasing_goodsreceiptline g
            JOIN purchasing_goodsreceipt r
                ON r.organization_id = g.organization_id AND r.id = g.receipt_id
            WHERE g.organization_id = {ORGANIZATION} AND g.order_line_id = line.id
              AND r.status = 'posted' AND r.kind = 'receipt' AND g.received_quantity > 0
            WINDOW turn AS (ORDER BY r.received_on, g.id)
        ) a
    ) d
    WHERE line.due_on IS NOT NULL
),
judged_line AS (
    SELECT fate.*, done_day - due_day AS days_late, full_on - issued_on AS lead_time,
        COALESCE(done_day <= due_day + %(late_days)s
            AND done_day >= due_day - COALESCE(%(early_days)s::int, 1000000), false) AS is_on_time
    FROM (SELECT fate.*, {_counted_day("done_on")} AS done_day FROM fate) fate
    WHERE done_on IS NOT NULL
        OR due_day + %(late_days)s < {_counted_day("%(as_of)s::date")}
),
due_line AS (
    SELECT j.*, said.id IS NOT NULL AS is_said,
        CASE WHEN NOT (j.is_on_time AND j.is_in_full) THEN COALESCE(said.cause,
            CASE WHEN j.due_on - j.issued_on < j.agreed_lead_time_days
                THEN 'ordered_late' ELSE 'supplier' END) END AS cause
    FROM judged_line j LEFT JOIN matching_missattribution said
        ON said.organization_id = {ORGANIZATION} AND said.order_line_id = j.id
)"""

# A received line is worth its order line's amount in proportion: the billed net amount where the
# line is billed, else the ordered one. Shares are differences of running amounts, so that the
# parts of a line add up exactly. Returned goods are taken off the latest receipts.
RECEIVED_LINES = f"""
line AS (
    SELECT l.id, l.order_id, o.supplier_id, l.sku_id, o.currency, l.ordered_quantity, l.amount,
        l.unit_price, COALESCE(l.source_id, l.id) AS source
    FROM purchasing_purchaseorderline l
    JOIN purchasing_purchaseorder o
        ON o.organization_id = l.organization_id AND o.id = l.order_id
    WHERE {_SCOPE} AND o.status IN ('issued', 'closed', 'cancelled')
),
worth AS (
    SELECT line.id, line.order_id, line.supplier_id, line.sku_id, line.currency, line.source,
        COALESCE(billed.quantity > 0, false) AS is_billed,
        CASE WHEN billed.quantity > 0 THEN billed.quantity ELSE line.ordered_quantity END AS of,
        CASE WHEN billed.quantity > 0 THEN billed.amount ELSE line.amount END AS amount,
        CASE WHEN billed.quantity > 0 THEN billed.landed ELSE line.amount END AS landed,
        CASE WHEN billed.quantity > 0 THEN round(billed.amount / billed.quantity, 6)
            ELSE line.unit_price END AS unit_price
    FROM line CROSS JOIN LATERAL (
        SELECT sum(b.sign * b.quantity) AS quantity,
            round(sum(b.sign * (b.amount - COALESCE(b.amount * b.discount / b.goods, 0))), 4)
                AS amount,
            round(sum(b.sign * (
                b.amount + COALESCE(b.amount * (b.charges - b.discount) / b.goods, 0))), 4)
                AS landed
        FROM (
            SELECT CASE i.kind WHEN 'credit' THEN -1 ELSE 1 END AS sign,
                n.matched_quantity AS quantity, n.amount, i.discount_amount AS discount,
                bill.goods, bill.charges + (
                    SELECT COALESCE(sum(charge.value::numeric), 0)
                    FROM jsonb_each_text(i.charges) charge
                ) AS charges
            FROM matching_supplierinvoiceline n
            JOIN matching_supplierinvoice i
                ON i.organization_id = n.organization_id AND i.id = n.invoice_id
            CROSS JOIN LATERAL (
                SELECT NULLIF(sum(m.amount) FILTER (WHERE m.charge_code = ''), 0) AS goods,
                    COALESCE(sum(m.amount) FILTER (WHERE m.charge_code <> ''), 0) AS charges
                FROM matching_supplierinvoiceline m
                WHERE m.organization_id = {ORGANIZATION} AND m.invoice_id = i.id
            ) bill
            WHERE n.organization_id = {ORGANIZATION} AND n.order_line_id = line.id
              AND i.status <> 'void' AND i.currency = line.currency
              AND n.matched_quantity IS NOT NULL
        ) b
    ) billed
),
arrival AS (
    SELECT w.*, a.id AS arrival_id, a.receipt_id, a.received_on, a.received_quantity,
        a.rejected_quantity, a.rejects_known, LEAST(a.so_far, a.kept) AS until,
        LEAST(a.so_far - a.received_quantity, a.kept) AS before
    FROM worth w CROSS JOIN LATERAL (
        SELECT g.id, g.receipt_id, r.kind, r.received_on, g.received_quantity,
            g.rejected_quantity, g.rejects_known,
            sum(g.received_quantity) OVER (ORDER BY r.received_on, g.id) AS so_far,
            GREATEST(sum(g.received_quantity - g.returned_quantity) OVER (), 0) AS kept
        FROM purchasing_goodsreceiptline g
        JOIN purchasing_goodsreceipt r
            ON r.organization_id = g.organization_id AND r.id = g.receipt_id
        WHERE g.organization_id = {ORGANIZATION} AND g.order_line_id = w.id
          AND r.status = 'posted'
    ) a
    WHERE a.kind = 'receipt' AND a.received_quantity > 0
),
received_line AS (
    SELECT order_id, supplier_id, sku_id, currency, source, unit_price, is_billed,
        arrival_id AS id, receipt_id, received_on, received_quantity, rejected_quantity,
        rejects_known, until - before AS quantity,
        round(amount * until / of, 4) - round(amount * before / of, 4) AS amount,
        round(landed * until / of, 4) - round(landed * before / of, 4) AS landed
    FROM arrival
)"""

# Expected is what the order allows: its price for at most its quantity, in the order of invoices,
# and no charges, since orders carry none. A late receipt of ours is no fault of the supplier.
BILLS = f"""
bill AS (
    SELECT i.id, i.supplier_id, i.currency, i.invoiced_on, i.charges
    FROM matching_supplierinvoice i
    WHERE i.organization_id = {ORGANIZATION}
      AND (%(suppliers)s::bigint[] IS NULL OR i.supplier_id = ANY(%(suppliers)s::bigint[]))
      AND i.kind = 'invoice' AND i.status <> 'void' AND i.matched_at IS NOT NULL
),
judged_bill AS (
    SELECT bill.id, bill.supplier_id, bill.currency, bill.invoiced_on, fault.checks,
        fault.checks IS NULL AS is_accurate, COALESCE(lines.expected, 0) AS expected,
        COALESCE(lines.over, 0) + GREATEST(charge.total, 0) AS over,
        COALESCE(lines.under, 0) + GREATEST(-charge.total, 0) AS under
    FROM bill
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(value::numeric), 0) AS total FROM jsonb_each_text(bill.charges)
    ) charge
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT h.check_code) AS checks FROM matching_hold h
        WHERE h.organization_id = {ORGANIZATION} AND h.invoice_id = bill.id
          AND h.check_code NOT IN ({", ".join(f"'{code}'" for code in OUR_OWN_HOLDS)})
          AND NOT (h.check_code = 'QTY_RECEIVED' AND h.status = 'cleared'
                   AND h.closed_because ILIKE '%%receipt%%')
    ) fault
    CROSS JOIN LATERAL (
        SELECT sum(n.expected) AS expected, sum(GREATEST(n.amount - n.expected, 0)) AS over,
            sum(GREATEST(n.expected - n.amount, 0)) AS under
        FROM (
            SELECT b.amount, COALESCE(round(l.unit_price * (
                LEAST(turn.so_far, l.ordered_quantity - l.cancelled_quantity) - LEAST(
                    turn.so_far - b.matched_quantity, l.ordered_quantity - l.cancelled_quantity)
                ), 4), 0) AS expected
            FROM matching_supplierinvoiceline b
            LEFT JOIN purchasing_purchaseorderline l
                ON l.organization_id = b.organization_id AND l.id = b.order_line_id
            CROSS JOIN LATERAL (
                SELECT sum(e.matched_quantity) AS so_far
                FROM matching_supplierinvoiceline e
                JOIN matching_supplierinvoice i
                    ON i.organization_id = e.organization_id AND i.id = e.invoice_id
                WHERE e.organization_id = {ORGANIZATION} AND e.order_line_id = b.order_line_id
                  AND (e.invoice_id, e.id) <= (b.invoice_id, b.id)
                  AND i.kind = 'invoice' AND i.status <> 'void'
            ) turn
            WHERE b.organization_id = {ORGANIZATION} AND b.invoice_id = bill.id
        ) n
    ) lines
)"""
