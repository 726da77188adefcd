"""Column types that money, quantities and organization-bound references share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    DecimalColumn = models.DecimalField[Any, Any]
    ReferenceColumn = models.ForeignKey[Any, Any]
else:
    DecimalColumn = models.DecimalField
    ReferenceColumn = models.ForeignKey


class AmountField(DecimalColumn):
    """Money in the document's currency, 4 places kept so that every minor unit fits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 18, "decimal_places": 4, **kwargs})


class UnitPriceField(DecimalColumn):
    """Money for one unit, 6 places."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 18, "decimal_places": 6, **kwargs})


class QuantityField(DecimalColumn):
    """A quantity in the unit that stands beside it, 4 places."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 18, "decimal_places": 4, **kwargs})


class PercentField(DecimalColumn):
    """A percentage, 2.5 meaning 2.5 %."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 9, "decimal_places": 4, **kwargs})


class OrganizationField(ReferenceColumn):
    """Whose row it is; its default, the current organization, has no meaning in a migration."""

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        return name, path, args, kwargs


class OrganizationForeignKey(ReferenceColumn):
    """A reference that can only reach a row of the same organization.

    The database keeps it so with a foreign key over (organization_id, this id), which
    `procure.tenancy` adds; a plain foreign key is checked past row-level security and
    would accept another organization's row.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs["db_index"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        kwargs.pop("db_index", None)
        return name, path, args, kwargs
