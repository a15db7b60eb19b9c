"""The preview: what is due when, and why."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import PreviewItem, Subject, asset_subject, preview, rows_for, site_subject
from plantroom.domain.assets import Asset, AssetStatus, LocalName
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
