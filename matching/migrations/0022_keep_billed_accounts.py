"""The bank accounts printed on an invoice are kept with it, as it was captured."""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION matching_keep_billed_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a captured invoice is not edited' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER matching_supplierinvoice_account_kept
    BEFORE UPDATE OF billed_account ON matching_supplierinvoice FOR EACH ROW
    WHEN (OLD.billed_account IS DISTINCT FROM NEW.billed_account)
    EXECUTE FUNCTION matching_keep_billed_account();
"""

BACKWARD = """
DROP TRIGGER matching_supplierinvoice_account_kept ON matching_supplierinvoice;
DROP FUNCTION matching_keep_billed_account();
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0021_keep_routing_numbers")]
    operations = [
        migrations.AddField(
            model_name="supplierinvoice",
            name="billed_account",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Bank accounts that it asks to be paid to.",
                max_length=200,
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
