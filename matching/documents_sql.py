"""What the documents say, as SQL: one row per order line due, per received line, per invoice.

The results add these rows up and the screens list them, so that a figure and the documents behind
it can never part. Each text is a chain of common table expressions; a statement appends its own
SELECT. Parameters: organization, suppliers and skus (arrays, or NULL for all), as_of, late_days,
early_days (NULL: any), and the basis of the due date.
"""

from __future__ import annotations

# Holds that say something about us, not about the supplier.
OUR_OWN_HOLDS = ("AWAITING_RECEIPT", "PO_STATUS", "SUPPLIER_BLOCKED", "BANK_CHANGED", "UOM_UNKNOWN", "SAMPLE")  # fmt: skip

_SCOPE = """l.organization_id = %(organization)s
      AND (%(suppliers)s::bigint[] IS NULL OR o.supplier_id = ANY(%(suppliers)s::bigint[]))
      AND (%(skus)s::bigint[] IS NULL OR l.sku_id = ANY(%(skus)s::bigint[]))"""

# A line counts once its fate is known: delivered, or past its day. What we cancelled is not due.
# `full_on` is the receipt that made it full; a line of a closed order is done with its last one.
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
arrival AS (
    SELECT g.order_line_id AS line_id, r.received_on, g.received_quantity AS quantity,
        sum(g.received_quantity) OVER turn AS so_far, row_number() OVER turn AS nth
    FROM purchasing_goodsreceiptline g
    JOIN purchasing_goodsreceipt r
        ON r.organization_id = g.organization_id AND r.id = g.receipt_id
    JOIN line ON line.id = g.order_line_id
    WHERE g.organization_id = %(organization)s
      AND r.status = 'posted' AND r.kind = 'receipt' AND g.received_quantity > 0
    WINDOW turn AS (PARTITION BY g.order_line_id ORDER BY r.received_on, g.id)
),
delivery AS (
    SELECT line.id, min(a.received_on) FILTER (WHERE a.so_far >= line.enough) AS full_on,
        max(a.received_on) AS last_on,
        sum(a.quantity) FILTER (WHERE a.received_on <= line.due_on + %(late_days)s) AS in_time,
        max(a.quantity) FILTER (WHERE a.nth = 1) AS first_quantity
    FROM line JOIN arrival a ON a.line_id = line.id
    GROUP BY line.id
),
fate AS (
    SELECT line.*, d.full_on, COALESCE(d.full_on, CASE WHEN is_closed THEN d.last_on END) AS done_on,
        COALESCE(d.in_time, 0) >= line.enough AS is_in_full,
        LEAST(COALESCE(d.first_quantity, 0), line.needed) AS first_quantity
    FROM line LEFT JOIN delivery d ON d.id = line.id
    WHERE line.due_on IS NOT NULL
),
due_line AS (
    SELECT fate.*, done_on - due_on AS days_late, full_on - issued_on AS lead_time,
        COALESCE(done_on <= due_on + %(late_days)s
            AND done_on >= due_on - COALESCE(%(early_days)s::int, 1000000), false) AS is_on_time
    FROM fate
    WHERE done_on IS NOT NULL OR due_on + %(late_days)s < %(as_of)s
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
movement AS (
    SELECT g.id, g.order_line_id AS line_id, r.id AS receipt_id, r.kind, r.received_on,
        g.received_quantity, g.rejected_quantity, g.rejects_known, g.returned_quantity
    FROM purchasing_goodsreceiptline g
    JOIN purchasing_goodsreceipt r
        ON r.organization_id = g.organization_id AND r.id = g.receipt_id
    JOIN line ON line.id = g.order_line_id
    WHERE g.organization_id = %(organization)s AND r.status = 'posted'
),
kept AS (
    SELECT line_id, GREATEST(sum(received_quantity) - sum(returned_quantity), 0) AS quantity
    FROM movement GROUP BY line_id
),
billed_line AS (
    SELECT b.invoice_id, b.order_line_id AS line_id,
        CASE i.kind WHEN 'credit' THEN -1 ELSE 1 END AS sign, b.matched_quantity, b.amount
    FROM matching_supplierinvoiceline b
    JOIN matching_supplierinvoice i
        ON i.organization_id = b.organization_id AND i.id = b.invoice_id
    JOIN line ON line.id = b.order_line_id
    WHERE b.organization_id = %(organization)s AND i.status <> 'void'
      AND i.currency = line.currency AND b.matched_quantity IS NOT NULL
),
bill AS (
    SELECT i.id, i.discount_amount,
        NULLIF(sum(b.amount) FILTER (WHERE b.charge_code = ''), 0) AS goods,
        COALESCE(sum(b.amount) FILTER (WHERE b.charge_code <> ''), 0) + (
            SELECT COALESCE(sum(charge.value::numeric), 0) FROM jsonb_each_text(i.charges) charge
        ) AS charges
    FROM matching_supplierinvoice i
    JOIN matching_supplierinvoiceline b
        ON b.organization_id = i.organization_id AND b.invoice_id = i.id
    WHERE i.organization_id = %(organization)s
      AND i.id IN (SELECT invoice_id FROM billed_line)
    GROUP BY i.id
),
billed AS (
    SELECT b.line_id, sum(b.sign * b.matched_quantity) AS quantity,
        round(sum(b.sign * (b.amount
            - COALESCE(b.amount * bill.discount_amount / bill.goods, 0))), 4) AS amount,
        round(sum(b.sign * (b.amount + COALESCE(
            b.amount * (bill.charges - bill.discount_amount) / bill.goods, 0))), 4) AS landed
    FROM billed_line b JOIN bill ON bill.id = b.invoice_id
    GROUP BY b.line_id
),
worth AS (
    SELECT line.id, line.order_id, line.supplier_id, line.sku_id, line.currency, line.source,
        COALESCE(billed.quantity > 0, false) AS is_billed,
        CASE WHEN billed.quantity > 0 THEN billed.quantity ELSE line.ordered_quantity END AS of,
        CASE WHEN billed.quantity > 0 THEN billed.amount ELSE line.amount END AS amount,
        CASE WHEN billed.quantity > 0 THEN billed.landed ELSE line.amount END AS landed,
        CASE WHEN billed.quantity > 0 THEN round(billed.amount / billed.quantity, 6)
            ELSE line.unit_price END AS unit_price
    FROM line LEFT JOIN billed ON billed.line_id = line.id
),
arrival AS (
    SELECT m.*, LEAST(sum(m.received_quantity) OVER turn, kept.quantity) AS until,
        LEAST(sum(m.received_quantity) OVER turn - m.received_quantity, kept.quantity) AS before
    FROM movement m JOIN kept ON kept.line_id = m.line_id
    WHERE m.kind = 'receipt' AND m.received_quantity > 0
    WINDOW turn AS (PARTITION BY m.line_id ORDER BY m.received_on, m.id)
),
received_line AS (
    SELECT w.order_id, w.supplier_id, w.sku_id, w.currency, w.source, w.unit_price, w.is_billed,
        a.id, a.line_id, a.receipt_id, a.received_on, a.received_quantity, a.rejected_quantity,
        a.rejects_known, a.until - a.before AS quantity,
        round(w.amount * a.until / w.of, 4) - round(w.amount * a.before / w.of, 4) AS amount,
        round(w.landed * a.until / w.of, 4) - round(w.landed * a.before / w.of, 4) AS landed
    FROM arrival a JOIN worth w ON w.id = a.line_id
)"""

# Expected is what the order allows: its price for at most its quantity, in the order of invoices,
# and no charges, since orders carry none. A late receipt of ours is no fault of the supplier.
BILLS = f"""
bill AS (
    SELECT i.id, i.supplier_id, i.currency, i.invoiced_on, i.charges
    FROM matching_supplierinvoice i
    WHERE i.organization_id = %(organization)s
      AND (%(suppliers)s::bigint[] IS NULL OR i.supplier_id = ANY(%(suppliers)s::bigint[]))
      AND i.kind = 'invoice' AND i.status <> 'void' AND i.matched_at IS NOT NULL
),
turn AS (
    SELECT b.id, b.invoice_id, sum(b.matched_quantity)
            OVER (PARTITION BY b.order_line_id ORDER BY b.invoice_id, b.id) AS so_far
    FROM matching_supplierinvoiceline b
    JOIN matching_supplierinvoice i
        ON i.organization_id = b.organization_id AND i.id = b.invoice_id
    WHERE b.organization_id = %(organization)s AND i.kind = 'invoice' AND i.status <> 'void'
      AND b.matched_quantity IS NOT NULL AND b.order_line_id IN (
        SELECT d.order_line_id FROM matching_supplierinvoiceline d
        JOIN bill ON bill.id = d.invoice_id WHERE d.organization_id = %(organization)s)
),
billed_line AS (
    SELECT bill.id AS bill_id, b.amount, COALESCE(round(l.unit_price * (
        LEAST(turn.so_far, l.ordered_quantity - l.cancelled_quantity) - LEAST(
            turn.so_far - b.matched_quantity, l.ordered_quantity - l.cancelled_quantity)
        ), 4), 0) AS expected
    FROM bill
    JOIN matching_supplierinvoiceline b
        ON b.organization_id = %(organization)s AND b.invoice_id = bill.id
    LEFT JOIN turn ON turn.id = b.id
    LEFT JOIN purchasing_purchaseorderline l
        ON l.organization_id = %(organization)s AND l.id = b.order_line_id
),
lines AS (
    SELECT bill_id, sum(amount) AS amount, sum(expected) AS expected,
        sum(GREATEST(amount - expected, 0)) AS over, sum(GREATEST(expected - amount, 0)) AS under
    FROM billed_line GROUP BY bill_id
),
fault AS (
    SELECT h.invoice_id, array_agg(DISTINCT h.check_code) AS checks
    FROM matching_hold h JOIN bill ON bill.id = h.invoice_id
    WHERE h.organization_id = %(organization)s
      AND h.check_code NOT IN ({", ".join(f"'{code}'" for code in OUR_OWN_HOLDS)})
      AND NOT (h.check_code = 'QTY_RECEIVED' AND h.status = 'cleared'
               AND h.closed_because ILIKE '%%receipt%%')
    GROUP BY h.invoice_id
),
judged_bill AS (
    SELECT bill.id, bill.supplier_id, bill.currency, bill.invoiced_on, fault.checks,
        fault.invoice_id IS NULL AS is_accurate, COALESCE(lines.expected, 0) AS expected,
        COALESCE(lines.over, 0) + GREATEST(charge.total, 0) AS over,
        COALESCE(lines.under, 0) + GREATEST(-charge.total, 0) AS under
    FROM bill
    LEFT JOIN lines ON lines.bill_id = bill.id
    LEFT JOIN fault ON fault.invoice_id = bill.id
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(value::numeric), 0) AS total FROM jsonb_each_text(bill.charges)
    ) charge
)"""
