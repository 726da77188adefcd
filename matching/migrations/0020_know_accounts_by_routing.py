"""An account of ours is known by its IBAN, or by its number and the routing number of its bank."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0019_keep_statements"),
        ("procure", "0009_lapse_exceptions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="payingaccount",
            name="account_number",
            field=models.CharField(blank=True, max_length=34),
        ),
        migrations.AddField(
            model_name="payingaccount",
            name="routing_number",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AlterField(
            model_name="payingaccount",
            name="iban",
            field=models.CharField(blank=True, max_length=34),
        ),
        migrations.AddConstraint(
            model_name="payingaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("iban", ""), _negated=True),
                        ("account_number", ""),
                        ("routing_number", ""),
                    ),
                    models.Q(
                        ("iban", ""),
                        models.Q(("account_number", ""), _negated=True),
                        models.Q(("routing_number", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="matching_payingaccount_number",
            ),
        ),
    ]
