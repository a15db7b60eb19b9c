"""What is exported comes back without a difference, whatever is in it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from maintenance.emergency.plans import Category, EmergencyPlan
from maintenance.imports.asset_columns import CustomColumns
from maintenance.imports.asset_places import Places
from maintenance.imports.asset_records import Known
from maintenance.imports.assets import AssetsImport
from maintenance.imports.assets_kind import asset_cells
from maintenance.imports.columns import Column, Headings
from maintenance.imports.emergency import COLUMN_ORDER as EMERGENCY_COLUMNS
from maintenance.imports.emergency import HEADINGS as EMERGENCY_HEADINGS
from maintenance.imports.emergency import EmergencyImport, plan_cells_of
from maintenance.imports.fields import cells_of, changed, values_of
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_columns import COLUMN_ORDER, HEADINGS, plan_cells
from maintenance.imports.point_columns import SENSOR_BY_KEY, SENSOR_FIELDS, TEMPLATE_BY_KEY, TEMPLATE_FIELDS
from maintenance.imports.problems import Problems
from maintenance.imports.site_names import SiteNames
from maintenance.imports.users_kind import COLUMN_ORDER as USER_COLUMNS
from maintenance.imports.users_kind import HEADINGS as USER_HEADINGS
from maintenance.imports.users_kind import Contractors, UsersImport, user_cells
from maintenance.imports.vocabulary import seed_departments
from maintenance.imports.writing import csv_bytes, xlsx_bytes
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.people.staff import Contractor
from maintenance.plan import AppliesTo, Layer, Missed, PlanRow, Roll
from maintenance.schedules import (
    FulfilledBy,
    MeterSchedule,
    implied_interval,
)
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import (
    Asset,
    AssetStatus,
    Limits,
    LocalName,
    Location,
    PointKind,
    PointTemplate,
    Site,
    Status,
)
from plantroom.domain.papers import Document, Licence, MakerLimit
from plantroom.domain.parts import PointSensor
from plantroom.ports.accounts import Grant, Role, User
from tests.unit.maintenance.imports.tables import (
    ASKED,
    CODE,
    DAY,
    DEPARTMENT,
    INTERVAL,
    LANGUAGE,
    LINE,
    MEASURE,
    NAME,
    NAMED,
    REUSE,
    SAID,
    SCHEDULES,
    SHORT,
    SOME,
    TEXT,
    WRITE,
    WRITERS,
    nothing_changed,
    read,
    written,
)

SITES = SiteNames([Site("demo", LocalName("示范", "Demo")), Site("north", LocalName("北区", "North"))])


@st.composite
def plan_rows(draw: st.DrawFn) -> PlanRow:
    schedule = draw(SCHEDULES)
    interval = draw(INTERVAL) if schedule.type == "interval" else implied_interval(schedule)
    subject = draw(
        st.sampled_from(
            [AppliesTo(system=key) for key in systems()]
            + [AppliesTo(classes=(key,)) for key in equipment_classes()]
            + [AppliesTo(site=True), AppliesTo(classes=("pump", "elevator"))]
        )
    )
    return PlanRow(
        lineage=draw(st.uuids()).hex,
        code=draw(CODE),
        name=draw(NAME),
        applies_to=subject,
        interval=interval,
        kind=draw(st.sampled_from(["preventive", "inspection", "statutory", "drill", "replacement"])),
        anchor=draw(st.none() | DAY),
        early_days=draw(st.integers(0, 3660)),
        late_days=draw(st.integers(0, 3660)),
        max_gap_days=draw(st.none() | st.integers(1, 36_600)),
        shift_percent=draw(st.integers(0, 100)),
        roll=draw(st.sampled_from(Roll)),
        missed=draw(st.sampled_from(Missed)),
        layer=draw(st.sampled_from(Layer)),
        basis=draw(TEXT),
        department=draw(DEPARTMENT),
        checklist=draw(st.none() | SHORT),
        standard=draw(st.builds(LocalName, TEXT, TEXT)),
        evidence=draw(st.lists(SHORT, max_size=2, unique=True).map(tuple)),
        estimated_minutes=draw(st.integers(0, 10_000)),
        effective_from=draw(DAY),
        schedule=schedule,
        budget_line=draw(st.none() | SHORT),
        job_cost=draw(st.none() | st.sampled_from([0.0, 80.0, 1234.56])),
        material_cost=draw(st.none() | st.sampled_from([0.0, 0.5, 300.0])),
        licence=draw(st.lists(SHORT, max_size=2, unique=True).map(tuple)),
        before_reuse=draw(st.none() | REUSE),
        fulfilled_by=draw(st.none() | st.just(FulfilledBy("starts", "starts", 2.5))),
    )


CALLED_QUARTERLY = PlanRow(
    "l",
    "ME-1",
    LocalName("Q", "(none)"),
    "preventive",
    AppliesTo(classes=("pump",)),
    NO_INTERVAL,
    basis="（空）",
    schedule=MeterSchedule("run_hours", 1500.0),
    licence=("special-equipment", "(none)"),
)
"""A row by a meter, whose name says how often, with words that would empty their cells."""


@example(write=csv_bytes, language="zh", rows=[CALLED_QUARTERLY])
@example(write=xlsx_bytes, language="en", rows=[CALLED_QUARTERLY])
@SOME
@given(write=WRITE, language=LANGUAGE, rows=st.lists(plan_rows(), max_size=4, unique_by=lambda row: row.code.strip()))
def test_a_plan_table_comes_back(write: Any, language: str, rows: list[PlanRow]) -> None:
    rows = [replace(row, contains=tuple(one.code for one in rows[:1] if one is not row)) for row in rows]
    problems = Problems()
    data = written(write, COLUMN_ORDER, [plan_cells(row, {}, language) for row in rows], language)
    nothing_changed(PlanImport(rows, None, problems=problems).run(read(data, HEADINGS, problems)), len(rows))


@st.composite
def emergency_plans(draw: st.DrawFn) -> EmergencyPlan:
    items = st.lists(SAID.map(lambda text: " ".join(text.split())), max_size=4).map(tuple)
    return EmergencyPlan(
        draw(st.uuids()).hex,
        draw(CODE),
        draw(st.sampled_from(Category)),
        draw(NAME),
        None,
        draw(items),
        draw(items),
        draw(items),
        draw(DEPARTMENT),
        draw(st.none() | st.builds(Interval, st.integers(1, 48), st.just(IntervalUnit.MONTH))),
        classes=draw(st.sampled_from([(), ("pump",), ("pump", "elevator")])),
        active=draw(st.booleans()),
    )


@SOME
@given(
    write=WRITE,
    language=LANGUAGE,
    plans=st.lists(emergency_plans(), max_size=4, unique_by=lambda plan: plan.code.strip()),
)
def test_emergency_plans_come_back(write: Any, language: str, plans: list[EmergencyPlan]) -> None:
    first = EmergencyImport(plans, (), ASKED, seed_departments(), Problems())
    data = written(write, EMERGENCY_COLUMNS, [plan_cells_of(plan, language) for plan in plans], language)
    made = first.run(read(data, EMERGENCY_HEADINGS, Problems()))
    # A plan without a drill row gets one the first time; then nothing differs.
    drills = [change.after for change in made.changes if isinstance(change.after, PlanRow)]
    after = {change.key: change.after for change in made.changes if isinstance(change.after, EmergencyPlan)}
    plans = [after.get(plan.key, plan) for plan in plans]
    data = written(write, EMERGENCY_COLUMNS, [plan_cells_of(plan, language) for plan in plans], language)
    again = EmergencyImport(plans, drills, ASKED, seed_departments(), Problems())
    nothing_changed(again.run(read(data, EMERGENCY_HEADINGS, Problems())), len(plans))


@st.composite
def users(draw: st.DrawFn) -> User:
    places = st.tuples(
        st.sampled_from([None, "demo", "north"]),
        st.sampled_from([None, "水务管理部门", "别的部门"]),
        st.sampled_from([None, "c-1", "c-2", "c-3"]),
    )
    grants = draw(st.lists(places, min_size=1, max_size=3, unique=True))
    return User(
        draw(st.uuids()).hex,
        draw(CODE),
        "hash",
        tuple(Grant(draw(st.sampled_from(Role)), *place) for place in grants),
        draw(SHORT),
        draw(st.sampled_from(["zh", "en"])),
        draw(st.booleans()),
    )


@SOME
@given(write=WRITE, language=LANGUAGE, some=st.lists(users(), max_size=3, unique_by=lambda user: user.username.strip()))
def test_users_come_back(write: Any, language: str, some: list[User]) -> None:
    same = LocalName("安达电梯", "Anda Elevators")
    known = Contractors(
        [Contractor("c-1", None, LocalName("华消", "Huaxiao")), *(Contractor(c, None, same) for c in ("c-2", "c-3"))]
    )
    rows = [cells for user in some for cells in user_cells(user, user.grants, language, known)]
    data = written(write, USER_COLUMNS, rows, language)
    compared = UsersImport(some, SITES, ASKED, Problems(), contractors=known)
    found = compared.run(read(data, USER_HEADINGS, Problems()))
    nothing_changed(found, len(rows))


TREE = {
    "a": Location("a", "demo", "building", LocalName("A座", "Block A")),
    "b": Location("b", "demo", "space", LocalName("泵/房", "Pump/room"), "a"),
    "c": Location("c", "demo", "space", LocalName("机房", "Room"), "a"),
    "d": Location("d", "demo", "space", LocalName("机房", "Room"), "a"),
}
PLATE = TEXT.filter(lambda text: len(text) <= 200)
ASSET_CODE = SAID.map(lambda text: "A" + "".join(c for c in text if c not in "/+#"))
LICENCE = st.builds(Licence, SAID, TEXT.map(str.strip), st.none() | DAY, st.none() | DAY, TEXT.map(str.strip))


@st.composite
def assets(draw: st.DrawFn) -> Asset:
    return Asset(
        draw(st.uuids()).hex,
        "demo",
        draw(st.just("007") | ASSET_CODE),
        draw(st.sampled_from(sorted(equipment_classes()))),
        draw(NAME),
        draw(st.sampled_from(AssetStatus)),
        draw(st.sampled_from("ABC")),
        draw(st.sampled_from([None, *TREE])),
        draw(st.sampled_from([None, "水务管理部门", "别的部门"])),
        draw(PLATE),
        draw(PLATE),
        draw(PLATE),
        draw(st.none() | DAY),
        draw(st.none() | DAY),
        custom=draw(st.dictionaries(SAID, st.one_of(SAID, st.booleans(), st.integers(-9, 9)), max_size=3)),
        design_life_years=draw(st.none() | st.floats(0, 100)),
        purchase_cost=draw(st.none() | st.floats(0, 1e9)),
        warranty_until=draw(st.none() | DAY),
        licences=draw(st.lists(LICENCE, max_size=2).map(tuple)),
        maker_limits=draw(
            st.lists(
                st.builds(MakerLimit, st.just("ambient"), st.just("Cel"), st.none() | MEASURE, MEASURE), max_size=2
            ).map(tuple)
        ),
        documents=draw(
            st.sampled_from([(), (Document("手册", "manual", "a" * 64),), (Document("a|b", url="https://x/y"),)])
        ),
    )


HELD_BY_NO_TABLE = Asset(
    "k",
    "demo",
    "A1",
    "bas",
    NAMED,
    serial="S\x14",
    model="\x1c=â",
    manufacturer="(none)",
    custom={"x": "a\x00b", "y\x00": True},
    licences=(Licence("a", "甲\n乙", issuer="<\x00>"), Licence("\x00", "\x01")),
    documents=(Document("\x01[1]", url="https://x/y\x0b"),),
)
"""Characters that no cell has, in texts of their own and inside lists."""


@example(write=csv_bytes, language="zh", some=[HELD_BY_NO_TABLE])
@example(write=xlsx_bytes, language="en", some=[HELD_BY_NO_TABLE])
@SOME
@given(write=WRITE, language=LANGUAGE, some=st.lists(assets(), max_size=4, unique_by=lambda asset: asset.code.strip()))
def test_assets_come_back_with_their_parents(write: Any, language: str, some: list[Asset]) -> None:
    some = [replace(asset, parent=some[0].key if n else None) for n, asset in enumerate(some)]
    keyed, coded = {a.key: a for a in some}, {(a.site, a.code): a for a in some}
    custom, places = CustomColumns(()), Places(TREE)
    codes = {key: asset.code for key, asset in keyed.items()}
    rows = [asset_cells(asset, custom, codes, places, language, seed_departments()) for asset in some]
    known = Known(
        SITES,
        lambda wanted: {one: coded[one] for one in wanted if one in coded},
        lambda keys: {key: keyed[key] for key in keys if key in keyed},
        lambda _: places,
        lambda: (),
        equipment_classes(),
        lambda _: seed_departments(),
    )
    problems = Problems()
    data = written(write, custom.columns, rows, language)
    nothing_changed(AssetsImport(known, custom, ASKED, problems).run(read(data, custom.headings, problems)), len(some))


@st.composite
def templates(draw: st.DrawFn) -> PointTemplate:
    limits = Limits(
        normal_high=draw(st.none() | MEASURE),
        alarm_low=draw(st.none() | MEASURE),
        deadband=draw(st.floats(0, 5)),
        source=draw(TEXT),
        status=draw(st.sampled_from(Status)),
        off_delay_s=draw(st.floats(0, 86_400)),
    )
    return PointTemplate(
        "k",
        draw(NAME),
        draw(st.sampled_from(["", "Cel", "m3/h"])),
        draw(st.sampled_from(PointKind)),
        limits,
        draw(st.none() | MEASURE),
        None,
        draw(st.none() | st.floats(0, 1e6)),
        None,
        None,
        draw(st.none() | SHORT),
        draw(st.booleans()),
    )


@SOME
@given(
    language=LANGUAGE,
    template=templates(),
    sensor=st.builds(
        PointSensor, st.just("a"), st.just("k"), LINE, st.none() | DAY, st.none() | st.integers(1, 999), LINE
    ),
)
def test_points_and_sensors_come_back(language: str, template: PointTemplate, sensor: PointSensor) -> None:
    _comes_back(template, TEMPLATE_FIELDS, TEMPLATE_BY_KEY, language)
    _comes_back(sensor, SENSOR_FIELDS, SENSOR_BY_KEY, language)


def _comes_back(record: Any, fields: Sequence[Any], by_key: Any, language: str) -> None:
    columns = [
        *(replace(one.column, needed=False) for one in fields),
        Column("mark", "记号", "記號", "Mark", needed=True),
    ]
    for write in WRITERS:
        problems = Problems()
        (row,) = read(
            written(write, columns, [[*cells_of(record, fields, language), "x"]], language), Headings(columns), problems
        )
        values = values_of(row, by_key, problems)
        assert not problems.errors
        assert changed(record, by_key, values) == (record, {})
