"""What suppliers say is open between us, as they sent it."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import procure.fields
import procure.tenancy
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0018_answer_suppliers"),
        ("procure", "0009_lapse_exceptions"),
        ("suppliers", "0023_merge_suppliers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SupplierStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("stated_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("file_name", models.CharField(blank=True, max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Reconciled")],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "taken_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("close_note", models.CharField(blank=True, max_length=300)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    procure.fields.OrganizationField(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procure.organization",
                    ),
                ),
                (
                    "supplier",
                    procure.fields.OrganizationForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "statement",
                "ordering": ["-stated_on", "-id"],
            },
        ),
        migrations.CreateModel(
            name="SupplierStatementLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("credit", "Credit note"),
                            ("payment", "Payment"),
                        ],
                        default="invoice",
                        max_length=10,
                    ),
                ),
                ("number", models.CharField(max_length=80)),
                (
                    "number_key",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Upper(
                            models.Func(
                                models.F("number"),
                                models.Value("[^A-Za-z0-9]"),
                                models.Value(""),
                                models.Value("g"),
                                function="regexp_replace",
                            )
                        ),
                        output_field=models.CharField(max_length=80),
                    ),
                ),
                ("dated_on", models.DateField(blank=True, null=True)),
                ("due_on", models.DateField(blank=True, null=True)),
                ("amount", procure.fields.AmountField(decimal_places=4, max_digits=18)),
                (
                    "open_amount",
                    procure.fields.AmountField(
                        blank=True, decimal_places=4, max_digits=18, null=True
                    ),
                ),
                (
                    "asked_on",
                    models.DateField(
                        blank=True, help_text="When the supplier was asked.", null=True
                    ),
                ),
                (
                    "organization",
                    procure.fields.OrganizationField(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procure.organization",
                    ),
                ),
                (
                    "statement",
                    procure.fields.OrganizationForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="matching.supplierstatement",
                    ),
                ),
            ],
            options={
                "verbose_name": "statement line",
                "ordering": ["position"],
            },
        ),
        migrations.AddIndex(
            model_name="supplierstatement",
            index=models.Index(
                fields=["organization", "supplier"], name="matching_su_organiz_7b0e12_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=procure.tenancy.Isolated(name="matching_supplierstatement_isolated"),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="matching_supplierstatement_organization_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.UniqueConstraint(
                fields=("organization", "public_id"), name="matching_supplierstatement_public_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["closed", "open"])),
                name="matching_supplierstatement_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=procure.tenancy.SameOrganization(
                field="supplier", name="matching_supplierstatement_supplier_org"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.UniqueConstraint(
                fields=("organization", "supplier", "stated_on", "currency"),
                name="matching_supplierstatement_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", True), ("closed_by__isnull", True), ("status", "open")
                    ),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("closed_by__isnull", False),
                        ("status", "closed"),
                    ),
                    _connector="OR",
                ),
                name="matching_supplierstatement_closed",
            ),
        ),
        migrations.AddIndex(
            model_name="supplierstatementline",
            index=models.Index(
                fields=["organization", "statement"], name="matching_su_organiz_db4fa0_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatementline",
            constraint=procure.tenancy.Isolated(name="matching_supplierstatementline_isolated"),
        ),
        migrations.AddConstraint(
            model_name="supplierstatementline",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="matching_supplierstatementline_organization_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["credit", "invoice", "payment"])),
                name="matching_supplierstatementline_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatementline",
            constraint=procure.tenancy.SameOrganization(
                field="statement", name="matching_supplierstatementline_statement_org"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatementline",
            constraint=models.UniqueConstraint(
                fields=("organization", "statement", "position"),
                name="matching_supplierstatementline_position",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierstatementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0), models.Q(("number", ""), _negated=True)),
                name="matching_supplierstatementline_said",
            ),
        ),
    ]
