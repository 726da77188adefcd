"""Isolation of organizations: the current one, the scoped manager, row-level security.

Two nets, one under the other. In Python, the default manager of every organization-owned model
filters by the current organization and raises when none is set. In Postgres, each such table has
one forced policy on `app.organization_id`, and references between them carry the organization.
The setting is transaction-local only: a session-wide one would outlive its request in a pool.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.apps import apps
from django.contrib.auth.decorators import login_required
from django.db import OperationalError, connection, models, transaction
from django.db.backends.ddl_references import Statement
from django.db.models.base import ModelBase
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from procure.fields import OrganizationField, OrganizationForeignKey
from procure.figures import reading_as

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from procure.models import Membership, Organization, User

RUNTIME_ROLE = "app_rw"
BULK_TIMEOUT = "120s"  # a page's statements have 15 s and the pauses between them 30, by the role
RETRIED_SQLSTATES = {
    "40P01",
    "40001",
    "55P03",
}  # deadlock, serialization, lock not available


class NoOrganizationSet(RuntimeError):
    """Organization-owned rows were asked for outside `tenant_atomic`."""


class OrganizationChanged(RuntimeError):
    """A transaction of one organization tried to become another's."""


@dataclass(slots=True)
class _Tenant:
    organization_id: int
    nudged: bool = False


_tenant: ContextVar[_Tenant | None] = ContextVar("tenant", default=None)


def current_organization_id() -> int:
    """The organization whose transaction this is; raises NoOrganizationSet outside one."""
    tenant = _tenant.get()
    if tenant is None:
        raise NoOrganizationSet("Open tenant_atomic(organization_id) first.")
    return tenant.organization_id


def first_nudge_of_transaction() -> bool:
    """True once per tenant transaction, so that a burst of events wakes the worker once."""
    tenant = _tenant.get()
    if tenant is None or tenant.nudged:
        return False
    tenant.nudged = True
    return True


@contextmanager
def tenant_atomic(organization_id: int, *, is_bulk: bool = False) -> Iterator[None]:
    """One transaction in which exactly this organization's rows exist.

    With `is_bulk` it may take and think as long as a worker, not only as long as a page.

    Nested for the same organization it is a savepoint; for another one it refuses, because
    SET LOCAL inside a savepoint leaks into the surrounding transaction.
    """
    outer = _tenant.get()
    if outer is not None:
        if outer.organization_id != organization_id:
            raise OrganizationChanged(
                f"In a transaction of organization {outer.organization_id}, not {organization_id}."
            )
        with transaction.atomic():
            yield
        return
    token = _tenant.set(_Tenant(organization_id))
    try:
        with transaction.atomic():
            _set_organization(str(int(organization_id)), BULK_TIMEOUT if is_bulk else "")
            yield
    finally:
        _tenant.reset(token)
        # Inside a surrounding transaction (a test's) the setting would otherwise live on.
        if connection.in_atomic_block and not connection.needs_rollback:
            _set_organization("")


@contextmanager
def read_by_organization(organization_id: int) -> Iterator[None]:
    """Days and sentences made inside are the organization's: its time zone, its locale.

    For work that no person asked for; a view does the same for the person who reads it.
    """
    organization = apps.get_model("procure", "Organization").objects.get(pk=organization_id)
    with reading_as(organization.locale), timezone.override(organization.time_zone):
        yield


@contextmanager
def supplier_atomic(organization_id: int, supplier_id: int) -> Iterator[None]:
    """The organization's transaction as one of its suppliers may see it.

    Tables that suppliers reach hold no other supplier's rows in it, whatever is asked.
    """
    with tenant_atomic(organization_id):
        _set_supplier(str(int(supplier_id)))
        yield
        # After an error the rollback takes the setting back by itself.
        _set_supplier("")


def _set_supplier(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL app.supplier_id = '{value}'")


def _set_organization(value: str, timeout: str = "") -> None:
    setting = f"SET LOCAL app.organization_id = '{value}'"
    if timeout:
        setting += f"; SET LOCAL statement_timeout = '{timeout}'"
        setting += f"; SET LOCAL idle_in_transaction_session_timeout = '{timeout}'"
    with connection.cursor() as cursor:
        cursor.execute(setting)


class OrganizationScoped(models.Manager["Any"]):
    """The default manager: only the current organization's rows, an error when none is set."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(organization_id=current_organization_id())


def _quoted(name: str) -> str:
    return f'"{name}"'


class _DatabaseOnlyConstraint(models.BaseConstraint):
    """A rule that only the database checks: nothing to validate in forms."""

    def database_sql(self, model: Any) -> str:
        raise NotImplementedError

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        # At the end of the migration, when every table and key it stands on is there.
        schema_editor.deferred_sql.append(Statement(self.database_sql(model)))
        return ""

    constraint_sql = create_sql

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "") -> None:
        return None

    def __eq__(self, other: object) -> bool:
        if type(other) is type(self):
            return bool(self.deconstruct() == other.deconstruct())
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)


class Isolated(_DatabaseOnlyConstraint):
    """Row-level security, forced, with the one policy that every organization's table has."""

    policy = "organization_isolation"
    condition = "organization_id = (SELECT nullif(current_setting('app.organization_id', true), '')::bigint)"

    def database_sql(self, model: Any) -> str:
        table = _quoted(model._meta.db_table)
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; "
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY; "
            f"CREATE POLICY {self.policy} ON {table} FOR ALL TO {RUNTIME_ROLE} "
            f"USING ({self.condition}) WITH CHECK ({self.condition})"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        table = _quoted(model._meta.db_table)
        return Statement(
            f"DROP POLICY {self.policy} ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
        )


class IsolatedBySupplier(_DatabaseOnlyConstraint):
    """A second, restrictive policy: in `supplier_atomic` only that supplier's rows exist."""

    policy = "supplier_isolation"
    setting = "(SELECT nullif(current_setting('app.supplier_id', true), '')::bigint)"
    condition = f"{setting} IS NULL OR supplier_id = {setting}"

    def database_sql(self, model: Any) -> str:
        return (
            f"CREATE POLICY {self.policy} ON {_quoted(model._meta.db_table)} AS RESTRICTIVE "
            f"FOR ALL TO {RUNTIME_ROLE} USING ({self.condition}) WITH CHECK ({self.condition})"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return Statement(f"DROP POLICY {self.policy} ON {_quoted(model._meta.db_table)}")


class SameOrganization(_DatabaseOnlyConstraint):
    """A foreign key over (organization_id, field) to a row of the same organization."""

    def __init__(self, *, field: str, name: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.field = field

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field}

    def database_sql(self, model: Any) -> str:
        field = model._meta.get_field(self.field)
        return (
            f"ALTER TABLE {_quoted(model._meta.db_table)} ADD CONSTRAINT {_quoted(self.name)} "
            f"FOREIGN KEY (organization_id, {_quoted(field.column)}) "
            f"REFERENCES {_quoted(field.related_model._meta.db_table)} (organization_id, id) "
            "DEFERRABLE INITIALLY IMMEDIATE"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return Statement(
            f"ALTER TABLE {_quoted(model._meta.db_table)} DROP CONSTRAINT {_quoted(self.name)}"
        )


def _kept_choices(attrs: dict[str, Any], stem: str) -> Iterator[models.CheckConstraint]:
    """A CHECK per field with choices: Django itself only keeps them in forms."""
    for key, field in attrs.items():
        if isinstance(field, models.Field) and field.choices:
            values = [str(value) for value, _label in field.flatchoices]
            if field.blank and "" not in values:
                values.append("")
            condition = models.Q(**{f"{key}__in": sorted(values)})
            yield models.CheckConstraint(condition=condition, name=f"{stem}_{key}_known")


class OrganizationOwnedBase(ModelBase):
    """Adds to every organization-owned table what no model may forget.

    The forced policy, UNIQUE (organization_id, id) for references to stand on, and per
    OrganizationForeignKey the composite foreign key with its index, and a CHECK per choice.
    """

    def __new__(
        mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any
    ) -> ModelBase:
        meta = attrs.get("Meta")
        if getattr(meta, "abstract", False) or attrs["__module__"] == "__fake__":
            return super().__new__(mcs, name, bases, attrs, **kwargs)
        stem = f"{attrs['__module__'].split('.')[0]}_{name.lower()}"
        if any(hasattr(base, "public_id") for base in bases):
            address = models.UniqueConstraint(
                fields=["organization", "public_id"], name=f"{stem}_public_id"
            )
        else:
            address = None
        references = [
            key for key, value in attrs.items() if isinstance(value, OrganizationForeignKey)
        ]
        attrs["Meta"] = type(
            "Meta",
            (meta,) if meta else (),
            {
                "constraints": [
                    Isolated(name=f"{stem}_isolated"),
                    models.UniqueConstraint(
                        fields=["organization", "id"], name=f"{stem}_organization_id"
                    ),
                    *([address] if address else []),
                    *_kept_choices(attrs, stem),
                    *(SameOrganization(field=key, name=f"{stem}_{key}_org") for key in references),
                    *getattr(meta, "constraints", []),
                ],
                "indexes": [
                    *(models.Index(fields=["organization", key]) for key in references),
                    *getattr(meta, "indexes", []),
                ],
            },
        )
        return super().__new__(mcs, name, bases, attrs, **kwargs)


class OrganizationOwned(models.Model, metaclass=OrganizationOwnedBase):
    """A row that belongs to exactly one organization; the current one unless told."""

    organization = OrganizationField(
        "procure.Organization",
        on_delete=models.PROTECT,
        default=current_organization_id,
        db_index=False,
        related_name="+",
        editable=False,
    )

    objects: ClassVar[OrganizationScoped] = OrganizationScoped()

    class Meta:
        abstract = True


class Addressed(OrganizationOwned):
    """A row with a page of its own, found in addresses by an id that tells nothing."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class OrganizationRequest(HttpRequest):
    """The request as a view of an organization sees it."""

    organization: Organization
    membership: Membership
    user: User
    htmx: HtmxDetails


View = Callable[..., HttpResponse]


def tenant_view(view: View) -> View:
    """Runs a view inside its organization's transaction; strangers get 404.

    The organization comes from the slug in the address and counts only with an active membership,
    looked up on each request. A deadlock or lost lock is retried once.
    """

    @login_required
    @wraps(view)
    def wrapped(
        request: HttpRequest, organization_slug: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        membership = apps.get_model("procure", "Membership").find(request.user, organization_slug)
        if membership is None:
            raise Http404
        scoped = cast("OrganizationRequest", request)
        scoped.membership = membership
        scoped.organization = organization = membership.organization

        def answer() -> HttpResponse:
            # Sentences made in the view are read by the same eyes as the screen round them, and
            # today is the organization's day.
            with (
                reading_as(scoped.user.locale or organization.locale),
                timezone.override(organization.time_zone),
                tenant_atomic(membership.organization_id),
            ):
                response = view(request, *args, **kwargs)
                if response.streaming:
                    raise RuntimeError("A streamed answer would leave its transaction.")
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
                return response

        try:
            return answer()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in RETRIED_SQLSTATES:
                raise
            return answer()

    return wrapped
