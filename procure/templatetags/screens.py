"""Pieces that need a little thought: fields, sortable heads, filters, addresses that may be absent."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from procure import screens
from procure.money import plain_decimal

register = template.Library()

PAGE_PARAMETER = "page"
SORT_PARAMETER = "sort"


def _request(context: Context) -> HttpRequest:
    request: HttpRequest = context["request"]
    return request


def _address(parameters: QueryDict) -> str:
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.simple_tag(takes_context=True)
def place(context: Context, url_name: str) -> str:
    """`{% place "matching:tolerance_list" as limits %}`: the address, or "" while there is none."""
    return screens.organization_url(_request(context), url_name)


@register.simple_tag
def once() -> SafeString:
    """A hidden key that makes the form take effect once; see procure.documents.idempotent."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid.uuid4())


# Fields ----------------------------------------------------------------------------------------


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "choice"
    if isinstance(widget, forms.Select):
        return "select"
    return "input"


def _classes(bound: BoundField, kind: str) -> str:
    if kind in {"check", "choice"}:
        return ""
    number = isinstance(bound.field, (forms.DecimalField, forms.IntegerField)) and kind == "input"
    return "pc-input pc-input--number" if number else "pc-input"


def _control(bound: BoundField, kind: str, extra: dict[str, Any]) -> SafeString:
    """The field's own widget with our class and its words tied to it for screen readers."""
    widget = bound.field.widget
    if isinstance(widget, forms.DateInput) and widget.input_type == "text":
        widget.input_type, widget.format = "date", "%Y-%m-%d"
    if isinstance(widget, forms.NumberInput):
        # A number field of the browser forgets what is no number; ours keeps what was typed.
        widget.input_type = "text"
        for limit in ("min", "max", "step"):
            widget.attrs.pop(limit, None)
        whole = not isinstance(bound.field, (forms.DecimalField, forms.FloatField))
        extra = {"inputmode": "numeric" if whole else "decimal", **extra}
    if isinstance(number := bound.value(), Decimal):
        shown = plain_decimal(number)
        widget.format_value = lambda _value: shown
    described = [
        f"{bound.auto_id}_{part}"
        for part, present in (("error", bound.errors), ("help", bound.help_text))
        if present
    ]
    attrs: dict[str, Any] = {"class": _classes(bound, kind), **extra}
    if described and kind != "choice":
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    given = {key: value for key, value in attrs.items() if value != ""}
    return _drawn_select(bound, given) if kind == "select" else bound.as_widget(attrs=given)


def _drawn_select(bound: BoundField, given: dict[str, Any]) -> SafeString:
    """A select with its options, as Django draws it; a template for each option costs ten times as much."""
    widget = bound.field.widget
    attrs = bound.build_widget_attrs({"id": bound.auto_id, **given}, widget)
    drawn = widget.get_context(bound.html_name, bound.value(), attrs)["widget"]
    groups = []
    for name, options, _ in drawn["optgroups"]:
        rows = format_html_join(
            "", "<option{}>{}</option>",
            ((flatatt({"value": str(one["value"]), **one["attrs"]}), one["label"]) for one in options),
        )  # fmt: skip
        groups.append(
            format_html('<optgroup label="{}">{}</optgroup>', name, rows) if name else rows
        )
    return format_html(
        "<select{}>{}</select>", flatatt({"name": drawn["name"], **drawn["attrs"]}), mark_safe("".join(groups))
    )  # fmt: skip


@register.inclusion_tag("_pieces/field.html")
def field(bound: BoundField, wide: bool = False, unit: str = "", **attrs: Any) -> dict[str, Any]:
    """`{% field form.name %}`: label, control, help and error, tied together.

    Further arguments become attributes of the control: `{% field form.quantity inputmode="decimal" %}`.
    """
    kind = _kind(bound.field.widget)
    extra = {key.replace("_", "-"): value for key, value in attrs.items()}
    return {
        "field": bound,
        "kind": kind,
        "control": _control(bound, kind, extra),
        "choices": list(bound) if kind == "choice" else [],
        "wide": wide or isinstance(bound.field.widget, forms.Textarea),
        "unit": unit,
    }


@register.inclusion_tag("_pieces/error_summary.html")
def error_summary(*members: Any) -> dict[str, Any]:
    """`{% error_summary form lines %}`: every error of forms and formsets, linked to its field.

    Its element takes the focus when the page opens.
    """
    errors: list[tuple[str, str]] = []
    for member in members:
        if isinstance(member, forms.BaseFormSet):
            errors += [("", str(error)) for error in member.non_form_errors()]
            for form in member.forms:
                errors += _errors_of(form)
        elif member:
            errors += _errors_of(member)
    return {"errors": errors}


def _errors_of(form: forms.BaseForm) -> list[tuple[str, str]]:
    if not form.is_bound:
        return []
    found = [("", str(error)) for error in form.non_field_errors()]
    for bound in form:
        words = [str(error) for error in bound.errors]
        found += [(bound.id_for_label or bound.auto_id, f"{bound.label}: {text}") for text in words]
    return found


# Lists -----------------------------------------------------------------------------------------


@register.inclusion_tag("_pieces/table_head.html", takes_context=True)
def sort_head(
    context: Context, name: str, words: str, number: bool = False, parameter: str = SORT_PARAMETER
) -> dict[str, Any]:
    """`{% sort_head "ordered_on" "Ordered" %}`: a column head that sorts, its order in the address."""
    parameters = _request(context).GET.copy()
    current = parameters.get(parameter, "")
    parameters[parameter] = f"-{name}" if current == name else name
    parameters.pop(PAGE_PARAMETER, None)
    order = {name: "ascending", f"-{name}": "descending"}.get(current, "")
    return {"words": words, "number": number, "order": order, "url": _address(parameters)}


def _shown_value(bound: BoundField, values: list[str]) -> str:
    """The words of a filter's value: the choice's label, or what was typed."""
    choices = getattr(bound.field, "choices", None)
    if choices is None:
        return ", ".join(values)
    labels: dict[str, str] = {}
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            labels.update({str(inner): str(words) for inner, words in label})
        else:
            labels[str(value)] = str(label)
    return ", ".join(labels.get(value, value) for value in values)


def filter_pills(request: HttpRequest, form: forms.BaseForm) -> list[dict[str, str]]:
    """The filters in force, each with its words and the address without it."""
    pills = []
    for bound in form:
        values = [value for value in request.GET.getlist(bound.html_name) if value]
        if not values:
            continue
        parameters = request.GET.copy()
        del parameters[bound.html_name]
        parameters.pop(PAGE_PARAMETER, None)
        words = str(bound.label)
        if not isinstance(bound.field.widget, forms.CheckboxInput):
            words = f"{words}: {_shown_value(bound, values)}"
        pills.append({"words": words, "url": _address(parameters)})
    return pills


@register.inclusion_tag("_pieces/filter_bar.html", takes_context=True)
def filter_bar(context: Context, filterset: Any, target: str = "") -> dict[str, Any]:
    """`{% filter_bar filter "#rows" %}`: the fields of a filter, and its removable pills.

    A django-filter set or a plain GET form. With a target, htmx replaces that element as soon as
    a field changes; without JavaScript the button does.
    """
    request = _request(context)
    form = getattr(filterset, "form", filterset)
    kept = [
        (name, value)
        for name in request.GET
        if name not in form.fields and name != PAGE_PARAMETER
        for value in request.GET.getlist(name)
    ]
    fields = []
    for bound in form:
        kind = _kind(bound.field.widget)
        control = _control(bound, kind, {})
        if isinstance(bound.field.widget, forms.DateInput):
            kind = "date"
        fields.append({"bound": bound, "kind": kind, "control": control})
    return {
        "fields": fields,
        "kept": kept,
        "pills": filter_pills(request, form),
        "target": target,
        "path": request.path,
    }


@register.inclusion_tag("_pieces/active_filters.html", takes_context=True)
def active_filters(context: Context, filterset: Any) -> dict[str, Any]:
    """`{% active_filters filter %}` in the piece of rows: brings the bar's pills up to date.

    On the whole page the bar has drawn them already, so this draws nothing there.
    """
    request = _request(context)
    form = getattr(filterset, "form", filterset)
    return {
        "is_swapped": bool(context.get("is_piece")),
        "pills": filter_pills(request, form),
        "path": request.path,
    }
