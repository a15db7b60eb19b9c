"""What a time out of use excuses, from its instants."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.rests import Pause, Rest, carried, lapsed, pauses_of

ZONE = ZoneInfo("Asia/Shanghai")


def local(month: int, day: int, hour: int = 0, minute: int = 0, zone: ZoneInfo = ZONE) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def pause_of(since: datetime, until: datetime, zone: ZoneInfo = ZONE) -> Pause:
    (found,) = pauses_of([Rest("r", "demo", "k", since, until)], zone)
    return found


@pytest.mark.parametrize(
    ("since", "until", "excused"),
    [
        (local(1, 19, 12), local(1, 21, 12), [20]),
        (local(1, 20), local(1, 21), [20]),
        (local(1, 20, 0, 1), local(1, 22), [21]),
        (local(1, 19, 23, 59), local(1, 21) - timedelta(minutes=1), []),
        (local(1, 20, 23, 59), local(1, 21, 0, 1), []),
    ],
)
def test_a_last_day_is_excused_only_when_the_machine_was_out_of_use_all_day(
    since: datetime, until: datetime, excused: list[int]
) -> None:
    pause = pause_of(since, until)
    assert [day for day in range(15, 28) if pause.holds(date(2026, 1, day))] == excused
    due = [
        Occurrence(OccurrenceKey("l", "k", n), "demo", "R", *(date(2026, 1, n),) * 3, work_order=f"o-{n}")
        for n in range(15, 28)
    ]
    waived = lapsed(due, [Rest("r", "demo", "k", since, until)], ZONE)
    assert [one.latest.day for one in waived] == excused
    assert {one.state for one in waived} <= {OccurrenceState.WAIVED}


def test_two_minutes_over_midnight_do_not_move_what_the_law_counts() -> None:
    pause = pause_of(local(1, 20, 23, 59), local(1, 21, 0, 1))
    assert carried(date(2026, 1, 5), 15, pause) == date(2026, 1, 5)


def test_what_the_law_allows_ends_on_the_day_of_the_return_when_it_ran_out_at_rest() -> None:
    pause = pause_of(local(1, 8, 12), local(4, 15, 12))
    last = carried(date(2026, 1, 5), 15, pause)
    assert last is not None
    assert last + timedelta(days=15) == date(2026, 4, 15)
    assert carried(date(2025, 12, 20), 15, pause) == date(2025, 12, 20), "run out before it: it stays run out"


@pytest.mark.parametrize(("month", "day"), [(3, 29), (10, 25)])
def test_a_day_of_23_or_25_hours_is_whole(month: int, day: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    pause = pause_of(local(month, day, zone=berlin), local(month, day + 1, zone=berlin), berlin)
    assert (pause.since, pause.until) == (date(2026, month, day), date(2026, month, day + 1))
    short = pause_of(local(month, day, zone=berlin), local(month, day + 1, zone=berlin) - timedelta(minutes=1), berlin)
    assert not short.holds(date(2026, month, day))


def test_times_out_of_use_count_together_that_only_short_use_lies_between() -> None:
    begin = local(1, 10, 12)
    spans = [(0, 200), (200, 300), (315, 400), (414, 420)]
    rests = [
        Rest(str(n), "demo", "k", begin + timedelta(days=a, minutes=1), begin + timedelta(days=b))
        for n, (a, b) in enumerate(spans)
    ]
    found = [pause.days_since(date.min) for pause in pauses_of(rests, ZONE)]
    assert found == [200, 300, 85, 91]
    last = pauses_of(rests, ZONE)[1]
    assert last.began == date(2026, 1, 10)
    assert last.days_since(last.until - timedelta(days=40)) == 40
