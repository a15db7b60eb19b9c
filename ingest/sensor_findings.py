"""What is found when a sensor says nothing good any more, or does again."""

from dataclasses import dataclass

from ingest.alarm_book import AlarmState
from ingest.alarm_findings import cleared
from ingest.alarm_levels import Level, Watched
from ingest.instants import from_ms
from ingest.rejections import stable_id
from plantroom.domain.assets import SENSOR_FAULT, AlarmPriority
from plantroom.domain.findings import Evidence, FindingCleared, FindingRaised, FindingSource
from plantroom.domain.quality import Reason
from plantroom.domain.sensors import SENSOR


@dataclass(frozen=True, slots=True)
class Sensor:
    """A point as its sensor: ``watched`` has one level, "nothing good"; ``safety``: it has alarm limits, and
    they are safety alarms."""

    watched: Watched
    safety: bool
    priority: AlarmPriority

    @property
    def level(self) -> Level:
        """Its one level."""
        return self.watched.levels[0]


def sensor_raised(sensor: Sensor, state: AlarmState, ts_ms: int, value: float, reason: int) -> FindingRaised:
    """Nothing good came of it since ``state.since_ms``, the first bad reading; ``value`` and ``reason`` are the last
    one's."""
    watched = sensor.watched
    ref = watched.ref
    return FindingRaised(
        finding_id=stable_id("sensor", "raised", ref.site, ref.asset, ref.point, ts_ms),
        site=ref.site,
        asset=ref.asset,
        failure_mode=SENSOR_FAULT,
        source=FindingSource.LIMIT,
        severity=watched.severity,
        safety=False,
        observed_at=from_ms(ts_ms),
        received_at=from_ms(state.heard_ms),
        subject=f"{ref.point}:{SENSOR}",
        evidence=(Evidence(ref.point, 1.0, value),),
        detail={
            "point": ref.point,
            "level": SENSOR,
            "value": value,
            "reason": Reason(reason).name.lower(),
            "bad_since": from_ms(state.since_ms).isoformat(),
            "safety_source": sensor.safety,
            "priority": sensor.priority.value,
            "tags": ["under_maintenance"] if watched.maintenance else [],
        },
    )


def sensor_cleared(sensor: Sensor, state: AlarmState) -> FindingCleared:
    """It says something good again."""
    return cleared(sensor.watched.ref, SENSOR, state, state.last_ms, state.heard_ms)
