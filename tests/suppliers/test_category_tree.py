"""The category tree folds by its address: what lies below a folded category is not shown."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from suppliers import category_tree
from suppliers.category_tree import Branch, shown_branches
from suppliers.forms import in_tree_order
from suppliers.models import Category

pytestmark = pytest.mark.django_db


def shown(query: str = "") -> list[Branch]:
    return list(shown_branches(in_tree_order(Category.objects.all()), QueryDict(query)))


def names(query: str = "") -> list[str]:
    return [branch.category.name for branch in shown(query)]


def test_a_small_tree_is_shown_whole_with_how_much_lies_below(world: object) -> None:
    whole = {branch.category.name: branch for branch in shown()}
    packaging, corrugate = whole["Packaging"], whole["Corrugate"]
    assert (packaging.depth, packaging.below, packaging.is_folded) == (0, 1, False)
    assert (corrugate.depth, corrugate.below, corrugate.fold_query) == (1, 0, "")


def test_a_folded_branch_hides_what_is_below_and_unfolds_again(world: object) -> None:
    packaging = next(branch for branch in shown() if branch.category.name == "Packaging")
    folded = names(packaging.fold_query)
    assert "Packaging" in folded
    assert "Corrugate" not in folded
    again = next(
        branch for branch in shown(packaging.fold_query) if branch.category.name == "Packaging"
    )
    assert again.is_folded
    assert names(again.fold_query) == names()


def test_a_large_tree_shows_its_top_first(world: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(category_tree, "FOLDS_ABOVE", 1)
    assert "Packaging" in names()
    assert "Corrugate" not in names()
    assert "Corrugate" in names("folded=")


def test_a_code_that_nobody_knows_folds_nothing(world: object) -> None:
    assert names("folded=NONE") == names()
