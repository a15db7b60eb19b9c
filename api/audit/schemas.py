"""Shapes of the history."""

import json
from datetime import date
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, JsonValue

from api.records.schemas import Addendum, RecordSummary
from api.shapes import Instant, ListQuery, Name, Shape
from maintenance.records.heads import text_of
from maintenance.records.timeline import Line, LineType
from maintenance.work_orders import WorkOrder
from plantroom.domain.audit import Action, Entry, Head
from plantroom.domain.authorship import AuthorKind

_ENTRY: dict[str, JsonValue] = {
    "position": 812,
    "at": "2026-11-21T08:00:00.000Z",
    "by": "zhang",
    "by_kind": "person",
    "by_id": "u1",
    "reason": "铭牌重新核对",
    "request_id": "01a2",
    "via": "PATCH /api/v1/assets/{key}",
    "action": "changed",
    "entity": "asset",
    "key": "01a229d8",
    "label": "WP-101",
    "site": "demo",
    "asset": "01a229d8",
    "before": {"manufacturer": ""},
    "after": {"manufacturer": "KSB"},
}


class AuditEntry(Shape):
    """What one request, command or job changed of one thing. `by` is a user name, a token's name, `cli:<login>` or
    `system:<job>`; `via` what it was done with. `before` and `after` hold the fields that changed (`limits.alarm_high`
    is one of them), all of them for what was `created` or `removed`; a secret is `(not kept)`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTRY]})

    position: int
    at: Instant
    by: str
    by_kind: AuthorKind
    by_id: str
    reason: str
    request_id: str
    via: str
    action: Action
    entity: str
    key: str
    label: str
    site: str | None
    asset: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """From the ledger's entry."""
        plain = {name: getattr(entry, name) for name in cls.model_fields if name not in {"before", "after"}}
        return cls.model_validate(plain | {"before": _object(entry.before), "after": _object(entry.after)})


def _object(text: str | None) -> dict[str, Any] | None:
    made = None if text is None else json.loads(text)
    return made if made is None or isinstance(made, dict) else {"": made}


class AuditList(Shape):
    """A page of the history, newest first."""

    items: list[AuditEntry]
    next_cursor: str | None


class AuditQuery(ListQuery):
    """Filters of the history; `asset` is an asset's key, `key` that of any thing."""

    entity: str | None = None
    key: str | None = None
    asset: str | None = None
    by: str | None = None
    site: str | None = None
    request_id: str | None = None
    start: Annotated[Instant | None, Field(alias="from", description="not before")] = None
    end: Annotated[Instant | None, Field(alias="to", description="before")] = None


class AuditHead(Shape):
    """The chain's end as it was published on `date` (UTC): `sha256` stands for every entry up to `position`. `text` is
    the same for people: to be mailed or printed, and for `plantroom audit verify --heads`."""

    date: date
    ledger: str
    seal: int
    position: int
    sealed_at: Instant
    sha256: str
    text: str

    @classmethod
    def of(cls, head: Head) -> Self:
        """From the ledger's record."""
        return cls(
            date=head.date,
            ledger=head.ledger,
            seal=head.seal,
            position=head.position,
            sealed_at=head.sealed_at,
            sha256=head.digest,
            text=text_of(head),
        )


class AuditHeadList(Shape):
    """A page of published heads, newest first."""

    items: list[AuditHead]
    next_cursor: str | None


class HistoryOrder(Shape):
    """A work order in the history of its machine."""

    id: str
    number: int
    kind: str
    origin: str
    state: str
    severity: str
    title: Name
    opened_at: Instant | None
    completed_at: Instant | None
    verified_at: Instant | None

    @classmethod
    def of(cls, order: WorkOrder) -> Self:
        """From the ledger's record."""
        return cls.model_validate(order)


class HistoryLine(Shape):
    """One line of an asset's history; the field that `type` names says what."""

    at: Instant
    type: LineType
    change: AuditEntry | None = None
    work_order: HistoryOrder | None = None
    record: RecordSummary | None = None
    addendum: Addendum | None = None

    @classmethod
    def of(cls, line: Line) -> Self:
        """From the ledger's line."""
        shapes: dict[LineType, Any] = {
            LineType.CHANGE: AuditEntry,
            LineType.WORK_ORDER: HistoryOrder,
            LineType.RECORD: RecordSummary,
            LineType.ADDENDUM: Addendum,
        }
        said = shapes[line.type].of(line.said)
        return cls.model_validate({"at": line.at, "type": line.type, line.type.value: said})


class AssetHistory(Shape):
    """A page of an asset's history, newest first."""

    items: list[HistoryLine]
    next_cursor: str | None
