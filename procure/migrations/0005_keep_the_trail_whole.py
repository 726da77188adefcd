"""The trail cannot be emptied either: TRUNCATE passes row triggers, so it has one of its own."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER procure_businessevent_never_emptied
    BEFORE TRUNCATE ON procure_businessevent
    FOR EACH STATEMENT EXECUTE FUNCTION procure_refuse_change();
"""

BACKWARD = "DROP TRIGGER procure_businessevent_never_emptied ON procure_businessevent;"


class Migration(migrations.Migration):
    dependencies = [("procure", "0004_refresh_statistics")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
