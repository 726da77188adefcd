"""Every address below an organization, as the resolver knows them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from procure.permissions import PERMISSIONS, Role

PREFIX = "<slug:organization_slug>/"
SAMPLES: dict[str, Any] = {"uuid": uuid.UUID(int=7), "int": 1, "slug": "x", "str": "x"}


@dataclass(frozen=True)
class Address:
    """A pattern below the organization's slug, with its view and the names of its parameters."""

    route: str
    name: str
    view: Callable[..., Any]
    parameters: tuple[tuple[str, str], ...]

    def path(self, slug: str, **values: Any) -> str:
        """The pattern filled in; parameters not given get a sample that names nothing."""
        text = self.route
        for kind, parameter in self.parameters:
            value = values.get(parameter, SAMPLES[kind])
            text = text.replace(f"<{kind}:{parameter}>", str(value))
        return f"/{slug}/{text}"

    @property
    def permission(self) -> str | None:
        return getattr(self.view, "required_permission", None)


def _walk(patterns: list[Any], route: str, namespace: str) -> Iterator[tuple[str, str, Any]]:
    for pattern in patterns:
        below = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, below, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern):
            yield below, f"{namespace}:{pattern.name}", pattern.callback


def organization_addresses() -> list[Address]:
    """All of them, in the resolver's order."""
    found = []
    for route, name, view in _walk(get_resolver().url_patterns, "", ""):
        if route.startswith(PREFIX):
            below = route.removeprefix(PREFIX)
            pieces = [piece.split(">")[0] for piece in below.split("<")[1:]]
            parameters = tuple(tuple(piece.split(":", 1)) for piece in pieces)
            found.append(Address(below, name, view, parameters))  # type: ignore[arg-type]
    return found


def role_with(permission: str) -> str:
    """A role that holds the permission."""
    return next(role.value for role in Role if role in PERMISSIONS[permission])


def role_without(permission: str) -> str | None:
    """A role that does not, or None for what everybody may do."""
    return next((role.value for role in Role if role not in PERMISSIONS[permission]), None)
