"""The cells of a table that is typed into: a control named by its column and row."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField

register = template.Library()


@register.inclusion_tag("suppliers/_price_cell.html")
def price_cell(bound: BoundField, number: int) -> dict[str, Any]:
    """`{% price_cell row.sku forloop.counter %}`: the column head is its label for the eye."""
    attrs: dict[str, str | bool] = {"aria-label": f"{bound.label}, row {number}"}
    if not isinstance(bound.field, forms.BooleanField):
        is_number = isinstance(bound.field, (forms.DecimalField, forms.IntegerField))
        attrs["class"] = "pc-input pc-input--number" if is_number else "pc-input"
    if isinstance(bound.field, forms.DecimalField):
        attrs["inputmode"] = "decimal"
    if bound.errors:
        attrs |= {"aria-invalid": "true", "aria-describedby": f"{bound.auto_id}_error"}
    return {"field": bound, "control": bound.as_widget(attrs=attrs)}
