import django.utils.timezone
from django.db import migrations, models

# Whoever changes a number, by whatever way: from now on it is a new one.
FORWARD = """
CREATE FUNCTION suppliers_date_phone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.phone_since := now();
    RETURN NEW;
END $$;
CREATE TRIGGER suppliers_contact_phone_dated
    BEFORE UPDATE ON suppliers_contact
    FOR EACH ROW WHEN (NEW.phone IS DISTINCT FROM OLD.phone)
    EXECUTE FUNCTION suppliers_date_phone();
"""

BACKWARD = """
DROP TRIGGER suppliers_contact_phone_dated ON suppliers_contact;
DROP FUNCTION suppliers_date_phone();
"""


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0020_keep_addresses_and_risks")]

    operations = [
        # Numbers that are there already stay without a day: they were on file before this.
        migrations.AddField(
            model_name="contact",
            name="phone_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="contact",
            name="phone_since",
            field=models.DateTimeField(
                default=django.utils.timezone.now, editable=False, null=True
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
