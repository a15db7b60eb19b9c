"""Shapes of what a plan row's dates go by."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from api.shapes import Shape
from maintenance.intervals import IntervalUnit
from maintenance.schedules import fulfilled_by_from, fulfilled_by_json, schedule_from, schedule_json

SeasonName = Literal["rain", "winter", "heating", "cooling"]


class Every(Shape):
    """Every `every` units."""

    every: int
    unit: IntervalUnit


class ByInterval(Shape):
    """Every interval; only in a season, or (rows by the hour) only in opening hours, where it says so."""

    type: Literal["interval"]
    in_season: SeasonName | None = None
    open_hours: bool = False


class BySeason(Shape):
    """Once a year before each of the seasons, `lead_days` before it begins (default 14)."""

    type: Literal["season"]
    seasons: list[SeasonName]
    lead_days: int = 14


class ByAge(Shape):
    """In these years since the asset was installed or went into service, afterwards every `then`."""

    type: Literal["age"]
    years: list[int]
    since: Literal["installed_on", "in_service_on"] = "installed_on"
    then: Every | None = None


class ByMeter(Shape):
    """After each `every` of the counter `point` since the last completion."""

    type: Literal["meter"]
    point: str
    every: float


class BeforeOther(Shape):
    """`lead_days` before the job of the row `code` (default 14)."""

    type: Literal["before"]
    code: str
    lead_days: int = 14


class ByCondition(Shape):
    """When an episode of one of these failure modes begins; not again before it is done."""

    type: Literal["condition"]
    failure_modes: list[str]


class FulfilledBy(Shape):
    """The reading that credits an occurrence: the state `point` starts `by` times inside the window, or the counter
    `point` increases by at least `by`."""

    model_config = ConfigDict(from_attributes=True, frozen=True, validate_by_name=True, validate_by_alias=True)

    point: str
    when: Annotated[Literal["starts", "increases"], Field(alias="is")]
    by: float = 1.0


Schedule = Annotated[
    ByInterval | BySeason | ByAge | ByMeter | BeforeOther | ByCondition, Field(discriminator="type")
]  # fmt: skip


def _schedule(value: object) -> object:
    return None if value is None else schedule_json(schedule_from(value))


def _fulfilled_by(value: object) -> object:
    return None if value is None else fulfilled_by_json(fulfilled_by_from(value))


ScheduleIn = Annotated[Schedule | None, BeforeValidator(_schedule)]
"""As it is taken in; ``BadData`` names the field that is wrong."""

FulfilledByIn = Annotated[FulfilledBy | None, BeforeValidator(_fulfilled_by)]
"""As it is taken in; ``BadData`` names the field that is wrong."""
