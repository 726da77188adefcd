"""The cells of a table that is typed into: a control named by its column and row."""

from __future__ import annotations

from django import forms, template
from django.forms.boundfield import BoundField
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from procure.screens import organization_url
from procure.templatetags.pieces import icon
from suppliers.forms import SkuField, suggestion_attributes

register = template.Library()


@register.simple_tag(takes_context=True)
def price_cell(context: Context, bound: BoundField, number: int) -> SafeString:
    """`{% price_cell row.sku forloop.counter %}`: the column head is its label for the eye.

    Written here and not by the field's widget, because an agreement of 300 rows has 2,400 cells.
    """
    attributes = {"id": bound.auto_id, "name": bound.html_name}
    attributes["aria-label"] = f"{bound.label}, row {number}"
    if bound.errors:
        attributes |= {"aria-invalid": "true", "aria-describedby": f"{bound.auto_id}_error"}
    if isinstance(bound.field, forms.BooleanField):
        attributes["type"] = "checkbox"
        attributes |= {"checked": "checked"} if bound.value() else {}
    else:
        value = bound.value()
        attributes["value"] = "" if value is None else str(value)
        attributes |= _looks(bound.field)
    if isinstance(bound.field, SkuField):
        attributes |= suggestion_attributes(
            organization_url(context["request"], "suppliers:sku_suggestions")
        )
    control = format_html_join("", ' {}="{}"', attributes.items())
    return format_html("<input{}>{}", control, _error(bound))


def _looks(field: forms.Field) -> dict[str, str]:
    if isinstance(field, forms.DecimalField):
        return {"class": "pc-input pc-input--number", "inputmode": "decimal"}
    if isinstance(field, forms.IntegerField):
        return {"class": "pc-input pc-input--number", "inputmode": "numeric"}
    return {"class": "pc-input"}


def _error(bound: BoundField) -> SafeString:
    if not bound.errors:
        return SafeString("")
    return format_html(
        '<p class="pc-field__error" id="{}_error">{}<span>{}</span></p>',
        bound.auto_id,
        icon("circle-alert"),
        " ".join(str(error) for error in bound.errors),
    )
