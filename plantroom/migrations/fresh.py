"""A new ledger in a file, as the migrations make it of an empty one, without running each of them: a second of a start.

``python -m plantroom.migrations.fresh`` writes the script (``fresh.sql``) anew, after each new migration; a test
compares.
"""

import re
import sqlite3
import tempfile
import uuid
from datetime import datetime
from pathlib import Path

SCRIPT = Path(__file__).with_name("fresh.sql")
NEXT = "\n-- next\n"
_FILLED = ("counters", "checklist_templates", "alembic_version", "audit_entries")
_LEDGER, _AT, _AT_US = "{ledger}", "{at}", "{at_us}"


def statements(now: datetime) -> list[str]:
    """What makes a new ledger, with an identity of its own and a history that begins at an aware instant."""
    text = SCRIPT.read_text(encoding="utf-8")
    microseconds = round(now.timestamp() * 1_000_000)
    for mark, value in ((_LEDGER, uuid.uuid4().hex), (_AT_US, str(microseconds)), (_AT, now.isoformat())):
        text = text.replace(mark, value)
    return text.removesuffix("\n").split(NEXT)


def script_of(connection: sqlite3.Connection) -> str:
    """The script of a ledger that has just been made: its schema and the rows that every new one has."""
    schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    made = [str(row[0]) for row in connection.execute(schema)]
    for table in _FILLED:
        rows = connection.execute(f'SELECT * FROM "{table}" ORDER BY 1')  # noqa: S608 - our own names
        for row in rows.fetchall():
            values = ", ".join(_literal(connection, value) for value in row)
            made.append(f'INSERT INTO "{table}" VALUES ({values})')  # noqa: S608 - quoted by the database
    return NEXT.join(_anonymous(one) for one in made) + "\n"


def _literal(connection: sqlite3.Connection, value: object) -> str:
    return str(connection.execute("SELECT quote(?)", (value,)).fetchone()[0])


def _anonymous(statement: str) -> str:
    """Without what is another one in each ledger."""
    if not statement.startswith('INSERT INTO "audit_entries"'):
        return statement
    statement = re.sub(r"'[0-9a-f]{32}'", f"'{_LEDGER}'", statement)
    statement = re.sub(r'"kept_since":"[^"]+"', f'"kept_since":"{_AT}"', statement)
    return re.sub(r"\(1, \d+,", f"(1, {_AT_US},", statement, count=1)


def main() -> None:
    """Write the script."""
    import sqlalchemy as sa
    from alembic import command

    from plantroom.migrations import config

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            command.upgrade(config(connection), "head")
        engine.dispose()
        migrated = sqlite3.connect(path)
        SCRIPT.write_text(script_of(migrated), encoding="utf-8")
        migrated.close()


if __name__ == "__main__":
    main()
