"""Shapes of occurrences: the cycles of plan rows on their subjects."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field

from api.shapes import AssetRef, Instant, ListQuery, Shape, one_or_more
from maintenance.plan import Occurrence as DomainOccurrence
from maintenance.plan import OccurrenceState


class Occurrence(Shape):
    """One cycle of a plan row: when it was to be done, and what became of it.

    ``asset`` is the asset's key, or ``site:<code>``. Rows by the hour have ``nominal_at`` and ``due_at``. ``evidence``
    is the reading that credited it."""

    model_config = ConfigDict(
        from_attributes=True,
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "plan_row": "EL-HM",
                    "lineage": "default:EL-HM",
                    "cycle": 31,
                    "asset": "0198c0ffee",
                    "asset_ref": None,
                    "site": "demo",
                    "state": "done",
                    "nominal_date": "2026-04-01",
                    "earliest": "2026-03-27",
                    "latest": "2026-04-01",
                    "nominal_at": None,
                    "due_at": None,
                    "completed_at": "2026-03-31T02:10:00.000Z",
                    "work_order": "0198c0ffe0",
                    "evidence": None,
                }
            ]
        },
    )

    plan_row: str
    lineage: str
    cycle: int
    asset: str
    asset_ref: AssetRef | None
    site: str
    state: OccurrenceState
    nominal_date: date
    earliest: date
    latest: date
    nominal_at: Instant | None
    due_at: Instant | None
    completed_at: Instant | None
    work_order: str | None
    evidence: dict[str, Any] | None

    @classmethod
    def of(cls, one: DomainOccurrence, asset: AssetRef | None) -> Self:
        """From the ledger's record."""
        own = {
            name: getattr(one, name)
            for name in cls.model_fields
            if name not in {"asset", "asset_ref", "lineage", "cycle", "evidence"}
        }
        return cls.model_validate(
            own
            | {
                "asset": one.key.subject,
                "asset_ref": asset,
                "lineage": one.key.lineage,
                "cycle": one.key.cycle,
                "evidence": None if one.evidence is None else dict(one.evidence),
            }
        )


class OccurrenceList(Shape):
    """A page of occurrences."""

    items: list[Occurrence]
    next_cursor: str | None


class OccurrenceQuery(ListQuery):
    """Filters of occurrences; those given must all hold, of several states any one. `from` and `to` bound the nominal
    date, both inclusive. Sorts: nominal_date, latest."""

    asset: Annotated[str | None, Field(description="the asset's key")] = None
    site: str | None = None
    plan_row: Annotated[str | None, Field(description="the row's code")] = None
    state: Annotated[str | None, one_or_more(OccurrenceState)] = None
    start: Annotated[date | None, Field(alias="from")] = None
    end: Annotated[date | None, Field(alias="to")] = None
