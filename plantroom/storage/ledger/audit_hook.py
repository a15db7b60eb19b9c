"""Every change to a table that is kept goes into the history, by itself, in the same transaction.

The engine tells every insert, update and delete of the query language to the transaction's ``Recorder``, which
remembers the rows as they were (locking them first, so that nobody changes them in between) and, just before the
commit, writes what has become of each into the history: one entry a row and transaction, however often it was written.
Repositories know nothing of it and cannot forget it. What passes the query language by does not exist: SQL in texts is
refused by a house test, and COPY tells ``note_copied``.

An update or a delete costs one query more, an insert none; all entries of a transaction are one insert.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from plantroom.domain.audit import EPOCH, Action, sha256
from plantroom.domain.authorship import AuthorKind, current_author
from plantroom.storage.ledger.audit_diff import PART_HEX, difference, whole, with_parts
from plantroom.storage.ledger.audited import Audited, kept_rule, kept_rules
from plantroom.storage.ledger.backend import Backend, Lock
from plantroom.storage.ledger.tables_audit import audit_entries
from plantroom.storage.ledger.tables_plant import assets

Key = tuple[Any, ...]
Row = Mapping[str, Any]

AT_ONCE = 1_000
"""Rows that are read by their keys in one query."""

WRITE_AT = 20_000
"""Changed rows that a transaction gathers before it writes their entries: an import must not fill the memory."""

_OPTION = "plantroom_recorder"


@dataclass(slots=True)
class _Touch:
    """What is known of a row that the transaction has written. ``made``: canonical JSON of one that it has inserted and
    not touched since, with its row; ``parts``: digests of what was made together with it, by entity and label."""

    before: Row | None
    made: str | None = None
    row: Row | None = None
    parts: dict[str, dict[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """One entry in the making."""

    rule: Audited
    action: Action
    key: Key
    row: Row
    before: str | None
    after: str | None


class Recorder:
    """What one transaction has changed so far of the tables that are kept."""

    def __init__(self, connection: Connection, backend: Backend) -> None:
        self._connection = connection
        self._backend = backend
        self._touched: dict[sa.Table, dict[Key, _Touch]] = {}
        self._nameless: dict[sa.Table, int] = {}
        self._together = False
        connection.execution_options(**{_OPTION: self})

    def inserting(self, table: sa.Table, rule: Audited, rows: Sequence[Row]) -> None:
        """Rows have been inserted."""
        known = self._touched.setdefault(table, {})
        if not known and rule.made_with is not None:
            rows = self._without_parts(table, rule, rows)
        for row in rows:
            if any(name not in row for name in rule.key):
                self._nameless[table] = self._nameless.get(table, 0) + 1
                continue
            key = tuple(row[name] for name in rule.key)
            if key in known:
                known[key].made = known[key].row = None
            elif rule.unless is not None or _is_for_others(rule):
                if not _is_left_out(rule.also or rule, row):
                    known[key] = _Touch(None)
            elif not self._is_part(table, rule, row):
                is_plain = rule.document_by is None and (rule.also is None or _is_left_out(rule.also, row))
                known[key] = _Touch(None, whole(rule, row), _naming(rule, row)) if is_plain else _Touch(None)

    def _without_parts(self, table: sa.Table, rule: Audited, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows but those that ``_is_part`` notes, of a table of which nothing else was written: hundreds of
        thousands of points of an import."""
        owners = self._touched.get(table.metadata.tables[str(rule.made_with)], {})
        if (
            not owners
            or rule.document_by is None
            or rule.label is None
            or any(name not in rows[0] for name in rule.key)
        ):
            return rows
        owned, label, digest, name = str(rule.asset), rule.label, rule.document_by[0], table.name
        left: list[Row] = []
        last, parts = None, None
        for row in rows:
            if row[owned] != last or parts is None:
                last = row[owned]
                owner = owners.get((last,))
                if owner is None or owner.before is not None:
                    parts = None
                    left.append(row)
                    continue
                if owner.parts is None:
                    owner.parts = {}
                parts = owner.parts.setdefault(name, {})
            parts[row[label]] = row[digest][:PART_HEX]
        return left

    def _is_part(self, table: sa.Table, rule: Audited, row: Row) -> bool:
        """Whether the row was made together with what it belongs to, and is noted there."""
        if rule.made_with is None or rule.asset is None:
            return False
        owner = self._touched.get(table.metadata.tables[rule.made_with], {}).get((row[rule.asset],))
        if owner is None or owner.before is not None:
            return False
        owner.parts = owner.parts if owner.parts is not None else {}
        label = str(row[rule.label or rule.key[-1]])
        digest = sha256(whole(rule, row)) if rule.document_by is None else str(row[rule.document_by[0]])
        owner.parts.setdefault(table.name, {})[label] = digest[:PART_HEX]
        return True

    def made(self, table: sa.Table, key: Key, row: Row | None = None) -> None:
        """A row was inserted whose key the database has given; ``row``: all of it, if it is known."""
        rule = kept_rule(table)
        if rule is None or not self._nameless.get(table):
            return
        self._nameless[table] -= 1
        known = _Touch(None) if row is None else _Touch(None, whole(rule, row), _naming(rule, row))
        self._touched.setdefault(table, {})[key] = known

    def replacing(self, table: sa.Table, rule: Audited, rows: Sequence[Row]) -> None:
        """Rows are about to be inserted, or to replace those that have their keys."""
        keys = [tuple(row[name] for name in rule.key) for row in rows]
        known = self._touched.setdefault(table, {})
        unknown = [key for key in dict.fromkeys(keys) if key not in known]
        found = dict(self._read(table, rule, unknown, keep_others_out=True))
        for key in unknown:
            known[key] = _Touch(found.get(key))
        for key in keys:
            known[key].made = known[key].row = None

    def changing(self, statement: sa.Update | sa.Delete, rule: Audited, params: Sequence[Row]) -> None:
        """Rows are about to be changed or deleted."""
        table = statement.table
        assert isinstance(table, sa.Table)
        concerned = sa.select(*table.c)
        if statement.whereclause is not None:
            concerned = concerned.where(statement.whereclause)
        concerned = concerned.with_for_update(key_share=True, of=table)
        known = self._touched.setdefault(table, {})
        for one in params or ({},):
            for row in self._connection.execute(concerned, one).mappings():
                key = tuple(row[name] for name in rule.key)
                touch = known.setdefault(key, _Touch(dict(row)))
                touch.made = touch.row = None

    def _read(
        self, table: sa.Table, rule: Audited, keys: Sequence[Key], *, keep_others_out: bool = False
    ) -> Iterable[tuple[Key, Row]]:
        columns = [table.c[name] for name in rule.key]
        for start in range(0, len(keys), AT_ONCE):
            statement = sa.select(*table.c).where(self._backend.among(columns, keys[start : start + AT_ONCE]))
            if keep_others_out:
                statement = statement.with_for_update(key_share=True)
            for row in self._connection.execute(statement).mappings():
                yield tuple(row[name] for name in rule.key), dict(row)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Meanwhile nothing is written: what one statement inserts is part of what another one has."""
        self._together = True
        try:
            yield
        finally:
            self._together = False
        self.written()

    def written(self) -> None:
        """A statement has been executed: what has gathered is written when it is much."""
        if self._together:
            return
        if sum(map(len, self._touched.values())) >= WRITE_AT and not any(self._nameless.values()):
            self.flush()

    def flush(self) -> None:
        """Write the entries of what has changed since the last time."""
        nameless = [table.name for table, count in self._nameless.items() if count]
        if nameless:
            raise RuntimeError(f"rows of {', '.join(nameless)} got their key from the database: call Work.made")
        touched, self._touched = self._touched, {}
        lines = [line for table, rows in touched.items() for line in self._lines(table, rows)]
        if lines:
            self._write(lines)

    def _lines(self, table: sa.Table, touches: dict[Key, _Touch]) -> Iterable[_Line]:
        every = kept_rules(table)
        rules = [rule for rule in every if not _is_for_others(rule)] or every
        rule = rules[0]
        now = dict(self._read(table, rule, [key for key, touch in touches.items() if touch.made is None]))
        if rule.document_by is not None:
            now = self._with_documents(rule.document_by, table, rule, touches, now)
        for key, touch in touches.items():
            if touch.made is not None:
                assert touch.row is not None
                yield _Line(rule, Action.CREATED, key, touch.row, None, with_parts(touch.made, touch.parts))
                continue
            for one in rules:
                line = _line(one, key, touch, now.get(key))
                if line is not None:
                    yield line

    def _with_documents(
        self, by: tuple[str, str], table: sa.Table, rule: Audited, touches: Mapping[Key, _Touch], now: Mapping[Key, Row]
    ) -> dict[Key, Row]:
        """The rows with the documents that they name, and so what is remembered of them."""
        (column, other), document = by, str(rule.document)
        documents = table.metadata.tables[other]
        rows = [row for row in (*now.values(), *(t.before for t in touches.values())) if row is not None]
        wanted = sorted({row[column] for row in rows})
        found: dict[str, str] = {}
        for start in range(0, len(wanted), AT_ONCE):
            some = documents.select().where(documents.c[column].in_(wanted[start : start + AT_ONCE]))
            found.update((row[column], row[document]) for row in self._connection.execute(some).mappings())
        for touch in touches.values():
            if touch.before is not None:
                touch.before = {**touch.before, document: found[touch.before[column]]}
        return {key: {**row, document: found[row[column]]} for key, row in now.items()}

    def _write(self, lines: Sequence[_Line]) -> None:
        places = self._places({asset for line in lines if (asset := _asset_of(line)) is not None})
        author = current_author()
        # Shared by writers; the sealer waits until nobody holds it, so that no entry comes up behind a seal.
        self._backend.share(self._connection, Lock.AUDIT)
        milliseconds = int(self._connection.execute(sa.select(self._backend.now_ms())).scalar_one())
        common = {
            "at": EPOCH + timedelta(milliseconds=milliseconds),
            "by": _clean(author.by),
            "by_kind": author.kind.value,
            "by_id": _clean(author.id),
            "reason": _clean(author.reason),
            "request_id": _clean(author.request_id),
            "via": _clean(author.via),
        }
        rows = [common | _entry(line, places) for line in lines]
        self._backend.insert_many(self._connection, audit_entries, rows)

    def _places(self, keys: set[str]) -> Mapping[str, str]:
        """Sites by the keys of assets."""
        found: dict[str, str] = {}
        wanted = sorted(keys)
        for start in range(0, len(wanted), AT_ONCE):
            some = sa.select(assets.c.key, assets.c.site).where(assets.c.key.in_(wanted[start : start + AT_ONCE]))
            found.update((key, site) for key, site in self._connection.execute(some))
        return found


def _line(rule: Audited, key: Key, touch: _Touch, after: Row | None) -> _Line | None:
    """What became of a row; ``None``: nothing."""
    before = None if touch.before is None or _is_left_out(rule, touch.before) else touch.before
    after = None if after is None or _is_left_out(rule, after) else after
    if before is None:
        if after is None:
            return None
        return _Line(rule, Action.CREATED, key, after, None, with_parts(whole(rule, after), touch.parts))
    if after is None:
        return _Line(rule, Action.REMOVED, key, before, whole(rule, before), None)
    both = difference(rule, before, after)
    return None if both is None else _Line(rule, Action.CHANGED, key, after, *both)


def _is_left_out(rule: Audited, row: Row) -> bool:
    """Whether a row is as good as not there."""
    return rule.unless is not None and row[rule.unless[0]] == rule.unless[1]


def _asset_of(line: _Line) -> str | None:
    value = line.row[line.rule.asset] if line.rule.asset is not None else None
    return None if value is None else str(value)


def _entry(line: _Line, places: Mapping[str, str]) -> dict[str, Any]:
    rule, asset = line.rule, _asset_of(line)
    site = line.row[rule.site] if rule.site is not None else places.get(asset or "")
    key = "/".join(map(str, line.key))
    return {
        "action": line.action.value,
        "entity": rule.entity,
        "key": key,
        "label": str(line.row[rule.label]) if rule.label is not None else key,
        "site": site or None,
        "asset": asset,
        "before": line.before,
        "after": line.after,
    }


def _naming(rule: Audited, row: Row) -> Row:
    """The columns of a row that an entry names it by."""
    return {name: row.get(name) for name in (rule.site, rule.asset, rule.label) if name is not None}


def _clean(text: str) -> str:
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


def watch_changes(engine: Engine) -> None:
    """From now on the engine's connections tell the recorder of their transaction, if they have one."""

    @event.listens_for(engine, "before_execute")
    def _before(connection: Connection, clause: Any, many: Sequence[Row], one: Row, options: Mapping[str, Any]) -> None:
        del options
        if isinstance(clause, sa.Insert | sa.Update | sa.Delete):
            recorder, rule = _recorder(connection), kept_rule(clause.table)
            if recorder is None or rule is None or _left_out(rule):
                return
            rows = many or ([one] if one else [])
            if isinstance(clause, sa.Update) and _says_nothing_new(clause, _at_work(rule), rows):
                return
            if not isinstance(clause, sa.Insert):
                recorder.changing(clause, rule, rows)
            elif _replaces(clause):
                recorder.replacing(_table(clause), rule, rows or [clause.compile(dialect=connection.dialect).params])

    @event.listens_for(engine, "after_execute")
    def _after(connection: Connection, clause: Any, many: Sequence[Row], one: Row, options: Any, result: Any) -> None:
        del options, result
        if isinstance(clause, sa.Insert | sa.Update | sa.Delete):
            recorder, rule = _recorder(connection), kept_rule(clause.table)
            if recorder is None or rule is None or _left_out(rule):
                return
            if isinstance(clause, sa.Insert) and not _replaces(clause):
                rows = many or [one or clause.compile(dialect=connection.dialect).params]
                recorder.inserting(_table(clause), rule, rows)
            recorder.written()


def note_copied(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Rows have been inserted past the query language."""
    recorder, rule = _recorder(connection), kept_rule(table)
    if recorder is not None and rule is not None and not _left_out(rule):
        recorder.inserting(table, rule, rows)


def _says_nothing_new(update: sa.Update, rule: Audited, rows: Sequence[Row]) -> bool:
    """Whether an update writes only columns that are derived from others. Half of what an import would keep anew."""
    written = {getattr(column, "name", column) for column in update._values or ()}  # noqa: SLF001
    written |= {name for name in (rows[0] if rows else ()) if name in update.table.c}
    return bool(written) and written <= rule.derived


def _left_out(rule: Audited) -> bool:
    """Whether nothing is kept of what is done just now."""
    return rule.also is None and _is_for_others(rule)


def _at_work(rule: Audited) -> Audited:
    """The first rule that counts just now."""
    return rule.also if rule.also is not None and _is_for_others(rule) else rule


def _is_for_others(rule: Audited) -> bool:
    """Whether a rule is for people only, and none is at work."""
    return rule.people_only and current_author().kind is AuthorKind.SYSTEM


def _recorder(connection: Connection) -> Recorder | None:
    recorder = connection.get_execution_options().get(_OPTION)
    return recorder if isinstance(recorder, Recorder) else None


def _table(clause: sa.Insert) -> sa.Table:
    table = clause.table
    assert isinstance(table, sa.Table)
    if clause.select is not None:
        raise RuntimeError(f"{table.name} is kept in the history: insert rows, not a query's result")
    return table


def _replaces(clause: sa.Insert) -> bool:
    """Whether rows that are there may be changed by the insert."""
    return isinstance(clause, sqlite.Insert | postgresql.Insert) and clause._post_values_clause is not None  # noqa: SLF001
