"""Shapes of episodes: what was noticed about an asset over time."""

from typing import Annotated, Any, Self

from api.assets.schemas_seen import PointBaseline
from api.points.schemas import PointLimits
from api.shapes import AssetRef, Instant, ListQuery, Name, Shape, one_or_more
from maintenance.episodes import Episode as DomainEpisode
from maintenance.episodes import EpisodeState
from plantroom.domain.assets import PointKind, Severity
from plantroom.domain.findings import FindingSource


class EvidenceItem(Shape):
    """A point's share in what was noticed: ``contribution`` in 0..1, ``value`` what was seen, ``expected``
    what the baseline or the limit says, both in the point's unit (UCUM, empty when unknown)."""

    point: str
    name: Name
    unit: str
    contribution: float
    value: float | None
    expected: float | None


class Episode(Shape):
    """Findings of one asset and failure mode over time, with at most one ticket (``work_order``, its id).

    ``opened_observed_at`` is when it was first seen, ``opened_at`` when we learned of it."""

    id: str
    asset: str
    asset_ref: AssetRef | None
    site: str
    failure_mode: str
    title: Name
    source: FindingSource
    state: EpisodeState
    severity: Severity
    safety: bool
    opened_observed_at: Instant
    opened_at: Instant
    last_observed_at: Instant
    closed_at: Instant | None
    closed_observed_at: Instant | None
    work_order: str | None
    evidence: list[EvidenceItem]
    tags: list[str]
    detail: dict[str, Any] | None
    findings: int
    first_checks: list[Name]

    @classmethod
    def of(
        cls,
        episode: DomainEpisode,
        asset: AssetRef | None,
        title: Name,
        first_checks: list[Name],
        evidence: list[EvidenceItem],
    ) -> Self:
        """From the ledger's record and what the class and the asset's points say about it."""
        given = {"asset_ref": asset, "title": title, "first_checks": first_checks, "evidence": evidence}
        own = {name: getattr(episode, name) for name in cls.model_fields if name not in given}
        return cls.model_validate(own | given)


class EpisodeList(Shape):
    """A page of episodes, newest first."""

    items: list[Episode]
    next_cursor: str | None


class EpisodeQuery(ListQuery):
    """Filters of episodes; those given must all hold."""

    asset: str | None = None
    state: Annotated[str | None, one_or_more(EpisodeState)] = None
    site: str | None = None
    source: Annotated[str | None, one_or_more(FindingSource)] = None


class EvidencePoint(Shape):
    """A point to draw: with its limits, its share, and what the model holds for normal if it knows."""

    point: str
    name: Name
    unit: str
    kind: PointKind
    limits: PointLimits
    contribution: float | None
    value: float | None
    expected: float | None
    baseline: PointBaseline | None


class EpisodeEvidence(Shape):
    """What the evidence chart needs: the readings of ``points`` between ``start`` and ``end``, with a mark at
    ``opened_observed_at``. Points by falling contribution."""

    episode: Episode
    start: Instant
    end: Instant
    opened_observed_at: Instant
    closed_observed_at: Instant | None
    points: list[EvidencePoint]
