"""A held invoice is in no payment that leaves, what has left is not held or voided, and what the
bank got and said is kept as it was."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION matching_line_is_payable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM matching_supplierinvoice i
        WHERE i.organization_id = NEW.organization_id AND i.id = NEW.invoice_id
          AND i.status = 'approved' AND NOT EXISTS (
            SELECT FROM matching_hold h WHERE h.organization_id = i.organization_id
              AND h.invoice_id = i.id AND h.status = 'open')
    ) THEN
        RAISE EXCEPTION 'only an approved invoice without an open hold is paid'
            USING ERRCODE = '23514', CONSTRAINT = 'matching_paymentbatch_payable';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matching_paymentbatchline_payable
    BEFORE INSERT ON matching_paymentbatchline
    FOR EACH ROW WHEN (NEW.status = 'planned') EXECUTE FUNCTION matching_line_is_payable();

CREATE FUNCTION matching_batch_is_payable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM matching_paymentbatchline l
        JOIN matching_supplierinvoice i
            ON i.organization_id = l.organization_id AND i.id = l.invoice_id
        WHERE l.organization_id = NEW.organization_id AND l.batch_id = NEW.id
          AND l.status = 'planned' AND (i.status <> 'approved' OR EXISTS (
            SELECT FROM matching_hold h WHERE h.organization_id = i.organization_id
              AND h.invoice_id = i.id AND h.status = 'open'))
    ) THEN
        RAISE EXCEPTION 'only approved invoices without an open hold are paid'
            USING ERRCODE = '23514', CONSTRAINT = 'matching_paymentbatch_payable';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matching_paymentbatch_payable
    BEFORE UPDATE OF status ON matching_paymentbatch
    FOR EACH ROW WHEN (
        NEW.status IN ('proposed', 'released', 'exported') AND NEW.status <> OLD.status
    ) EXECUTE FUNCTION matching_batch_is_payable();

CREATE FUNCTION matching_is_on_its_way(organization bigint, invoice bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM matching_paymentbatchline l JOIN matching_paymentbatch b
            ON b.organization_id = l.organization_id AND b.id = l.batch_id
        WHERE l.organization_id = organization AND l.invoice_id = invoice
          AND l.status = 'planned' AND b.status = 'exported')
$$;
CREATE FUNCTION matching_keep_sent_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF matching_is_on_its_way(NEW.organization_id, NEW.id) THEN
        RAISE EXCEPTION 'the payment of this invoice has left' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matching_supplierinvoice_sent
    BEFORE UPDATE OF status ON matching_supplierinvoice
    FOR EACH ROW WHEN (OLD.status = 'approved' AND NEW.status IN ('open', 'void'))
    EXECUTE FUNCTION matching_keep_sent_invoice();
CREATE FUNCTION matching_hold_before_it_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF matching_is_on_its_way(NEW.organization_id, NEW.invoice_id) THEN
        RAISE EXCEPTION 'the payment of this invoice has left' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matching_hold_sent
    BEFORE INSERT ON matching_hold
    FOR EACH ROW WHEN (NEW.status = 'open') EXECUTE FUNCTION matching_hold_before_it_left();

CREATE FUNCTION matching_keep_payment_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what left and what the bank said is not edited' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER matching_paymentfile_kept
    BEFORE UPDATE OR DELETE ON matching_paymentfile
    FOR EACH ROW EXECUTE FUNCTION matching_keep_payment_record();
CREATE TRIGGER matching_invoicepayment_kept
    BEFORE UPDATE OR DELETE ON matching_invoicepayment
    FOR EACH ROW EXECUTE FUNCTION matching_keep_payment_record();
CREATE TRIGGER matching_payingaccount_kept
    BEFORE UPDATE OF holder, iban, bic, bank_name, currency, proposed_by_id
    ON matching_payingaccount
    FOR EACH ROW EXECUTE FUNCTION matching_keep_payment_record();
"""

BACKWARD = """
DROP TRIGGER matching_payingaccount_kept ON matching_payingaccount;
DROP TRIGGER matching_invoicepayment_kept ON matching_invoicepayment;
DROP TRIGGER matching_paymentfile_kept ON matching_paymentfile;
DROP TRIGGER matching_hold_sent ON matching_hold;
DROP TRIGGER matching_supplierinvoice_sent ON matching_supplierinvoice;
DROP TRIGGER matching_paymentbatch_payable ON matching_paymentbatch;
DROP TRIGGER matching_paymentbatchline_payable ON matching_paymentbatchline;
DROP FUNCTION matching_keep_payment_record();
DROP FUNCTION matching_hold_before_it_left();
DROP FUNCTION matching_keep_sent_invoice();
DROP FUNCTION matching_is_on_its_way(bigint, bigint);
DROP FUNCTION matching_batch_is_payable();
DROP FUNCTION matching_line_is_payable();
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0014_pay_in_batches")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
