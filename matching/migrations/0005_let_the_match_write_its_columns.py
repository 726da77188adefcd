"""The match also writes a line's amount, and a person may read a line as a charge."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION matching_keep_invoice_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR (to_jsonb(NEW) - '{%(columns)s}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{%(columns)s}'::text[])
    THEN
        RAISE EXCEPTION 'a captured invoice is not edited' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
"""
BEFORE = "order_line_id,linked_by_hand,matched_quantity,matched_price"


class Migration(migrations.Migration):
    dependencies = [("matching", "0004_match_outcomes")]
    operations = [
        migrations.RunSQL(
            FUNCTION % {"columns": f"{BEFORE},matched_amount,charge_code"},
            FUNCTION % {"columns": BEFORE},
        )
    ]
