"""A contact has a page of its own, so it gets an id that tells nothing."""

import uuid

from django.db import migrations, models

COLUMN = """
ALTER TABLE suppliers_contact ADD COLUMN public_id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE suppliers_contact ALTER COLUMN public_id DROP DEFAULT;
"""


class Migration(migrations.Migration):
    dependencies = [("suppliers", "0004_search_nearest_first")]
    operations = [
        migrations.RunSQL(
            COLUMN,
            "ALTER TABLE suppliers_contact DROP COLUMN public_id",
            state_operations=[
                migrations.AddField(
                    "contact", "public_id", models.UUIDField(default=uuid.uuid4, editable=False)
                )
            ],
        ),
        migrations.AddConstraint(
            "contact",
            models.UniqueConstraint(
                fields=("organization", "public_id"), name="suppliers_contact_public_id"
            ),
        ),
    ]
