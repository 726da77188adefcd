"""Property: whatever the approved vendor list says on the day, no path to an order gets round it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from procure.errors import BusinessRuleError
from purchasing import changing, drafting, ordering
from purchasing.changing import Exemption, propose_order_change
from purchasing.drafting import DraftChanges, SupplierChoice, change_draft
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.ordering import OrderedLine, issue_purchase_order, submit_purchase_order
from purchasing.reordering import order_again
from suppliers.awarding import AwardChoice, award_quotation
from suppliers.models import Category, Qualification
from tests.architecture.test_layers import modules, name_of, tree_of
from tests.imports.support import everything, table, take_in
from tests.purchasing.buying import a_rule, approve, drafted, submitted, today
from tests.quoting.asking import quoted, sent_request
from tests.safety.list_states import State, Undone, asks_reason, listed, put, start, states
from tests.world import World

WHY = ("only_source", "Nobody else has it in this country.")


def a_kestrel_draft(world: World, *, explained: bool = True) -> PurchaseOrder:
    order = drafted(
        world, supplier=world.kestrel,
        lines=[OrderedLine(world.shipper, Decimal(10), unit_price=Decimal(1))],
    )  # fmt: skip
    if explained:
        PurchaseOrder.objects.filter(pk=order.pk).update(
            off_list_reason=WHY[0], off_list_explanation=WHY[1], off_list_supplier=world.kestrel
        )
    return PurchaseOrder.objects.get(pk=order.pk)


# Each path: what goes before the state changes, and the step that must obey it afterwards.
def by_form(world: World, explained: bool) -> Callable[[], PurchaseOrder]:
    lines = [OrderedLine(world.shipper, Decimal(10), unit_price=Decimal(1))]
    order = drafted(world, supplier=None, lines=lines)
    buyer = world.people["buyer"]

    def choose_and_submit() -> PurchaseOrder:
        choice = SupplierChoice(world.kestrel, *(WHY if explained else ()))
        kept = change_draft(order, changes=DraftChanges(choice=choice), actor=buyer)
        PurchaseOrderLine.objects.filter(order=order).update(
            unit_price=1, amount=10, price_source="entered", price_reason="Quoted"
        )
        return submit_purchase_order(kept, revision_shown=None, actor=buyer)

    return choose_and_submit


def by_submitting(world: World, explained: bool) -> Callable[[], PurchaseOrder]:
    order = a_kestrel_draft(world, explained=explained)
    return partial(submit_purchase_order, order, revision_shown=None, actor=world.people["buyer"])


def by_approving(world: World, explained: bool) -> Callable[[], PurchaseOrder]:
    a_rule()
    order = by_submitting(world, True)()
    forget(order, explained)
    return lambda: approve(PurchaseOrder.objects.get(pk=order.pk), world.people["approver"])


def by_issuing(world: World, explained: bool) -> Callable[[], PurchaseOrder]:
    order = by_submitting(world, True)()
    forget(order, explained)
    return partial(issue_purchase_order, order, actor=world.people["buyer"])


def by_changing(world: World, explained: bool) -> Callable[[], PurchaseOrder]:
    order = issue_purchase_order(by_submitting(world, True)(), actor=world.people["buyer"])
    forget(order, explained)

    def add_a_line() -> PurchaseOrder:
        more = OrderedLine(world.shipper, Decimal(5), unit_price=Decimal(1), price_reason="Quoted")
        change = propose_order_change(
            order, lines=[], added=[more], reason="More", actor=world.people["buyer"],
            exemption=Exemption(*WHY) if explained else None,
        )  # fmt: skip
        return PurchaseOrder.objects.get(pk=change.order_id)

    return add_a_line


def by_ordering_again(world: World, explained: bool) -> Callable[[], PurchaseOrder]:
    order = issue_purchase_order(by_submitting(world, True)(), actor=world.people["buyer"])

    def again() -> PurchaseOrder:
        made = order_again(order, actor=world.people["buyer"])
        if made.supplier_id is None:
            raise BusinessRuleError("chosen_anew", "The supplier was not taken over.")
        made.needed_on = today() + timedelta(9)
        made.save(update_fields=["needed_on"])
        made.lines.update(unit_price=1, amount=10, price_source="entered", price_reason="Quoted")
        return submit_purchase_order(made, revision_shown=None, actor=world.people["buyer"])

    return again


def by_ordering_what_was_awarded(world: World, explained: bool) -> Callable[[], PurchaseOrder]:
    """An award's prices are no way past what the list came to say after it."""
    request = sent_request(world, ship_to=world.reno)
    quoted(request, world.kestrel, "1.00")
    award_quotation(
        request, choices=[AwardChoice(line_no=1, supplier=world.kestrel)], reason="Lowest",
        review_on=None, actor=world.people["sourcing_lead"],
    )  # fmt: skip
    return by_submitting(world, explained)


def forget(order: PurchaseOrder, explained: bool) -> None:
    if not explained:
        PurchaseOrder.objects.filter(pk=order.pk).update(
            off_list_reason="", off_list_explanation="", off_list_supplier=None
        )
        order.off_list_reason = order.off_list_explanation = ""
        order.off_list_supplier = None


PATHS = (
    *(by_form, by_submitting, by_approving, by_issuing, by_changing, by_ordering_again),
    by_ordering_what_was_awarded,
)


def obeys(world: World, path: Any, state: State) -> None:
    """The path's step is taken exactly when the list says so, and leaves its answer behind."""
    never_explains = path is by_ordering_again
    step = path(world, state.is_explained)
    put(world, state)
    decision = listed(world, ship_to=world.reno)
    unexplained = asks_reason(decision) and (never_explains or not state.is_explained)
    refused = decision.is_blocked or unexplained
    # An exception that needs an approval is not issued on one that nobody gave.
    if path is by_issuing and decision.standing == "off_list" and decision.rule == "approve":
        refused = True
    before = everything(world)
    try:
        with transaction.atomic():
            order = step()
    except BusinessRuleError:
        assert refused, (path.__name__, decision)
        assert everything(world) == before
        return
    assert not refused, (path.__name__, decision)
    if not order.changes.filter(status="waiting").exists():
        stored = set(order.lines.values_list("list_standing", "list_entry", "list_admission"))
        assert stored == {(decision.standing, decision.entry_id, decision.admission_id)}


def tried(path: Any, state: State, world: World) -> None:
    with world.inside():
        try:
            with transaction.atomic():
                start(world)
                obeys(world, path, state)
                raise Undone
        except Undone:
            pass


@pytest.mark.django_db
@settings(
    max_examples=50, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(state=states, path=st.sampled_from(PATHS))
def test_no_path_gets_round_the_list(world: World, state: State, path: Any) -> None:
    tried(path, state, world)


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_control_without_the_guard_a_blocked_supplier_is_ordered_from(
    world: World, path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = State(
        "blocked", "approve", None, None, None, None, None, False, True, False, False, True
    )
    for module in (ordering, drafting, changing):
        monkeypatch.setattr(module, "require_supplier_allowed", lambda order, check: None)
    monkeypatch.setattr("purchasing.reordering.check_list", lambda *_, **__: _Nothing)
    monkeypatch.setattr(ordering, "_require_exception_approved", lambda *_: None)
    with pytest.raises(AssertionError):
        tried(path, blocked, world)


class _Nothing:
    needs_reason = is_refused = False
    blocked = None


@pytest.mark.django_db
@settings(
    max_examples=15, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(state=states)
def test_imported_history_keeps_the_answer_of_its_day(world: World, state: State) -> None:
    assume(state.for_ship_to is None)  # a file of history names no place of ours
    columns = "po_number,line_no,supplier_code,sku,quantity,unit_price,order_date,promised_date"
    row = f"H-1,1,KESTREL,{world.shipper.code},10,1,{today()},{today()}"
    try:
        with transaction.atomic():
            with world.inside():
                put(world, state)
                decision = listed(world, ship_to=None)
            take_in(world, "purchase_orders", table(columns, row))
            with world.inside():
                stored = PurchaseOrderLine.objects.filter(order__number="H-1").values_list(
                    "list_standing", "list_entry", "list_admission"
                )
                assert list(stored) == [
                    (decision.standing, decision.entry_id, decision.admission_id)
                ]
            raise Undone
    except Undone:
        pass


# --- A qualification that expires between approval and issue ---------------------------------


def expired_at_issue(world: World) -> PurchaseOrder:
    a_rule()
    order = approve(submitted(world), world.people["approver"])
    Qualification.objects.filter(supplier=world.northline).update(
        status="qualified", valid_to=today() - timedelta(1)
    )
    return order


@pytest.mark.django_db
def test_a_qualification_that_expired_since_stops_the_issue(inside: World) -> None:
    order = expired_at_issue(inside)
    before = everything(inside)
    with pytest.raises(BusinessRuleError) as caught:
        issue_purchase_order(order, actor=inside.people["buyer"])
    assert "expired on" in caught.value.message
    assert caught.value.message.endswith(
        "Take the order back to draft to choose another supplier or to say why this one."
    )
    assert everything(inside) == before
    assert PurchaseOrder.objects.get(pk=order.pk).status == "approved"


@pytest.mark.django_db
def test_control_without_asking_again_it_would_be_issued(
    inside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = expired_at_issue(inside)
    monkeypatch.setattr(ordering, "require_supplier_allowed", lambda order, check: None)
    monkeypatch.setattr(ordering, "_require_exception_approved", lambda *_: None)
    assert issue_purchase_order(order, actor=inside.people["buyer"]).status == "issued"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "outcome"),
    [("off", "issued"), ("warn", "issued"), ("justify", "off_list_reason"),
     ("approve", "off_list_reason"), ("block", "off_list_refused")],
)  # fmt: skip
def test_the_rule_of_the_day_of_issue_counts(inside: World, rule: str, outcome: str) -> None:
    Category.objects.update(off_list_rule="warn")
    order = by_submitting(inside, False)()
    assert order.status == "approved"
    Category.objects.update(off_list_rule=rule)
    try:
        found = issue_purchase_order(order, actor=inside.people["buyer"]).status
    except BusinessRuleError as error:
        found = error.code
    assert found == outcome


@pytest.mark.django_db
def test_an_exception_that_needs_an_approval_by_now_is_not_issued_without(inside: World) -> None:
    Category.objects.update(off_list_rule="justify")
    order = by_submitting(inside, True)()
    assert order.status == "approved"
    Category.objects.update(off_list_rule="approve")
    with pytest.raises(BusinessRuleError) as caught:
        issue_purchase_order(order, actor=inside.people["buyer"])
    assert caught.value.code == "exception_unapproved"
    assert "Supplier off the approved list" in caught.value.message


# --- By reading the code ----------------------------------------------------------------------

MAY_READ_THE_LIST = {
    "suppliers/approved_vendors.py": "the one function that decides",
    "suppliers/vendor_approval.py": "writes the entries",
    "suppliers/volume_shares.py": "adds up shares when an entry is written",
    "suppliers/term_imports.py": "writes entries from a file",
    "suppliers/exports.py": "gives the entries out",
    "suppliers/filters.py": "finds entries for the list's screen",
    "suppliers/queries.py": "shows entries, their effect judged by lacks_of_entries",
    "suppliers/profiles.py": "shows a supplier's entries, judged the same way",
    "suppliers/sourcing.py": "finds candidates; each is then decided by list_decisions",
    "suppliers/terms_views.py": "opens an entry's form",
    "suppliers/grading.py": "suggests a review of an entry whose supplier's grade fell",
    "suppliers/reviews.py": "changes the entry that a review was about",
    "suppliers/category_reality.py": "shows targets beside what happened",
    "suppliers/first_steps.py": "says which first step is done; orders nothing",
    "suppliers/vetting_views.py": "leads from a qualification to the entry that is missing",
    "matching/demo/strategy.py": "writes the demo",
    "matching/demo/stocktaking.py": "writes the demo",
    "purchasing/coverage.py": "counts sources of all SKUs at once for a report; refuses no order",
    "matching/scorecard_page.py": "shows where a supplier stands beside its score",
    "matching/demo/company.py": "writes the demo",
}
GUARDED = {  # the status an order is given, by which action, and through which guard
    "purchasing/ordering.py:submit_purchase_order": "_ask_list",
    "purchasing/ordering.py:issue_purchase_order": "_ask_list",
    "purchasing/approving.py:approve_purchase_order": "ask_list",
}
UNGUARDED = {
    "purchasing/closing.py:reopen_purchase_order": "awaits again what was ordered before; orders nothing",
    "purchasing/order_imports.py:_new_order": "history is recorded, with the list's answer of its day",
}
ADVANCED = {"SUBMITTED", "APPROVED", "ISSUED"}


def test_nobody_else_reads_the_list_to_decide() -> None:
    readers = {
        name_of(path)
        for path in modules()
        if "ApprovedVendor.objects" in path.read_text()
        or "suppliers_approvedvendor" in path.read_text()
    }
    known = {*MAY_READ_THE_LIST, "suppliers/list_facts.py"}
    assert readers - known - {"suppliers/models.py"} == set()


def moves(function: ast.FunctionDef) -> bool:
    """Whether a function gives an order a status from which it binds."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            aims = ast.dump(ast.Module([ast.Expr(one) for one in node.targets], []))
            named = {one.attr for one in ast.walk(node.value) if isinstance(one, ast.Attribute)}
            if "attr='status'" in aims and "'order'" in aims and named & ADVANCED:
                return True
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PurchaseOrder":
            named = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
            if named & ADVANCED:
                return True
    return False


def test_every_action_that_moves_an_order_on_asks_the_list() -> None:
    found: dict[str, set[str]] = {}
    for path in modules():
        if path.parts[-2] != "purchasing":
            continue
        for function in ast.walk(tree_of(path)):
            if isinstance(function, ast.FunctionDef) and moves(function):
                calls = {getattr(one.func, "id", "") for one in ast.walk(function)
                         if isinstance(one, ast.Call)}  # fmt: skip
                found[f"{name_of(path)}:{function.name}"] = calls
    assert set(found) == {*GUARDED, *UNGUARDED}
    for name, guard in GUARDED.items():
        assert guard in found[name], name


def test_control_a_step_without_the_guard_is_seen() -> None:
    step = "def hurry(order):\n    order.status = Status.ISSUED if order else Status.DRAFT\n"
    (function,) = ast.parse(step).body
    assert isinstance(function, ast.FunctionDef)
    assert moves(function)
