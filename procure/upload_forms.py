"""The form that takes a table in."""

from __future__ import annotations

from typing import Any

from django import forms

from procure.columns import Notation
from procure.exports import export_kinds
from procure.imports import import_kinds
from procure.models import Membership
from procure.reading import MAXIMUM_UPLOAD_BYTES

KIND_WORDS = {"skus": "SKUs", "sku_costs": "SKU costs"}
# The order in which a new organization brings its tables in; others follow.
KIND_ORDER = (
    *("categories", "suppliers", "category_strategies", "skus", "qualifications"),
    *("approved_vendors", "price_agreements", "bills_of_materials", "exchange_rates", "budgets"),
    "sourcing_decisions",
    *("purchase_orders", "receipts", "invoices", "stock_counts"),
)
# Who brings in what is not a table of setting up.
KIND_PERMISSIONS = {"invoices": "imports.write", "payments": "imports.payments"}
DATE_FORMATS = (
    ("", "2026-05-04"),
    ("DD.MM.YYYY", "04.05.2026"),
    ("DD/MM/YYYY", "04/05/2026 (day first)"),
    ("MM/DD/YYYY", "05/04/2026 (month first)"),
    ("DD-MON-YY", "04-May-26"),
)
CODE_SCHEMES = (
    ("", "What parent_code says"),
    ("cpv", "What their CPV code says"),
    ("unspsc", "What their UNSPSC code says"),
    ("auto", "What their codes look like"),
)


def kind_words(name: str) -> str:
    """What a kind is called on screens."""
    return KIND_WORDS.get(name, name.replace("_", " ").capitalize())


def may_import(membership: Membership, kind: str) -> bool:
    """Whether the member may bring this kind in."""
    return membership.may(KIND_PERMISSIONS.get(kind, "imports.tables"))


def kinds_for(membership: Membership) -> list[str]:
    """The import kinds of the member, those first that others stand on."""
    first = [name for name in KIND_ORDER if name in import_kinds()]
    ordered = first + [name for name in import_kinds() if name not in first]
    return [name for name in ordered if may_import(membership, name)]


def export_names(membership: Membership) -> list[tuple[str, str]]:
    """The export kinds that the member may take out, with their words."""
    return [
        (kind.name, kind_words(kind.name))
        for kind in export_kinds()
        if membership.may(kind.permission)
    ]


class UploadForm(forms.Form):
    """What is in the file, the file, and how it writes days and decimals."""

    kind = forms.ChoiceField(label="What is in the file")
    file = forms.FileField(
        label="CSV or XLSX file",
        help_text="At most 10 MB and 20,000 rows. Nothing is changed before you have seen it.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    date_format = forms.ChoiceField(label="Days look like", choices=DATE_FORMATS, required=False)
    decimal_comma = forms.BooleanField(label="Decimals have a comma", required=False)
    code_scheme = forms.ChoiceField(
        label="Categories stand below",
        choices=CODE_SCHEMES,
        required=False,
        help_text="Only for categories: where parent_code is empty.",
    )

    def __init__(self, membership: Membership, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, kind_words(name)) for name in kinds_for(membership)]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAXIMUM_UPLOAD_BYTES:
            raise forms.ValidationError("The file is larger than 10 MB. Split it.")
        return file

    @property
    def notation(self) -> Notation:
        return Notation(
            self.cleaned_data["date_format"],
            self.cleaned_data["decimal_comma"],
            self.cleaned_data["code_scheme"],
        )
