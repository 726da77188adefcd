"""The pieces: words tied to fields, statuses with an icon, filters that can be taken off."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from procure.bootstrap import ROOT
from procure.permissions import PERMISSIONS
from procure.templatetags.pieces import EVENT_ICONS, STATUS_LOOKS, icon


class OrderForm(forms.Form):
    status = forms.ChoiceField(
        choices=[("", "Any"), ("draft", "Draft"), ("issued", "Issued")], required=False
    )
    quantity = forms.DecimalField(help_text="In the order's unit.")
    needed_on = forms.DateField(label="Needed by", required=False)
    urgent = forms.BooleanField(required=False)
    reasons = forms.MultipleChoiceField(
        choices=[("a", "Needed sooner"), ("b", "Trial order")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


def drawn(source: str, path: str = "/acme/orders/", **context: Any) -> str:
    request = RequestFactory().get(path)
    return Template("{% load pieces screens %}" + source).render(
        Context({"request": request, **context})
    )


@pytest.mark.parametrize("name", sorted({look for _, look in STATUS_LOOKS.values()}))
def test_every_status_has_an_icon_that_exists(name: str) -> None:
    assert icon(name).startswith("<svg")


@pytest.mark.parametrize("name", sorted(set(EVENT_ICONS.values())))
def test_every_event_has_an_icon_that_exists(name: str) -> None:
    assert icon(name).startswith("<svg")


def words_of(tree: ast.AST) -> set[str]:
    """Every `noun.happened` written in a piece of code."""
    words = (str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {word for word in words if re.fullmatch(r"[a-z_]+\.[a-z_]*[a-z]", word)}


def kinds_recorded(sources: list[str]) -> set[str]:
    """The kinds of events: what is recorded at once, and other words of the same nouns."""
    trees = [ast.parse(source) for source in sources]
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    kinds = {
        kind
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in {"record", "record_all"}
        for kind in words_of(call.args[0])
    }
    nouns = {kind.partition(".")[0] for kind in kinds}
    words = set().union(*map(words_of, trees))
    return kinds | {word for word in words if word.partition(".")[0] in nouns}


def test_every_event_that_is_recorded_has_its_icon() -> None:
    kinds = kinds_recorded(
        [
            path.read_text()
            for app in ("procure", "suppliers", "purchasing", "matching")
            for path in (ROOT / app).rglob("*.py")
        ]
    )
    assert {"purchase_order.change_proposed", "quotation_request.asked"} <= kinds
    assert {
        kind for kind in kinds - set(PERMISSIONS) if kind.rpartition(".")[2] not in EVENT_ICONS
    } == set()


def test_control_an_event_without_an_icon_is_found() -> None:
    source = 'KIND = "order.vanished"\nrecord("order.kept" if kept else KIND, order, actor=None)'
    assert kinds_recorded([source]) == {"order.vanished", "order.kept"}
    assert "vanished" not in EVENT_ICONS


def test_an_icon_is_silent_unless_it_is_named() -> None:
    assert 'aria-hidden="true"' in drawn('{% icon "truck" %}')
    named = drawn('{% icon "x" label="Remove" %}')
    assert 'role="img"' in named
    assert 'aria-label="Remove"' in named
    assert "aria-hidden" not in named


def test_a_pill_escapes_its_words_and_carries_an_icon() -> None:
    pill = drawn("{% status_pill 'held' words %}", words="<b>Held</b>")
    assert pill.startswith('<span class="pc-pill pc-pill--bad"><svg')
    assert pill.endswith("&lt;b&gt;Held&lt;/b&gt;</span>")


def test_an_unknown_status_is_plain() -> None:
    assert drawn("{% status_pill 'new' 'New' %}").startswith('<span class="pc-pill"><svg')


def test_a_field_ties_its_help_to_its_control() -> None:
    field = drawn("{% field form.quantity %}", form=OrderForm())
    assert '<label class="pc-field__label" for="id_quantity">Quantity</label>' in field
    assert 'aria-describedby="id_quantity_help"' in field
    assert '<p class="pc-field__help" id="id_quantity_help">In the order&#x27;s unit.</p>' in field
    assert 'class="pc-input pc-input--number"' in field
    assert "aria-invalid" not in field


def test_a_wrong_field_says_so_beside_it_and_keeps_what_was_typed() -> None:
    field = drawn("{% field form.quantity %}", form=OrderForm({"quantity": "forty"}))
    assert 'value="forty"' in field
    assert 'type="text"' in field
    assert 'inputmode="decimal"' in field
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_quantity_error id_quantity_help"' in field
    assert 'id="id_quantity_error"' in field
    assert "Enter a number." in field


def test_a_stored_number_is_shown_without_its_idle_zeros() -> None:
    form = OrderForm(initial={"quantity": Decimal("5.0000")})
    assert 'value="5"' in drawn("{% field form.quantity %}", form=form)


def test_a_field_takes_further_attributes() -> None:
    field = drawn("{% field form.quantity hx_post='/x/' unit='ea' %}", form=OrderForm())
    assert 'hx-post="/x/"' in field
    assert '<span class="pc-input-group__unit">ea</span>' in field


def test_a_day_is_asked_for_with_the_browsers_own_calendar() -> None:
    field = drawn("{% field form.needed_on %}", form=OrderForm({"needed_on": "2026-12-12"}))
    assert 'type="date"' in field
    assert 'value="2026-12-12"' in field
    assert '<span class="pc-field__optional">optional</span>' in field


def test_choices_stand_under_one_legend() -> None:
    field = drawn("{% field form.reasons %}", form=OrderForm())
    assert '<legend class="pc-field__label">Reasons' in field
    assert field.count('<label class="pc-chip">') == 2


def test_the_summary_links_to_each_field() -> None:
    form = OrderForm({"quantity": "", "needed_on": "31.31.2026"})
    form.add_error(None, "The order was changed meanwhile.")
    summary = drawn("{% error_summary form %}", form=form)
    assert "3 things need attention" in summary
    assert "<li>The order was changed meanwhile.</li>" in summary
    assert '<a href="#id_quantity">Quantity: This field is required.</a>' in summary
    assert '<a href="#id_needed_on">Needed by: Enter a valid date.</a>' in summary
    assert 'tabindex="-1"' in summary


def test_a_form_without_errors_has_no_summary() -> None:
    assert drawn("{% error_summary form %}", form=OrderForm()).strip() == ""
    assert drawn("{% error_summary form %}", form=OrderForm({"quantity": "4"})).strip() == ""


def test_a_filter_is_a_pill_that_takes_itself_off() -> None:
    bar = drawn(
        '{% filter_bar form "#rows" %}',
        path="/acme/orders/?status=draft&sort=-total&page=3&urgent=on",
        form=OrderForm({"status": "draft", "urgent": "on"}),
    )
    assert '<a class="pc-filter" href="?sort=-total&amp;urgent=on">Status: Draft<span' in bar
    assert '<a class="pc-filter" href="?status=draft&amp;sort=-total">Urgent<span' in bar
    assert '<input type="hidden" name="sort" value="-total">' in bar
    assert 'name="page"' not in bar
    assert 'hx-target="#rows"' in bar


def test_the_pills_follow_the_rows_that_htmx_swaps() -> None:
    context = {"path": "/acme/orders/?status=draft", "form": OrderForm({"status": "draft"})}
    assert drawn("{% active_filters form %}", **context).strip() == ""
    swapped = drawn("{% active_filters form %}", is_piece=True, **context)
    assert 'id="filter-pills" hx-swap-oob="true"' in swapped
    assert "Status: Draft" in swapped


def test_a_head_sorts_and_turns_round() -> None:
    assert 'href="?sort=total"' in drawn('{% sort_head "total" "Total" %}')
    up = drawn('{% sort_head "total" "Total" number=True %}', path="/?sort=total&page=2")
    assert 'aria-sort="ascending"' in up
    assert 'href="?sort=-total"' in up
    assert 'class="pc-number"' in up
    assert 'aria-sort="descending"' in drawn('{% sort_head "total" "T" %}', path="/?sort=-total")


def test_pages_keep_the_filter_in_their_address() -> None:
    pages = render_to_string(
        "_pieces/pagination.html",
        {"page": Paginator(range(120), 50).get_page(2), "what": "orders"},
        RequestFactory().get("/acme/orders/?status=draft&page=2"),
    )
    assert "51 to 100 of 120 orders" in pages
    assert 'href="?status=draft&amp;page=1"' in pages
    assert 'href="?status=draft&amp;page=3"' in pages


def test_the_hidden_key_is_another_one_each_time() -> None:
    assert drawn("{% once %}") != drawn("{% once %}")
