"""Rows that stand for those of the law: from whose completions they count, and what becomes of the law's row after."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from maintenance.intervals import Interval, IntervalUnit
from maintenance.lateness import Record
from maintenance.nesting import containment
from maintenance.plan import Layer, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import asset_subject, plan_subject
from maintenance.preview import PreviewItem, preview
from maintenance.schedules import AgeSchedule
from maintenance.stand_ins import floor_of, sources, stand_ins
from plantroom.domain.assets import Asset, LocalName
from tests.unit.maintenance.rows import ELEVATOR, row

ZONE = ZoneInfo("Asia/Shanghai")
YEARLY = Interval(1, IntervalUnit.YEAR)
TODAY = date(2026, 2, 5)
PUMP = Asset("k1", "demo", "X-1", "pump", LocalName("泵", "Pump"))
LAW = row("LAW", 1, "month", 3, 0, max_gap_days=31, layer=Layer.LAW, anchor=date(2025, 1, 10))
OURS = row("OURS", 1, "month", 3, 3, fulfils=("LAW",), anchor=date(2025, 1, 1), effective_from=TODAY)


def occurrence(
    code: str, cycle: int, day: date, state: OccurrenceState = OccurrenceState.DONE, on: date | None = None
) -> Occurrence:
    at = datetime(*(on or day).timetuple()[:3], 4, tzinfo=UTC) if state is OccurrenceState.DONE else None
    key = OccurrenceKey(f"lineage-{code}", "k1", cycle)
    return Occurrence(key, "demo", code, day, day, day, state, at, f"order-{code}-{cycle}")


def look(
    *rows: PlanRow, history: tuple[Occurrence, ...] = (), today: date = TODAY, end: date = date(2026, 5, 31)
) -> list[PreviewItem]:
    one = asset_subject(PUMP)
    return preview(rows, [one], {one.key: history}, TODAY, end, today, {}, ZONE)


def lasts(items: list[PreviewItem], code: str) -> list[str]:
    return [p.window.latest.isoformat() for i in items for p in i.job.occurrences if p.row.code == code]


def nominals(items: list[PreviewItem], code: str) -> list[str]:
    return [p.window.nominal.isoformat() for i in items for p in i.job.occurrences if p.row.code == code]


def test_a_row_that_begins_to_stand_for_the_law_counts_from_the_laws_last_completion() -> None:
    items = look(LAW, OURS, history=(occurrence("LAW", 12, date(2026, 1, 10)),))
    assert lasts(items, "OURS")[0] == "2026-02-10"
    assert "at most 31 days after the one of 2026-01-10" in items[0].reason.en
    assert nominals(items, "LAW") == []


def test_whichever_of_the_two_was_done_later_counts() -> None:
    ours = replace(OURS, effective_from=date(2026, 1, 1))
    own = occurrence("OURS", 12, date(2026, 2, 1), on=date(2026, 1, 20))
    assert lasts(look(LAW, ours, history=(occurrence("LAW", 12, date(2026, 1, 10)), own)), "OURS")[0] == "2026-02-20"
    later = occurrence("LAW", 12, date(2026, 1, 25))
    assert lasts(look(LAW, ours, history=(later, own)), "OURS")[0] == "2026-02-25"


def test_what_was_missed_of_the_law_counts_on_its_last_day() -> None:
    missed = occurrence("LAW", 12, date(2026, 1, 10), OccurrenceState.MISSED)
    assert lasts(look(LAW, OURS, history=(missed,)), "OURS")[0] == "2026-02-10"


def test_what_was_called_off_of_the_law_for_days_that_are_ours_lets_nobody_off() -> None:
    off = occurrence("LAW", 13, date(2026, 3, 10), OccurrenceState.MISSED)
    assert lasts(look(LAW, OURS, history=(occurrence("LAW", 12, date(2026, 1, 10)), off)), "OURS")[0] == "2026-02-10"


def test_what_the_law_had_due_before_counts_as_planned() -> None:
    ours = replace(OURS, effective_from=date(2026, 2, 12))
    history = (occurrence("LAW", 12, date(2026, 1, 10)), occurrence("LAW", 13, date(2026, 2, 10), OccurrenceState.DUE))
    for today in (TODAY, date(2026, 2, 20)):
        items = look(LAW, ours, history=history, today=today)
        assert lasts(items, "LAW") == ["2026-02-10"]
        assert lasts(items, "OURS")[:2] == ["2026-03-04", "2026-04-01"]


def test_a_row_that_will_stand_for_the_law_counts_from_what_the_law_has_due_until_then() -> None:
    ours = replace(OURS, anchor=date(2025, 1, 25), effective_from=date(2026, 3, 12))
    items = look(LAW, ours, history=(occurrence("LAW", 12, date(2026, 1, 10)),))
    assert nominals(items, "LAW") == ["2026-02-10", "2026-03-10"]
    assert lasts(items, "OURS")[0] == "2026-03-28"
    late = replace(ours, anchor=date(2025, 1, 11), effective_from=date(2026, 3, 15))
    items = look(LAW, late, history=(occurrence("LAW", 12, date(2026, 1, 10)),))
    assert lasts(items, "OURS")[0] == "2026-04-10"


def test_a_stricter_row_begins_within_the_laws_gap_and_keeps_its_own_from_then_on() -> None:
    strict = replace(OURS, max_gap_days=15, anchor=date(2025, 2, 2))
    items = look(LAW, strict, history=(occurrence("LAW", 12, date(2026, 1, 10)),))
    days = [date.fromisoformat(day) for day in lasts(items, "OURS")]
    assert days[0] == date(2026, 2, 10)
    assert max((b - a).days for a, b in pairwise(days)) <= 15
    assert "at most 31 days after the one of 2026-01-10" in items[0].reason.en


def test_an_anchor_far_ahead_does_not_let_the_law_wait() -> None:
    ahead = replace(OURS, anchor=date(2027, 6, 20))
    items = look(LAW, ahead, history=(occurrence("LAW", 12, date(2026, 1, 10)),), end=date(2026, 6, 1))
    assert nominals(items, "OURS") == ["2026-02-20", "2026-03-20", "2026-04-20", "2026-05-20"]
    assert lasts(items, "OURS")[0] == "2026-02-10"
    assert items[0].job.leader.window.cycle == 0


def test_a_row_of_the_law_comes_back_when_the_one_that_stood_for_it_ends() -> None:
    ended = replace(OURS, effective_from=date(2025, 3, 1), ends=date(2026, 2, 1))
    history = (
        occurrence("LAW", 1, date(2025, 2, 10)),
        *(occurrence("OURS", n, date(2025, 1 + n, 1)) for n in range(2, 12)),
        occurrence("OURS", 12, date(2026, 1, 1), on=date(2026, 1, 7)),
    )
    items = look(LAW, ended, history=history)
    assert nominals(items, "LAW") == ["2026-02-10", "2026-03-10", "2026-04-10", "2026-05-10"]
    assert lasts(items, "LAW")[0] == "2026-02-07"
    assert items[0].job.leader.window.cycle == 2
    assert nominals(items, "OURS") == []


def test_a_row_of_the_law_that_nobody_ever_did_itself_comes_back_too() -> None:
    ended = replace(OURS, effective_from=date(2025, 3, 1), ends=date(2026, 2, 1))
    items = look(LAW, ended, history=(occurrence("OURS", 12, date(2026, 1, 1)),))
    assert nominals(items, "LAW")[:2] == ["2026-02-10", "2026-03-10"]
    assert lasts(items, "LAW")[0] == "2026-02-01"


def test_another_row_that_stands_for_the_law_goes_on_where_the_first_one_ended() -> None:
    first = replace(OURS, effective_from=date(2025, 3, 1), ends=date(2026, 2, 1))
    second = replace(OURS, lineage="lineage-NEXT", code="NEXT", anchor=date(2026, 3, 1))
    items = look(LAW, first, second, history=(occurrence("OURS", 12, date(2026, 1, 7)),))
    assert nominals(items, "LAW") == []
    assert lasts(items, "NEXT")[0] == "2026-02-07"


def test_no_gap_beyond_the_laws_opens_while_rows_stand_for_each_other_in_turn() -> None:
    """Played month by month: the law's row, ours in its place, the law's again; all is done on its last day."""
    done: dict[OccurrenceKey, Occurrence] = {}
    for month in range(1, 25):
        today = date(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 15)
        rows = [LAW]
        if today >= date(2025, 7, 15):
            ends = date(2026, 3, 15) if today >= date(2026, 3, 15) else None
            rows.append(replace(OURS, effective_from=date(2025, 7, 15), ends=ends))
        items = preview(
            rows, [asset_subject(PUMP)], {"k1": tuple(done.values())}, today, date(2027, 6, 1), today, {}, ZONE
        )
        for item in items:
            for p in item.job.occurrences:
                if item.job.latest <= shifted_month(today):
                    one = occurrence(p.row.code, p.window.cycle, p.window.nominal, on=item.job.latest)
                    assert one.key not in done
                    done[one.key] = one
    days = sorted(o.completed_at.date() for o in done.values() if o.completed_at is not None)
    assert {o.plan_row for o in done.values()} == {"LAW", "OURS"}
    assert len(days) >= 20
    assert max((b - a).days for a, b in pairwise(days)) <= 31


def shifted_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, day.day)


RUNS = replace(OURS, effective_from=date(2025, 3, 5))
NEXT = replace(OURS, lineage="lineage-NEXT", code="NEXT", anchor=date(2025, 1, 4), early_days=0, late_days=0)
DONE_BY_OURS = (
    occurrence("LAW", 2, date(2025, 3, 4)),
    *(occurrence("OURS", n, date(2025, n + 1, 1)) for n in range(3, 12)),
    occurrence("OURS", 12, date(2026, 1, 1)),
)
"""The law's row was done in March, ours each month since then."""
EARLY = occurrence("OURS", 13, date(2026, 2, 1), on=date(2026, 1, 30))


def test_a_second_row_counts_from_what_the_first_one_does_that_still_runs() -> None:
    items = look(LAW, RUNS, NEXT, history=(*DONE_BY_OURS, EARLY))
    assert nominals(items, "NEXT")[:2] == ["2026-03-04", "2026-04-04"]
    assert lasts(items, "NEXT")[0] == "2026-03-02"


def test_a_second_row_that_is_yet_to_begin_counts_from_what_the_first_one_has_planned_until_then() -> None:
    coming = replace(NEXT, effective_from=date(2026, 3, 12))
    items = look(LAW, RUNS, coming, history=(*DONE_BY_OURS, EARLY))
    assert nominals(items, "OURS")[:2] == ["2026-03-01", "2026-04-01"]
    assert lasts(items, "NEXT")[0] == "2026-04-01"


def test_what_the_first_row_has_overdue_counts_for_the_second_one() -> None:
    early = occurrence("OURS", 12, date(2026, 1, 1), on=date(2025, 12, 30))
    over = occurrence("OURS", 13, date(2026, 1, 30), OccurrenceState.DUE)
    items = look(LAW, RUNS, NEXT, history=(*DONE_BY_OURS[:-1], early, over))
    assert lasts(items, "NEXT")[0] == "2026-03-02"


@pytest.mark.parametrize("shift", [0, 50, 100])
@pytest.mark.parametrize("left", [False, True])
def test_a_row_comes_back_once_however_its_dates_move(shift: int, left: bool) -> None:
    """Looked at on the days after, with what the first look has made: nothing is made again, nothing moves."""
    history = [*DONE_BY_OURS, EARLY]
    if left:
        history.append(occurrence("LAW", 3, date(2025, 4, 10), OccurrenceState.WAIVED))
    rows = [replace(LAW, shift_percent=shift), replace(RUNS, ends=TODAY)]
    made: dict[int, tuple[date, date]] = {}
    for today in (TODAY, date(2026, 2, 6), date(2026, 2, 8)):
        plan = plan_subject(rows, {r.code: r for r in rows}, asset_subject(PUMP), history, today, ZONE)
        stands = [standing.job.leader.window for standing in plan.standing]
        assert {one.cycle: (one.nominal, one.latest) for one in stands} == made
        new = [job.leader.window for job in plan.to_make(date(2026, 4, 6))]
        assert today == TODAY or new == []
        for one in new:
            made[one.cycle] = one.nominal, one.latest
            due = occurrence("LAW", one.cycle, one.nominal, OccurrenceState.DUE)
            history.append(replace(due, earliest=one.earliest, latest=one.latest))
    first = min(made.values())
    assert first[0] >= TODAY
    assert first[1] == date(2026, 2, 10) if shift < 100 else date(2026, 3, 2), "31 days after what ours did last"


def test_an_interval_that_stands_for_the_law_s_years_is_never_longer_than_the_shortest_of_them() -> None:
    """A row every six years stood for the inspection in years 1, 4, 7, then yearly, and was due every three years."""
    law = row("LAW", 1, "year", schedule=AgeSchedule((1, 4, 7), then=YEARLY), max_gap_days=1096, layer=Layer.LAW)
    years = row("OURS", 6, "year", fulfils=("LAW",))
    assert floor_of(years, {"LAW": law}) == 366
    assert [one.slack for one in stand_ins([law, years], {"LAW": law})] == [0], "from the law's last one on"
    by_age = replace(years, schedule=AgeSchedule((2, 5), then=YEARLY))
    assert floor_of(by_age, {"LAW": law}) == 1096, "of its own years, the law's longest step"


RARE = row("RARE", 3, "month", 3, 0, max_gap_days=92, layer=Layer.LAW, anchor=date(2025, 1, 20))
BOTH = replace(OURS, fulfils=("LAW", "RARE"))


@pytest.mark.parametrize("gap", [92, 31])
@pytest.mark.parametrize("turned", [False, True])
def test_each_longest_gap_holds_of_a_row_that_stands_for_two_of_the_law_s(gap: int, turned: bool) -> None:
    """The quarterly row's last day counted as two months later, and so the monthly row's work was let go till then."""
    rare = replace(RARE, max_gap_days=gap)
    rows = [LAW, rare, BOTH] if not turned else [replace(BOTH, fulfils=("RARE", "LAW")), rare, LAW]
    history = (occurrence("LAW", 12, date(2026, 1, 10)), occurrence("RARE", 4, date(2026, 1, 30)))
    assert lasts(look(*rows, history=history), "OURS")[0] == "2026-02-10"
    later = (occurrence("LAW", 12, date(2026, 2, 4)), occurrence("RARE", 4, date(2025, 11, 12)))
    assert lasts(look(*rows, history=later), "OURS")[0] == ("2026-02-12" if gap == 92 else "2025-12-13")


def test_a_row_of_the_law_s_that_nobody_ever_did_does_not_hold_the_other_one_up() -> None:
    history = (occurrence("RARE", 4, date(2026, 1, 30)),)
    items = look(LAW, RARE, replace(BOTH, anchor=date(2026, 3, 28)), history=history)
    assert lasts(items, "OURS")[0] == "2026-03-31"


@pytest.mark.parametrize("first", ["LAW", "RARE"])
def test_what_two_of_the_law_s_have_due_until_a_row_stands_for_them_counts_for_each(first: str) -> None:
    begins = date(2026, 2, 12)
    days = {"LAW": date(2026, 2, 10), "RARE": date(2026, 2, 11)}
    if first == "RARE":
        days = {"LAW": date(2026, 2, 11), "RARE": date(2026, 2, 10)}
    due = [occurrence(code, 13, day, OccurrenceState.DUE) for code, day in days.items()]
    items = look(LAW, RARE, replace(BOTH, effective_from=begins), history=(*due,))
    assert date.fromisoformat(lasts(items, "OURS")[0]) <= days["LAW"] + timedelta(days=31)


def test_work_that_is_late_for_the_stricter_of_two_of_the_law_s_shows_as_late() -> None:
    rows = [LAW, RARE, BOTH]
    links = stand_ins(rows, {one.code: one for one in rows})
    done = (occurrence("LAW", 12, date(2026, 1, 10)), occurrence("RARE", 4, date(2026, 1, 30)))
    record = Record(
        {one.key.lineage: [one] for one in done}, {one.code: one.lineage for one in rows}, sources(links, date.max), (),
        ZONE,
    )  # fmt: skip
    at = datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert record.last_allowed(BOTH, 31, at, OccurrenceKey("lineage-OURS", "k1", 0)) == date(2026, 2, 10)


HM, Q, HY, _ = ELEVATOR
NESTED = (replace(HM, anchor=date(2026, 1, 12)), replace(Q, anchor=date(2026, 1, 22)), replace(HY, anchor=TODAY))


def with_others(*rows: PlanRow, code: str) -> list[set[str]]:
    """What comes in one job with a row, job by job, within a year."""
    items = look(*rows, end=date(2026, 12, 31))
    jobs = [{p.row.code for p in item.job.occurrences} for item in items]
    return [found - {code} for found in jobs if code in found]


@pytest.mark.parametrize(
    "ours",
    [
        row("OURS", 15, "day", 5, 0, anchor=date(2026, 1, 15)),
        row("OURS", 1, "year", 5, 0, anchor=date(2026, 1, 15)),
        row("OURS", 7, "day", 2, 2, anchor=date(2026, 1, 15)),
    ],
    ids=["as often", "seldom, so as often as the law", "more often"],
)
def test_a_deeper_job_takes_a_visit_of_the_row_that_stands_for_the_half_month_one(ours: PlanRow) -> None:
    before = with_others(*NESTED, code="Q")
    assert before
    assert all("HM" in found for found in before)
    stands = replace(ours, fulfils=("HM",), effective_from=date(2026, 1, 1))
    after = with_others(*NESTED, stands, code="Q")
    assert len(after) == len(before)
    assert all("OURS" in found and "HM" not in found for found in after)
    (first, *_) = [item.job for item in look(*NESTED, stands) if len(item.job.occurrences) > 1]
    assert first.leader.row.code in {"Q", "HY"}, "the deeper row leads"
    assert first.latest == min(p.window.latest for p in first.occurrences)


def test_what_stands_for_a_deeper_row_takes_what_that_one_takes_and_goes_where_it_goes() -> None:
    stands = replace(
        Q, lineage="o", code="OURS", contains=(), fulfils=("Q",), anchor=date(2026, 2, 1), max_gap_days=None
    )
    after = with_others(*NESTED, replace(stands, effective_from=date(2026, 1, 1)), code="OURS")
    assert len(after) >= 3
    assert all("HM" in found for found in after)
    assert sum("HY" in found for found in after) == 2
    assert with_others(*NESTED, replace(stands, effective_from=date(2026, 1, 1)), code="Q") == []


def test_rows_that_fulfil_each_other_do_not_take_each_other_s_place() -> None:
    one, other = row("ONE", 15, "day", fulfils=("OTHER",)), row("OTHER", 7, "day", fulfils=("ONE",))
    deep = row("DEEP", 3, "month", contains=("ONE",))
    assert containment([one, other, deep])["DEEP"] == {"ONE"}
