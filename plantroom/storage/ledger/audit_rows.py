"""The rows of the tables that are kept, as the history writes them, and what it says of them: for the check of both.

What is not compared is named here: tables in ``NOT_WHOLE``, columns by the tables' own rules (``derived`` ones are
computed from others, ``quiet`` ones are no change by themselves, of ``secret`` ones only whether they have a value).
"""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from plantroom.domain.audit import Action, sha256
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.audit import Change, KeptTable
from plantroom.storage.ledger.audit_diff import PART_HEX, PARTS, kept_fields, whole
from plantroom.storage.ledger.audited import Audited, kept_rules, rule_of
from plantroom.storage.ledger.codec import dump_sorted
from plantroom.storage.ledger.columns import by_bytes
from plantroom.storage.ledger.point_rows import digest_of
from plantroom.storage.ledger.tables import metadata
from plantroom.storage.ledger.tables_audit import APPEND_ONLY, audit_entries
from plantroom.storage.ledger.tables_maintenance import occurrences, work_orders
from plantroom.storage.ledger.tables_plant import assets, point_templates, points
from plantroom.storage.ledger.tables_records import FROZEN
from plantroom.storage.ledger.tables_standings import checklist_templates

AT_ONCE = 5_000
"""Rows that are fetched at a time."""

ROWS = "rows"
"""What the history calls the entry with which an update has entered the rows that were there as they stood."""

NOT_WHOLE: Mapping[str, str] = {
    "assignments": "kept for what people do; the planner's own are not",
    "occurrences": (
        "while they are only due: the planner makes them, and makes them anew, from the plan, the law's floor and the"
        " history; compared with their orders, and once they are closed"
    ),
    "channels": "kept for what people do; how sending goes is not",
    "repairs": "kept for what people do; the rest is computed from the ticket",
    "work_orders": "kept for what people do while it is open; compared once it has ended",
}
"""Tables whose entries do not say the whole row, and why."""

COMPARED_OTHERWISE = frozenset({"plan_row_versions", "checklist_templates", "point_templates", "sla_clocks"})
"""Tables without entries of their own that are compared with those of others, or with the keys that were taken of
their rows, or with what they are computed from."""

_e = audit_entries.c


def kept_tables() -> list[KeptTable]:
    """Every table whose rows are compared with the history, but closed occurrences and records, which have checks of
    their own."""
    return [
        KeptTable(table.name, rule.entity, rule.label, rule.quiet | {PARTS})
        for table in metadata.sorted_tables
        for rule in kept_rules(table)
        if table is not occurrences and table not in FROZEN and not rule.people_only
    ]


def not_compared() -> dict[str, str]:
    """Every table whose rows are not compared, and why: the tables themselves say it. The history itself, records and
    closed occurrences have checks of their own."""
    silent = {name: rule for name, table in metadata.tables.items() if isinstance(rule := rule_of(table), str)}
    checked = COMPARED_OTHERWISE | {table.name for table in APPEND_ONLY}
    return {name: why for name, why in silent.items() if name not in checked} | dict(NOT_WHOLE)


def entered_since(connection: Connection) -> int:
    """The position of the entry with which an update has entered what was there; 0: the ledger has begun with it."""
    first = sa.select(sa.func.min(_e.position)).where(_e.entity == ROWS, _e.action == Action.STANDS.value)
    return int(connection.execute(first).scalar() or 0)


def changes_of(connection: Connection, entity: str) -> Iterator[Change]:
    """As ``AuditRepository.changes_of``."""
    table, _ = _place_of(entity)
    behind = entered_since(connection)
    own = _changes(connection, entity, behind, _e.key)
    if table is not points:
        return own
    return heapq.merge(own, _made_with_assets(connection, behind), key=itemgetter(0, 1))


def rows_of(connection: Connection, entity: str) -> Iterator[tuple[str, str]]:
    """As ``AuditRepository.rows_of``. What the program cannot have written raises ``Broken``."""
    table, rule = _place_of(entity)
    try:
        if table is work_orders:
            _checklists(connection)
        yield from _points(connection) if table is points else _rows(connection, table, rule)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        detail = f"a value in the table {table.name} is none: it was changed ({error})"
        raise Broken(Place(Tampering.ROW_CHANGED, detail=detail)) from error


def _place_of(entity: str) -> tuple[sa.Table, Audited]:
    return next((t, rule) for t in metadata.sorted_tables for rule in kept_rules(t) if rule.entity == entity)


def _changes(
    connection: Connection, entity: str, behind: int, by: sa.ColumnElement[str], *more: sa.ColumnElement[bool]
) -> Iterator[Change]:
    statement = sa.select(_e.key, _e.position, _e.action, _e.before, _e.after)
    statement = statement.where(_e.entity == entity, _e.position > behind, *more).order_by(by, _e.position)
    for row in _streamed(connection, statement):
        yield Change._make(row)


def _streamed(connection: Connection, statement: sa.Select[Any]) -> Iterator[Any]:
    with connection.execute(statement, execution_options={"yield_per": AT_ONCE}) as result:
        yield from result


def _key_of(connection: Connection, table: sa.Table, rule: Audited) -> sa.ColumnElement[str]:
    """What the history calls a row, compared byte by byte."""
    slash = sa.literal("/", literal_execute=True)
    first, *others = [sa.cast(table.c[name], sa.Text) for name in rule.key]
    key: sa.ColumnElement[str] = first
    for one in others:
        key = key.concat(slash).concat(one)
    return by_bytes(connection, key)


def _rows(connection: Connection, table: sa.Table, rule: Audited) -> Iterator[tuple[str, str]]:
    key = _key_of(connection, table, rule).label("kept_key")
    statement = sa.select(*table.c, key).order_by(key)
    if rule.unless is not None:
        statement = statement.where(table.c[rule.unless[0]] != rule.unless[1])
    names = [column.name for column in table.c]
    for *values, name in _streamed(connection, statement):
        row = dict(zip(names, values, strict=True))
        if rule.document is not None:
            _repeats(table, rule, name, row)
        yield name, whole(rule, row)


def _repeats(table: sa.Table, rule: Audited, key: str, row: Mapping[str, Any]) -> None:
    """Columns beside a document say what it says."""
    said = kept_fields(rule, row)
    for name, value in row.items():
        outer, _, inner = name.rpartition("_")
        named = said.get(outer)
        if name == rule.document or name in rule.quiet:
            continue
        if name in said:
            other = said[name]
        elif name == "profile" and "site" in said:
            other = said["site"] or ""
        elif inner in {"zh", "en"} and isinstance(named, dict):
            other = named.get(inner)
        else:
            continue
        if json.loads(dump_sorted(value)) != other:
            detail = f"{table.name} {key} is not what its own document says: {name} is {value}, there it is {other}"
            raise Broken(Place(Tampering.ROW_CHANGED, detail=detail))


def _checklists(connection: Connection) -> None:
    """The checklists of orders are what they were frozen as, and each that an order names is there."""
    frozen = checklist_templates.c
    for key, text in _streamed(connection, sa.select(frozen.sha256, frozen["items"])):
        if key != sha256(text):
            detail = f"checklist_templates {key} is not what its key was taken of: the checklist was changed"
            raise Broken(Place(Tampering.ROW_CHANGED, detail=detail))
    o = work_orders.c
    nowhere = sa.select(o.number, o.template).where(o.template.not_in(sa.select(frozen.sha256))).limit(1)
    for number, key in connection.execute(nowhere):
        detail = f"checklist_templates {key} is not there, and order #{number} was made with it"
        raise Broken(Place(Tampering.ROW_CHANGED, detail=detail))


def _points(connection: Connection) -> Iterator[tuple[str, str]]:
    """Points with the templates that they name. Many share one: each is looked at once."""
    _, rule = _place_of("point")
    texts: dict[str, str] = {}
    shapes: dict[str, tuple[str, str]] = {}
    for digest, text in connection.execute(sa.select(point_templates.c.digest, point_templates.c.template)):
        if digest != digest_of(text):
            detail = f"point_templates {digest} is not what its digest was taken of: the template was changed"
            raise Broken(Place(Tampering.ROW_CHANGED, detail=detail))
        texts[digest] = whole(rule, {str(rule.document): text})
        said = json.loads(text)
        shapes[digest] = str(said["unit"]), str(said["kind"])
    p = points.c
    key = _key_of(connection, points, rule).label("kept_key")
    for name, digest, unit, kind in _streamed(connection, sa.select(key, p.digest, p.unit, p.kind).order_by(key)):
        if shapes.get(digest) != (unit, kind):
            detail = f"points {name} names a template that is not there, or not its own (unit {unit}, kind {kind})"
            raise Broken(Place(Tampering.ROW_CHANGED, detail=detail))
        yield name, texts[digest]


def _made_with_assets(connection: Connection, behind: int) -> Iterator[Change]:
    """Points that the history notes by their digests in the entries of the assets that they were made with."""
    _, rule = _place_of("point")
    texts: dict[str, str] = {}
    for digest, text in connection.execute(sa.select(point_templates.c.digest, point_templates.c.template)):
        texts[digest[:PART_HEX]] = whole(rule, {str(rule.document): text})
    made = _e.action.in_((Action.CREATED.value, Action.STANDS.value))
    by = by_bytes(connection, _e.key.concat(sa.literal("/", literal_execute=True)))
    for one in _changes(connection, str(_rule(assets).entity), behind, by, made):
        yield from _parts(one, texts)


def _parts(asset: Change, texts: Mapping[str, str]) -> Iterable[Change]:
    made = json.loads(asset.after or "{}").get(PARTS, {}).get(points.name, {})
    for label in sorted(made, key=lambda one: str(one).encode()):
        # A template that is not there any more is one that nothing else can be: the point shows as another.
        text = texts.get(made[label], dump_sorted({"~digest": made[label]}))
        yield Change(f"{asset.key}/{label}", asset.position, asset.action, None, text)


def _rule(table: sa.Table) -> Audited:
    return kept_rules(table)[0]
