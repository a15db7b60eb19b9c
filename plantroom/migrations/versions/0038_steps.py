"""From now on the history has the steps of work orders, the words on them that are no steps, what tablets sent, which
failed item a ticket comes from, what came of loop tests, and the steps of escalation. Those that are there already
enter it as they stand, one entry each. Of a new ledger nothing is entered."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"

INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 2_000
WRITERS_OF_HISTORY = "SELECT pg_advisory_xact_lock_shared(1347178068, 7)"
"""As writers of history hold it (``Lock.AUDIT``), so that no seal is put behind entries that are still to come."""

_TYPES: Mapping[str, Any] = {"b": sa.Boolean, "i": INSTANT, "j": sa.JSON}

# Table, what the history calls a row, key, label, and the columns that it keeps: texts and numbers, or b a truth value,
# i an instant, j JSON.
_KEPT = """
work_order_transitions work_step position work_order position work_order to at:i recorded_at:i by reason person:b code
work_order_marks work_mark position work_order position work_order said at:i recorded_at:i by code text
operations operation position op_id position op_id fingerprint device user type work_order step base_version
    captured_at:i done_at:i value:j status code version
work_found_on work_found_on ticket work_order ticket work_order step item_zh item_en remark number unit low high
    severity by at:i
loop_checks loop_check test,number name_zh test number asset kind subject name_zh name_en place_zh place_en expected:j
    responsible result steps:j asked_at:i deadline:i ended_at:i reason_zh reason_en by settled:b
sla_steps sla_step work_order,kind,cycle,step work_order work_order kind cycle step due_at:i recorded_at:i
"""


class _Kept(NamedTuple):
    table: str
    entity: str
    key: Sequence[str]
    label: str
    kinds: Mapping[str, str]


def upgrade() -> None:
    """Enter what is there."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        bind.execute(sa.text(WRITERS_OF_HISTORY))
    entries = sa.table(
        "audit_entries",
        sa.column("at", INSTANT),
        *map(sa.column, ("by", "by_kind", "by_id", "reason", "request_id", "via", "action", "entity", "key", "label")),
        sa.column("after"),
    )
    now = datetime.now(UTC)
    common = {
        "at": now if bind.dialect.name == "postgresql" else (now - EPOCH) // timedelta(microseconds=1),
        "by": "system:migration",
        "by_kind": "system",
        "by_id": "",
        "reason": "自此核对工单步骤；已有的按更新时的状态记入 / steps are compared from here on; older as they stand",
        "request_id": "",
        "via": "migration 0038",
        "action": "stands",
    }
    for kept in _kept():
        for rows in _pages(bind, kept):
            bind.execute(entries.insert(), [common | _entry(kept, row) for row in rows])


def _kept() -> Iterator[_Kept]:
    for line in _KEPT.strip().replace("\n    ", " ").splitlines():
        table, entity, key, label, *columns = line.split()
        kinds = {name: kind for name, _, kind in (one.partition(":") for one in columns)}
        yield _Kept(table, entity, key.split(","), label, kinds)


def _pages(bind: sa.Connection, kept: _Kept) -> Iterator[list[dict[str, Any]]]:
    table = sa.table(kept.table, *(sa.column(name, _TYPES.get(kind)) for name, kind in kept.kinds.items()))
    key = [table.c[name] for name in kept.key]
    rows_of = sa.select(table).order_by(*key).limit(AT_ONCE)
    if kept.table == "loop_checks":
        rows_of = rows_of.where(table.c.settled.is_(True))
    last: tuple[Any, ...] | None = None
    while True:
        some = rows_of if last is None else rows_of.where(sa.tuple_(*key) > sa.tuple_(*last))
        rows = [dict(row) for row in bind.execute(some).mappings()]
        if not rows:
            return
        yield rows
        last = tuple(rows[-1][name] for name in kept.key)


def _entry(kept: _Kept, row: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: _plain(kept.kinds[name], value) for name, value in row.items() if value is not None}
    return {
        "entity": kept.entity,
        "key": "/".join(str(row[name]) for name in kept.key),
        "label": str(row[kept.label]),
        "after": json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
    }


def _plain(kind: str, value: Any) -> Any:
    """As the history writes it."""
    if kind != "i":
        return value
    at = value if isinstance(value, datetime) else EPOCH + timedelta(microseconds=int(value))
    return at.astimezone(UTC).isoformat()
