"""What exceptions ask of sourcing: suppliers that a buyer wants to have qualified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from procure.events import reacts_to
from procure.models import BusinessEvent
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.approved_vendors import lineage_of
from suppliers.models import Qualification

_JUDGED = set(Qualification.Status) - {Qualification.Status.PROSPECT}


def asked_qualifications() -> QuerySet[PurchaseOrder]:
    """The latest order per supplier and category that asks for a qualification nobody decided."""
    judged = Qualification.objects.filter(
        supplier=OuterRef("supplier"), category=OuterRef("category"), status__in=_JUDGED
    )
    orders: QuerySet[PurchaseOrder] = PurchaseOrder.objects.filter(
        ~Exists(judged), qualification_asked=True, number__isnull=False, category__isnull=False
    )
    return (
        orders.exclude(status__in=[PurchaseOrder.Status.DRAFT, PurchaseOrder.Status.CANCELLED])
        .select_related("supplier", "category")
        .order_by("supplier_id", "category_id", "-pk")
        .distinct("supplier_id", "category_id")
    )


@reacts_to("purchase_order.submitted")
def begin_asked_qualifications(events: Sequence[BusinessEvent]) -> None:
    """Makes the supplier a prospect of the order's category, where nobody judged it there or
    above: sourcing finds it among the qualifications. A supplier that the list approves without
    one stays as it is. May run twice."""
    orders = PurchaseOrder.objects.filter(
        pk__in=[event.subject_id for event in events], qualification_asked=True
    ).select_related("supplier", "category")
    for order in orders:
        if order.supplier is not None and order.category is not None and _is_exception(order):
            _begin(order, order.category)


def _is_exception(order: PurchaseOrder) -> bool:
    return order.lines.filter(list_standing__in=PurchaseOrderLine.EXCEPTIONS).exists()


def _begin(order: PurchaseOrder, category: Any) -> None:
    known = Qualification.objects.filter(
        supplier=order.supplier, category_id__in=lineage_of(category)
    )
    if not known.exists():
        Qualification.objects.get_or_create(
            supplier=order.supplier,
            category=category,
            defaults={
                "status": Qualification.Status.PROSPECT,
                "note": f"Asked with {order.number}: {order.off_list_explanation}",
            },
        )
