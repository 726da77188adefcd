"""After a bulk load the planner knows nothing of the new rows; the application may tell it.

ANALYZE needs the tables' owner, so it runs in a listed function. It reads samples into the
planner's own statistics and answers nothing.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION procure_refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    own name;
BEGIN
    FOR own IN
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relforcerowsecurity
    LOOP
        EXECUTE format('ANALYZE public.%I', own);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION procure_refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION procure_refresh_statistics() TO app_rw;
"""

BACKWARD = "DROP FUNCTION procure_refresh_statistics();"


class Migration(migrations.Migration):
    dependencies = [("procure", "0003_sign_invitations")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
