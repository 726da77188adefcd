"""The filters of the scorecard and SKU cost lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from suppliers.finding import found_ids
from suppliers.models import Category, Scorecard, SkuCost

GRADES = [("A", "A"), ("B", "B"), ("C", "C"), ("D", "D"), ("none", "No grade yet")]


def _search(words: str) -> forms.TextInput:
    return forms.TextInput(attrs={"type": "search", "placeholder": words})


def _categories(request: Any) -> QuerySet[Category]:
    categories: QuerySet[Category] = Category.objects.all()
    return categories


class ScorecardFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Scorecards by supplier and grade."""

    q = django_filters.CharFilter(
        label="Supplier", method="filter_words", widget=_search("Supplier")
    )
    grade = django_filters.ChoiceFilter(
        label="Grade", choices=GRADES, method="filter_grade", empty_label="Any grade"
    )

    class Meta:
        model = Scorecard
        fields: list[str] = []

    def filter_words(
        self, cards: QuerySet[Scorecard], name: str, value: str
    ) -> QuerySet[Scorecard]:
        return cards.filter(supplier_id__in=found_ids("supplier", value))

    def filter_grade(
        self, cards: QuerySet[Scorecard], name: str, value: str
    ) -> QuerySet[Scorecard]:
        return cards.filter(grade="" if value == "none" else value)


class SkuCostFilter(django_filters.FilterSet):  # type: ignore[misc]
    """SKU costs by words, category and number of sources."""

    q = django_filters.CharFilter(label="SKU", method="filter_words", widget=_search("SKU"))
    category = django_filters.ModelChoiceFilter(
        label="Category",
        field_name="sku__category",
        queryset=_categories,
        to_field_name="public_id",
        empty_label="Any category",
    )
    single = django_filters.BooleanFilter(
        label="One source only", method="filter_single", widget=forms.CheckboxInput
    )

    class Meta:
        model = SkuCost
        fields: list[str] = []

    def filter_words(self, costs: QuerySet[SkuCost], name: str, value: str) -> QuerySet[SkuCost]:
        return costs.filter(sku_id__in=found_ids("sku", value))

    def filter_single(self, costs: QuerySet[SkuCost], name: str, value: bool) -> QuerySet[SkuCost]:
        return costs.filter(suppliers=1) if value else costs
