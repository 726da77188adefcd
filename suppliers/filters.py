"""The filters over the lists of suppliers, categories, SKUs, approvals and agreements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from procure.models import Location
from suppliers.decided import REVIEW_SOON_DAYS, due_for_review
from suppliers.finding import found_ids
from suppliers.forms import in_tree_order, indented
from suppliers.models import (
    ApprovedVendor,
    Category,
    PriceAgreement,
    Qualification,
    QuotationRequest,
    Sku,
    SourcingDecision,
    Supplier,
)
from suppliers.strategy import reviews_until
from suppliers.validity import valid_on

ENDS_SOON_DAYS = 60
ANYWHERE = "anywhere"
Rows = QuerySet[Any]

FLAGS = [
    ("may_be_suggested", "Not suggested"),
    ("may_be_ordered", "Not to be ordered from"),
    ("needs_justification", "Needs a justification"),
    ("share", "With a share"),
]

STATES = [
    ("current", "In force"),
    ("ending", f"Ends within {ENDS_SOON_DAYS} days"),
    ("future", "Not begun"),
    ("ended", "Ended"),
]


def words_filter(label: str) -> Any:
    """A search field whose words the set's `with_words` understands."""
    widget = forms.SearchInput(attrs={"placeholder": label})
    return django_filters.CharFilter(method="with_words", label=label, widget=widget)


def choice_filter(label: str, choices: Any, **more: Any) -> Any:
    """A choice that says by itself what it filters while nothing is chosen."""
    return django_filters.ChoiceFilter(label=label, choices=choices, empty_label=label, **more)


class TreeFilterSet(django_filters.FilterSet):  # type: ignore[misc]
    """A filter by category that takes everything below it along; the tree is read once."""

    category = choice_filter("Category", [], method="in_category")
    category_path = "category__lineage__contains"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tree = in_tree_order(Category.objects.all())
        self.tree = {str(one.public_id): one for one in tree}
        choices = [(address, indented(one)) for address, one in self.tree.items()]
        self.filters["category"].extra["choices"] = choices

    def in_category(self, rows: Rows, name: str, value: str) -> Rows:
        return rows.filter(**{self.category_path: [self.tree[value].pk]})


class SupplierFilter(TreeFilterSet):
    """Suppliers by words, category they are on the list for, standing, vetting and status."""

    q = words_filter("Name or code")
    category = choice_filter("On the list for", [], method="in_category")
    standing = choice_filter("Standing", ApprovedVendor.Standing.choices, method="with_standing")
    qualification = choice_filter(
        "Qualification",
        [*Qualification.Status.choices, ("expiring", f"Expires within {ENDS_SOON_DAYS} days")],
        method="with_qualification",
    )
    status = choice_filter("Status", Supplier.Status.choices)

    def filter_queryset(self, queryset: Rows) -> Rows:
        """A merged record is found by its status only: everything of it is under another name."""
        rows: Rows = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("status") == Supplier.Status.MERGED:
            return rows
        return rows.exclude(status=Supplier.Status.MERGED)

    class Meta:
        model = Supplier
        fields = ["q", "category", "standing", "qualification", "status"]

    def with_words(self, rows: Rows, name: str, value: str) -> Rows:
        return rows.filter(pk__in=found_ids("supplier", value))

    def in_category(self, rows: Rows, name: str, value: str) -> Rows:
        lineage = self.tree[value].lineage
        entries = ApprovedVendor.objects.filter(
            valid_on(timezone.localdate()),
            Q(category_id__in=lineage) | Q(sku__category_id=self.tree[value].pk),
        )
        return rows.filter(pk__in=entries.values("supplier_id"))

    def with_standing(self, rows: Rows, name: str, value: str) -> Rows:
        entries = ApprovedVendor.objects.filter(valid_on(timezone.localdate()), standing=value)
        return rows.filter(pk__in=entries.values("supplier_id"))

    def with_qualification(self, rows: Rows, name: str, value: str) -> Rows:
        found = Qualification.objects.filter(status=value)
        if value == "expiring":
            last = timezone.localdate() + timedelta(days=ENDS_SOON_DAYS)
            found = Qualification.objects.filter(
                status__in=Qualification.USABLE, valid_to__lte=last
            )
        return rows.filter(pk__in=found.values("supplier_id"))


class SkuFilter(TreeFilterSet):
    """SKUs by words, category, supplier and use."""

    q = words_filter("SKU or description")
    supplier = django_filters.ModelChoiceFilter(
        label="Agreement with",
        empty_label="Agreement with",
        queryset=lambda request: Supplier.objects.filter(status=Supplier.Status.ACTIVE),
        to_field_name="public_id",
        method="of_supplier",
    )
    is_active = choice_filter("Use", [("true", "In use"), ("false", "Not in use")])

    class Meta:
        model = Sku
        fields = ["q", "category", "supplier", "is_active"]

    def with_words(self, rows: Rows, name: str, value: str) -> Rows:
        return rows.filter(pk__in=found_ids("sku", value))

    def of_supplier(self, rows: Rows, name: str, value: Supplier) -> Rows:
        return rows.filter(price_breaks__agreement__supplier=value).distinct()


class CategoryFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Categories by words, criticality and what happens to orders off the list."""

    q = words_filter("Category or code")
    criticality = choice_filter("Criticality", Category.Criticality.choices)
    off_list_rule = choice_filter("Orders off the list", Category.OffListRule.choices)
    review = choice_filter("Review", [("due", "Review due")], method="with_review")

    class Meta:
        model = Category
        fields = ["q", "criticality", "off_list_rule", "review"]

    def with_review(self, rows: Rows, name: str, value: str) -> Rows:
        last_day = timezone.localdate() + timedelta(days=REVIEW_SOON_DAYS)
        return rows.filter(pk__in=[one.category.pk for one in reviews_until(last_day)])

    def with_words(self, rows: Rows, name: str, value: str) -> Rows:
        return rows.filter(Q(name__icontains=value) | Q(code__icontains=value))


def in_state(rows: Rows, value: str) -> Rows:
    """Entries with a validity by where today lies in it."""
    today = timezone.localdate()
    soon = today + timedelta(days=ENDS_SOON_DAYS)
    if value == "future":
        return rows.filter(valid_from__gt=today)
    if value == "ended":
        return rows.filter(valid_to__lt=today)
    current = rows.filter(valid_on(today))
    return current.filter(valid_to__lte=soon) if value == "ending" else current


class ApprovedVendorFilter(TreeFilterSet):
    """Entries of the approved vendor list."""

    q = words_filter("Supplier")
    standing = choice_filter("Standing", ApprovedVendor.Standing.choices)
    ship_to = choice_filter("Ship to", [], method="shipped_to")
    flag = choice_filter("Flag", FLAGS, method="with_flag")
    state = choice_filter("Validity", STATES, method="with_state")

    class Meta:
        model = ApprovedVendor
        fields = ["q", "category", "standing", "ship_to", "flag", "state"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [(str(one.public_id), one.name) for one in Location.objects.all()]
        self.filters["ship_to"].extra["choices"] = [(ANYWHERE, "Anywhere"), *places]

    def shipped_to(self, rows: Rows, name: str, value: str) -> Rows:
        if value == ANYWHERE:
            return rows.filter(location__isnull=True)
        return rows.filter(location__public_id=value)

    def with_flag(self, rows: Rows, name: str, value: str) -> Rows:
        if value == "share":
            return rows.filter(share_percent__isnull=False)
        return rows.filter(**{value: value == "needs_justification"})

    def with_words(self, rows: Rows, name: str, value: str) -> Rows:
        return rows.filter(supplier_id__in=found_ids("supplier", value))

    def in_category(self, rows: Rows, name: str, value: str) -> Rows:
        category = self.tree[value]
        return rows.filter(
            Q(category__lineage__contains=[category.pk])
            | Q(sku__category__lineage__contains=[category.pk])
        )

    def with_state(self, rows: Rows, name: str, value: str) -> Rows:
        return in_state(rows, value)


class AgreementFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Price agreements by number, supplier or SKU, and validity."""

    q = words_filter("Number, supplier or SKU")
    state = choice_filter("Validity", STATES, method="with_state")

    class Meta:
        model = PriceAgreement
        fields = ["q", "state"]

    def with_words(self, rows: Rows, name: str, value: str) -> Rows:
        skus = Sku.objects.filter(code_key=value.strip().upper())
        return rows.filter(
            Q(number__icontains=value.strip())
            | Q(supplier_id__in=found_ids("supplier", value))
            | Q(breaks__sku__in=skus)
        ).distinct()

    def with_state(self, rows: Rows, name: str, value: str) -> Rows:
        return in_state(rows, value)


class QuotationFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Requests for quotation by number, title or invited supplier, and status."""

    q = words_filter("Number, title or supplier")
    status = choice_filter("Status", QuotationRequest.Status.choices)

    class Meta:
        model = QuotationRequest
        fields = ["q", "status"]

    def with_words(self, rows: Rows, name: str, value: str) -> Rows:
        invited = Q(invitations__supplier_id__in=found_ids("supplier", value))
        text = value.strip()
        named = Q(number__icontains=text) | Q(title__icontains=text)
        return rows.filter(named | invited).distinct()


class DecisionFilter(TreeFilterSet):
    """Sourcing decisions by words, category and whether they still hold."""

    q = words_filter("Number, title or supplier")
    state = choice_filter(
        "State",
        [("current", "In force"), ("due", "Review due"), ("superseded", "Superseded")],
        method="in_decided_state",
    )

    class Meta:
        model = SourcingDecision
        fields = ["q", "category", "state"]

    def with_words(self, rows: Rows, name: str, value: str) -> Rows:
        weighed = SourcingDecision.objects.filter(
            candidates__supplier_id__in=found_ids("supplier", value)
        )
        return rows.filter(
            Q(number__icontains=value.strip())
            | Q(title__icontains=value.strip())
            | Q(pk__in=weighed.values("pk"))
        )

    def in_decided_state(self, rows: Rows, name: str, value: str) -> Rows:
        if value == "due":
            return rows.filter(due_for_review(timezone.localdate()))
        return rows.filter(superseded_by__isnull=value == "current")
