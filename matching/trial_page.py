"""What the page of a trial shows: tiles, limits side by side, charts, and the changed invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform

from matching.models import SupplierInvoice, Tolerance, ToleranceTrial
from matching.tolerance_forms import limits_in_words
from matching.trial_results import ChangedInvoice, Compared, TrialResult
from matching.trying import limits_now
from procure.before_after import BeforeAfter, BeforeAfterChart
from procure.figures import money, percent, quantity

MOST_DRAWN = 12


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the strip."""

    label: str
    figure: str
    meta: Sequence[str]


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """An invoice of the list with what would become of it."""

    invoice: SupplierInvoice
    change: ChangedInvoice
    category: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit now and on trial."""

    check: str
    now: str
    on_trial: str

    @property
    def differs(self) -> bool:
        return bool(self.now) and self.now != self.on_trial


@dataclass(frozen=True, slots=True)
class Group:
    """The suppliers or the categories: the first as a picture, all in a table."""

    key: str
    heading: str
    column: str
    compared: Sequence[Compared]
    chart: BeforeAfterChart

    @property
    def is_drawn_in_part(self) -> bool:
        return len(self.compared) > len(self.chart.rows)


def trials() -> QuerySet[ToleranceTrial]:
    """Every trial, the latest first, with the total of its result only."""
    rows: QuerySet[ToleranceTrial] = ToleranceTrial.objects.select_related(
        "sku", "category", "supplier", "asked_by"
    )
    return rows.defer("result").annotate(total=KeyTransform("total", "result")).order_by("-pk")


def versions_of(trial: ToleranceTrial) -> list[Tolerance]:
    """The versions of the rule of exactly this scope, the latest first."""
    return list(
        Tolerance.objects.filter(
            sku=trial.sku, category=trial.category, supplier=trial.supplier
        ).order_by("-valid_from")
    )


def first_day(versions: Sequence[Tolerance], today: date) -> date:
    """The first day from which a next version could apply, today at the earliest."""
    return max([today, *(rule.valid_from + timedelta(days=1) for rule in versions[:1])])


def limit_rows(trial: ToleranceTrial, in_force: Tolerance | None) -> list[LimitRow]:
    """The limits side by side; a scope without a rule of its own has none to compare with."""
    limits = limits_now(trial, in_force)
    now = dict(limits_in_words(limits)) if limits else {}
    on_trial = dict(limits_in_words(trial.limits))
    return [
        LimitRow(
            check,
            now.get(check, "not limited" if now else ""),
            on_trial.get(check, "not limited"),
        )
        for check in {**now, **on_trial}
    ]


def tiles(result: TrialResult, currency: str) -> list[Tile]:
    """How many, how many untouched, how much money, what changes."""
    total = result.total
    passing = sum(1 for one in result.changed if one.held_now)
    return [
        Tile("Invoices judged", quantity(total.count), _left_out(result)),
        Tile(
            "Pass untouched",
            percent(total.rate_on_trial),
            [f"now {percent(total.rate_now)}", f"{quantity(total.on_trial.touchless)} invoices"],
        ),
        Tile(
            f"Let pass unseen, {currency}",
            money(total.on_trial.let_pass, currency),
            [
                f"now {money(total.now.let_pass, currency)}",
                f"{money(total.more_let_pass, currency, signed=True)} with these limits",
            ],
        ),
        Tile("Pass in addition", quantity(passing), ["held now"]),
        Tile("Held in addition", quantity(len(result.changed) - passing), ["pass now"]),
    ]


def _left_out(result: TrialResult) -> list[str]:
    words = []
    if result.left:
        words.append(f"{quantity(result.left)} more have another rule")
    if result.awaiting:
        words.append(f"{quantity(result.awaiting)} more wait for goods")
    return words


def groups(result: TrialResult, currency: str) -> list[Group]:
    """By supplier, then by category; each row leads to its invoices in the list below."""
    return [
        Group(what, f"By {what}", what.capitalize(), compared, _chart(compared, what, currency))
        for what, compared in (("supplier", result.suppliers), ("category", result.categories))
    ]


def _chart(compared: Sequence[Compared], what: str, currency: str) -> BeforeAfterChart:
    return BeforeAfterChart(
        title=f"Share of invoices that pass untouched and money let pass, by {what}",
        share_label="Pass untouched",
        amount_label=f"Let pass unseen, {currency}",
        before="now",
        after="with these limits",
        rows=[_drawn(one, what, currency) for one in compared[:MOST_DRAWN]],
    )


def _drawn(one: Compared, parameter: str, currency: str) -> BeforeAfter:
    now, on_trial = percent(one.rate_now, 0), percent(one.rate_on_trial, 0)
    return BeforeAfter(
        name=one.name,
        measured_on=f"{quantity(one.count)} invoice{'s' if one.count != 1 else ''}",
        url=f"?{parameter}={one.key or 'none'}#curve",
        share_before=one.rate_now,
        share_after=one.rate_on_trial,
        share_words=on_trial if now == on_trial else f"{now} → {on_trial}",
        amount_before=one.now.let_pass,
        amount_after=one.on_trial.let_pass,
        amount_words=money(one.on_trial.let_pass, currency),
    )


def changed_of(result: TrialResult, asked: Mapping[str, str]) -> list[ChangedInvoice]:
    """The changed invoices of the supplier or category that the address names."""
    supplier, category = asked.get("supplier", ""), asked.get("category", "")
    return [
        one
        for one in result.changed
        if supplier in ("", one.supplier) and category in ("", one.category or "none")
    ]


def chosen_name(result: TrialResult, asked: Mapping[str, str]) -> str:
    """Whose invoices the list is narrowed to, in words; empty for all."""
    groups = {"supplier": result.suppliers, "category": result.categories}
    names = [
        one.name
        for parameter, compared in groups.items()
        for one in compared
        if asked.get(parameter) == (one.key or "none")
    ]
    return ", ".join(names)


def changed_rows(changed: Sequence[ChangedInvoice], result: TrialResult) -> list[ChangedRow]:
    """One page of them with their invoices: one statement."""
    known = SupplierInvoice.objects.select_related("supplier").in_bulk(
        [one.invoice_id for one in changed]
    )
    names = {one.key: one.name for one in result.categories if one.key}
    return [
        ChangedRow(known[one.invoice_id], one, names.get(one.category, ""))
        for one in changed
        if one.invoice_id in known
    ]
