"""The preview: what is due when, and why."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import Subject, asset_subject, plan_subject, rows_for, site_subject
from maintenance.preview import PreviewItem, preview
from maintenance.recurrence import longest_days
from maintenance.schedules import SeasonSchedule
from plantroom.domain.assets import Asset, AssetStatus, LocalName
from tests.examples import examples
from tests.unit.maintenance.rows import row

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 1, 15)
PUMP = Asset("k1", "demo", "X-1", "pump", LocalName("泵", "Pump"))


def look(
    *rows: PlanRow,
    start: date = date(2026, 1, 1),
    end: date = date(2026, 12, 31),
    subject: Subject | None = None,
    history: tuple[Occurrence, ...] = (),
    today: date = TODAY,
) -> list[PreviewItem]:
    one = subject or asset_subject(PUMP)
    return preview(rows, [one], {one.key: history}, start, end, today, {"water": ("pump",)}, ZONE)


def dates(items: list[PreviewItem], code: str) -> list[str]:
    return [p.window.nominal.isoformat() for i in items for p in i.job.occurrences if p.row.code == code]


def done(
    code: str, cycle: int, nominal: date, on: datetime, state: OccurrenceState = OccurrenceState.DONE
) -> Occurrence:
    key = OccurrenceKey(f"lineage-{code}", "k1", cycle)
    return Occurrence(key, "demo", code, nominal, nominal, nominal, state, on, "order")


def test_monthly_from_the_31st_is_shown_clamped_for_the_range_asked() -> None:
    items = look(row("M31", 1, "month", 3, 3, anchor=date(2026, 1, 31)), end=date(2026, 7, 1))
    assert dates(items, "M31") == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]


def test_every_quarterly_job_of_a_year_is_together_with_a_half_month_visit() -> None:
    half = row("HALF", 15, "day", 3, 3, anchor=date(2026, 1, 20))
    quart = row("QUART", 3, "month", 7, 7, anchor=date(2026, 1, 22), contains=("HALF",))
    sets = [{p.row.code for p in i.job.occurrences} for i in look(half, quart, start=date(2026, 1, 16))]
    assert sum({"HALF", "QUART"} <= s for s in sets) >= 3
    assert not [s for s in sets if "QUART" in s and "HALF" not in s]


def test_each_date_is_explained_in_both_languages() -> None:
    law = row("HM", 15, "day", 5, 0, max_gap_days=15, layer=Layer.LAW, basis="TSG T5002-2017", anchor=date(2026, 1, 20))
    item = look(law)[0]
    assert item.reason.zh == "HM：每15天一次，法规要求（TSG T5002-2017）。"
    assert item.reason.en == "HM: every 15 days, required by law (TSG T5002-2017)."


def test_work_done_early_pulls_the_next_one_forward_and_the_preview_says_so() -> None:
    visit = row("HM", 15, "day", 5, 0, max_gap_days=15, anchor=date(2026, 1, 1))
    early = done("HM", 1, date(2026, 1, 16), datetime(2026, 1, 15, 2, tzinfo=UTC))
    item = look(visit, history=(early,))[0]
    assert (item.job.due, item.job.leader.window.nominal) == (date(2026, 1, 30), date(2026, 1, 31))
    assert "2026-01-30" in item.reason.zh
    assert "pulled forward" in item.reason.en


def test_what_is_done_or_missed_is_not_shown_again_and_what_is_overdue_says_so() -> None:
    weekly = row("W", 7, "day", 1, 1, anchor=date(2026, 1, 1))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    history = (
        done("W", 0, date(2026, 1, 1), at),
        Occurrence(
            OccurrenceKey("lineage-W", "k1", 1), "demo", "W", date(2026, 1, 8), date(2026, 1, 7), date(2026, 1, 9),
            work_order="o",
        ),
    )  # fmt: skip
    items = look(weekly, history=history, end=date(2026, 1, 31))
    assert dates(items, "W") == ["2026-01-08", "2026-01-15", "2026-01-22", "2026-01-29"]
    assert "逾期" in items[0].reason.zh
    assert items[0].work_order == "o"


def test_a_row_laxer_than_the_law_it_fulfils_is_scheduled_at_the_floor_and_says_so() -> None:
    law = row("LAW", 1, "month", 3, 0, max_gap_days=31, layer=Layer.LAW, anchor=date(2026, 1, 20))
    ours = row("OURS", 3, "month", 3, 0, fulfils=("LAW",), anchor=date(2026, 1, 20))
    items = look(law, ours, end=date(2026, 4, 1))
    assert dates(items, "OURS") == ["2026-01-20", "2026-02-20", "2026-03-23"]
    assert dates(items, "LAW") == []
    assert "laxer than the law" in items[0].reason.en


def test_dates_count_from_the_in_service_day_when_the_row_has_no_anchor() -> None:
    asset = Asset("k1", "demo", "X-1", "pump", LocalName("泵", "Pump"), in_service_on=date(2025, 11, 30))
    items = look(row("M", 1, "month"), subject=asset_subject(asset), start=TODAY, end=date(2026, 3, 31))
    assert dates(items, "M") == ["2026-01-30", "2026-02-28", "2026-03-30"]


def test_a_row_applies_by_system_class_key_or_site() -> None:
    by = [
        row("SYSTEM", 1, "month", applies_to=AppliesTo(system="water")),
        row("CLASS", 1, "month", applies_to=AppliesTo(classes=("pump",))),
        row("KEY", 1, "month", applies_to=AppliesTo(assets=("k1",))),
        row("SITE", 1, "month", applies_to=AppliesTo(site=True)),
        row("OTHER", 1, "month", applies_to=AppliesTo(classes=("ahu",))),
        row("HOURLY", 2, "hour", applies_to=AppliesTo(classes=("pump",))),
    ]
    systems = {"water": ("pump",)}
    assert [r.code for r in rows_for(by, asset_subject(PUMP), systems)] == ["SYSTEM", "CLASS", "KEY"]
    assert [r.code for r in rows_for(by, site_subject("demo", PUMP.name), systems)] == ["SITE"]


def test_a_sites_own_row_stands_for_the_default_one_of_its_code() -> None:
    default, own = row("M", 1, "month"), row("M", 2, "month", site="demo")
    assert rows_for([default, own], asset_subject(PUMP), {}) == [own]


def test_machines_out_of_service_have_no_planned_work() -> None:
    asset = Asset("k1", "demo", "X-1", "pump", LocalName("泵", "Pump"), status=AssetStatus.OUT_OF_SERVICE)
    assert rows_for([row("M", 1, "month")], asset_subject(asset), {}) == []


CALENDARS = st.tuples(
    st.sampled_from([(1, "day"), (7, "day"), (15, "day"), (1, "month"), (2, "month"), (1, "year"), (2, "year")]),
    st.dates(date(2019, 1, 1), date(2026, 1, 10)),
    st.sampled_from([None, 10, 31, 92]),
)


@given(calendars=st.lists(CALENDARS, min_size=2, max_size=6), shift=st.sampled_from([0, 0, 30, 100]))
@settings(max_examples=examples(150), deadline=None)
def test_a_row_whose_calendar_changes_goes_on_without_a_gap_and_uses_no_key_twice(
    calendars: list[tuple[tuple[int, str], date, int | None]], shift: int
) -> None:
    """Each calendar holds for three jobs, each done on its planned day, then the next one takes over."""
    history: list[Occurrence] = []
    today, before, longest = TODAY, None, 0
    for (every, unit), anchor, gap in calendars:
        one = row("R", every, unit, 1, 1, anchor=anchor, max_gap_days=gap, shift_percent=shift)
        longest = min(longest_days(one.interval), gap or 10_000) + 2
        for _ in range(3):
            plan = plan_subject([one], {"R": one}, asset_subject(PUMP), history, today, ZONE)
            found = plan.tracks[0].peek().window
            assert found.cycle not in {o.key.cycle for o in history}
            if before is not None:
                assert (found.planned - before).days <= longest
            today = max(today, found.planned)
            before = found.planned
            at = datetime(found.planned.year, found.planned.month, found.planned.day, 4, tzinfo=UTC)
            key = OccurrenceKey(one.lineage, "k1", found.cycle)
            history.append(
                Occurrence(key, "demo", "R", found.nominal, found.earliest, found.latest, OccurrenceState.DONE, at)
            )


@pytest.mark.parametrize("standing", [OccurrenceState.DUE, OccurrenceState.MISSED])
def test_a_longer_interval_goes_on_behind_the_last_known_job(standing: OccurrenceState) -> None:
    key = OccurrenceKey("lineage-R", "k1", 84)
    known = Occurrence(key, "demo", "R", date(2026, 1, 1), date(2025, 12, 31), date(2026, 1, 2), standing)
    items = look(row("R", 2, "month", 1, 1, anchor=date(2019, 1, 1)), history=(known,), end=date(2026, 6, 1))
    ahead = [(p.window.cycle, p.window.nominal) for i in items for p in i.job.occurrences if p.window.cycle > 84]
    assert ahead == [(85, date(2026, 3, 1)), (86, date(2026, 5, 1))]


def test_a_later_in_service_day_does_not_make_a_row_vanish() -> None:
    asset = Asset("k1", "demo", "X-1", "pump", LocalName("泵", "Pump"), in_service_on=date(2024, 5, 10))
    known = done("M", 134, date(2026, 3, 1), datetime(2026, 1, 10, tzinfo=UTC))
    items = look(row("M", 1, "month"), subject=asset_subject(asset), history=(known,), end=date(2026, 6, 1))
    assert dates(items, "M") == ["2026-03-10", "2026-04-10", "2026-05-10"]


@pytest.mark.parametrize(
    ("every", "unit", "gap"), [(1, "month", 31), (15, "day", 15), (2, "week", 14), (3, "month", 92), (1, "year", 366)]
)
def test_an_anchor_far_ahead_leaves_no_gap_that_the_law_does_not_allow_and_the_preview_shows_it(
    every: int, unit: str, gap: int
) -> None:
    """The visits were made, but under dates of the anchor's own calendar, years ahead: no preview showed them."""
    anchor, last = date(2028, 2, 29), date(2026, 1, 10)
    one = row("R", every, unit, layer=Layer.LAW, max_gap_days=gap, anchor=anchor)
    at = datetime(2026, 1, 10, 4, tzinfo=UTC)
    items = look(one, end=date(2028, 12, 31), history=(done("R", 7, last, at),))
    days = [last, *(item.job.due for item in items)]
    assert all(0 < (after - before).days <= gap for before, after in pairwise(days))
    assert (days[-1] - last).days > 600
    nominal = [date.fromisoformat(day) for day in dates(items, "R")]
    assert all((day - item.job.latest).days <= gap for day, item in zip(nominal, items, strict=True))
    assert anchor in nominal
    assert [o.window.cycle for item in items for o in item.job.occurrences] == list(range(8, 8 + len(items)))


def test_a_row_begins_with_its_anchor_where_nothing_was_ever_done_or_no_longest_gap_holds() -> None:
    law = row("R", 1, "month", layer=Layer.LAW, max_gap_days=31, anchor=date(2026, 9, 5))
    free = replace(law, max_gap_days=None)
    known = (done("R", 7, date(2026, 1, 10), datetime(2026, 1, 10, 4, tzinfo=UTC)),)
    assert dates(look(law), "R")[0] == dates(look(free, history=known), "R")[0] == "2026-09-05"


def test_a_season_s_anchor_far_ahead_skips_no_season_that_the_law_asks_for() -> None:
    schedule = SeasonSchedule(("heating",), 14)
    one = row("S", 1, "year", layer=Layer.LAW, max_gap_days=380, anchor=date(2029, 6, 1), schedule=schedule)
    known = (done("S", 3, date(2025, 11, 1), datetime(2025, 11, 1, 4, tzinfo=UTC)),)
    assert dates(look(one, history=known), "S") == ["2026-11-01"]


def test_a_series_ends_quietly_at_the_end_of_the_calendar() -> None:
    far = row("FAR", 10_000, "year", 60, 30, anchor=date(2026, 1, 20), contains=("M",))
    late = row("LATE", 1, "month", 3, 3, anchor=date(9999, 12, 31))
    items = look(far, late, row("M", 1, "month", 3, 3, anchor=date(2026, 1, 20)), end=date(2026, 4, 1))
    assert dates(items, "FAR") == ["2026-01-20"]
    assert dates(items, "LATE") == []
    assert dates(items, "M") == ["2026-01-20", "2026-02-20", "2026-03-20"]


def test_a_laxer_row_keeps_the_interval_of_the_law_that_it_stands_for() -> None:
    law = row("LAW", 1, "month", 3, 0, layer=Layer.LAW, anchor=date(2026, 1, 20))
    lax = row("LAX", 2, "year", 3, 0, fulfils=("LAW",), anchor=date(2026, 1, 20))
    assert dates(look(law, lax, end=date(2026, 4, 1)), "LAX") == ["2026-01-20", "2026-02-20", "2026-03-23"]


def test_a_row_stands_for_the_law_from_its_effective_date_on() -> None:
    law = row("LAW", 1, "month", 3, 0, max_gap_days=31, layer=Layer.LAW, anchor=date(2026, 1, 20))
    new = row("NEW", 1, "month", fulfils=("LAW",), anchor=date(2026, 1, 20), effective_from=date(2026, 3, 15))
    items = look(law, new, end=date(2026, 5, 1))
    assert dates(items, "LAW") == ["2026-01-20", "2026-02-20"]
    assert dates(items, "NEW") == ["2026-03-20", "2026-04-20"]


def test_rows_that_fulfil_each_other_all_stay() -> None:
    one = row("A", 1, "month", fulfils=("B",), anchor=date(2026, 1, 20))
    other = row("B", 2, "month", fulfils=("A",), anchor=date(2026, 1, 20))
    items = look(one, other, end=date(2026, 2, 28))
    assert (dates(items, "A"), dates(items, "B")) == (["2026-01-20", "2026-02-20"], ["2026-01-20", "2026-02-20"])


def test_what_the_law_has_made_due_stays_due_when_another_row_takes_its_place() -> None:
    law = row("LAW", 1, "month", 3, 0, max_gap_days=31, layer=Layer.LAW, anchor=date(2026, 1, 20))
    new = row("NEW", 1, "month", fulfils=("LAW",), anchor=date(2026, 2, 10))
    key = OccurrenceKey("lineage-LAW", "k1", 0)
    standing = Occurrence(key, "demo", "LAW", date(2026, 1, 20), date(2026, 1, 17), date(2026, 1, 20), work_order="o")
    items = look(law, new, history=(standing,), end=date(2026, 3, 31))
    assert dates(items, "LAW") == ["2026-01-20"]
    assert dates(items, "NEW") == ["2026-02-10", "2026-03-10"]
