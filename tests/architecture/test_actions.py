"""Law 4: an action is atomic, names its actor last, records exactly one event, and a second call
is refused or does nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from procure.errors import BusinessRuleError
from procure.models import BusinessEvent
from tests.architecture.scenes.bank_details import for_bank_details
from tests.architecture.scenes.buying import for_buying, for_changing
from tests.architecture.scenes.drilling import for_drilling
from tests.architecture.scenes.files import for_files, for_mailbox
from tests.architecture.scenes.house import for_the_house
from tests.architecture.scenes.merging import for_merging
from tests.architecture.scenes.paying import for_paying
from tests.architecture.scenes.payouts import for_payouts
from tests.architecture.scenes.sourcing import for_asking, for_sourcing
from tests.architecture.scenes.stray_invoices import for_strays
from tests.architecture.test_layers import ROOT, modules, name_of
from tests.world import World

# Functions with an `actor` that are no actions, or not written like one, each with its reason.
NOT_ACTIONS = {
    "procure/events.py": "writes the trail itself",
    "procure/imports.py": "a frame around many rows, with a transaction of its own",
    "procure/uploads.py": "hands a file to the import's frame",
    "matching/telling.py": "tells what actions did",
    "purchasing/ordering.py:route_of": "a question, not a step",
    "purchasing/ordering.py:unapproved_exceptions": "a question, not a step",
}
NOT_DECORATED = {
    "matching/capture.py:capture_invoice": "the unique number's refusal ends a transaction of its own",
    "matching/capture.py:capture_invoices": "the unique number's refusal ends a transaction of its own",
    "procure/organizing.py:save_location": "the unique code's refusal ends a transaction of its own",
}


@dataclass(frozen=True)
class Action:
    """A function that takes its actor by name."""

    name: str
    node: ast.FunctionDef

    @property
    def is_atomic(self) -> bool:
        return "transaction.atomic" in {ast.unparse(one) for one in self.node.decorator_list}

    @property
    def keywords(self) -> list[str]:
        return [argument.arg for argument in self.node.args.kwonlyargs]


def actions_in(path: Path) -> Iterator[Action]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            action = Action(f"{name_of(path)}:{node.name}", node)
            listed = {name_of(path), action.name} & set(NOT_ACTIONS)
            if "actor" in action.keywords and not listed:
                yield action


ACTIONS = {
    action.name: action
    for path in modules()
    if "management" not in path.parts
    for action in actions_in(path)
}
every_action = pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda one: one.name)


def test_what_is_listed_is_there() -> None:
    for name in [*NOT_ACTIONS, *NOT_DECORATED]:
        path, _, function = name.partition(":")
        assert f"def {function}" in (ROOT / path).read_text(), name


@every_action
def test_an_action_is_one_transaction(action: Action) -> None:
    assert action.is_atomic != (action.name in NOT_DECORATED)


@every_action
def test_an_action_names_everything_but_its_document(action: Action) -> None:
    assert len(action.node.args.args) <= 1, "only the document stands first"
    assert not action.node.args.vararg


@every_action
def test_the_actor_comes_last(action: Action) -> None:
    assert action.keywords[-1] == "actor"


# --- Played -----------------------------------------------------------------------------------

Step = Callable[[], object]
# Each call is a thing of its own; a form that is sent twice is stopped by its key.
ADDS = {
    "procure/people.py:invite_person": "the newer invitation replaces the one before",
    "purchasing/ordering.py:draft_purchase_order": "two drafts are two drafts",
    "purchasing/drafting.py:start_draft": "two drafts are two drafts",
    "purchasing/reordering.py:order_again": "two drafts are two drafts",
    "purchasing/receiving.py:post_receipt": "goods come in parts",
    "purchasing/receiving.py:post_return": "goods go back in parts",
    "matching/receiving_files.py:receive_file": "every file that comes has its line",
    "matching/resolution.py:add_note": "two sentences are two notes",
    "matching/trying.py:try_tolerance": "tried again, on the invoices of another day",
    "matching/asking.py:ask_owner": "a second question is another question",
    "matching/resolution.py:put_aside": "put aside again",
    "suppliers/deciding.py:decide_sourcing": "what is decided again is another decision",
    "suppliers/supply_base.py:add_contact": "two people may have one name",
    "purchasing/approval_rules.py:save_approval_rule": "rules may be alike",
    "suppliers/quoting.py:draft_quotation_request": "two drafts are two drafts",
    "procure/people.py:change_membership": "set again to the same",
    "procure/organizing.py:change_organization": "set again to the same",
}

# Made of other actions, and tells all: an award decides and agrees, an order change is told on the
# order and on the invoice that asked for it, a merge on both records.
COMPOSED = {
    "drafting.py:start_draft": 2,
    "awarding.py:award_quotation": 3,
    "order_changes.py:change_order_as_billed": 2,
    "reviews.py:accept_review": 2,
    "replacing.py:draft_replacements": 2,
    "settling_receipts.py:settle_receipts": 2,
    "settling_receipts.py:debit_returned_goods": 3,
    "merging.py:merge_suppliers": 2,
    "merging.py:undo_merge": 2,
}


def told() -> int:
    return BusinessEvent.objects.count()


def second_call(step: Step) -> int | str:
    """How many events it recorded, or that it was refused."""
    before = told()
    try:
        step()
    except BusinessRuleError:
        return "refused"
    return told() - before


Scene = Callable[[World], dict[str, Step]]
SCENES: tuple[Scene, ...] = (
    for_buying,
    for_changing,
    for_drilling,
    for_paying,
    for_payouts,
    for_strays,
    for_files,
    for_mailbox,
    for_bank_details,
    for_sourcing,
    for_asking,
    for_the_house,
    for_merging,
)


@pytest.mark.parametrize("scene", SCENES)
def test_each_action_records_one_event_and_a_second_call_none(scene: Scene, inside: World) -> None:
    adds = {name.split("/")[1] for name in ADDS}
    for name, step in scene(inside).items():
        before = told()
        step()
        once = COMPOSED.get(name, 1)
        assert told() - before == once, name
        assert second_call(step) in ([once] if name in adds else ["refused", 0]), name
