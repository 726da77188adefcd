"""The catalogue lint: does the database itself keep organizations apart?

It reads Postgres's catalogue, not the models, so that it also sees what no model knows of: a
hand-made table, a forgotten policy, a view, a privilege. A finding is a line a person can act on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from procure.tenancy import RUNTIME_ROLE

# Tables that belong to no organization, each with its reason.
GLOBAL_TABLES = {
    "procure_organization": "the organizations themselves",
    "procure_user": "a person may belong to several organizations",
    "procure_user_groups": "part of a person's account",
    "procure_user_user_permissions": "part of a person's account",
    "procure_membership": "read to find out whose organization a request may enter",
    "django_session": "signed-in browsers, before any organization is known",
    "django_content_type": "names of models",
    "django_migrations": "which migrations ran",
    "django_admin_log": "platform staff's changes to accounts",
    "auth_group": "part of Django's accounts, unused",
    "auth_group_permissions": "part of Django's accounts, unused",
    "auth_permission": "names of Django's model permissions",
}

# Functions that read past the policy; each filters by the organization itself.
LISTED_DEFINER_FUNCTIONS: dict[str, str] = {
    "suppliers_search": "patterns cannot use an index under a policy; it answers ids only",
    "procure_refresh_statistics": "ANALYZE after a bulk load; it reads into the planner only",
    "procure_refresh_outgrown_statistics": "the same for tables that have grown to twice the size",
}

# Policies beside the one every table has: they let a table's owner read it for a listed function.
LISTED_OWNER_POLICIES = {
    "search_by_owner": "suppliers_search runs as the owner and filters by the organization itself",
}

# What a supplier reaches through a mailed link: tables that hold one supplier's rows for it, by a
# second, restrictive policy. `procure.tenancy.supplier_atomic` sets whose.
SUPPLIER_TABLES = {
    "suppliers_quotationinvitation": "who is invited is nobody else's business",
    "suppliers_quotation": "an offer is between its supplier and us",
    "suppliers_quotationline": "prices of an offer",
    "suppliers_quotationbreak": "prices of an offer",
    "suppliers_quotationquestion": "who asked what; shared answers are copied without a name",
    "suppliers_quotationaward": "who got what, at whose terms",
}

CANONICAL = (
    "(organization_id=(SELECT(NULLIF(current_setting('app.organization_id'::text,true),''::text))"
    "::bigint))"
)

CANONICAL_BY_SUPPLIER = (
    "(((SELECT(NULLIF(current_setting('app.supplier_id'::text,true),''::text))::bigint)ISNULL)OR"
    "(supplier_id=(SELECT(NULLIF(current_setting('app.supplier_id'::text,true),''::text))::bigint)))"
)

TENANT_TABLES = """
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> ALL(%(global)s)
"""

# Every policy but the listed ones, which count only as what they were listed for.
POLICIES = """
    SELECT p.* FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE NOT (p.polname = ANY(%(owner_policies)s) AND p.polcmd = 'r'
        AND p.polroles = ARRAY[c.relowner])
    AND NOT (p.polname = 'supplier_isolation' AND NOT p.polpermissive
        AND c.relname = ANY(%(supplier_tables)s))
"""

# Each rule: its name, and a query that answers (what, detail) for every defect.
RULES: dict[str, str] = {
    "organization_id is missing or may be null": """
        SELECT t.relname, '' FROM tenant t WHERE NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = t.oid
            AND a.attname = 'organization_id' AND a.attnotnull AND NOT a.attisdropped)""",
    "row-level security is off": "SELECT relname, '' FROM tenant WHERE NOT relrowsecurity",
    "row-level security is not forced": """
        SELECT relname, '' FROM tenant WHERE NOT relforcerowsecurity""",
    "there is not exactly one policy": """
        SELECT t.relname, count(p.oid)::text FROM tenant t
        LEFT JOIN policy p ON p.polrelid = t.oid GROUP BY 1 HAVING count(p.oid) <> 1""",
    "the policy's USING is not the canonical text": """
        SELECT t.relname, coalesce(pg_get_expr(p.polqual, p.polrelid), 'none')
        FROM tenant t JOIN policy p ON p.polrelid = t.oid
        WHERE canonical(pg_get_expr(p.polqual, p.polrelid)) IS DISTINCT FROM %(canonical)s""",
    "the policy's WITH CHECK is not the canonical text": """
        SELECT t.relname, coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'none')
        FROM tenant t JOIN policy p ON p.polrelid = t.oid
        WHERE canonical(pg_get_expr(p.polwithcheck, p.polrelid)) IS DISTINCT FROM %(canonical)s""",
    "the policy is not for every command of the runtime role": """
        SELECT t.relname, p.polname FROM tenant t JOIN policy p ON p.polrelid = t.oid
        WHERE p.polcmd <> '*' OR NOT p.polpermissive
        OR p.polroles <> ARRAY[(SELECT oid FROM pg_roles WHERE rolname = %(role)s)]""",
    "a table that suppliers reach does not keep them apart": """
        SELECT t.relname, coalesce(pg_get_expr(p.polqual, p.polrelid), 'none') FROM tenant t
        LEFT JOIN pg_policy p ON p.polrelid = t.oid AND p.polname = 'supplier_isolation'
        WHERE t.relname = ANY(%(supplier_tables)s) AND (p.oid IS NULL OR p.polpermissive
        OR p.polcmd <> '*'
        OR p.polroles <> ARRAY[(SELECT oid FROM pg_roles WHERE rolname = %(role)s)]
        OR canonical(pg_get_expr(p.polqual, p.polrelid)) IS DISTINCT FROM %(by_supplier)s
        OR canonical(pg_get_expr(p.polwithcheck, p.polrelid)) IS DISTINCT FROM %(by_supplier)s)""",
    "a foreign key between organizations' tables leaves organization_id out": """
        SELECT t.relname, k.conname FROM pg_constraint k
        JOIN tenant t ON t.oid = k.conrelid JOIN tenant p ON p.oid = k.confrelid
        WHERE k.contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = t.oid
            AND a.attname = 'organization_id' AND a.attnum = ANY(k.conkey))""",
    "a unique or exclusion rule leaves organization_id out": """
        SELECT t.relname, i.relname FROM tenant t JOIN pg_index x ON x.indrelid = t.oid
        JOIN pg_class i ON i.oid = x.indexrelid
        WHERE (x.indisunique OR x.indisexclusion) AND NOT x.indisprimary AND NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = t.oid
            AND a.attname = 'organization_id' AND a.attnum = ANY(x.indkey))""",
    "a reference column has no foreign key": """
        SELECT t.relname, a.attname FROM tenant t JOIN pg_attribute a ON a.attrelid = t.oid
        WHERE a.attname LIKE '%%\\_id' AND a.atttypid = 'bigint'::regtype AND NOT a.attisdropped
        AND a.attname <> ALL(%(plain_ids)s) AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'f'
            AND a.attnum = ANY(k.conkey))""",
    "a view does not run as its reader": """
        SELECT c.relname, '' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind = 'v'
        AND NOT EXISTS (SELECT FROM unnest(c.reloptions) o WHERE o = 'security_invoker=true')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')""",
    "a materialized view can be read": """
        SELECT c.relname, '' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind = 'm'
        AND has_table_privilege(%(role)s, c.oid, 'SELECT')""",
    "a function runs with its owner's rights and is not listed": """
        SELECT p.proname, '' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'public' AND p.prosecdef AND p.proname <> ALL(%(definers)s)
        AND has_function_privilege(%(role)s, p.oid, 'EXECUTE')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
    "the runtime role owns something": """
        SELECT c.relname, '' FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
        WHERE r.rolname = %(role)s""",
    "the runtime role holds a privilege it must not have": """
        SELECT t.relname, privilege FROM tenant t,
        unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
        WHERE has_table_privilege(%(role)s, t.oid, privilege)""",
    "the runtime role can pass the policies or make roles": """
        SELECT rolname, '' FROM pg_roles WHERE rolname = %(role)s
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)""",
    "the runtime role is a member of another": """
        SELECT m.rolname, g.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
        JOIN pg_roles g ON g.oid = a.roleid WHERE m.rolname = %(role)s""",
}

# Columns that end in _id and name a row of any table, or one of another system.
PLAIN_IDS = ["subject_id", "source_id"]

CANONICAL_TEXT = """replace(regexp_replace({}, '\\s', '', 'g'), 'AS"nullif"', '')"""


@dataclass(frozen=True, slots=True)
class Defect:
    """One broken rule: which, on what, and the part of it that is wrong."""

    rule: str
    subject: str
    detail: str

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.subject}: {self.rule}{detail}"


def isolation_defects(cursor: Any = None) -> list[Defect]:
    """Every defect of the connected database; empty is what it should be. One statement."""
    if cursor is None:
        with connection.cursor() as own:
            return isolation_defects(own)
    parts = " UNION ALL ".join(
        f"(SELECT {number}, x.* FROM ({_with_canonical(query)}) AS x(subject, detail))"
        for number, query in enumerate(RULES.values())
    )
    cursor.execute(
        f"WITH tenant AS ({TENANT_TABLES}), policy AS ({POLICIES}) {parts} ORDER BY 2, 1",
        {
            "global": list(GLOBAL_TABLES),
            "canonical": CANONICAL,
            "by_supplier": CANONICAL_BY_SUPPLIER,
            "supplier_tables": list(SUPPLIER_TABLES),
            "role": RUNTIME_ROLE,
            "definers": list(LISTED_DEFINER_FUNCTIONS),
            "owner_policies": list(LISTED_OWNER_POLICIES),
            "plain_ids": PLAIN_IDS,
        },
    )
    names = list(RULES)
    return [Defect(names[number], subject, detail) for number, subject, detail in cursor]


def _with_canonical(query: str) -> str:
    for column in ("polqual", "polwithcheck"):
        expression = f"pg_get_expr(p.{column}, p.polrelid)"
        query = query.replace(f"canonical({expression})", CANONICAL_TEXT.format(expression))
    return query
