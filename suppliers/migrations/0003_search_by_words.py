"""Finding SKUs and suppliers by parts of words, fast under row-level security.

Only leakproof operators may run before a policy, so a pattern cannot use its index there. The one
listed function runs as the tables' owner, filters by the organization itself, and answers ids
only; the rows are read again through the policy. The owner, to whom the forced policy would leave
nothing, may read these three tables by a policy of its own; the application's role gains nothing.
"""

from django.db import migrations

FORWARD = """
CREATE INDEX suppliers_sku_words ON suppliers_sku
    USING gist (organization_id, upper(code || ' ' || description) gist_trgm_ops);
CREATE INDEX suppliers_supplier_words ON suppliers_supplier
    USING gist (organization_id, upper(code || ' ' || name || ' ' || legal_name) gist_trgm_ops);
CREATE INDEX suppliers_pricebreak_words ON suppliers_pricebreak
    USING gist (organization_id, upper(supplier_sku) gist_trgm_ops) WHERE supplier_sku <> '';

CREATE POLICY search_by_owner ON suppliers_sku FOR SELECT TO app_owner USING (true);
CREATE POLICY search_by_owner ON suppliers_supplier FOR SELECT TO app_owner USING (true);
CREATE POLICY search_by_owner ON suppliers_pricebreak FOR SELECT TO app_owner USING (true);

CREATE FUNCTION suppliers_search(kind text, patterns text[], most integer)
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
            WHERE sku.organization_id = own
                AND upper(sku.code || ' ' || sku.description) LIKE patterns[1]
                AND upper(sku.code || ' ' || sku.description) LIKE ALL (patterns)
            UNION
            SELECT step.sku_id FROM suppliers_pricebreak step
            WHERE step.organization_id = own AND step.supplier_sku <> ''
                AND upper(step.supplier_sku) LIKE patterns[1]
                AND upper(step.supplier_sku) LIKE ALL (patterns)
            LIMIT most;
    ELSIF kind = 'supplier' THEN
        RETURN QUERY
            SELECT supplier.id FROM suppliers_supplier supplier
            WHERE supplier.organization_id = own
                AND upper(supplier.code || ' ' || supplier.name || ' ' || supplier.legal_name)
                    LIKE patterns[1]
                AND upper(supplier.code || ' ' || supplier.name || ' ' || supplier.legal_name)
                    LIKE ALL (patterns)
            LIMIT most;
    END IF;
END $$;
REVOKE ALL ON FUNCTION suppliers_search(text, text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION suppliers_search(text, text[], integer) TO app_rw;
"""

BACKWARD = """
DROP FUNCTION suppliers_search(text, text[], integer);
DROP POLICY search_by_owner ON suppliers_pricebreak;
DROP POLICY search_by_owner ON suppliers_supplier;
DROP POLICY search_by_owner ON suppliers_sku;
DROP INDEX suppliers_pricebreak_words;
DROP INDEX suppliers_supplier_words;
DROP INDEX suppliers_sku_words;
"""


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0002_keep_previous_price_and_period")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
