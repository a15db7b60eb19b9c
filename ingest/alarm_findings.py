"""What is found when an alarm is raised or cleared."""

from ingest.alarm_book import AlarmState
from ingest.alarm_levels import Heard, Level, Watched
from ingest.instants import from_ms
from ingest.rejections import stable_id
from plantroom.domain.alarms import priority_of
from plantroom.domain.assets import Severity
from plantroom.domain.findings import Evidence, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.readings import SeriesRef


def _subject(point: str, level: str) -> str:
    return f"{point}:{level}"


def raised(watched: Watched, level: Level, state: AlarmState, heard: Heard, again: str = "") -> FindingRaised:
    """The alarm as a finding; ``again`` says why it is told once more."""
    ref, safety = watched.ref, watched.safety and level.is_alarm
    told = ("raised", *([again] if again else ()))
    derived = priority_of(watched.severity, safety=safety, warning=not level.is_alarm)
    return FindingRaised(
        finding_id=stable_id("limit", *told, ref.site, ref.asset, ref.point, level.name, heard.ts_ms),
        site=ref.site,
        asset=ref.asset,
        failure_mode=state.mode,
        source=FindingSource.LIMIT,
        severity=watched.severity if level.is_alarm else Severity.INFO,
        safety=safety,
        observed_at=from_ms(heard.ts_ms),
        received_at=from_ms(heard.received_ms),
        subject=_subject(ref.point, level.name),
        evidence=(Evidence(ref.point, 1.0, heard.value, level.limit),),
        detail={
            "point": ref.point,
            "level": level.name,
            "value": heard.value,
            "limit": level.limit,
            "priority": (level.priority or derived).value,
            "beyond_since": from_ms(state.since_ms).isoformat(),
            "tags": ["under_maintenance"] if watched.maintenance else [],
        },
    )


def cleared(ref: SeriesRef, level: str, state: AlarmState, ts_ms: int, received_ms: int) -> FindingCleared:
    """The end of an alarm as a finding."""
    return FindingCleared(
        finding_id=stable_id("limit", "cleared", ref.site, ref.asset, ref.point, level, state.raised_ms),
        site=ref.site,
        asset=ref.asset,
        failure_mode=state.mode,
        source=FindingSource.LIMIT,
        observed_at=from_ms(ts_ms),
        received_at=from_ms(received_ms),
        subject=_subject(ref.point, level),
    )
