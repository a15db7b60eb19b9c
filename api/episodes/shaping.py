"""Episodes in the words of their equipment class."""

from collections.abc import Sequence
from datetime import timedelta

from api.assets.schemas_seen import PointBaseline
from api.episodes.schemas import Episode, EpisodeEvidence, EvidenceItem, EvidencePoint
from api.points.schemas import PointLimits
from api.services import Baseline, Services
from api.shapes import Name
from maintenance.alarm_names import mode_name
from maintenance.episodes import Episode as DomainEpisode
from plantroom.domain.assets import EquipmentClass, LocalName, Point
from plantroom.domain.findings import Evidence
from plantroom.ports.ledger import LedgerTx

LEAD = timedelta(hours=1)
"""How long before the opening the evidence chart begins: enough to see what normal looked like."""
TAIL = timedelta(minutes=20)
MAX_SPAN = timedelta(days=7)


def title_of(made: EquipmentClass | None, failure_mode: str) -> tuple[Name, list[Name]]:
    """What people call a failure mode, and what to check first."""
    mode = made.mode(failure_mode) if made else None
    checks = [Name.model_validate(c) for c in mode.first_checks] if mode else []
    return Name.model_validate(mode_name(made, failure_mode)), checks


def shape_episodes(tx: LedgerTx, services: Services, episodes: Sequence[DomainEpisode]) -> list[Episode]:
    """Episodes with their asset's name and their class's words."""
    refs, plant, shaped = services.directory.refs(tx), services.directory.plant(tx), []
    for episode in episodes:
        ref = refs(episode.asset)
        points = plant.points.get(episode.asset, {})
        evidence = [_item(one, points.get(one.point)) for one in episode.evidence]
        made = services.classes.get(ref.equipment_class) if ref else None
        title, checks = title_of(made, episode.failure_mode)
        shaped.append(Episode.of(episode, ref, title, checks, evidence))
    return shaped


def shape_evidence(
    episode: DomainEpisode, shaped: Episode, points: Sequence[Point], services: Services
) -> EpisodeEvidence:
    """The span and the points of the evidence chart.

    The span begins an hour before the opening and ends 20 minutes after the last word on it, at most seven
    days later. Points without a share are left out, unless none has one: then all measures are shown.
    """
    shares = {e.point: e for e in episode.evidence}
    chosen = [p for p in points if p.key in shares] or [p for p in points if p.template.in_model]
    chosen.sort(key=lambda p: -shares[p.key].contribution if p.key in shares else 0.0)
    baselines = services.model_view.baselines(episode.asset) if services.model_view else {}
    start = episode.opened_observed_at - LEAD
    end = (episode.closed_observed_at or episode.last_observed_at) + TAIL
    return EpisodeEvidence(
        episode=shaped,
        start=start,
        end=min(end, start + MAX_SPAN),
        opened_observed_at=episode.opened_observed_at,
        closed_observed_at=episode.closed_observed_at,
        points=[_point(p, shares.get(p.key), baselines.get(p.key)) for p in chosen],
    )


def shape_baseline(point: str, baseline: Baseline) -> PointBaseline:
    """What the model holds for normal on a point."""
    return PointBaseline(
        point=point,
        expected=baseline.expected,
        low=baseline.low,
        high=baseline.high,
        learned_from=baseline.learned_from,
        learned_to=baseline.learned_to,
    )


def _item(one: Evidence, point: Point | None) -> EvidenceItem:
    name = LocalName(one.point, one.point) if point is None else point.template.name
    return EvidenceItem(
        point=one.point,
        name=Name.model_validate(name),
        unit="" if point is None else point.template.unit,
        contribution=one.contribution,
        value=one.value,
        expected=one.expected,
    )


def _point(point: Point, share: Evidence | None, baseline: Baseline | None) -> EvidencePoint:
    template = point.template
    return EvidencePoint(
        point=template.key,
        name=Name.model_validate(template.name),
        unit=template.unit,
        kind=template.kind,
        limits=PointLimits.model_validate(template.limits),
        contribution=share.contribution if share else None,
        value=share.value if share else None,
        expected=share.expected if share else None,
        baseline=shape_baseline(template.key, baseline) if baseline else None,
    )
