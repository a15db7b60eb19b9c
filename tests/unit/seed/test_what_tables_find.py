"""What plan tables find in the seed: its lists, rows, points and departments."""

from maintenance.seed.loader import checklists, department_named, plan_rows
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import systems


def test_the_elevator_lists_have_31_13_15_and_17_items() -> None:
    assert [len(checklists()[code]) for code in ("A-1", "A-2", "A-3", "A-4")] == [31, 13, 15, 17]
    assert [len(checklists()[code]) for code in ("D-1", "D-2", "D-3", "D-4")] == [33, 5, 12, 13]


def test_every_seed_row_is_whole() -> None:
    codes = {row.code for row in plan_rows()}
    for row in plan_rows():
        assert all((row.name.zh, row.name.en, row.department.zh, row.basis))
        assert set(row.contains) <= codes
        assert all(code in checklists() for code in (row.checklist or "").split("+") if code)
        classes = set(row.applies_to.classes) | set(
            systems()[row.applies_to.system].classes if row.applies_to.system else ()
        )
        assert row.applies_to.site or classes <= set(equipment_classes())


def test_every_point_that_a_checklist_reads_is_a_point_of_a_class_it_is_for() -> None:
    for row in plan_rows():
        named = systems()[row.applies_to.system].classes if row.applies_to.system else row.applies_to.classes
        points = {p.key for c in named for p in equipment_classes()[c].points}
        for code in (row.checklist or "").split("+"):
            for item in checklists().get(code, ()):
                assert item.point is None or item.point in points, (row.code, item.step)


def test_departments_are_known_in_both_scripts() -> None:
    assert department_named("電氣管理部門") == department_named("电气管理部门") == department_named("electrical")
