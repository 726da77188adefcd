"""Two records that are one supplier become one, and can become two again."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import procure.fields
import procure.tenancy
import uuid
from django.conf import settings
from django.db import migrations, models


# What was written down stays as it was written; only whom it names follows a recorded merge or its
# undoing. What would name a merged record is refused: as a lost race (40001), because only one who
# read before the merge can ask for it, and finds the remaining record at the second try. The lock
# on the key waits for a merge that is on its way, and such a merge waits for it.
FORWARD = """
CREATE FUNCTION suppliers_follows_merge(of_organization bigint, was bigint, now_is bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM suppliers_suppliermerge
        WHERE organization_id = of_organization AND (
            merged_id = was AND remaining_id = now_is AND undone_at IS NULL
            OR merged_id = now_is AND remaining_id = was AND undone_at IS NOT NULL
        )
    )
$$;
CREATE FUNCTION suppliers_refuse_merged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.supplier_id IS NOT DISTINCT FROM OLD.supplier_id THEN RETURN NEW; END IF;
    END IF;
    PERFORM FROM suppliers_supplier
        WHERE organization_id = NEW.organization_id AND id = NEW.supplier_id FOR KEY SHARE;
    IF EXISTS (
        SELECT FROM suppliers_supplier
        WHERE organization_id = NEW.organization_id AND id = NEW.supplier_id AND status = 'merged'
    ) THEN
        RAISE EXCEPTION 'the supplier was merged into another' USING ERRCODE = '40001';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION suppliers_keep_risk_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.supplier_id <> OLD.supplier_id
            AND (to_jsonb(NEW) - 'supplier_id') = (to_jsonb(OLD) - 'supplier_id')
            AND suppliers_follows_merge(OLD.organization_id, OLD.supplier_id, NEW.supplier_id)
        THEN RETURN NEW; END IF;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.closed_at IS NOT NULL
        OR (to_jsonb(NEW) - '{closed_at,closed_by_id,close_reason}'::text[]) IS DISTINCT FROM
        (to_jsonb(OLD) - '{closed_at,closed_by_id,close_reason}'::text[])
    THEN
        RAISE EXCEPTION 'a risk note is closed, not changed' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION suppliers_keep_candidate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.supplier_id <> OLD.supplier_id
            AND (to_jsonb(NEW) - 'supplier_id') = (to_jsonb(OLD) - 'supplier_id')
            AND suppliers_follows_merge(OLD.organization_id, OLD.supplier_id, NEW.supplier_id)
        THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
DROP TRIGGER suppliers_decisioncandidate_kept ON suppliers_decisioncandidate;
CREATE TRIGGER suppliers_decisioncandidate_kept
    BEFORE UPDATE OR DELETE ON suppliers_decisioncandidate
    FOR EACH ROW EXECUTE FUNCTION suppliers_keep_candidate();
"""

BACKWARD = """
DROP TRIGGER suppliers_decisioncandidate_kept ON suppliers_decisioncandidate;
CREATE TRIGGER suppliers_decisioncandidate_kept
    BEFORE UPDATE OR DELETE ON suppliers_decisioncandidate
    FOR EACH ROW EXECUTE FUNCTION procure_refuse_change();
DROP FUNCTION suppliers_keep_candidate();
CREATE OR REPLACE FUNCTION suppliers_keep_risk_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.closed_at IS NOT NULL
        OR (to_jsonb(NEW) - '{closed_at,closed_by_id,close_reason}'::text[]) IS DISTINCT FROM
        (to_jsonb(OLD) - '{closed_at,closed_by_id,close_reason}'::text[])
    THEN
        RAISE EXCEPTION 'a risk note is closed, not changed' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION suppliers_refuse_merged();
DROP FUNCTION suppliers_follows_merge(bigint, bigint, bigint);
"""

# Decision candidates are written together with what they are about, and cannot come late.
GUARDED = (
    "approvedvendor",
    "bankaccount",
    "contact",
    "priceagreement",
    "provisionaladmission",
    "qualification",
    "quotation",
    "quotationinvitation",
    "quotationquestion",
    "risknote",
    "strategyshare",
    "supplieraddress",
    "volumecommitment",
)


def guard(table: str) -> migrations.RunSQL:
    """Refuses rows of this table that name a merged supplier."""
    return migrations.RunSQL(
        f"CREATE TRIGGER suppliers_{table}_not_merged BEFORE INSERT OR UPDATE OF supplier_id "
        f"ON suppliers_{table} FOR EACH ROW EXECUTE FUNCTION suppliers_refuse_merged()",
        f"DROP TRIGGER suppliers_{table}_not_merged ON suppliers_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("procure", "0009_lapse_exceptions"),
        ("suppliers", "0022_change_quotation_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SupplierMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("reason", models.TextField()),
                ("former", models.JSONField(default=dict)),
                ("payments_from", models.DateField(blank=True, null=True)),
                ("merged_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("undo_reason", models.TextField(blank=True)),
                (
                    "merged",
                    procure.fields.OrganizationForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "merged_by",
                    models.ForeignKey(
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
                    "remaining",
                    procure.fields.OrganizationForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "undone_by",
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
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        fields=["organization", "merged"], name="suppliers_s_organiz_51f61d_idx"
                    ),
                    models.Index(
                        fields=["organization", "remaining"], name="suppliers_s_organiz_81e111_idx"
                    ),
                ],
                "constraints": [
                    procure.tenancy.Isolated(name="suppliers_suppliermerge_isolated"),
                    models.UniqueConstraint(
                        fields=("organization", "id"),
                        name="suppliers_suppliermerge_organization_id",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "public_id"),
                        name="suppliers_suppliermerge_public_id",
                    ),
                    procure.tenancy.SameOrganization(
                        field="merged", name="suppliers_suppliermerge_merged_org"
                    ),
                    procure.tenancy.SameOrganization(
                        field="remaining", name="suppliers_suppliermerge_remaining_org"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)),
                        fields=("organization", "merged"),
                        name="suppliers_suppliermerge_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("merged", models.F("remaining")), _negated=True),
                        name="suppliers_suppliermerge_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="suppliers_suppliermerge_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("undo_reason", ""),
                                ("undone_at__isnull", True),
                                ("undone_by__isnull", True),
                            ),
                            models.Q(
                                ("undone_at__isnull", False),
                                ("undone_by__isnull", False),
                                models.Q(("undo_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="suppliers_suppliermerge_undone",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MovedRows",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=100)),
                (
                    "row_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
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
                    "merge",
                    procure.fields.OrganizationForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="moved",
                        to="suppliers.suppliermerge",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["organization", "merge"], name="suppliers_m_organiz_4e6176_idx"
                    )
                ],
                "constraints": [
                    procure.tenancy.Isolated(name="suppliers_movedrows_isolated"),
                    models.UniqueConstraint(
                        fields=("organization", "id"), name="suppliers_movedrows_organization_id"
                    ),
                    procure.tenancy.SameOrganization(
                        field="merge", name="suppliers_movedrows_merge_org"
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "merge", "reference"),
                        name="suppliers_movedrows_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuppliersToldApart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("told_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "first",
                    procure.fields.OrganizationForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="suppliers.supplier",
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
                    "second",
                    procure.fields.OrganizationForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="suppliers.supplier",
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["organization", "first"], name="suppliers_s_organiz_d2f539_idx"
                    ),
                    models.Index(
                        fields=["organization", "second"], name="suppliers_s_organiz_e597cf_idx"
                    ),
                ],
                "constraints": [
                    procure.tenancy.Isolated(name="suppliers_supplierstoldapart_isolated"),
                    models.UniqueConstraint(
                        fields=("organization", "id"),
                        name="suppliers_supplierstoldapart_organization_id",
                    ),
                    procure.tenancy.SameOrganization(
                        field="first", name="suppliers_supplierstoldapart_first_org"
                    ),
                    procure.tenancy.SameOrganization(
                        field="second", name="suppliers_supplierstoldapart_second_org"
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "first", "second"),
                        name="suppliers_supplierstoldapart_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("second"))),
                        name="suppliers_supplierstoldapart_order",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="supplier",
            name="suppliers_supplier_status_known",
        ),
        migrations.AddField(
            model_name="contact",
            name="email_domain",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    models.Func(
                        "email",
                        models.Value("^[^@]*@?"),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                    )
                ),
                output_field=models.CharField(max_length=254),
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="phone_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    models.Func(
                        "phone",
                        models.Value("\\D+"),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                    ),
                    models.Value("^0+"),
                    models.Value(""),
                    models.Value("g"),
                    function="regexp_replace",
                ),
                output_field=models.CharField(max_length=40),
            ),
        ),
        migrations.AddField(
            model_name="supplier",
            name="email_domain",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    models.Func(
                        "email",
                        models.Value("^[^@]*@?"),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                    )
                ),
                output_field=models.CharField(max_length=254),
            ),
        ),
        migrations.AddField(
            model_name="supplier",
            name="name_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    models.Func(
                        models.Func(
                            models.Func(
                                django.db.models.functions.text.Upper("name"),
                                models.Value("[.'’]"),
                                models.Value(""),
                                models.Value("g"),
                                function="regexp_replace",
                            ),
                            models.Value("[^[:alnum:]]+"),
                            models.Value(" "),
                            models.Value("g"),
                            function="regexp_replace",
                        ),
                        models.Value(
                            "\\m(GMBH|MBH|UG|AG|KG|KGAA|OHG|GBR|EK|EG|SE|LTD|LIMITED|PLC|LLP|LLC|LP|INC|INCORPORATED|CORP|CORPORATION|CO|COMPANY|SA|SAS|SARL|SRL|SPA|SL|BV|NV|AB|AS|APS|OY|OYJ|SP|ZOO|PTY|PTE|PVT)\\M"
                        ),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                    ),
                    models.Value("\\s+"),
                    models.Value(""),
                    models.Value("g"),
                    function="regexp_replace",
                ),
                output_field=models.CharField(max_length=200),
            ),
        ),
        migrations.AddField(
            model_name="supplier",
            name="tax_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    django.db.models.functions.text.Upper("tax_id"),
                    models.Value("[^[:alnum:]]+"),
                    models.Value(""),
                    models.Value("g"),
                    function="regexp_replace",
                ),
                output_field=models.CharField(max_length=40),
            ),
        ),
        migrations.AlterField(
            model_name="supplier",
            name="status",
            field=models.CharField(
                choices=[
                    ("active", "Active"),
                    ("blocked", "Blocked"),
                    ("archived", "Archived"),
                    ("merged", "Merged"),
                ],
                default="active",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="bankaccount",
            index=models.Index(
                fields=["organization", "iban"], name="suppliers_b_organiz_f51caf_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="bankaccount",
            index=models.Index(
                fields=["organization", "account_number"], name="suppliers_b_organiz_f3bf82_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                fields=["organization", "email_domain"], name="suppliers_c_organiz_17617f_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                fields=["organization", "phone_key"], name="suppliers_c_organiz_79b03d_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="supplier",
            index=models.Index(
                fields=["organization", "name_key"], name="suppliers_s_organiz_27fc8c_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="supplier",
            index=models.Index(
                fields=["organization", "tax_key"], name="suppliers_s_organiz_d07fd4_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="supplier",
            index=models.Index(
                fields=["organization", "email_domain"], name="suppliers_s_organiz_fde409_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplier",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["active", "archived", "blocked", "merged"])),
                name="suppliers_supplier_status_known",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        *(guard(table) for table in GUARDED),
    ]
