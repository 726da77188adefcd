"""What a supplier billed is kept as billed; the match writes only its own columns."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION matching_keep_invoice_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR (to_jsonb(NEW) - '{order_line_id,linked_by_hand,matched_quantity,matched_price}'::text[])
        IS DISTINCT FROM
        (to_jsonb(OLD) - '{order_line_id,linked_by_hand,matched_quantity,matched_price}'::text[])
    THEN
        RAISE EXCEPTION 'a captured invoice is not edited' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matching_supplierinvoiceline_captured
    BEFORE UPDATE OR DELETE ON matching_supplierinvoiceline
    FOR EACH ROW EXECUTE FUNCTION matching_keep_invoice_line();
CREATE FUNCTION matching_keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR
        (OLD.number, OLD.kind, OLD.supplier_id, OLD.currency, OLD.total_amount, OLD.tax_amount,
         OLD.discount_amount, OLD.charges, OLD.taxes)
        IS DISTINCT FROM
        (NEW.number, NEW.kind, NEW.supplier_id, NEW.currency, NEW.total_amount, NEW.tax_amount,
         NEW.discount_amount, NEW.charges, NEW.taxes)
    THEN
        RAISE EXCEPTION 'a captured invoice is not edited' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matching_supplierinvoice_captured
    BEFORE UPDATE OR DELETE ON matching_supplierinvoice
    FOR EACH ROW EXECUTE FUNCTION matching_keep_invoice();
"""

BACKWARD = """
DROP TRIGGER matching_supplierinvoice_captured ON matching_supplierinvoice;
DROP TRIGGER matching_supplierinvoiceline_captured ON matching_supplierinvoiceline;
DROP FUNCTION matching_keep_invoice();
DROP FUNCTION matching_keep_invoice_line();
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
