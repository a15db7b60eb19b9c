"""Shapes of what the collectors say of themselves."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.shapes import Instant, Name, Shape
from ingest.conditions import Condition as DomainCondition
from ingest.conditions import drained_in_s


class CollectorStats(Shape):
    """The last word of one collector, and how old it is."""

    collector: str
    reported_at: Instant
    age_s: float
    ready: bool
    problems: list[str]
    stats: dict[str, Any]


class Figures(Shape):
    """What a lane has figures of, as in `Flow`."""

    received: int
    stored: int
    duplicates: int
    retained: int
    dead_lettered: int
    spool_depth: int
    spool_bytes: int
    lag_s: float
    messages_per_s: float
    done_per_s: float
    values_per_s: float
    stored_per_s: float
    rejects_per_min: float
    durable_p50_ms: float
    durable_p99_ms: float
    stored_p50_ms: float
    stored_p99_ms: float
    drained_in_s: float | None

    @classmethod
    def of(cls, figures: Mapping[str, float], **more: Any) -> Self:
        """From figures by name; what is missing is 0."""
        counts = {"received", "stored", "duplicates", "retained", "dead_lettered", "gaps", "spool_depth", "spool_bytes"}
        told = cls.model_fields.keys() - {"drained_in_s", *more}
        known = {name: figures.get(name, 0.0) for name in sorted(told)}
        shown = {name: round(value) if name in counts else value for name, value in known.items()}
        left_s = drained_in_s(known["spool_depth"], known["messages_per_s"], known["done_per_s"])
        return cls(**shown, drained_in_s=left_s, **more)


class LaneFlow(Figures):
    """Of one lane of a site: `normal`, `safety`; `strays` for all unknown sites."""

    lane: str


class Flow(Figures):
    """Figures of the way in. `received` and `dead_lettered` are messages over all time, `stored` and `duplicates`
    readings, `retained` those that were left out since the broker had kept them from nobody knows when; `spool_depth`
    messages wait, `spool_bytes` are on disk, the oldest has waited for `lag_s`. Rates are over the last seconds:
    `messages_per_s` came in, `done_per_s` were dealt with, `values_per_s` in them, `stored_per_s` of these. Delays are
    from a reading's own time to being durable and to being stored. `drained_in_s`: when nothing waits any more if all
    goes on as now, null when that is never. `gaps`: sequence numbers that are missing now, a figure of a site and not
    of its lanes, which share them."""

    gaps: int


class SiteFlow(Flow):
    """Of one site (`+`: all unknown sites) over its collectors, and how old the newest of their reports is."""

    site: str
    age_s: float
    lanes: list[LaneFlow]


class NodeGap(Shape):
    """A Sparkplug edge node of which messages are missing; they count in `gaps` and are not on the list of gaps, since
    nobody can be asked for them by number. `node` is its group and name, `found_at` when the first was missed,
    `asked_at` when it was asked for a rebirth, which ends this."""

    site: str
    node: str
    missing: int
    found_at: Instant | None
    asked_at: Instant | None


class IngestStats(Shape):
    """Sums over all collectors (`lag_s`: the worst). Readings, but `received` and `dead_lettered` count
    messages. `flow` has what goes on now, of the collectors that are not silent, `nodes` the edge nodes that miss
    messages, at most 100 of a site's lane."""

    received: int
    stored: int
    duplicates: int
    retained: int
    dead_lettered: int
    gaps: int
    spool_depth: int
    lag_s: float
    collectors: list[CollectorStats]
    flow: Flow
    sites: list[SiteFlow]
    nodes: list[NodeGap]


class Condition(Shape):
    """Something that people should know of the way in. `code` is stable, `level` says how much it matters. `sites`
    empty: it concerns everything. `lost` says whether anything is lost for good, `loss` in words. `detail` are the
    words of the part that met it, `reason` the dead letters' code, `help` where the way out begins."""

    code: str
    level: Literal["info", "warning", "urgent"]
    title: Name
    text: Name
    loss: Name
    advice: Name
    sites: list[str]
    since: Instant | None
    lost: bool
    detail: str
    help: Literal["letters", "gaps", ""]
    reason: str

    @classmethod
    def of(cls, one: DomainCondition) -> Self:
        """From the rules' answer."""
        names = {name: Name.model_validate(getattr(one, name)) for name in ("title", "text", "loss", "advice")}
        level: Any = one.level.name.lower()
        return cls(
            code=one.code,
            level=level,
            sites=list(one.sites),
            since=one.since,
            lost=one.lost,
            detail=one.detail,
            help=one.help.value,
            reason=one.reason,
            **names,
        )


class Conditions(Shape):
    """All conditions, the most urgent first. Empty: all is flowing."""

    items: list[Condition]


class HistoryQuery(BaseModel):
    """Which part of the last twelve hours. `from` is inside the span, `to` too."""

    model_config = ConfigDict(extra="forbid", str_max_length=1_000)

    start: Annotated[Instant | None, Field(alias="from", description="default: three hours before `to`")] = None
    end: Annotated[Instant | None, Field(alias="to", description="default: now")] = None
    site: Annotated[str | None, Field(description="default: all of the caller's sites together")] = None


class History(Shape):
    """Rows `[ts_ms, messages/s in, readings/s stored, rejects/min, spool depth, lag in s, gaps]` in rising time, a row
    for each `step_s`; steps of which nobody reported are left out. Kept in memory since the server's start."""

    step_s: int
    rows: list[tuple[int, float, float, float, float, float, float]]
