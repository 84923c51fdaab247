"""Triggers that refuse changes in the database itself, for SQLite and PostgreSQL. Used by migrations."""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op
from sqlalchemy import inspect


def forbid_change(
    table: str, reason: str, *, on: Sequence[str] = ("UPDATE", "DELETE"), except_columns: Sequence[str] = ()
) -> None:
    """Makes the database refuse UPDATE and DELETE of a table (and TRUNCATE on PostgreSQL).

    Args:
        table: name of the table; a constant of ours, never input.
        reason: what the error says.
        on: which statements are refused.
        except_columns: columns that may still be updated.
    """
    columns = [c["name"] for c in inspect(op.get_bind()).get_columns(table) if c["name"] not in except_columns]
    update = f"UPDATE OF {', '.join(columns)}" if except_columns else "UPDATE"
    statements = [update if statement == "UPDATE" else statement for statement in on]
    if op.get_bind().dialect.name == "sqlite":
        _sqlite(table, reason, statements)
    else:
        _postgresql(table, reason, statements, truncate="DELETE" in on)


def _sqlite(table: str, reason: str, statements: Sequence[str]) -> None:
    for statement in statements:
        name = f"{table}_no_{statement.partition(' ')[0].lower()}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {statement} ON {table} BEGIN SELECT RAISE(ABORT, '{table}: {reason}'); END"
        )


def _postgresql(table: str, reason: str, statements: Sequence[str], *, truncate: bool) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{table}: {reason}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for statement in statements:
        name = f"{table}_no_{statement.partition(' ')[0].lower()}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {statement} ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        )
    if truncate:
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
        )
