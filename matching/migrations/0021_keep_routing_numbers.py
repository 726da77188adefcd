"""The numbers of an account of ours are kept as they were entered, the routing number, too."""

from django.db import migrations

TRIGGER = """
DROP TRIGGER matching_payingaccount_kept ON matching_payingaccount;
CREATE TRIGGER matching_payingaccount_kept
    BEFORE UPDATE OF {columns} ON matching_payingaccount
    FOR EACH ROW EXECUTE FUNCTION matching_keep_payment_record();
"""
BEFORE = "holder, iban, bic, bank_name, currency, proposed_by_id"
NOW = f"{BEFORE}, account_number, routing_number"


class Migration(migrations.Migration):
    dependencies = [("matching", "0020_know_accounts_by_routing")]
    operations = [
        migrations.RunSQL(TRIGGER.format(columns=NOW), TRIGGER.format(columns=BEFORE)),
    ]
