"""The filters of the order and receipt lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from procure.models import Location
from purchasing.models import GoodsReceipt, PurchaseOrder, PurchaseOrderLine, StockCount
from suppliers.filters import TreeFilterSet, words_filter
from suppliers.finding import found_ids
from suppliers.models import Category, SourcingDecision, Supplier


def _suppliers(request: Any) -> QuerySet[Supplier]:
    suppliers: QuerySet[Supplier] = Supplier.objects.all()
    return suppliers


def _categories(request: Any) -> QuerySet[Category]:
    categories: QuerySet[Category] = Category.objects.all()
    return categories


def _decisions(request: Any) -> QuerySet[SourcingDecision]:
    decisions: QuerySet[SourcingDecision] = SourcingDecision.objects.all()
    return decisions


def by_number_or_supplier(orders: QuerySet[Any], text: str, path: str = "") -> QuerySet[Any]:
    """Documents whose number, or whose supplier's name, has what was typed."""
    suppliers = found_ids("supplier", text)
    number = Q(**{f"{path}number__icontains": text.strip()[:60]})
    return orders.filter(number | Q(**{f"{path}supplier_id__in": suppliers}))


class OrderFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Orders by words, supplier, category, list and days."""

    q = django_filters.CharFilter(
        label="Number or supplier",
        method="filter_words",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Number or supplier"}),
    )
    supplier = django_filters.ModelChoiceFilter(
        label="Supplier",
        queryset=_suppliers,
        to_field_name="public_id",
        empty_label="Any supplier",
    )
    category = django_filters.ModelChoiceFilter(
        label="Category",
        queryset=_categories,
        to_field_name="public_id",
        empty_label="Any category",
        method="filter_category",
    )
    decision = django_filters.ModelChoiceFilter(
        label="Sourcing decision",
        field_name="sourcing_decision",
        queryset=_decisions,
        to_field_name="public_id",
        empty_label="Any decision",
    )
    off_list = django_filters.BooleanFilter(
        label="Off the approved list",
        method="filter_off_list",
        widget=forms.CheckboxInput,
    )

    class Meta:
        model = PurchaseOrder
        fields: list[str] = []

    def filter_words(
        self, orders: QuerySet[PurchaseOrder], name: str, value: str
    ) -> QuerySet[PurchaseOrder]:
        return by_number_or_supplier(orders, value)

    def filter_category(
        self, orders: QuerySet[PurchaseOrder], name: str, value: Category | None
    ) -> QuerySet[PurchaseOrder]:
        """Orders of the category and of those below it, as its page counts them."""
        if value is None:
            return orders
        return orders.filter(category__lineage__contains=[value.pk])

    def filter_off_list(
        self, orders: QuerySet[PurchaseOrder], name: str, value: bool
    ) -> QuerySet[PurchaseOrder]:
        if not value:
            return orders
        off_list = PurchaseOrderLine.objects.filter(list_standing__in=PurchaseOrderLine.EXCEPTIONS)
        return orders.filter(pk__in=off_list.values("order_id"))


def _locations(request: Any) -> QuerySet[Location]:
    locations: QuerySet[Location] = Location.objects.all()
    return locations


class StockFilter(TreeFilterSet):
    """Counts by SKU, category and place."""

    q = words_filter("SKU or description")
    location = django_filters.ModelChoiceFilter(
        label="Place",
        queryset=_locations,
        to_field_name="public_id",
        empty_label="Any place",
    )
    category_path = "sku__category__lineage__contains"

    class Meta:
        model = StockCount
        fields = ["q", "category", "location"]

    def with_words(self, rows: QuerySet[StockCount], name: str, value: str) -> QuerySet[StockCount]:
        return rows.filter(sku_id__in=found_ids("sku", value))


class ReceiptFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Receipts by words, kind and status."""

    q = django_filters.CharFilter(
        label="Number, order or supplier",
        method="filter_words",
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Number, order or supplier"}
        ),
    )
    kind = django_filters.ChoiceFilter(
        label="Kind", choices=GoodsReceipt.Kind.choices, empty_label="Any kind"
    )
    status = django_filters.ChoiceFilter(
        label="Status", choices=GoodsReceipt.Status.choices, empty_label="Any status"
    )

    class Meta:
        model = GoodsReceipt
        fields: list[str] = []

    def filter_words(
        self, receipts: QuerySet[GoodsReceipt], name: str, value: str
    ) -> QuerySet[GoodsReceipt]:
        own = receipts.filter(number__icontains=value.strip()[:60])
        return own | by_number_or_supplier(receipts, value, "order__")
