"""The frame round every screen: navigation, counts, breadcrumb, and how a screen is answered.

Floors stay apart: the navigation knows addresses by name only and shows those that exist and
that the member may open; the app above tells its counts through `register_counts`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from procure.figures import DEFAULT_LOCALE, reading_as
from procure.tenancy import OrganizationRequest

MOST_COUNT_SOURCES = 3  # one SQL statement each, on every full page
HOT_COUNT = "exceptions"  # the only count that may be red


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A place in the navigation: shown when its address exists and the permission is held."""

    text: str
    icon: str
    url_name: str
    permission: str
    count: str = ""


@dataclass(frozen=True, slots=True)
class NavigationGroup:
    """Entries under a heading; the daily work on top has none."""

    heading: str
    entries: tuple[NavigationEntry, ...]


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """An entry as one page shows it."""

    entry: NavigationEntry
    url: str
    is_current: bool
    count: int | None

    @property
    def is_hot(self) -> bool:
        return self.entry.count == HOT_COUNT and bool(self.count)


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the breadcrumb; the last one has no address."""

    text: str
    url: str = ""


_entry = NavigationEntry
NAVIGATION: tuple[NavigationGroup, ...] = (
    NavigationGroup(
        "",
        (
            _entry("Home", "house", "procure:home", "home.read"),
            _entry("Purchase orders", "file-text", "purchasing:order_list", "orders.read", "orders"),
            _entry("Approvals", "stamp", "purchasing:approval_list", "orders.approve", "approvals"),
            _entry("Receiving", "truck", "purchasing:receiving_list", "receipts.read", "receiving"),
            _entry("Match exceptions", "scale", "matching:exception_queue", "holds.read", "exceptions"),
        ),
    ),
    NavigationGroup(
        "Buy",
        (
            _entry("Receipts", "package-check", "purchasing:receipt_list", "receipts.read"),
            _entry("Reorder", "repeat", "purchasing:reorder_list", "orders.write", "reorder"),
            _entry("Stock", "warehouse", "purchasing:stock_list", "receipts.read"),
        ),
    ),
    NavigationGroup(
        "Pay",
        (
            _entry("Supplier invoices", "receipt-text", "matching:invoice_list", "invoices.read"),
            _entry("Credits", "undo-2", "matching:credit_list", "invoices.read"),
            _entry("Payables", "banknote", "matching:payable_list", "invoices.read"),
        ),
    ),
    NavigationGroup(
        "Source",
        (
            _entry("Suppliers", "store", "suppliers:supplier_list", "suppliers.read"),
            _entry("Approved vendors", "shield-check", "suppliers:approved_vendor_list", "suppliers.read"),
            _entry("Qualifications", "clipboard-check", "suppliers:qualification_list", "suppliers.read"),
            _entry("Supplier reviews", "clipboard-check", "suppliers:review_list", "suppliers.read"),
            _entry("Price agreements", "handshake", "suppliers:agreement_list", "suppliers.read"),
            _entry("Commitments", "target", "purchasing:commitment_list", "suppliers.read"),
            _entry("Coverage", "shield-check", "purchasing:coverage_list", "suppliers.read"),
            _entry("Quotations", "message-square-quote", "suppliers:quotation_list", "suppliers.read"),
            _entry("Decisions", "gavel", "suppliers:decision_list", "suppliers.read"),
            _entry("Categories", "tags", "suppliers:category_list", "suppliers.read"),
            _entry("SKUs", "barcode", "suppliers:sku_list", "suppliers.read"),
        ),
    ),
    NavigationGroup(
        "Insight",
        (
            _entry("Scorecards", "chart-line", "matching:scorecard_list", "scorecards.read"),
            _entry("SKU costs", "coins", "matching:sku_cost_list", "costs.read"),
            _entry("Margins", "percent", "suppliers:margin_list", "costs.read"),
            _entry("List exceptions", "lock", "purchasing:list_exception_list", "orders.read"),
            _entry("Variances", "diff", "matching:variance_list", "costs.read"),
        ),
    ),
    NavigationGroup(
        "Settings",
        (
            _entry("Settings", "settings", "procure:settings", "settings.read"),
            _entry("People", "users", "procure:people_list", "people.write"),
            _entry("Imports", "upload", "procure:import_list", "imports.write"),
            _entry("Audit trail", "history", "procure:trail", "trail.read"),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SettingsEntry:
    """A place in the settings, shown like an entry of the navigation."""

    title: str
    detail: str
    icon: str
    url_name: str
    permission: str
    address: str = ""


SETTINGS: tuple[SettingsEntry, ...] = (
    SettingsEntry(
        "Organization", "Name, delivery window, over-receipt", "building-2",
        "procure:organization_settings", "rules.write",
    ),
    SettingsEntry(
        "People", "Members, roles, invitations", "users", "procure:people_list", "settings.read"
    ),
    SettingsEntry(
        "Approval rules", "Who approves orders, from which amount", "stamp",
        "purchasing:approval_rule_list", "settings.read",
    ),
    SettingsEntry(
        "Budgets", "What a cost center may commit in a period", "wallet",
        "purchasing:budget_list", "settings.read",
    ),
    SettingsEntry(
        "Tolerances", "Which differences an invoice may have", "scale",
        "matching:tolerance_list", "settings.read",
    ),
    SettingsEntry(
        "Mail-in", "A mailbox whose attachments are read as invoices", "mail",
        "matching:mailbox", "rules.write",
    ),
    SettingsEntry(
        "Our bank accounts", "Where payments leave from", "landmark",
        "matching:paying_account_list", "settings.read",
    ),
    SettingsEntry(
        "Score rules", "How suppliers are scored: weights, bands, grades", "chart-line",
        "suppliers:score_rules", "settings.read",
    ),
    SettingsEntry(
        "Places", "Where suppliers ship to", "map-pin", "procure:location_list", "settings.read"
    ),
    SettingsEntry(
        "Imports", "Bring suppliers, SKUs and history as CSV or XLSX", "upload",
        "procure:import_list", "imports.write",
    ),
    SettingsEntry(
        "Audit trail", "Everything that was done, and by whom", "history",
        "procure:trail", "trail.read",
    ),
)  # fmt: skip


def settings_entries(request: HttpRequest) -> list[SettingsEntry]:
    """The settings that exist and that the member may open."""
    membership = getattr(request, "membership", None)
    return [
        replace(entry, address=address)
        for entry in SETTINGS
        if membership is not None
        and membership.may(entry.permission)
        and (address := organization_url(request, entry.url_name))
    ]


CountSource = Callable[[HttpRequest], Mapping[str, int]]
_count_sources: dict[CountSource, frozenset[str]] = {}


def register_counts(names: Iterable[str], source: CountSource) -> None:
    """Tells the navigation who knows these counts; `source` answers all of them by one statement.

    Called from an app's `ready()`. A fourth source is refused, because the counts of a page may
    cost three statements at most: merge it into one of its app's.
    """
    _count_sources[source] = frozenset(names)
    if len(_count_sources) > MOST_COUNT_SOURCES:
        del _count_sources[source]
        raise ImproperlyConfigured(
            f"At most {MOST_COUNT_SOURCES} sources of navigation counts; merge this one."
        )


def organization_url(request: HttpRequest, url_name: str) -> str:
    """The address of a named screen in the request's organization, or "" when there is none."""
    organization = getattr(request, "organization", None)
    if organization is None:
        return ""
    try:
        return reverse(url_name, kwargs={"organization_slug": organization.slug})
    except NoReverseMatch:
        return ""


def step_url(
    request: OrganizationRequest,
    permission: str,
    url_name: str,
    query: str = "",
    public_id: uuid.UUID | None = None,
) -> str:
    """The address of a form for those who may send it, nothing for others."""
    if not request.membership.may(permission):
        return ""
    values: dict[str, object] = {"organization_slug": request.organization.slug}
    if public_id is not None:
        values["public_id"] = public_id
    return reverse(url_name, kwargs=values) + query


class Frame:
    """What base.html needs to know, worked out only when it is drawn."""

    def __init__(self, request: HttpRequest, section: str = "", way: Sequence[str] = ()) -> None:
        self.request = request
        self.section = section
        self.way = way

    @property
    def organization(self) -> Any:
        return getattr(self.request, "organization", None)

    @property
    def membership(self) -> Any:
        return getattr(self.request, "membership", None)

    @cached_property
    def _open(self) -> list[tuple[NavigationGroup, NavigationEntry, str]]:
        if self.membership is None:
            return []
        return [
            (group, entry, url)
            for group in NAVIGATION
            for entry in group.entries
            if self.membership.may(entry.permission)
            and (url := organization_url(self.request, entry.url_name))
        ]

    @cached_property
    def counts(self) -> dict[str, int]:
        wanted = {entry.count for _, entry, _ in self._open if entry.count}
        counts: dict[str, int] = {}
        for source, names in _count_sources.items():
            if names & wanted:
                counts.update(source(self.request))
        return counts

    @cached_property
    def navigation(self) -> list[tuple[str, list[NavigationLink]]]:
        """The groups with at least one link, in their order."""
        current = self._current_url()
        groups: dict[str, list[NavigationLink]] = {}
        for group, entry, url in self._open:
            link = NavigationLink(entry, url, url == current, self.counts.get(entry.count))
            groups.setdefault(group.heading, []).append(link)
        return list(groups.items())

    @cached_property
    def place(self) -> NavigationLink | None:
        """The navigation entry this page lies under: its breadcrumb when the view names none."""
        for _, links in self.navigation:
            for link in links:
                if link.is_current:
                    return link
        return None

    def _current_url(self) -> str:
        """The longest navigation address that this page lies under, or the named section's.

        Everything lies under home: a page of which no more is known belongs where its way back leads.
        """
        if self.section:
            return organization_url(self.request, self.section)
        for address in (self.request.path, *reversed(self.way)):
            under = [url for _, _, url in self._open if address.startswith(url)]
            nearest = max(under, key=len, default="")
            if nearest not in {"", self.home_url}:
                return nearest
        return self.home_url

    @cached_property
    def other_memberships(self) -> list[Any]:
        """The person's other organizations, for the switcher: one statement."""
        if self.membership is None:
            return []
        return list(
            type(self.membership)
            .objects.filter(user_id=self.membership.user_id, is_active=True)
            .exclude(pk=self.membership.pk)
            .select_related("organization")
            .order_by("organization__name")
        )

    @property
    def home_url(self) -> str:
        return organization_url(self.request, "procure:home")

    @property
    def search_url(self) -> str:
        return organization_url(self.request, "procure:search")

    @property
    def notifications_url(self) -> str:
        return organization_url(self.request, "procure:notifications")

    @property
    def theme(self) -> str:
        """light, dark or system: the person's own choice, else the browser's cookie."""
        user = getattr(self.request, "user", None)
        chosen = getattr(user, "theme", "") or self.request.COOKIES.get("theme", "")
        return chosen if chosen in {"light", "dark"} else "system"

    @property
    def theme_url(self) -> str:
        try:
            return reverse("choose_theme")
        except NoReverseMatch:
            return ""


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame` in every template; it asks the database only when drawn."""
    return {"frame": Frame(request)}


def wants_piece(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page; a restored history entry wants all of it."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.history_restore_request and not htmx.boosted


def render_screen(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    piece: str = "",
    breadcrumb: Iterable[tuple[str, str] | str] = (),
    section: str = "",
    status: int = 200,
) -> HttpResponse:
    """Answers with the screen, or with its `piece` when htmx asks for that.

    Figures and times inside are the reader's: their own locale, else the organization's, and the
    organization's time zone. `breadcrumb` is (text, url) pairs, the last may be only its text.
    `section` is the url name of the navigation entry to mark when the address does not tell.
    """
    organization = getattr(request, "organization", None)
    locale = getattr(getattr(request, "user", None), "locale", "") or getattr(
        organization, "locale", DEFAULT_LOCALE
    )
    steps = [
        Crumb(step) if isinstance(step, str) else Crumb(step[0], step[1]) for step in breadcrumb
    ]
    everything = {
        **(context or {}),
        "frame": Frame(request, section, [step.url for step in steps if step.url]),
        "breadcrumb": steps,
        "is_piece": bool(piece) and wants_piece(request),
    }
    chosen = piece if everything["is_piece"] else template
    with (
        reading_as(locale),
        timezone.override(getattr(organization, "time_zone", "UTC")),
    ):
        response = HttpResponse(render_to_string(chosen, everything, request), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
