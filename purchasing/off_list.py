"""The approved vendor list as orders meet it: one guard for the form, submitting, approving, issuing.

What is on the list is decided by `suppliers.approved_vendors.list_decisions` alone; here stands
what an order has to do about it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from procure.errors import BusinessRuleError
from purchasing.allowances import AskedOrder, hold_admissions, within_allowances
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.writing import write_lines
from suppliers.approved_vendors import (
    PROVISIONAL,
    ListDecision,
    category_decisions,
    list_decisions,
)
from suppliers.models import Category

LEAST_EXPLANATION = 20  # characters
WAY_BACK = " Take the order back to draft to choose another supplier or to say why this one."
_ASKED_AGAIN = (PurchaseOrder.Status.SUBMITTED, PurchaseOrder.Status.APPROVED)

_Rule = Category.OffListRule


@dataclass(frozen=True, slots=True)
class ListCheck:
    """The list's answer for one supplier and some SKUs, per SKU and in sum."""

    decisions: dict[int, ListDecision]

    @classmethod
    def of_category(
        cls, supplier_id: int, category: Category, on: date, *, ship_to: int | None
    ) -> ListCheck:
        """The answer for a category as a whole, as long as an order has no lines."""
        decisions = category_decisions([supplier_id], category, on, ship_to=ship_to)
        return cls(within_allowances(decisions, None, on))

    @property
    def off_list(self) -> list[ListDecision]:
        return [
            decision
            for decision in self.decisions.values()
            if decision.standing == PurchaseOrderLine.ListStanding.OFF_LIST
            and decision.rule != _Rule.OFF
        ]

    @property
    def is_off_list(self) -> bool:
        return bool(self.off_list)

    @property
    def is_provisional(self) -> bool:
        return any(one.standing == PROVISIONAL for one in self.decisions.values())

    @property
    def is_listed_with_reason(self) -> bool:
        """Whether an entry of the list itself asks for a reason, where the list is enforced."""
        return any(
            one.needs_justification and one.rule != _Rule.OFF for one in self.decisions.values()
        )

    @property
    def needs_reason(self) -> bool:
        """By the category's rule or the entry's own word; a provisional supplier always asks."""
        by_rule = self._any(_Rule.JUSTIFY, _Rule.APPROVE)
        return by_rule or self.is_provisional or self.is_listed_with_reason

    @property
    def needs_approver(self) -> bool:
        return self._any(_Rule.APPROVE)

    @property
    def is_refused(self) -> bool:
        return self._any(_Rule.BLOCK)

    @property
    def blocked(self) -> ListDecision | None:
        """The decision that no reason can lift: blocked, archived or disqualified."""
        return next((d for d in self.decisions.values() if d.is_blocked), None)

    @property
    def admission_ids(self) -> set[int]:
        """The provisional admissions that the answer rests on."""
        return {one.admission_id for one in self.decisions.values() if one.admission_id}

    @property
    def exhausted(self) -> ListDecision | None:
        """The decision of a provisional admission that has nothing left for this order."""
        used_up = (d for d in self.decisions.values() if d.is_blocked and d.admission_id)
        return next(used_up, None)

    @property
    def missing(self) -> str:
        """What the supplier lacks, as one sentence; empty when it lacks nothing."""
        return next((d.missing for d in self.off_list if d.missing), "")

    def _any(self, *rules: str) -> bool:
        return any(decision.rule in rules for decision in self.off_list)


def check_list(
    supplier_id: int,
    sku_ids: Collection[int],
    on: date,
    asked: AskedOrder | None = None,
    *,
    ship_to: int | None,
) -> ListCheck:
    """Asks the list about one supplier for these SKUs on a day, shipped there, in constant SQL.

    The answer rests on what is left of a provisional admission once the order that asks is
    counted in; without one, on whether anything is left.
    """
    pairs = {(supplier_id, sku_id) for sku_id in sku_ids}
    decisions = list_decisions(pairs, on, ship_to=ship_to)
    by_sku = {sku_id: decision for (_, sku_id), decision in decisions.items()}
    return ListCheck(within_allowances(by_sku, asked, on))


def check_binding(
    supplier_id: int,
    sku_ids: Collection[int],
    on: date,
    asked: AskedOrder,
    *,
    ship_to: int | None,
) -> ListCheck:
    """The same for a step that commits: what is left of an admission is held until it is done, so
    that two orders cannot both take it."""
    check = check_list(supplier_id, sku_ids, on, asked, ship_to=ship_to)
    if check.admission_ids:
        hold_admissions(check.admission_ids)
        check = check_list(supplier_id, sku_ids, on, asked, ship_to=ship_to)
    return check


def require_supplier_allowed(order: PurchaseOrder, check: ListCheck) -> None:
    """Refuses a blocked supplier, an off-list one where the rule refuses it, a provisional one
    whose admission is used up, and one whose reason or explanation is missing or was given for
    another supplier."""
    way_back = WAY_BACK if order.status in _ASKED_AGAIN else ""
    if exhausted := check.exhausted:
        raise BusinessRuleError("admission_used_up", exhausted.missing + way_back, "supplier")
    if check.is_refused:
        raise BusinessRuleError(
            "off_list_refused",
            f"{order.supplier} is not on the approved vendor list and this category takes no "
            f"exceptions. Choose an approved supplier.{way_back}",
            "supplier",
        )
    if check.blocked:
        sentence = f"{order.supplier} cannot be ordered from. {check.blocked.missing}".rstrip()
        raise BusinessRuleError("supplier_blocked", f"{sentence}{way_back}", "supplier")
    if check.needs_reason:
        given = order.off_list_supplier_id == order.supplier_id and not has_lapsed(order)
        if way_back and not (given and order.off_list_reason):
            raise BusinessRuleError(
                "off_list_reason",
                f"{order.supplier} needs a reason {'again' if has_lapsed(order) else 'now'}. "
                f"{_lapsed_words(order) or check.missing}".rstrip()
                + way_back,
                "off_list_reason",
            )
        require_explained(
            order.off_list_reason if given else "", order.off_list_explanation if given else ""
        )


def _lapsed_words(order: PurchaseOrder) -> str:
    if not has_lapsed(order):
        return ""
    return f"The exception lapsed after {order.organization.exception_lapse_days} days."


def has_lapsed(order: PurchaseOrder) -> bool:
    """Whether the order's exception is too old: it is for this order, and for some days only
    while the supplier has not got it."""
    if not order.off_list_reason or order.issued_at is not None:
        return False
    given_at = order.off_list_given_at or order.created_at
    age = timezone.localdate() - timezone.localdate(given_at)
    longest: int = order.organization.exception_lapse_days
    return age.days > longest


def require_explained(reason: str, explanation: str) -> None:
    """A reason of the list, and an explanation of at least 20 characters."""
    if reason not in PurchaseOrder.OffListReason.values:
        raise BusinessRuleError(
            "off_list_reason",
            "This supplier is not on the approved vendor list. Choose a reason.",
            "off_list_reason",
        )
    if len(explanation.strip()) < LEAST_EXPLANATION:
        raise BusinessRuleError(
            "off_list_explanation",
            f"Explain the exception for the approver in at least {LEAST_EXPLANATION} characters.",
            "off_list_explanation",
        )


def store_standing(lines: Sequence[PurchaseOrderLine], check: ListCheck) -> None:
    """Writes the list's answer on the lines where it changed, in one statement or none."""
    changed = []
    for line in lines:
        decision = check.decisions[line.sku_id]
        answer = (decision.standing, decision.entry_id, decision.admission_id)
        if (line.list_standing, line.list_entry_id, line.list_admission_id) != answer:
            line.list_standing, line.list_entry_id, line.list_admission_id = answer
            changed.append(line)
    write_lines(changed, ["list_standing", "list_entry", "list_admission"])
