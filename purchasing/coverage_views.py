"""The screen of coverage: what would be without a source, and for how long it lasts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils import timezone

from procure.models import Location
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.cover import USE_DAYS
from purchasing.coverage import BELOW, SINGLE, Asked, coverage_rows, with_sources
from suppliers.forms import in_tree_order, indented
from suppliers.listing import ROWS_PER_PAGE
from suppliers.models import Category

LONG_COVER = 60
"""Days of cover that fill the bar; what lasts longer than two months is no news."""

VIEWS = (
    ("Critical", "critical=on"),
    ("Below minimum", f"gap={BELOW}"),
    ("Single source", f"gap={SINGLE}"),
    ("Categories", "kind=category"),
    ("All", ""),
)


class CoverageForm(forms.Form):
    """What narrows the list; whatever makes no sense narrows nothing."""

    q = forms.CharField(
        label="SKU or category",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "SKU or category"}),
    )
    category = forms.ChoiceField(label="Category", required=False)
    kind = forms.ChoiceField(
        label="Kind",
        required=False,
        choices=[("", "Categories and SKUs"), ("category", "Categories"), ("sku", "SKUs")],
    )
    gap = forms.ChoiceField(
        label="Gap",
        required=False,
        choices=[("", "Any coverage"), (BELOW, "Below minimum"), (SINGLE, "Single source")],
    )
    ship_to = forms.ChoiceField(label="Ship to", required=False)
    critical = forms.BooleanField(label="Critical only", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tree = in_tree_order(Category.objects.all())
        self.tree = {str(one.public_id): one for one in tree}
        choices = [(address, indented(one)) for address, one in self.tree.items()]
        self.fields["category"].choices = [("", "Any category"), *choices]  # type: ignore[attr-defined]
        places = Location.objects.filter(is_active=True).order_by("name")
        self.places = {str(one.public_id): one for one in places}
        named = [(address, one.name) for address, one in self.places.items()]
        self.fields["ship_to"].choices = [("", "Shipped anywhere"), *named]  # type: ignore[attr-defined]

    def asked(self) -> Asked:
        """The list that is asked for."""
        self.is_valid()
        given = self.cleaned_data
        return Asked(
            text=given.get("q", ""),
            category=self.tree.get(given.get("category", "")),
            kind=given.get("kind", ""),
            critical=given.get("critical", False),
            gap=given.get("gap", ""),
            ship_to=self.places.get(given.get("ship_to", "")),
        )


@requires("suppliers.read")
def coverage_list(request: OrganizationRequest) -> HttpResponse:
    """Critical categories and SKUs with their sources, gaps first."""
    form = CoverageForm(request.GET)
    today = timezone.localdate()
    asked = form.asked()
    page = Paginator(coverage_rows(asked, today), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    with_sources(rows, today, ship_to=asked.ship_to)
    query = request.GET.urlencode()
    context = {
        "filter": form,
        "page": page,
        "rows": rows,
        "use_days": USE_DAYS,
        "long_cover": LONG_COVER,
        "ship_to": asked.ship_to,
        "views": [(words, f"?{part}", query == part, None) for words, part in VIEWS],
    }
    return render_screen(
        request, "purchasing/coverage_list.html", context, piece="purchasing/_coverage_rows.html"
    )
