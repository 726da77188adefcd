"""The filters over the list of invoices."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from matching.models import SupplierInvoice
from suppliers.finding import found_ids
from suppliers.models import Supplier


def _suppliers(request: Any) -> QuerySet[Supplier]:
    suppliers: QuerySet[Supplier] = Supplier.objects.all()
    return suppliers


class InvoiceFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Invoices by words, supplier and kind."""

    q = django_filters.CharFilter(
        label="Number or supplier",
        method="with_words",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Number or supplier"}),
    )
    supplier = django_filters.ModelChoiceFilter(
        label="Supplier",
        queryset=_suppliers,
        to_field_name="public_id",
        empty_label="Any supplier",
    )
    kind = django_filters.ChoiceFilter(
        label="Kind", choices=SupplierInvoice.Kind.choices, empty_label="Invoices and credits"
    )

    class Meta:
        model = SupplierInvoice
        fields = ["q", "supplier", "kind"]

    def with_words(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        suppliers = found_ids("supplier", value)
        number = Q(number__icontains=value.strip()[:60])
        return rows.filter(number | Q(supplier_id__in=suppliers))
