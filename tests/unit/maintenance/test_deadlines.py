"""How near something's end is, and what is said of it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.deadlines.stages import OVER, Deadline, never_calibrated, notices, stage_of
from plantroom.domain.assets import LocalName, Severity

LAST = date(2026, 11, 30)


def deadline(**changes: object) -> Deadline:
    given: dict[str, object] = {
        "key": "licence:k:periodic_inspection:T-1", "site": "demo", "number": "T-1", "last_day": LAST,
        "what": LocalName("定期检验", "Periodic inspection"), "whose": LocalName("1号梯（EL-1）", "Lift 1 (EL-1)"),
        "department": "电梯维修部门",
    }  # fmt: skip
    return Deadline(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "stage"), [(31, None), (30, "30"), (8, "30"), (7, "7"), (1, "7"), (0, "0"), (-1, OVER), (-400, OVER)]
)
def test_a_stage_is_the_nearest_that_was_reached(left: int, stage: str | None) -> None:
    assert stage_of(LAST, LAST - timedelta(days=left)) == stage


@given(start=st.integers(-40, 400), step=st.integers(1, 50))
def test_whoever_looks_however_seldom_is_told_each_stage_at_most_once_and_never_of_an_earlier_one(
    start: int, step: int
) -> None:
    order = ["30", "7", "0", OVER]
    seen = [stage for n in range(30) if (stage := stage_of(LAST, LAST - timedelta(days=start - n * step)))]
    ranks = [order.index(stage) for stage in dict.fromkeys(seen)]
    assert ranks == sorted(ranks)


def test_what_is_said_names_the_machine_the_paper_and_what_to_do() -> None:
    ((near, department),) = notices([deadline()], LAST - timedelta(days=1), "https://p.example")
    assert department == "电梯维修部门"
    assert near.title == LocalName(
        "1号梯（EL-1） 定期检验还有1天到期", "Lift 1 (EL-1): Periodic inspection runs out in 1 day"
    )
    assert near.lines[0].en == "Periodic inspection T-1, valid to 2026-11-30."
    ((over, _),) = notices([deadline()], LAST + timedelta(days=1), "")
    assert (near.severity, over.severity) == (Severity.GENERAL, Severity.MAJOR)
    assert "has to stop" in over.lines[1].en
    ((sensor, _),) = notices([deadline(statutory=False)], LAST + timedelta(days=1), "")
    assert sensor.severity is Severity.GENERAL
    assert near.dedup != over.dedup
    assert notices([deadline()], LAST - timedelta(days=31), "") == []


def test_a_renewed_paper_is_another_deadline() -> None:
    day = LAST - timedelta(days=3)
    ((first, _),) = notices([deadline()], day, "")
    ((renewed, _),) = notices([deadline(last_day=LAST + timedelta(days=1))], day, "")
    assert first.dedup != renewed.dedup


def test_sensors_never_calibrated_are_told_together() -> None:
    notice = never_calibrated("demo", [f"P-{n} pressure" for n in range(7)], "2026-11")
    assert notice.title == LocalName("7个传感器从未校准", "7 sensors were never calibrated")
    assert "P-5" not in notice.lines[0].en
    assert never_calibrated("demo", ["P-1 x"], "2026-12").title.en == "1 sensor was never calibrated"
