"""Who is called, and when nobody is."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.people.on_call import Cover, answering, checked_rota, gaps, no_holiday, turn_at, turns
from maintenance.people.rosters import Absence
from maintenance.site_calendar import public_holidays
from plantroom.domain.assets import Severity
from plantroom.domain.calendars import ALWAYS_OPEN
from plantroom.errors import BadData
from tests.unit.maintenance.people.given import BERLIN, NOW, SHANGHAI, rota

CHINA = public_holidays(ALWAYS_OPEN, "Asia/Shanghai")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shanghai(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc]


def everybody(_: str) -> bool:
    return True


def test_turns_change_hands_at_the_local_handover() -> None:
    weekly = rota("li", "wang")
    before, after = shanghai(2026, 1, 12, 8, 59), shanghai(2026, 1, 12, 9)
    users = [turn.user for at in (before, after) if (turn := turn_at(weekly, at, [], SHANGHAI)) is not None]
    assert users == ["li", "wang"]


def test_nobody_is_on_call_before_the_first_handover_nor_after_the_end() -> None:
    short = rota("li", ends_on=date(2026, 1, 6))
    asked = (shanghai(2026, 1, 5, 8), shanghai(2026, 1, 5, 9), shanghai(2026, 1, 7, 8, 59), shanghai(2026, 1, 7, 9))
    assert [turn_at(short, at, [], SHANGHAI) is not None for at in asked] == [False, True, True, False]


def test_nine_o_clock_stays_nine_o_clock_across_dst() -> None:
    daily = rota("a", "b", days=1, starts_on=date(2026, 3, 1))
    spans = turns(daily, [], datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC), BERLIN)
    assert {begins.astimezone(BERLIN).time() for begins, _, _ in spans[1:]} == {time(9)}
    assert min(ends - begins for begins, ends, _ in spans[1:-1]) == 23 * HOUR


def test_a_cover_stands_in_and_the_latest_one_counts() -> None:
    first = Cover("c1", "r", "zhao", NOW, NOW + 4 * HOUR, "", "boss", NOW - DAY)
    second = Cover("c2", "r", "qian", NOW + HOUR, NOW + 2 * HOUR, "", "boss", NOW)
    at = [NOW + n * HOUR for n in range(5)]
    users = [turn.user for one in at if (turn := turn_at(rota("li"), one, [first, second], SHANGHAI)) is not None]
    assert users == ["zhao", "qian", "zhao", "zhao", "li"]


def test_holidays_are_taken_in_turn_by_others() -> None:
    weekly = rota("li", "wang", holiday_people=("h1", "h2"), starts_on=date(2026, 1, 1))
    spring = [
        turn.user
        for day in (14, 17, 18)
        if (turn := turn_at(weekly, shanghai(2026, 2, day, 12), [], SHANGHAI, CHINA)) is not None
    ]
    assert spring[0] in {"h1", "h2", "li", "wang"}
    assert {spring[1], spring[2]} == {"h1", "h2"}


def test_a_turn_beside_a_holiday_ends_where_the_holiday_begins() -> None:
    weekly = rota("li", holiday_people=("h",), starts_on=date(2026, 1, 5))
    turn = turn_at(weekly, shanghai(2026, 1, 6, 12), [], SHANGHAI, lambda day: day == date(2026, 1, 8))
    assert turn is not None
    assert turn.ends_at == shanghai(2026, 1, 8, 9)


def test_a_department_s_own_rota_stands_before_the_site_s() -> None:
    own, whole = rota("own", id="r1", department="water"), rota("whole", id="r2")
    for department, user in (("water", "own"), ("fire", "whole"), (None, "whole")):
        found = answering([whole, own], [], NOW, SHANGHAI, department, 1)
        assert found is not None
        assert found[1].user == user


def test_a_rota_for_the_severity_stands_before_one_for_all() -> None:
    urgent, any_ = rota("urgent", id="r9", severities=(Severity.CRITICAL,)), rota("any", id="r1")
    asked = {}
    for severity in (Severity.CRITICAL, Severity.GENERAL):
        found = answering([any_, urgent], [], NOW, SHANGHAI, None, 1, severity)
        asked[severity] = None if found is None else found[1].user
    assert asked == {Severity.CRITICAL: "urgent", Severity.GENERAL: "any"}


def test_who_cannot_be_reached_is_passed_over_and_levels_are_kept_apart() -> None:
    own, whole, second = rota("own", id="r1", department="water"), rota("whole", id="r2"), rota("two", id="r3", level=2)
    found = answering([own, whole, second], [], NOW, SHANGHAI, "water", 1, available=lambda user, _: user != "own")
    assert found is not None
    assert found[1].user == "whole"
    assert answering([second], [], NOW, SHANGHAI, None, 1) is None


def test_gaps_are_when_a_rota_has_ended_and_when_whose_turn_it_is_is_away_or_gone() -> None:
    ends = rota("li", ends_on=date(2026, 3, 4))
    start, end = shanghai(2026, 3, 2, 9), shanghai(2026, 3, 7, 9)
    found = gaps(ends, [], [Absence("a", "li", date(2026, 3, 3), date(2026, 3, 3))], everybody, start, end, SHANGHAI)
    assert [(g.starts_at, g.ends_at, g.missing) for g in found] == [
        (shanghai(2026, 3, 3), shanghai(2026, 3, 4), "li"),
        (shanghai(2026, 3, 5, 9), end, None),
    ]
    gone = gaps(rota("li"), [], [], lambda user: user != "li", start, end, SHANGHAI)
    assert [(g.starts_at, g.ends_at, g.missing) for g in gone] == [(start, end, "li")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"people": ()}, "people"),
        ({"level": 0}, "level"),
        ({"days": 0}, "days"),
        ({"ends_on": date(2025, 1, 1)}, "ends_on"),
    ],
)
def test_a_rota_that_makes_no_sense_is_refused_by_its_field(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadData) as said:
        checked_rota(rota(**wrong))
    assert said.value.problems[0].field == field


@given(
    st.sampled_from((SHANGHAI, BERLIN, ZoneInfo("America/New_York"))),
    st.dates(date(2026, 1, 10), date(2027, 12, 31)),
    st.integers(1, 9),
    st.integers(1, 4),
    st.integers(0, 23),
)
def test_somebody_is_on_call_at_every_moment_and_turns_follow_each_other(
    zone: ZoneInfo, day: date, length: int, people: int, hour: int
) -> None:
    one = rota(*[f"p{n}" for n in range(people)], days=length, handover=time(hour), starts_on=date(2026, 1, 1))
    start = datetime.combine(day, time(0), zone).astimezone(UTC)
    spans = turns(one, [], start, start + 10 * DAY, zone, no_holiday)
    assert spans[0][0] == start
    assert spans[-1][1] == start + 10 * DAY
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    for begins, ends, turn in spans:
        assert turn is not None
        assert turn == turn_at(one, begins, [], zone) == turn_at(one, ends - timedelta(microseconds=1), [], zone) or (
            people == 1
        )
