"""No order names a supplier record that was merged into another."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER purchasing_purchaseorder_not_merged
    BEFORE INSERT OR UPDATE OF supplier_id ON purchasing_purchaseorder
    FOR EACH ROW EXECUTE FUNCTION suppliers_refuse_merged();
"""

BACKWARD = "DROP TRIGGER purchasing_purchaseorder_not_merged ON purchasing_purchaseorder"


class Migration(migrations.Migration):
    dependencies = [
        ("purchasing", "0012_find_delivery_notes"),
        ("suppliers", "0023_merge_suppliers"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
