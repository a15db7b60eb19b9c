"""Every table that is kept, under every kind of statement: no repository has to think of the history."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

import plantroom.storage.ledger  # noqa: F401 (every table is defined with it)
from plantroom.domain.authorship import Author, AuthorKind, acting, acting_system
from plantroom.storage.ledger.audit_hook import Recorder, watch_changes
from plantroom.storage.ledger.audited import Audited, rule_of
from plantroom.storage.ledger.codec import dump
from plantroom.storage.ledger.columns import Instant
from plantroom.storage.ledger.sqlite import SqliteBackend
from plantroom.storage.ledger.tables import metadata
from plantroom.storage.ledger.tables_audit import audit_entries

LI = Author("li", AuthorKind.PERSON, "u1")
KEPT = {name: rule for name, table in metadata.tables.items() if isinstance(rule := rule_of(table), Audited)}


def value(column: sa.Column[Any], number: int) -> Any:
    """Some value of a column's type."""
    kind = column.type.python_type
    rule = rule_of(column.table)
    if column.name in {"document", "template", "items"} or (isinstance(rule, Audited) and column.name in rule.parsed):
        return dump({"number": number})
    if isinstance(rule, Audited) and rule.unless == (column.name, False):
        return True
    if isinstance(column.type, Instant):
        return datetime(2026, 1, number, tzinfo=UTC)
    if kind is int:
        return number
    made: dict[Any, Any] = {
        bool: number % 2 == 0,
        float: float(number),
        dict: {"number": number},
        date: date(2026, 1, number),
        time: time(number),
    }
    return made.get(kind, f"v{number}")


@pytest.fixture
def engine() -> sa.Engine:
    """Tables without foreign keys in force."""
    made = sa.create_engine("sqlite://", json_serializer=dump, poolclass=sa.StaticPool)
    metadata.create_all(made)
    watch_changes(made)
    return made


def run(engine: sa.Engine, folder: Path, *statements: tuple[Any, dict[str, Any]]) -> None:
    with acting(LI), engine.begin() as connection:
        recorder = Recorder(connection, SqliteBackend(folder / "unused.db"))
        for statement, params in statements:
            connection.execute(statement, params)
        recorder.flush()


def _entries(engine: sa.Engine) -> list[Any]:
    c = audit_entries.c
    with engine.begin() as connection:
        return list(connection.execute(sa.select(c.action, c.entity, c.key).order_by(c.position)).all())


@pytest.mark.parametrize("name", KEPT)
def test_inserting_changing_replacing_and_deleting_are_kept(engine: sa.Engine, tmp_path: Path, name: str) -> None:
    table, rule = metadata.tables[name], KEPT[name]
    document = rule.document_by[0] if rule.document_by else rule.document
    fields = [table.c[document]] if document else [c for c in table.c if c.name not in rule.derived]
    changing = next((c for c in fields if c.name not in {*rule.key, *rule.quiet}), None)
    row = {column.name: value(column, 1) for column in table.c}
    one = sa.and_(*[table.c[part] == row[part] for part in rule.key])
    if rule.document_by is not None:
        held = metadata.tables[rule.document_by[1]]
        with engine.begin() as connection:
            rows = [{document: f"v{n}", str(rule.document): dump({"number": n})} for n in (1, 2, 3)]
            connection.execute(held.insert(), rows)
    if changing is None:
        run(engine, tmp_path, (table.insert(), row))
        run(engine, tmp_path, (table.delete().where(one), {}))
        assert [action for action, _, _ in _entries(engine)] == ["created", "removed"]
        return
    upsert = sqlite.insert(table)
    upsert = upsert.on_conflict_do_update(
        index_elements=list(rule.key), set_={changing: upsert.excluded[changing.name]}
    )
    run(engine, tmp_path, (table.insert(), row))
    run(engine, tmp_path, (table.update().where(one), {changing.name: value(changing, 2)}))
    run(engine, tmp_path, (upsert, row | {changing.name: value(changing, 3)}))
    run(engine, tmp_path, (table.delete().where(one), {}))
    found = _entries(engine)
    key = "/".join(str(row[part]) for part in rule.key)
    assert [tuple(one) for one in found] == [
        (action, rule.entity, key) for action in ("created", "changed", "changed", "removed")
    ]


def test_rows_of_a_query_are_refused(engine: sa.Engine, tmp_path: Path) -> None:
    sites = metadata.tables["sites"]
    with pytest.raises(RuntimeError, match="insert rows"):
        run(engine, tmp_path, (sites.insert().from_select(["code"], sa.select(sites.c.code)), {}))


def test_a_key_that_the_database_gives_must_be_told(engine: sa.Engine, tmp_path: Path) -> None:
    windows = metadata.tables["learn_windows"]
    row = {column.name: value(column, 1) for column in windows.c if column.name != "id"}
    with pytest.raises(RuntimeError, match="learn_windows"):
        run(engine, tmp_path, (windows.insert(), row))


@pytest.mark.parametrize("name", [name for name, rule in KEPT.items() if rule.people_only])
def test_what_jobs_do_to_tables_kept_for_people_is_left_out(engine: sa.Engine, tmp_path: Path, name: str) -> None:
    table = metadata.tables[name]
    row = {column.name: value(column, 1) for column in table.c}
    with acting_system("planner"), engine.begin() as connection:
        recorder = Recorder(connection, SqliteBackend(tmp_path / "unused.db"))
        connection.execute(table.insert(), row)
        connection.execute(table.update(), {KEPT[name].site: "other"})
        recorder.flush()
        assert connection.execute(sa.select(sa.func.count()).select_from(audit_entries)).scalar() == 0
