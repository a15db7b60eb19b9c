"""What must hold over any history: early, late, missed, credited and deferred work, outages, corrections."""

from hypothesis import HealthCheck, given, settings

from tests.examples import examples
from tests.unit.maintenance.histories import Life, live, lives


@given(lives)
@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_must_hold_holds_over_any_history(life: Life) -> None:
    live(life)
