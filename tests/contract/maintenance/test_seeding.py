"""Seeding a ledger that is there: what it changes, what it leaves, and that it changes nothing the second time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from maintenance.materialise import materialise
from maintenance.plan import Interval, IntervalUnit
from maintenance.ports import MaintenanceTx
from maintenance.seed import seed_default_profile
from maintenance.seed.applying import Action, SeedPlan, apply_seed, plan_seed
from maintenance.seed.compose import compose
from maintenance.seed.fingerprints import SEED, marked
from maintenance.seed.loader import checklists
from maintenance.seed.profiles import jurisdictions, profiles
from plantroom.domain.assets import LocalName, Site
from plantroom.domain.calendars import MonthDay, Season
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SYSTEMS, SeedCommand, orders

Store = Ledger[MaintenanceTx]


def seeded(
    ledger: Store, profile: str = "residential", jurisdiction: str = "cn", site: str | None = None, **more: Any
) -> SeedPlan:
    having = more.pop("having", ())
    wanted = compose(profiles()[profile], jurisdictions()[jurisdiction], having)
    with ledger.begin() as tx:
        plan = plan_seed(tx, wanted, site, NOW, **more)
        apply_seed(tx, plan)
    return plan


def acts(plan: SeedPlan) -> Mapping[str, Action]:
    return {one.code: one.action for one in plan.rows if one.action is not Action.UNCHANGED}


@pytest.fixture
def store(any_ledger: Store) -> Store:
    """A ledger as a first start leaves it."""
    with any_ledger.begin() as tx:
        seed_default_profile(tx)
    return any_ledger


def test_a_second_run_changes_nothing(store: Store) -> None:
    assert seeded(store).changes
    again = seeded(store)
    assert not again.changes
    assert {one.action for one in (*again.rows, *again.lists)} == {Action.UNCHANGED}


def test_a_ledger_of_an_earlier_version_gets_the_inspection_before_reuse(store: Store) -> None:
    seeded(store)
    with store.begin() as tx:
        row = tx.plan.row("EL-INSP")
        assert row is not None
        tx.plan.put_row(marked(replace(row, before_reuse=None)))
    plan = seeded(store)
    assert acts(plan) == {"EL-INSP": Action.UPDATED}
    assert [one.fields for one in plan.rows if one.code == "EL-INSP"] == [("before_reuse",)]
    with store.read() as tx:
        found = tx.plan.row("EL-INSP")
    assert found is not None
    assert found.before_reuse == row.before_reuse is not None


def test_a_look_writes_nothing(store: Store) -> None:
    with store.read() as tx:
        before = list(tx.plan.rows())
        plan = plan_seed(tx, compose(profiles()["commercial"], jurisdictions()["cn"]), None, NOW)
    assert plan.changes
    with store.read() as tx:
        assert list(tx.plan.rows()) == before


def test_a_row_that_the_site_changed_is_kept_and_reported(store: Store) -> None:
    seeded(store)
    with store.begin() as tx:
        row = tx.plan.row("FI-EXT")
        assert row is not None
        tx.plan.put_row(replace(row, interval=Interval(7, IntervalUnit.DAY)))
    plan = seeded(store, "commercial")
    kept = next(one for one in plan.rows if one.code == "FI-EXT")
    assert (kept.action, kept.row, "interval" in kept.fields) == (Action.KEPT, None, True)
    assert kept.why.zh
    assert kept.why.en
    with store.read() as tx:
        assert tx.plan.row("FI-EXT").interval == Interval(7, IntervalUnit.DAY)  # type: ignore[union-attr]


def test_a_row_of_the_sites_own_under_a_code_of_the_seed_is_kept(store: Store) -> None:
    with store.begin() as tx:
        row = tx.plan.row("WA-TANK")
        assert row is not None
        tx.plan.put_row(replace(row, site="demo", lineage="own", custom={}))
    assert acts(seeded(store, "residential", "cn-hubei-xianning", "demo"))["WA-TANK"] is Action.KEPT


def test_another_jurisdiction_changes_the_rows_and_ends_what_it_does_not_ask_for(store: Store) -> None:
    seeded(store)
    done = acts(seeded(store, "residential", "intl-nfpa"))
    assert (done["N25-PW"], done["FI-PW"], done["EL-HM"]) == (Action.CREATED, Action.ENDED, Action.UPDATED)
    with store.read() as tx:
        pump = tx.plan.row("FI-PW")
    assert pump is not None
    assert pump.ends == NOW.date()
    assert not seeded(store, "residential", "intl-nfpa").changes


def test_going_back_takes_up_again_what_had_ended(store: Store) -> None:
    seeded(store)
    seeded(store, "residential", "intl-nfpa")
    back = acts(seeded(store))
    assert (back["FI-PW"], back["N25-PW"]) == (Action.UPDATED, Action.ENDED)
    with store.read() as tx:
        assert tx.plan.row("FI-PW").ends is None  # type: ignore[union-attr]
    assert not seeded(store).changes


def test_a_row_that_has_ended_makes_no_new_work(store: Store) -> None:
    with store.begin() as tx:
        row = tx.plan.row("WA-D")
        assert row is not None
        tx.plan.put_row(replace(row, ends=NOW.date() + timedelta(days=3)))
    materialise(store, NOW, SYSTEMS)
    days = sorted(o.occurrences[0].nominal_date for o in orders(store, asset="pump-1") if _is(o, "WA-D"))
    assert days == [NOW.date() + timedelta(days=n) for n in range(3)]


def _is(order: Any, code: str) -> bool:
    return any(one.plan_row == code for one in order.occurrences)


def test_for_one_site_only_what_differs_is_written(store: Store) -> None:
    with store.begin() as tx:
        tx.assets.add_site(Site("south", LocalName("南区", "South")))
    seeded(store)
    done = acts(seeded(store, "residential", "cn-hubei-xianning", "south"))
    assert done == {"WA-TANK": Action.CREATED, "WA-NOT": Action.CREATED}
    with store.read() as tx:
        mine, general = tx.plan.row("WA-TANK", "south"), tx.plan.row("WA-TANK", "demo")
    assert mine is not None
    assert general is not None
    assert (mine.site, mine.max_gap_days, general.site, general.max_gap_days) == ("south", 92, None, 366)
    assert not seeded(store, "residential", "cn-hubei-xianning", "south").changes


def test_a_row_of_every_site_can_end_on_one(store: Store) -> None:
    with store.begin() as tx:
        tx.assets.add_site(Site("south", LocalName("南区", "South")))
    seeded(store)
    assert acts(seeded(store, "residential", "intl-nfpa", "south"))["FI-PW"] is Action.ENDED
    with store.read() as tx:
        assert tx.plan.row("FI-PW", "south").ends is not None  # type: ignore[union-attr]
        assert tx.plan.row("FI-PW", "demo").ends is None  # type: ignore[union-attr]


def test_rows_of_an_option_come_when_asked_for_and_stay_when_not(store: Store) -> None:
    seeded(store, having=["diesel_pump"])
    again = seeded(store)
    assert not again.changes
    with store.read() as tx:
        assert tx.plan.row("FI-DSM") is not None
        assert tx.assets.site("demo").options == ("diesel_pump",)
    seeded(store, having=["boiler"])
    with store.read() as tx:
        assert tx.assets.site("demo").options == ("boiler", "diesel_pump")


def test_rows_of_the_time_before_fingerprints_are_brought_up_to_date(any_ledger: Store) -> None:
    wanted = compose(profiles()["residential"], jurisdictions()["cn"])
    old = next(row for row in wanted.rows if row.code == "FI-PM")
    custom = {key: value for key, value in old.custom.items() if key != SEED}
    with any_ledger.begin() as tx:
        tx.plan.put_row(replace(old, contains=(), evidence=(), custom=custom))
    assert acts(seeded(any_ledger))["FI-PM"] is Action.UPDATED


def test_an_older_checklist_is_brought_up_to_date_and_a_changed_one_is_kept(store: Store) -> None:
    shipped_before = tuple(
        replace(
            item, guidance=LocalName("", ""), conditions=(), batch_ok=False, signal=None, basis="", status="",
            limits_status="",
        )
        for item in checklists()["A-1"]
    )  # fmt: skip
    changed = checklists()["FI-PAT"][:3]
    with store.begin() as tx:
        tx.plan.put_checklist("A-1", shipped_before)
        tx.plan.put_checklist("FI-PAT", changed)
    plan = seeded(store)
    done = {one.code: one.action for one in plan.lists if one.action is not Action.UNCHANGED}
    assert done == {"A-1": Action.UPDATED, "FI-PAT": Action.KEPT}
    with store.read() as tx:
        assert tuple(tx.plan.checklist("A-1")) == checklists()["A-1"]
        assert tuple(tx.plan.checklist("FI-PAT")) == changed


def test_a_site_gets_seasons_and_opening_hours_that_it_has_not_said_itself(store: Store) -> None:
    seeded(store, "commercial")
    with store.read() as tx:
        calendar = tx.assets.site("demo").calendar
    assert calendar.country == "CN"
    assert len(calendar.openings) == 7
    assert {one.name for one in calendar.seasons} == {"heating", "cooling", "rain", "winter"}
    seeded(store, "residential", "intl-nfpa")
    with store.read() as tx:
        calendar = tx.assets.site("demo").calendar
    assert not calendar.openings, "those of the other profile were not the site's own"
    assert next(one for one in calendar.seasons if one.name == "heating").start == MonthDay(11, 1)


def test_seasons_that_the_site_has_said_stay(store: Store) -> None:
    own = Season("heating", MonthDay(10, 20), MonthDay(4, 20))
    with store.begin() as tx:
        site = tx.assets.site("demo")
        tx.assets.change_site(replace(site, calendar=replace(site.calendar, seasons=(own,))))
    seeded(store)
    with store.read() as tx:
        assert tx.assets.site("demo").calendar.seasons == (own,)


def test_proposals_come_only_when_asked_for(store: Store) -> None:
    assert not any(code.startswith("GE-") for code in acts(seeded(store)))
    done = acts(seeded(store, with_proposals=True))
    assert done == {"GE-M": Action.CREATED, "GE-Y": Action.CREATED}
    assert not seeded(store).changes


def test_the_demo_site_gets_its_work(store: Store) -> None:
    seeded(store, "commercial", "cn-beijing")
    materialise(store, NOW, SYSTEMS)
    made = {one.plan_row for order in orders(store) for one in order.occurrences}
    assert {"EL-HM", "WA-D", "WA-M", "FI-EXT", "DR-NAT"} <= made


def test_the_command_says_what_it_would_do_does_it_and_then_has_nothing_to_do(seed_command: SeedCommand) -> None:
    told = ("--profile", "commercial", "--jurisdiction", "cn-hubei-xianning", "--site", "demo")
    would, done, again = seed_command(*told, "--dry-run"), seed_command(*told), seed_command(*told)
    assert (would["dry_run"], would["changed"], done["changed"], again["changed"]) == (True, False, True, False)
    assert would["rows"] == done["rows"]
    assert again["items"] == []
    assert "EL-HM" in done["unverified"]
    assert "diesel_pump" in done["options_not_chosen"]


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (("--profile", "palace", "--jurisdiction", "cn"), ["palace", "residential", "commercial"]),
        (("--profile", "residential", "--jurisdiction", "mars"), ["mars", "cn-beijing", "intl-nfpa"]),
        (("--profile", "residential"), ["--jurisdiction", "cn-hubei-xianning"]),
        (("--profile", "residential", "--jurisdiction", "cn", "--with", "moat"), ["moat", "diesel_pump"]),
    ],
)
def test_a_name_that_there_is_not_is_answered_with_those_that_there_are(
    seed_command: SeedCommand, told: tuple[str, ...], names: list[str]
) -> None:
    words = " ".join(seed_command(*told, code=2).replace("│", " ").split())
    assert all(name in words for name in names), words


def test_an_unknown_site_is_bad_data_and_nothing_is_written(seed_command: SeedCommand, ledger: Store) -> None:
    assert "nowhere" in seed_command("--profile", "residential", "--jurisdiction", "cn", "--site", "nowhere", code=4)
    with ledger.read() as tx:
        assert tx.plan.row("EL-D") is None


def test_the_command_lists_names_and_what_is_from_memory(seed_command: SeedCommand) -> None:
    names = seed_command("--list")
    assert [one["key"] for one in names["profiles"]] == ["residential", "commercial"]
    assert all(one["trapped_arrival"]["minutes"] for one in names["jurisdictions"])
    unverified = seed_command("--list-unverified")
    assert len(unverified["first"]) == 7
    assert any("annex B" in one["name"]["en"] for one in unverified["left_out"])
    assert {one["what"] for one in unverified["items"]} == {
        "row",
        "checklist",
        "item",
        "limits",
        "reuse rule",
        "season",
    }


def test_dates_of_an_ended_row_are_those_before_its_end(store: Store) -> None:
    with store.begin() as tx:
        row = tx.plan.row("FI-PAT")
        assert row is not None
        by_the_hour = replace(row, interval=Interval(2, IntervalUnit.HOUR), ends=date(2026, 3, 3))
        tx.plan.put_row(by_the_hour)
    materialise(store, NOW, SYSTEMS)
    assert not [o for o in orders(store) if _is(o, "FI-PAT") and o.occurrences[0].nominal_date > date(2026, 3, 3)]
