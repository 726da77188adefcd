"""No invoice names a merged supplier record; a captured one follows a recorded merge, no more."""

from django.db import migrations

KEEP = """
CREATE OR REPLACE FUNCTION matching_keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR
        (OLD.number, OLD.kind, OLD.currency, OLD.total_amount, OLD.tax_amount,
         OLD.discount_amount, OLD.charges, OLD.taxes, OLD.prepaid_amount)
        IS DISTINCT FROM
        (NEW.number, NEW.kind, NEW.currency, NEW.total_amount, NEW.tax_amount,
         NEW.discount_amount, NEW.charges, NEW.taxes, NEW.prepaid_amount)
        OR OLD.supplier_id <> NEW.supplier_id {but}
    THEN
        RAISE EXCEPTION 'a captured invoice is not edited' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
"""

FORWARD = f"""
{KEEP.format(but="AND NOT suppliers_follows_merge(OLD.organization_id, OLD.supplier_id, NEW.supplier_id)")}
CREATE TRIGGER matching_supplierinvoice_not_merged
    BEFORE INSERT OR UPDATE OF supplier_id ON matching_supplierinvoice
    FOR EACH ROW EXECUTE FUNCTION suppliers_refuse_merged();
"""

BACKWARD = f"""
DROP TRIGGER matching_supplierinvoice_not_merged ON matching_supplierinvoice;
{KEEP.format(but="")}
"""


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0012_read_mailboxes"),
        ("suppliers", "0023_merge_suppliers"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
