"""A posted receipt keeps its content; only its reversal may be written beside it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION purchasing_keep_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.status = 'reversed'
        OR (to_jsonb(NEW) - '{status,reversed_by_id,reversed_at,reversal_reason}'::text[])
        IS DISTINCT FROM
        (to_jsonb(OLD) - '{status,reversed_by_id,reversed_at,reversal_reason}'::text[])
    THEN
        RAISE EXCEPTION 'a posted receipt is corrected by a reversal' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER purchasing_goodsreceipt_posted
    BEFORE UPDATE OR DELETE ON purchasing_goodsreceipt
    FOR EACH ROW EXECUTE FUNCTION purchasing_keep_receipt();
CREATE FUNCTION purchasing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a posted receipt is corrected by a reversal' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER purchasing_goodsreceiptline_posted
    BEFORE UPDATE OR DELETE ON purchasing_goodsreceiptline
    FOR EACH ROW EXECUTE FUNCTION purchasing_refuse_change();
"""

BACKWARD = """
DROP TRIGGER purchasing_goodsreceiptline_posted ON purchasing_goodsreceiptline;
DROP TRIGGER purchasing_goodsreceipt_posted ON purchasing_goodsreceipt;
DROP FUNCTION purchasing_refuse_change();
DROP FUNCTION purchasing_keep_receipt();
"""


class Migration(migrations.Migration):
    dependencies = [("purchasing", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
