"""The trail can be written and read, never changed: by privilege, and by trigger for the owner."""

from django.db import migrations

FORWARD = """
REVOKE UPDATE, DELETE ON procure_businessevent FROM app_rw;
CREATE FUNCTION procure_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER procure_businessevent_append_only
    BEFORE UPDATE OR DELETE ON procure_businessevent
    FOR EACH ROW EXECUTE FUNCTION procure_refuse_change();
"""

BACKWARD = """
DROP TRIGGER procure_businessevent_append_only ON procure_businessevent;
DROP FUNCTION procure_refuse_change();
GRANT UPDATE, DELETE ON procure_businessevent TO app_rw;
"""


class Migration(migrations.Migration):
    dependencies = [("procure", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
