"""Shapes of maintenance by hand."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from api.shapes import Instant, Payload, Shape, Why
from maintenance.by_hand import LONGEST
from maintenance.spells import Spell
from plantroom.domain.assets import AssetStatus

MAX_MINUTES = int(LONGEST.total_seconds() // 60)


class MaintenanceSpell(Shape):
    """A time under maintenance that somebody has declared, with its end. `found` is the status that the asset goes back
    to. Ended by a person, or by `system:expired` when its time was over."""

    id: str
    asset: str
    reason: str
    by: str
    at: Instant
    until: Instant
    found: AssetStatus
    ended_at: Instant | None
    ended_by: str | None

    @classmethod
    def of(cls, spell: Spell) -> Self:
        """From the ledger's record."""
        return cls.model_validate({name: getattr(spell, name) for name in cls.model_fields})


class MaintenanceSpellList(Shape):
    """A page of them, newest first."""

    items: list[MaintenanceSpell]
    next_cursor: str | None


class MaintenanceRequest(Payload):
    """Why, and for how long: `minutes` from now, or `until`; at most seven days."""

    reason: Why
    minutes: Annotated[int | None, Field(ge=1, le=MAX_MINUTES)] = None
    until: Instant | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.minutes is None) == (self.until is None):
            raise ValueError("minutes与until须填且只填一个 / give either minutes or until")
        return self
