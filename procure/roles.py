"""The database's roles, extensions and grants, in one place for every kind of set-up.

- `app_owner` owns the schema and runs migrations; it is no superuser.
- `app_rw` is the running application: it owns nothing, is a member of nothing, and every
  row-level policy applies to it.
- `app_ops` reads everything for backups and verification.

A superuser runs this once per server and database (`manage.py create_roles`, the embedded
Postgres, the tests); running it again changes nothing.
"""

from psycopg import Connection, connect, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

OWNER, RUNTIME, OPERATIONS = "app_owner", "app_rw", "app_ops"

# Trusted extensions the schema uses: exclusion constraints over ids, and search by trigrams.
EXTENSIONS = ("btree_gist", "pg_trgm")

# Limits belong to the role, not the connection string: a pooler drops start-up options.
ROLE_SETTINGS = {
    OWNER: {"lock_timeout": "10s"},
    RUNTIME: {
        "statement_timeout": "15s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "30s",
    },
    OPERATIONS: {"default_transaction_read_only": "on"},
}

ROLE_ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB",
    RUNTIME: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOINHERIT",
    OPERATIONS: "LOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB",
}

GRANTS = """
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO app_owner;
GRANT USAGE ON SCHEMA public TO app_rw, app_ops;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app_rw;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO app_rw;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public
    GRANT SELECT ON TABLES TO app_ops;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA public
    GRANT SELECT ON SEQUENCES TO app_ops;
"""


def prepare_server(admin_url: str, passwords: dict[str, str] | None = None) -> None:
    """Create the three roles, or bring existing ones back to their attributes.

    `passwords` maps a role to its password; a role that is not named keeps what it has.
    """
    with connect(admin_url, autocommit=True) as connection:
        for role, attributes in ROLE_ATTRIBUTES.items():
            verb = "ALTER" if role_exists(connection, role) else "CREATE"
            connection.execute(sql.SQL(f"{verb} ROLE {role} {attributes}"))
            if password := (passwords or {}).get(role):
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
            for setting, value in ROLE_SETTINGS[role].items():
                statement = sql.SQL("ALTER ROLE {} SET {} = {}")
                connection.execute(
                    statement.format(
                        sql.Identifier(role),
                        sql.Identifier(setting),
                        sql.Literal(value),
                    )
                )


def prepare_database(admin_url: str, name: str) -> None:
    """Create the database when it is missing, with its extensions and the grants of the roles."""
    with connect(admin_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(OWNER)))
    with connect(make_conninfo(admin_url, dbname=name), autocommit=True) as connection:
        for extension in EXTENSIONS:
            statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS {}")
            connection.execute(statement.format(sql.Identifier(extension)))
        connection.execute(GRANTS)


def role_exists(connection: Connection, role: str) -> bool:
    """Tell whether the server has this role."""
    return (
        connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        is not None
    )


def password_in(url: str) -> str:
    """The password that a database URL carries, or nothing."""
    return str(conninfo_to_dict(url).get("password") or "")
