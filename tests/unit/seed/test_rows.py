"""What the plan rows of the seed say, against the tables that they come from."""

from dataclasses import replace

import pytest

from maintenance.nesting import containment
from maintenance.plan import Interval, IntervalUnit, Layer, PlanRow
from maintenance.recurrence import longest_days
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    FulfilledBy,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from maintenance.seed.compose import compose, default_rows, proposals
from maintenance.seed.loader import checklists, plan_rows
from maintenance.seed.options import options
from maintenance.seed.profiles import Jurisdiction, jurisdictions, profiles
from maintenance.seed.rows import seed_rows
from maintenance.seed.to_verify import unverified
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Status

ROWS = {one.row.code: one.row for one in seed_rows()}

SECTION_11 = [
    "EL-HM",
    "EL-M",
    "EL-Q",
    "EL-HY",
    "EL-Y",
    "EL-SELF",
    "EL-INSP",
    "EL-GOV",
    "EL-DRILL",
    "ES-HM",
    "ES-FLOOD",
    "ES-HEAT",
    "FI-PAT",
    "FI-JOC",
    "FI-PW",
    "FI-PM",
    "FI-TANK",
    "FI-FLOW",
    "FI-SPR",
    "FI-ALQ",
    "FI-SMQ",
    "FI-SMH",
    "FI-HY",
    "FI-EXT",
    "FI-EML",
    "FI-Y",
    "WA-D",
    "WA-Q",
    "WA-TANK",
    "WA-GRE",
    "HV-Q",
    "HV-HY",
    "HV-LEG",
    "HV-TWR",
    "HV-DUCT",
    "PW-M",
    "PW-HY",
    "PW-Y",
    "HE-Y",
    "LI-M",
    "ST-Q",
    "BA-M",
    "FW-Y",
    "DR-NAT",
    "DR-EQ",
    "DR-PUB",
    "QA-Q",
]

OLD_LINEAGES = [
    "EL-HM",
    "EL-Q",
    "EL-HY",
    "EL-Y",
    "EL-M",
    "EL-DRILL",
    "ES-HM",
    "ES-Q",
    "ES-HY",
    "ES-Y",
    "ES-M",
    "FI-PAT",
    "FI-PW",
    "FI-PM",
    "FI-TANK",
    "FI-FLOW",
    "FI-SPR",
    "FI-ALQ",
    "FI-SMQ",
    "FI-SMH",
    "FI-HY",
    "FI-EXT",
    "FI-EML",
    "FI-Y",
    "WA-D",
    "WA-M",
    "WA-Q",
    "WA-TANK",
    "HV-Q",
    "HV-HY",
    "HV-LEG",
    "HV-DUCT",
    "PW-M",
    "PW-Y",
    "HE-Y",
    "LI-M",
    "ST-Q",
    "BA-M",
    "FW-Y",
    "DR-NAT",
    "DR-EQ",
    "DR-PUB",
    "QA-Q",
    "RN-Y",
]


def rows_of(profile: str = "residential", jurisdiction: str = "cn", *having: str) -> dict[str, PlanRow]:
    return {row.code: row for row in compose(profiles()[profile], jurisdictions()[jurisdiction], having).rows}


def test_every_row_of_section_11_is_in_every_new_ledger() -> None:
    assert set(SECTION_11) <= {row.code for row in default_rows()}


def test_rows_keep_the_lineage_that_they_have_always_had() -> None:
    lineages = {row.code: row.lineage for row in plan_rows()}
    assert {code: lineages[code] for code in OLD_LINEAGES} == {code: f"default:{code}" for code in OLD_LINEAGES}


@pytest.mark.parametrize(
    "section", ["1.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "3", "4", "5", "6", "7", "8", "11", "III.9"]
)
def test_every_section_of_the_tables_has_rows(section: str) -> None:
    assert any(one.section == section for one in seed_rows())


def test_every_row_is_whole() -> None:
    for one in seed_rows():
        row = one.row
        assert all((row.name.zh, row.name.en, row.department.zh, row.basis, row.checklist, row.budget_line)), row.code
        assert row.status in {status.value for status in Status}
        assert bool(one.note.zh) == bool(one.note.en)
        assert row.executor != "automatic" or row.fulfilled_by is not None, row.code
        if row.max_gap_days is not None and row.layer is Layer.LAW and not isinstance(row.schedule, AgeSchedule):
            assert longest_days(row.interval) <= row.max_gap_days, row.code


def test_what_is_from_memory_has_no_floor_but_the_fifteen_days() -> None:
    floors = {r.code for r in ROWS.values() if r.status == "from_memory" and r.max_gap_days is not None}
    assert floors == {"EL-HM", "ES-HM"}


@pytest.mark.parametrize(
    ("code", "schedule"),
    [
        ("EL-INSP", AgeSchedule((1, 4, 7, 9, 11, 13, 15), "installed_on", Interval(1, IntervalUnit.YEAR))),
        ("EL-GOV", AgeSchedule((2, 4, 6, 8, 10, 12, 14), "installed_on", Interval(1, IntervalUnit.YEAR))),
        ("EL-SELF", BeforeSchedule("EL-INSP", 30)),
        ("FI-DET", AgeSchedule((2,), "in_service_on", Interval(3, IntervalUnit.YEAR))),
        ("FI-BAT", AgeSchedule((5,), "in_service_on", Interval(5, IntervalUnit.YEAR))),
        ("ES-FLOOD", SeasonSchedule(("rain",), 14)),
        ("ES-HEAT", SeasonSchedule(("winter",), 14)),
        ("HE-Y", SeasonSchedule(("heating",), 31)),
        ("HV-HY", SeasonSchedule(("cooling", "heating"), 14)),
        ("PW-HY", SeasonSchedule(("rain", "winter"), 21)),
        ("HV-LEG", IntervalSchedule("cooling")),
        ("HE-D", IntervalSchedule("heating")),
        ("WA-GRE", MeterSchedule("run_hours", 1500)),
        ("WA-OIL", MeterSchedule("run_hours", 500)),
        ("WA-NOT", BeforeSchedule("WA-TANK", 3)),
    ],
)
def test_rows_that_do_not_go_by_a_plain_interval(code: str, schedule: object) -> None:
    assert ROWS[code].schedule == schedule


def test_a_jockey_pump_run_seen_in_the_readings_credits_the_daily_check() -> None:
    assert ROWS["FI-JOC"].fulfilled_by == FulfilledBy("jockey_running", "starts", 1.0)
    assert ROWS["FI-JOC"].executor == "automatic"


@pytest.mark.parametrize(
    ("deep", "shallow"),
    [
        ("EL-Y", "EL-HM EL-Q EL-HY"), ("ES-Y", "ES-HM ES-Q ES-HY"), ("FI-PM", "FI-PW"), ("FI-FLOW", "FI-PM FI-PW"),
        ("FI-SPY", "FI-SPR FI-SPM"), ("FI-SMY", "FI-SMQ FI-SMH"), ("FI-ALY", "FI-ALQ"), ("FI-EMY", "FI-EML"),
        ("WA-Y", "WA-HY WA-Q WA-M"), ("HV-HY", "HV-Q"), ("PW-HY", "PW-Q PW-M PW-W"), ("BA-Y", "BA-HY BA-M"),
    ],
)  # fmt: skip
def test_deeper_jobs_contain_the_shallower_ones(deep: str, shallow: str) -> None:
    assert set(shallow.split()) <= containment(list(ROWS.values()))[deep]


def test_elevator_inspections_may_be_two_months_early_and_never_late() -> None:
    assert (ROWS["EL-INSP"].early_days, ROWS["EL-INSP"].late_days) == (60, 0)


def test_every_class_but_those_that_proposals_are_for_has_a_row() -> None:
    from maintenance.seed.rows import classes_of

    planned = {key for row in rows_of().values() for key in classes_of(row)}
    proposed = {key for row in proposals() for key in row.applies_to.classes}
    assert planned | proposed == set(equipment_classes())
    assert not planned & proposed


def test_a_monthly_look_and_a_yearly_test_are_proposed_and_never_seeded_by_themselves() -> None:
    assert [longest_days(row.interval) for row in proposals()] == [31, 366]
    assert not {row.code for row in proposals()} & set(rows_of())


def test_a_commercial_site_patrols_every_two_hours_while_it_is_open() -> None:
    patrol, daily = rows_of("commercial")["FI-PAT"], rows_of()["FI-PAT"]
    assert (patrol.interval, patrol.schedule) == (Interval(2, IntervalUnit.HOUR), IntervalSchedule(open_hours=True))
    assert daily.interval == Interval(1, IntervalUnit.DAY)
    assert profiles()["commercial"].openings
    assert not profiles()["residential"].openings


def test_a_commercial_site_looks_at_extinguishers_half_monthly_and_drills_half_yearly() -> None:
    rows = rows_of("commercial")
    assert rows["FI-EXT"].interval == Interval(15, IntervalUnit.DAY)
    assert rows["DR-FIRE"].max_gap_days == 184
    assert "FI-CLO" in rows
    assert "FI-CLO" not in rows_of()


@pytest.mark.parametrize(
    ("jurisdiction", "interval", "early", "gap"),
    [
        ("cn", Interval(1, IntervalUnit.YEAR), 60, 366),
        ("cn-beijing", Interval(1, IntervalUnit.YEAR), 60, 366),
        ("cn-half-yearly-tank", Interval(6, IntervalUnit.MONTH), 30, 184),
        ("cn-hubei-xianning", Interval(3, IntervalUnit.MONTH), 15, 92),
    ],
)
def test_tanks_are_cleaned_as_the_city_says(jurisdiction: str, interval: Interval, early: int, gap: int) -> None:
    """plan_tables.md 3: yearly in the nation, half-yearly in many cities, quarterly in Xianning."""
    row = rows_of(jurisdiction=jurisdiction)["WA-TANK"]
    assert (row.interval, row.early_days, row.max_gap_days) == (interval, early, gap)
    assert (row.layer, row.status) == (Layer.LAW, "verified")


@pytest.mark.parametrize("jurisdiction", [one for one in jurisdictions().values() if one.overrides])
def test_every_override_of_a_jurisdiction_changes_something(jurisdiction: Jurisdiction) -> None:
    national = rows_of("residential", "cn", *options())
    rows = rows_of("residential", jurisdiction.key, *options())
    said = {"basis": "", "status": "", "custom": {}}
    same = [
        o.code for o in jurisdiction.overrides if replace(rows[o.code], **said) == replace(national[o.code], **said)
    ]
    assert not same


def test_panel_batteries_are_never_older_than_five_years() -> None:
    """plan_tables.md 2.4: more than five years old, they have to be replaced."""
    row = ROWS["FI-BAT"]
    assert (row.late_days, row.max_gap_days) == (0, longest_days(Interval(5, IntervalUnit.YEAR)))


def test_smoke_detectors_are_cleaned_every_three_years_without_a_month_of_grace() -> None:
    """plan_tables.md 2.4: two years after commissioning, then every three years; section 11: never past a floor."""
    row = ROWS["FI-DET"]
    assert (row.late_days, row.max_gap_days) == (0, longest_days(Interval(3, IntervalUnit.YEAR)))


@pytest.mark.parametrize("code", ["WA-GRE", "WA-OIL"])
def test_a_grease_or_oil_change_is_ticked_and_asks_for_no_photo(code: str) -> None:
    """plan_tables.md 11: evidence T."""
    assert ROWS[code].evidence == ()
    assert not any("photo" in item.evidence for item in checklists()[code])


@pytest.mark.parametrize("profile", sorted(profiles()))
@pytest.mark.parametrize("jurisdiction", [key for key in jurisdictions() if key.startswith("cn")])
def test_local_rules_only_make_rows_stricter(profile: str, jurisdiction: str) -> None:
    rows = rows_of(profile, jurisdiction, *options())
    for code, row in rows.items():
        national = ROWS[code]
        assert longest_days(row.interval) <= longest_days(national.interval), code
        assert row.late_days <= national.late_days, code
        assert (row.max_gap_days or 0) <= (national.max_gap_days or 10_000), code
        assert national.max_gap_days is None or row.max_gap_days is not None, code


def test_under_nfpa_chinese_law_is_practice_and_claims_nothing() -> None:
    rows = rows_of(jurisdiction="intl-nfpa")
    assert rows["N25-PW"].layer is Layer.LAW
    foreign = {one.row.code for one in seed_rows() if one.law == "cn"} & set(rows)
    assert {"EL-HM", "FI-EXT", "WA-TANK"} <= foreign
    for code in foreign:
        row = rows[code]
        assert (row.layer, row.max_gap_days, row.status) == (Layer.CONTRACT, None, "default"), code
        assert row.basis.startswith("参照"), code
    assert not {"FI-PW", "FI-FLOW", "FI-ALQ"} & set(rows), "its own rows replace them"


def test_no_chinese_site_has_nfpa_rows() -> None:
    assert not [code for code in rows_of(jurisdiction="cn-beijing") if code.startswith("N")]


def test_a_row_for_what_not_every_site_has_comes_only_where_it_is_asked_for() -> None:
    assert "FI-DSM" not in rows_of()
    assert "FI-DSM" in rows_of("residential", "cn", "diesel_pump")


def test_rows_contain_and_precede_only_rows_that_are_there() -> None:
    for profile in profiles():
        for jurisdiction in jurisdictions():
            rows = rows_of(profile, jurisdiction)
            for row in rows.values():
                assert set(row.contains) <= set(rows), row.code
                assert not isinstance(row.schedule, BeforeSchedule) or row.schedule.code in rows, row.code


def test_the_wet_lay_up_follows_the_heating_season_of_the_place() -> None:
    days = {key: rows_of(jurisdiction=key)["HE-POST"].anchor for key in ("cn", "intl-nfpa")}
    assert [(day.month, day.day) for day in days.values() if day] == [(3, 29), (4, 14)]


def test_what_is_from_memory_is_listed_to_be_verified() -> None:
    listed = {one.code for one in unverified() if one.what == "row"}
    assert listed == {row.code for row in ROWS.values() if row.status == "from_memory"}


def test_checklists_of_the_seed_that_no_row_names_are_none() -> None:
    named = {code for row in ROWS.values() for code in (row.checklist or "").split("+")}
    assert set(checklists()) == named
