"""What the planner knows of a table is soon outgrown when an organization begins; see procure/statistics.py.

Growth is read from the size of the file, which shows rows that are not committed yet. Whoever comes
second leaves the work to the first, and a table that is being vacuumed or indexed is left out, so
that nobody waits.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION procure_refresh_outgrown_statistics() RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own name;
    tables integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('procure_refresh_outgrown_statistics')) THEN
        RETURN 0;
    END IF;
    FOR own IN
        SELECT named.relname
        FROM (
            SELECT c.relname, c.relpages,
                pg_relation_size(c.oid) / current_setting('block_size')::bigint AS pages
            FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
              AND c.relforcerowsecurity
        ) named
        WHERE pages >= 8 AND pages > 2 * relpages
        ORDER BY relname
    LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) public.%I', own);
        tables := tables + 1;
    END LOOP;
    RETURN tables;
END $$;
REVOKE ALL ON FUNCTION procure_refresh_outgrown_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION procure_refresh_outgrown_statistics() TO app_rw;
"""

BACKWARD = "DROP FUNCTION procure_refresh_outgrown_statistics();"


class Migration(migrations.Migration):
    dependencies = [("procure", "0009_lapse_exceptions")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
