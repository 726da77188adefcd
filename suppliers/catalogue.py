"""What we buy: the tree of categories, and SKUs.

A category's lineage (itself, then its ancestors) is kept with it, so that the nearest rule, entry
or qualification is found without walking the tree. Only this module and imports write it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection, transaction

from procure.constraints import refusing
from procure.documents import lock, lock_all
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User
from procure.tenancy import current_organization_id
from suppliers.details import (
    CategoryDetails,
    SkuDetails,
    apply_changes,
    changed_words,
    values_of,
)
from suppliers.models import Category, PerformanceCell, PriceBreak, Sku
from suppliers.rollups import StaleKey, mark_stale

RESULT_FIELDS = {"standard_cost", "in_full_tolerance_percent"}
"""A change to these changes what a SKU's results say of documents that exist."""


@transaction.atomic
def create_category(*, details: CategoryDetails, parent: Category | None, actor: User) -> Category:
    """Adds a category below a parent, or at the top; a code in use is refused."""
    parent = lock(parent) if parent is not None else None
    category = Category(parent=parent, **values_of(details))
    with refusing(_code_taken("category", details.code)):
        category.save()
    category.lineage = [category.pk, *(parent.lineage if parent is not None else [])]
    category.save(update_fields=["lineage"])
    record("category.created", category, actor=actor, summary=f"{category.name} was added.")
    return category


@transaction.atomic
def change_category(category: Category, *, details: CategoryDetails, actor: User) -> Category:
    """Changes what is said of a category; its place is changed by `move_category`."""
    category = lock(category)
    changes = apply_changes(category, values_of(details))
    if not changes:
        return category
    with refusing(_code_taken("category", details.code)):
        category.save(update_fields=list(changes))
    record(
        "category.changed",
        category,
        actor=actor,
        summary=changed_words(category, changes),
        changes=changes,
    )
    return category


@transaction.atomic
def move_category(category: Category, *, parent: Category | None, actor: User) -> Category:
    """Puts a category with everything below it under another parent, or at the top.

    Refused below itself. The whole tree is locked, because two moves that each make sense can
    make a circle together; it is small and moves are rare.
    """
    tree = {one.pk: one for one in lock_all(Category.objects.all())}
    category, parent = tree[category.pk], parent and tree[parent.pk]
    if parent is not None and category.pk in parent.lineage:
        raise BusinessRuleError(
            "category_cycle",
            f"{category.name} cannot stand below itself: {parent.name} is part of it.",
            "parent",
        )
    before = tree.get(category.parent_id or 0)
    if before == parent:
        return category
    category.parent = parent
    category.save(update_fields=["parent"])
    refresh_lineages()
    category.refresh_from_db(fields=["lineage"])
    record(
        "category.moved",
        category,
        actor=actor,
        summary=f"Moved below {parent.name}." if parent else "Moved to the top.",
        before=before and before.code,
        after=parent and parent.code,
    )
    return category


def put_below(parents: Mapping[int, int | None]) -> None:
    """Puts categories below others (None: at the top) by their ids, in one statement.

    Imports call it; `refresh_lineages` has to follow.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE suppliers_category SET parent_id = wanted.parent_id "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS wanted(id, parent_id) "
            "WHERE organization_id = %s AND suppliers_category.id = wanted.id",
            [list(parents), list(parents.values()), current_organization_id()],
        )


def refresh_lineages() -> None:
    """Rebuilds every category's lineage from its parents, in one statement; imports call it too.

    A category in a circle is refused by name.
    """
    organization_id = current_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(REFRESH_LINEAGES, {"organization": organization_id})
        cursor.execute(IN_A_CIRCLE, {"organization": organization_id})
        stray = cursor.fetchone()
    if stray is not None:
        raise BusinessRuleError(
            "category_cycle", f"Category {stray[0]} stands below itself.", "parent_code"
        )


TREE = """
    WITH RECURSIVE tree AS (
        SELECT id, ARRAY[id] AS line FROM suppliers_category
        WHERE organization_id = %(organization)s AND parent_id IS NULL
        UNION ALL
        SELECT below.id, below.id || tree.line FROM tree
        JOIN suppliers_category below
            ON below.organization_id = %(organization)s AND below.parent_id = tree.id
    )
"""
REFRESH_LINEAGES = f"""{TREE}
    UPDATE suppliers_category category SET lineage = tree.line FROM tree
    WHERE category.organization_id = %(organization)s AND category.id = tree.id
        AND category.lineage IS DISTINCT FROM tree.line
"""
IN_A_CIRCLE = f"""{TREE}
    SELECT code FROM suppliers_category
    WHERE organization_id = %(organization)s AND id NOT IN (SELECT id FROM tree)
    ORDER BY code LIMIT 1
"""


@transaction.atomic
def create_sku(*, details: SkuDetails, actor: User) -> Sku:
    """Adds a SKU; a code in use, in whatever case, is refused."""
    sku = Sku(**values_of(details))
    with refusing(_code_taken("sku", details.code)):
        sku.save()
    record("sku.created", sku, actor=actor, summary=f"{sku.code} was added.")
    return sku


@transaction.atomic
def change_sku(sku: Sku, *, details: SkuDetails, actor: User) -> Sku:
    """Changes a SKU. The unit stays once prices or results are counted in it."""
    sku = lock(sku)
    changes = apply_changes(sku, values_of(details))
    if not changes:
        return sku
    if "unit" in changes:
        _require_unit_unused(sku, changes["unit"][0])
    with refusing(_code_taken("sku", details.code)):
        sku.save(update_fields=list(changes))
    if RESULT_FIELDS & set(changes):
        mark_skus_stale([sku.pk])
    record("sku.changed", sku, actor=actor, summary=changed_words(sku, changes), changes=changes)
    return sku


def _require_unit_unused(sku: Sku, unit: str) -> None:
    if skus_in_use([sku.pk]):
        raise BusinessRuleError(
            "unit_in_use",
            f"Prices and results of {sku.code} are counted in {unit}. Add a new SKU instead.",
            "unit",
        )


def skus_in_use(sku_ids: Collection[int]) -> set[int]:
    """Those of the SKUs in whose unit prices or results are counted."""
    if not sku_ids:
        return set()
    priced = PriceBreak.objects.filter(sku_id__in=sku_ids).order_by().values_list("sku_id")
    counted = PerformanceCell.objects.filter(sku_id__in=sku_ids).values_list("sku_id")
    return {sku_id for (sku_id,) in priced.union(counted)}


def mark_skus_stale(sku_ids: Collection[int]) -> None:
    """Marks everything that was computed from these SKUs' costs and tolerances."""
    pairs = PerformanceCell.objects.filter(sku_id__in=sku_ids).values_list("supplier_id", "sku_id")
    mark_stale(StaleKey(supplier_id, sku_id) for supplier_id, sku_id in pairs.distinct())


def _code_taken(model: str, code: str) -> dict[str, BusinessRuleError]:
    noun = {"sku": "SKU"}.get(model, model)
    return {
        f"suppliers_{model}_code": BusinessRuleError(
            "code_taken", f"There is a {noun} with the code “{code}” already.", "code"
        )
    }
