"""Triggers that keep a table's rows from being changed or deleted, for migrations."""

from collections.abc import Sequence

from alembic import op

WORDS = "is append-only: its rows are neither changed nor deleted"

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION plantroom_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% {WORDS}', TG_TABLE_NAME;
END
$$
"""


def refuse_changes(
    table: str, *, key: Sequence[str] = (), or_key: Sequence[str] = (), ordered_by: str | None = None
) -> None:
    """From now on the database refuses to update, delete or empty the table, and on SQLite to replace a row by its
    ``key`` (or ``or_key``), or to put one before the last of the column that it is ``ordered_by``."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)
        op.execute(
            f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}"'
            " FOR EACH STATEMENT EXECUTE FUNCTION plantroom_append_only()"
        )
        # Also where triggers rest (replication, some restores).
        op.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {table}_append_only')
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f'CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON "{table}"'
            f" BEGIN SELECT RAISE(ABORT, '{table} {WORDS}'); END"
        )
    if ordered_by is not None:
        refuse_replacing(table, ordered_by)
        return
    same = " OR ".join(_same(names) for names in (key, or_key) if names)
    _refuse_insert(table, f'EXISTS (SELECT 1 FROM "{table}" WHERE {same})')  # noqa: S608 (names of ours)


def refuse_replacing(table: str, ordered_by: str) -> None:
    """On SQLite: from now on no row is put before the last of the column that the table is ``ordered_by``, nor replaced
    by that column."""
    new = f'NEW."{ordered_by}"'
    there = f'{new} > 0 AND {new} <= (SELECT MAX("{ordered_by}") FROM "{table}")'  # noqa: S608 (names of ours)
    _refuse_insert(table, there)


def _refuse_insert(table: str, there: str) -> None:
    # INSERT OR REPLACE deletes without asking the trigger for DELETE. FAIL: what may ABORT makes a bulk insert twice as
    # slow, because SQLite then keeps what a statement would have to undo.
    op.execute(
        f'CREATE TRIGGER {table}_no_replace BEFORE INSERT ON "{table}" WHEN {there}'
        f" BEGIN SELECT RAISE(FAIL, '{table} {WORDS}'); END"
    )


def _same(key: Sequence[str]) -> str:
    return "(" + " AND ".join(f'"{name}" = NEW."{name}"' for name in key) + ")"
