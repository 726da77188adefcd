"""The search answers the nearest rows first: a code that begins with the words, then a name."""

from django.db import migrations

FORWARD = """
DROP FUNCTION suppliers_search(text, text[], integer);
CREATE FUNCTION suppliers_search(kind text, patterns text[], beginning text, most integer)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    own bigint := nullif(current_setting('app.organization_id', true), '')::bigint;
BEGIN
    IF own IS NULL THEN
        RETURN;
    ELSIF kind = 'sku' THEN
        RETURN QUERY
            SELECT sku.id FROM suppliers_sku sku
            WHERE sku.organization_id = own AND sku.id IN (
                SELECT one.id FROM suppliers_sku one
                WHERE one.organization_id = own
                    AND upper(one.code || ' ' || one.description) LIKE patterns[1]
                    AND upper(one.code || ' ' || one.description) LIKE ALL (patterns)
                UNION ALL
                SELECT step.sku_id FROM suppliers_pricebreak step
                WHERE step.organization_id = own AND step.supplier_sku <> ''
                    AND upper(step.supplier_sku) LIKE patterns[1]
                    AND upper(step.supplier_sku) LIKE ALL (patterns)
            )
            ORDER BY NOT sku.is_active, upper(sku.code) NOT LIKE beginning,
                upper(sku.description) NOT LIKE beginning, sku.code
            LIMIT most;
    ELSIF kind = 'supplier' THEN
        RETURN QUERY
            SELECT one.id FROM suppliers_supplier one
            WHERE one.organization_id = own
                AND upper(one.code || ' ' || one.name || ' ' || one.legal_name) LIKE patterns[1]
                AND upper(one.code || ' ' || one.name || ' ' || one.legal_name) LIKE ALL (patterns)
            ORDER BY one.status = 'archived', upper(one.code) NOT LIKE beginning,
                upper(one.name) NOT LIKE beginning, one.name
            LIMIT most;
    END IF;
END $$;
REVOKE ALL ON FUNCTION suppliers_search(text, text[], text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION suppliers_search(text, text[], text, integer) TO app_rw;
"""

BACKWARD = """
DROP FUNCTION suppliers_search(text, text[], text, integer);
CREATE FUNCTION suppliers_search(kind text, patterns text[], most integer)
RETURNS SETOF bigint LANGUAGE sql STABLE AS $$ SELECT NULL::bigint WHERE false $$;
"""


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0003_search_by_words")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
