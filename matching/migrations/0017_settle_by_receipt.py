"""Suppliers that are paid what came, and the documents that we write for them."""

import django.db.models.deletion
import django.utils.timezone
import procure.fields
import procure.tenancy
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0016_try_tolerances"),
        ("procure", "0009_lapse_exceptions"),
        ("suppliers", "0023_merge_suppliers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceiptSettlement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SettlementTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "tax_code",
                    models.CharField(
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rated"),
                            ("E", "Exempt from tax"),
                            ("AE", "Reverse charge"),
                            ("K", "Intra-community supply"),
                            ("G", "Export, tax free"),
                            ("O", "Outside the scope of tax"),
                        ],
                        max_length=2,
                    ),
                ),
                (
                    "tax_rate",
                    procure.fields.PercentField(
                        decimal_places=4, default=Decimal("0"), max_digits=9
                    ),
                ),
                ("ageing_days", models.PositiveSmallIntegerField(default=2)),
                ("starts_on", models.DateField()),
                (
                    "note",
                    models.CharField(
                        help_text="Where the agreement on it is kept.", max_length=200
                    ),
                ),
                ("set_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "verbose_name": "terms of receipt settlement",
                "verbose_name_plural": "terms of receipt settlement",
                "ordering": ["-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="supplierinvoice",
            name="matching_supplierinvoice_origin_known",
        ),
        migrations.AlterField(
            model_name="supplierinvoice",
            name="origin",
            field=models.CharField(
                choices=[
                    ("entered", "Entered"),
                    ("imported", "Imported"),
                    ("electronic", "Electronic invoice"),
                    ("settled", "Settled by receipt"),
                ],
                default="entered",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierinvoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("origin__in", ["electronic", "entered", "imported", "settled"])
                ),
                name="matching_supplierinvoice_origin_known",
            ),
        ),
        migrations.AddField(
            model_name="receiptsettlement",
            name="invoice",
            field=procure.fields.OrganizationForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="settlements",
                to="matching.supplierinvoice",
            ),
        ),
        migrations.AddField(
            model_name="receiptsettlement",
            name="organization",
            field=procure.fields.OrganizationField(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procure.organization",
            ),
        ),
        migrations.AddField(
            model_name="settlementterms",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="settlementterms",
            name="organization",
            field=procure.fields.OrganizationField(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procure.organization",
            ),
        ),
        migrations.AddField(
            model_name="settlementterms",
            name="set_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="settlementterms",
            name="supplier",
            field=procure.fields.OrganizationForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="settlement_terms",
                to="suppliers.supplier",
            ),
        ),
        migrations.AddField(
            model_name="receiptsettlement",
            name="terms",
            field=procure.fields.OrganizationForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="settlements",
                to="matching.settlementterms",
            ),
        ),
        migrations.AddIndex(
            model_name="settlementterms",
            index=models.Index(
                fields=["organization", "supplier"], name="matching_se_organiz_40001f_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementterms",
            constraint=procure.tenancy.Isolated(name="matching_settlementterms_isolated"),
        ),
        migrations.AddConstraint(
            model_name="settlementterms",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="matching_settlementterms_organization_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementterms",
            constraint=models.UniqueConstraint(
                fields=("organization", "public_id"), name="matching_settlementterms_public_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementterms",
            constraint=models.CheckConstraint(
                condition=models.Q(("tax_code__in", ["AE", "E", "G", "K", "O", "S", "Z"])),
                name="matching_settlementterms_tax_code_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementterms",
            constraint=procure.tenancy.SameOrganization(
                field="supplier", name="matching_settlementterms_supplier_org"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementterms",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("organization", "supplier"),
                name="matching_settlementterms_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementterms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("tax_code", "S"), ("tax_rate__gt", 0), ("tax_rate__lte", 100)),
                    models.Q(
                        models.Q(("tax_code", "S"), _negated=True),
                        models.Q(("tax_code", ""), _negated=True),
                        ("tax_rate", 0),
                    ),
                    _connector="OR",
                ),
                name="matching_settlementterms_tax",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementterms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("end_reason", ""), ("ended_at__isnull", True), ("ended_by__isnull", True)
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                        models.Q(("end_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="matching_settlementterms_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="receiptsettlement",
            index=models.Index(
                fields=["organization", "terms"], name="matching_re_organiz_fcfadf_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="receiptsettlement",
            index=models.Index(
                fields=["organization", "invoice"], name="matching_re_organiz_6a67cc_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptsettlement",
            constraint=procure.tenancy.Isolated(name="matching_receiptsettlement_isolated"),
        ),
        migrations.AddConstraint(
            model_name="receiptsettlement",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="matching_receiptsettlement_organization_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptsettlement",
            constraint=procure.tenancy.SameOrganization(
                field="terms", name="matching_receiptsettlement_terms_org"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptsettlement",
            constraint=procure.tenancy.SameOrganization(
                field="invoice", name="matching_receiptsettlement_invoice_org"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptsettlement",
            constraint=models.UniqueConstraint(
                fields=("organization", "invoice"), name="matching_receiptsettlement_once"
            ),
        ),
    ]
