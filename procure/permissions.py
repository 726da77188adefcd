"""Who may do what: the roles and the one matrix."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpResponse, HttpResponseNotAllowed

from procure.tenancy import OrganizationRequest, View, tenant_view


class Role(models.TextChoices):
    """What a person is in an organization; one person may hold several."""

    ADMIN = "admin", "Administrator"
    BUYER = "buyer", "Buyer"
    APPROVER = "approver", "Approver"
    RECEIVER = "receiver", "Receiver"
    AP_CLERK = "ap_clerk", "AP clerk"
    AP_LEAD = "ap_lead", "AP lead"
    SOURCING_LEAD = "sourcing_lead", "Sourcing lead"
    OPERATIONS_LEAD = "operations_lead", "Operations lead"
    AUDITOR = "auditor", "Auditor"


SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_EVERYONE = frozenset(Role)
_BUYING = frozenset({Role.BUYER, Role.SOURCING_LEAD, Role.OPERATIONS_LEAD})
_PAYING = frozenset({Role.AP_CLERK, Role.AP_LEAD})
_SETTING_UP = frozenset({Role.ADMIN, Role.SOURCING_LEAD, Role.OPERATIONS_LEAD})
_RELEASING = frozenset({Role.AP_LEAD, Role.OPERATIONS_LEAD})

# The whole matrix. Reading is everyone's; a change has an owner.
PERMISSIONS: dict[str, frozenset[Role]] = {
    "home.read": _EVERYONE,
    "orders.read": _EVERYONE,
    "orders.write": _BUYING,
    "orders.approve": frozenset({Role.APPROVER, Role.OPERATIONS_LEAD, Role.SOURCING_LEAD}),
    "orders.issue": _BUYING,
    "receipts.read": _EVERYONE,
    "receipts.write": frozenset({Role.RECEIVER, Role.OPERATIONS_LEAD}),
    "invoices.read": _EVERYONE,
    "invoices.write": _PAYING,
    "payments.write": _PAYING,
    "payments.release": _RELEASING,
    "payments.return": _PAYING | _RELEASING,
    "settlements.write": frozenset({Role.ADMIN, Role.AP_LEAD}),
    "paying_accounts.write": frozenset({Role.ADMIN, Role.AP_LEAD}),
    "holds.read": _EVERYONE,
    "holds.resolve": frozenset({Role.AP_CLERK, Role.AP_LEAD, Role.BUYER, Role.RECEIVER}),
    "suppliers.read": _EVERYONE,
    "suppliers.write": frozenset({Role.SOURCING_LEAD}),
    "suppliers.merge": frozenset({Role.ADMIN, Role.SOURCING_LEAD, Role.OPERATIONS_LEAD}),
    "bank_accounts.write": frozenset({Role.ADMIN, Role.AP_LEAD}),  # and sees the whole number
    "catalogue.write": frozenset({Role.SOURCING_LEAD, Role.OPERATIONS_LEAD}),
    "unit_factors.write": _BUYING,
    "sourcing.write": frozenset({Role.SOURCING_LEAD}),
    "scorecards.read": _EVERYONE,
    "misses.attribute": frozenset({Role.SOURCING_LEAD, Role.OPERATIONS_LEAD}),
    "score_rules.write": frozenset({Role.ADMIN, Role.SOURCING_LEAD}),
    "costs.read": _EVERYONE,
    "imports.write": _SETTING_UP
    | _PAYING,  # and what the kind asks for, see procure/upload_forms.py
    "imports.tables": _SETTING_UP,
    "imports.payments": _PAYING | _RELEASING | {Role.ADMIN},
    "exports.read": _EVERYONE,
    "files.read": _EVERYONE,  # and what the file's record asks for, see procure/attachments.py
    "files.write": _EVERYONE,
    "trail.read": frozenset({Role.ADMIN, Role.AUDITOR}),
    "settings.read": frozenset({Role.ADMIN, Role.AUDITOR, Role.AP_LEAD, Role.SOURCING_LEAD}),
    "people.write": frozenset({Role.ADMIN}),
    "rules.write": frozenset({Role.ADMIN}),
    "tolerances.write": frozenset({Role.ADMIN, Role.AP_LEAD}),
}


def may(roles: list[str], permission: str) -> bool:
    """Whether any of these roles carries the permission; an unknown permission is a KeyError."""
    allowed = PERMISSIONS[permission]
    return any(role in allowed for role in roles)


def requires(permission: str) -> Callable[[View], View]:
    """The guard of every view of an organization: member, then role, inside its transaction.

    What everybody may read takes nothing: a form sent to such an address is refused.
    """
    if permission not in PERMISSIONS:
        raise KeyError(permission)

    def guard(view: View) -> View:
        @wraps(view)
        def checked(request: OrganizationRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.membership.may(permission):
                raise PermissionDenied
            if permission.endswith(".read") and request.method not in SAFE_METHODS:
                return HttpResponseNotAllowed(SAFE_METHODS)
            return view(request, *args, **kwargs)

        guarded = tenant_view(checked)
        guarded.required_permission = permission  # type: ignore[attr-defined]
        return guarded

    return guard
