"""Law 4 played while buying: orders, their changes, receipts, budgets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from purchasing import (
    approval_rules,
    approving,
    budgeting,
    changing,
    closing,
    drafting,
    ordering,
    receiving,
    reordering,
)
from purchasing.change_content import change_hash
from purchasing.change_lines import LineRevision
from purchasing.content import content_hash
from purchasing.drafting import DraftChanges, LineChange
from purchasing.models import GoodsReceipt, PurchaseOrder
from purchasing.receiving import ReceivedLine, ReturnedLine
from tests.purchasing.buying import a_rule, drafted, issued, receive, submitted, today
from tests.world import World

Step = Callable[[], object]


def for_buying(world: World) -> dict[str, Step]:
    buyer, approver = world.people["buyer"], world.people["approver"]
    receiver = world.people["receiver"]
    a_rule()
    draft, waiting, sent, out = drafted(world), submitted(world), submitted(world), submitted(world)
    shown = content_hash(waiting, waiting.lines.all())
    approved = approving.approve_purchase_order(
        out,
        revision_shown=1,
        content_hash_shown=content_hash(out, out.lines.all()),
        comment="",
        actor=approver,
    )
    received = issued(world)
    receipt = receive(world, received, (1, 10))
    crushed = issued(world)
    receive(world, crushed, ReceivedLine(1, Decimal(60), Decimal(40), "damaged"))
    short, to_close, to_cancel = issued(world), issued(world), issued(world)
    change = DraftChanges(lines={1: LineChange(quantity=Decimal(7))})
    return {
        "drafting.py:start_draft": lambda: drafting.start_draft(
            changes=DraftChanges(head={"cost_center": "4200"}), currency="USD", actor=buyer
        ),
        "drafting.py:change_draft": lambda: drafting.change_draft(
            draft, changes=change, revision_shown=1, actor=buyer
        ),
        "ordering.py:draft_purchase_order": lambda: drafted(world),
        "ordering.py:submit_purchase_order": lambda: ordering.submit_purchase_order(
            PurchaseOrder.objects.get(pk=draft.pk), revision_shown=None, actor=buyer
        ),
        "approving.py:approve_purchase_order": lambda: approving.approve_purchase_order(
            waiting, revision_shown=1, content_hash_shown=shown, comment="", actor=approver
        ),
        "approving.py:send_back_purchase_order": lambda: approving.send_back_purchase_order(
            sent, revision_shown=1, comment="Too much", actor=approver
        ),
        "ordering.py:issue_purchase_order": lambda: ordering.issue_purchase_order(
            approved, actor=buyer
        ),
        "approving.py:withdraw_purchase_order": lambda: approving.withdraw_purchase_order(
            waiting, actor=buyer
        ),
        "receiving.py:post_receipt": lambda: receiving.post_receipt(
            received,
            lines=[ReceivedLine(1, Decimal(1))],
            received_on=today(),
            delivery_note="",
            actor=receiver,
        ),
        "receiving.py:post_return": lambda: receiving.post_return(
            received,
            lines=[ReturnedLine(1, Decimal(1))],
            returned_on=today(),
            reason="Torn",
            actor=receiver,
        ),
        "receiving.py:return_rejected": lambda: receiving.return_rejected(
            crushed, line_no=1, actor=receiver
        ),
        "receiving.py:reverse_receipt": lambda: receiving.reverse_receipt(
            GoodsReceipt.objects.filter(kind="return").earliest("pk")
            if GoodsReceipt.objects.filter(kind="return").exists()
            else receipt,
            reason="Mistake",
            actor=receiver,
        ),
        "ordering.py:close_line_short": lambda: ordering.close_line_short(
            short, line_no=1, reason="Enough", actor=buyer
        ),
        "ordering.py:close_purchase_order": lambda: ordering.close_purchase_order(
            to_close, reason="Enough", actor=buyer
        ),
        "ordering.py:cancel_purchase_order": lambda: ordering.cancel_purchase_order(
            to_cancel, reason="Not needed", actor=buyer
        ),
        "budgeting.py:save_budget": lambda: budgeting.save_budget(
            None,
            values={
                "cost_center": "4100",
                "period_start": today(),
                "period_end": today(),
                "amount": Decimal(10),
                "currency": "USD",
            },
            actor=world.people["admin"],
        ),
        "approval_rules.py:save_approval_rule": lambda: approval_rules.save_approval_rule(
            None,
            values={"name": "Large", "minimum_amount": Decimal(10), "role": "approver"},
            actor=world.people["admin"],
        ),
    }


def for_changing(world: World) -> dict[str, Step]:
    buyer, approver = world.people["buyer"], world.people["approver"]
    a_rule()
    first, *others = (issued(world) for _ in range(4))
    more = [LineRevision(1, Decimal(105))]

    def propose(order: PurchaseOrder) -> Any:
        return changing.propose_order_change(order, lines=more, reason="More", actor=buyer)

    full, shut = issued(world), issued(world)
    receive(world, full, (1, 100), (2, 40))
    billed_in_full = [line.pk for line in full.lines.all()]
    ordering.close_purchase_order(shut, reason="Enough", actor=buyer)
    good, bad, gone = (propose(order) for order in others)
    shown = change_hash(good, list(good.lines.all()))
    return {
        "reordering.py:order_again": lambda: reordering.order_again(first, actor=buyer),
        "closing.py:close_settled_order": lambda: closing.close_settled_order(
            full, billed_lines=billed_in_full, actor=None
        ),
        "closing.py:reopen_purchase_order": lambda: closing.reopen_purchase_order(
            shut, reason="More came", actor=buyer
        ),
        "changing.py:propose_order_change": lambda: propose(first),
        "changing.py:approve_order_change": lambda: changing.approve_order_change(
            good, content_hash_shown=shown, comment="", actor=approver
        ),
        "changing.py:refuse_order_change": lambda: changing.refuse_order_change(
            bad, comment="Too much", actor=approver
        ),
        "changing.py:withdraw_order_change": lambda: changing.withdraw_order_change(
            gone, actor=buyer
        ),
    }
