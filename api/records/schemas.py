"""Shapes of frozen records."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, RootModel, StringConstraints

from api.shapes import Instant, ListQuery, Name, Payload, Shape, one_or_more
from maintenance.records.model import Addendum as DomainAddendum
from maintenance.records.model import AddendumKind, Record, RecordKind, Sealing
from plantroom.domain.assets import Status


class Retention(Shape):
    """How long the law asks for a record; `status` says whether `basis` is checked. Nothing deletes a record, before or
    after `until`."""

    years: int
    until: date
    basis: str
    status: Status


class RecordSummary(Shape):
    """A frozen record without its document. `cause`: the order was `verified`, or `signed` by whoever did it and by the
    using unit, or an incident was `closed`. `sha256` is that of the document."""

    id: str
    work_order: str | None
    incident: str | None
    number: int
    kind: RecordKind
    site: str
    asset: str | None
    title: Name
    completed_on: date
    frozen_at: Instant
    frozen_by: str
    cause: Sealing
    retention: Retention
    sha256: str

    @classmethod
    def of(cls, record: Record) -> Self:
        """From the ledger's record."""
        return cls.model_validate(_fields(record))


def _fields(record: Record) -> dict[str, Any]:
    own = (name for name in RecordSummary.model_fields if name not in {"title", "retention"})
    retention = Retention(
        years=record.keep_years, until=record.keep_until, basis=record.keep_basis, status=Status(record.keep_status)
    )
    title = Name(zh=record.title_zh, en=record.title_en)
    return {name: getattr(record, name) for name in own} | {"title": title, "retention": retention}


class Addendum(Shape):
    """What was added to a record: a `correction`, its `verification`, or `late_evidence` that a tablet sent afterwards.
    `signature` is the SHA-256 of a signature's file; `previous` that of the addendum before, or of the record."""

    id: str
    record: str
    number: int
    kind: AddendumKind
    at: Instant
    recorded_at: Instant
    by: str
    reason: str
    text: str
    signature: str | None
    op_id: str | None
    previous: str
    sha256: str

    @classmethod
    def of(cls, addendum: DomainAddendum) -> Self:
        """From the ledger's record."""
        return cls.model_validate(addendum)


class RecordDetail(RecordSummary):
    """A frozen record whole: `document` says what was done, by whom, when, with which result; `GET
    .../document` gives the bytes that `sha256` was taken of."""

    document: dict[str, Any]
    addenda: list[Addendum]

    @classmethod
    def whole(cls, record: Record, addenda: Sequence[DomainAddendum]) -> Self:
        """From the ledger's record and what was added."""
        added = [Addendum.of(one) for one in addenda]
        return cls.model_validate(_fields(record) | {"document": json.loads(record.document), "addenda": added})


class RecordDocument(RootModel[dict[str, Any]]):
    """What was frozen: the site, the machine, the units, the day, the staff with their signatures, every item with its
    result, readings, files with their SHA-256, the order's steps."""


class RecordList(Shape):
    """A page of records, newest first."""

    items: list[RecordSummary]
    next_cursor: str | None


class RecordQuery(ListQuery):
    """Filters of records; `asset` is its key, `work_order` an order's id, `incident` an
    incident's; days are the site's own, both included."""

    asset: str | None = None
    site: str | None = None
    kind: Annotated[str | None, one_or_more(RecordKind)] = None
    work_order: str | None = None
    incident: str | None = None
    start: Annotated[date | None, Field(alias="from", description="completed on this day or later")] = None
    end: Annotated[date | None, Field(alias="to", description="completed on this day or earlier")] = None


class AddendumCreate(Payload):
    """A correction to a frozen record: what is right, why, and the SHA-256 of a signature's file."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "A-1-23 平层误差应为6 mm，不是16 mm", "reason": "抄录错误", "signature": None}]
        }
    )

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    signature: Annotated[str | None, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 in hex")] = None
