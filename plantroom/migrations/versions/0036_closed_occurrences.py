"""From now on the history has every occurrence of the plan that is closed. Those that are closed already enter it as
they stand, one entry each, so that the check of the history knows of all of them."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"

INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 5_000
WRITERS_OF_HISTORY = "SELECT pg_advisory_xact_lock_shared(1347178068, 7)"
"""As writers of history hold it (``Lock.AUDIT``), so that no seal is put behind entries that are still to come."""

_WORDS = ("lineage", "subject", "cycle", "site", "plan_row", "state", "work_order")
_DAYS = ("nominal_date", "earliest", "latest")
_INSTANTS = ("completed_at", "nominal_at", "due_at")


def upgrade() -> None:
    """Enter what is closed."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        bind.execute(sa.text(WRITERS_OF_HISTORY))
    occurrences = sa.table(
        "occurrences",
        *map(sa.column, _WORDS),
        *(sa.column(name, sa.Date) for name in _DAYS),
        *(sa.column(name, INSTANT) for name in _INSTANTS),
        sa.column("evidence", sa.JSON),
    )
    entries = sa.table(
        "audit_entries",
        sa.column("at", INSTANT),
        *map(sa.column, ("by", "by_kind", "by_id", "reason", "request_id", "via", "action", "entity", "key", "label")),
        *map(sa.column, ("site", "after")),
    )
    now = datetime.now(UTC)
    common = {
        "at": now if bind.dialect.name == "postgresql" else (now - EPOCH) // timedelta(microseconds=1),
        "by": "system:migration",
        "by_kind": "system",
        "by_id": "",
        "reason": "自此保存计划执行结果的变更；此前的按更新时的状态记入 / kept from here on; older ones as they stand",
        "request_id": "",
        "via": "migration 0036",
        "action": "created",
        "entity": "closed_occurrence",
    }
    o = occurrences.c
    closed = sa.select(occurrences).where(o.state != "due").order_by(o.subject, o.lineage, o.cycle)
    last: tuple[Any, ...] | None = None
    while True:
        some = closed if last is None else closed.where(sa.tuple_(o.subject, o.lineage, o.cycle) > sa.tuple_(*last))
        rows = [dict(row) for row in bind.execute(some.limit(AT_ONCE)).mappings()]
        if not rows:
            return
        bind.execute(entries.insert(), [common | _entry(row) for row in rows])
        last = tuple(rows[-1][name] for name in ("subject", "lineage", "cycle"))


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: _plain(name, value) for name, value in row.items() if value is not None}
    return {
        "key": f"{row['subject']}/{row['lineage']}/{row['cycle']}",
        "label": row["plan_row"],
        "site": row["site"],
        "after": json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
    }


def _plain(name: str, value: object) -> object:
    """As the history writes it."""
    if name in _INSTANTS:
        at = value if isinstance(value, datetime) else EPOCH + timedelta(microseconds=int(str(value)))
        return at.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
