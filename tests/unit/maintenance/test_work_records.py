"""Pure rules of records and repairs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.evidence import with_arrived
from maintenance.work.owner_reports import satisfaction
from maintenance.work.records import Labour, answers_digest, overlapping
from maintenance.work.repairs import PastRepair, learned, repeat_rates
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def labour(start: int, minutes: int, person: str = "li", key: str = "l", removed: bool = False) -> Labour:
    begins = NOW + start * MINUTE
    ends = begins + minutes * MINUTE
    return Labour(key, "w1", "demo", person, minutes, begins, ends, "", "li", ends, ends, NOW if removed else None)


span = st.builds(labour, st.integers(0, 60), st.integers(1, 30), key=st.uuids().map(str))


@given(span, st.lists(span, max_size=8))
def test_an_overlap_is_a_minute_that_two_entries_share(one: Labour, others: list[Labour]) -> None:
    def minutes(entry: Labour) -> set[datetime]:
        assert entry.starts_at is not None
        return {entry.starts_at + n * MINUTE for n in range(entry.minutes)}

    shares = any(minutes(one) & minutes(other) for other in others if other.id != one.id)
    assert (overlapping(one, others) is not None) == shares


@pytest.mark.parametrize(
    "other", [labour(5, 5, person="wang", key="m"), labour(5, 5, key="m", removed=True), labour(5, 5, key="l")]
)
def test_others_people_and_what_was_taken_back_share_no_time(other: Labour) -> None:
    assert overlapping(labour(0, 10), [other]) is None


def test_a_photo_that_arrives_takes_no_signature_back() -> None:
    photo = {"kind": "photo", "sha256": "ab" * 32, "by": "li"}
    answers: dict[str, dict[str, object]] = {
        "S": {"outcome": "ok", "files": [photo]},
        "T": {"outcome": "not_ok", "remark": "loose"},
    }
    title = LocalName("半月", "Half-month")
    order = WorkOrder("w", 1, "demo", Kind.STATUTORY, Origin.PLAN, State.EVIDENCE_PENDING, title, answers=answers)
    signed = answers_digest(order)
    assert answers_digest(with_arrived(order, lambda _: True)) == signed
    assert answers_digest(replace(order, answers=answers | {"T": {"outcome": "ok"}})) != signed
    other = answers | {"S": {"outcome": "ok", "files": [photo | {"sha256": "cd" * 32}]}}
    assert answers_digest(replace(order, answers=other)) != signed


def past(days_ago: float, cause: str | None = "wear", next_after: float | None = None, **more: str) -> PastRepair:
    completed = NOW - timedelta(days=days_ago)
    after = None if next_after is None else completed + timedelta(days=next_after)
    given_ = {"work_order": f"w{days_ago}", "site": "demo", "asset": "p1", "model": "", "department": "水务"} | more
    return PastRepair(
        number=int(days_ago), cause=cause, action=None, note="", opened_at=completed - timedelta(hours=2),
        completed_at=completed, completed_by="li", next_at=after, **given_,
    )  # fmt: skip


def test_what_held_stands_before_what_was_done_more_often() -> None:
    found = learned("asset", [past(90, "wear", 3), past(80, "wear", 4), past(70, "corrosion"), past(3, "wear")], NOW)
    assert found is not None
    assert [(c.code, c.count, c.worked, c.judged) for c in found.causes] == [("corrosion", 1, 1, 1), ("wear", 3, 0, 2)]
    assert [one.work_order for one in found.last] == ["w3", "w70", "w80"]
    assert found.median_repair_minutes == 120
    assert learned("asset", [], NOW) is None


def test_the_month_of_a_repair_is_the_site_s() -> None:
    at = datetime(2026, 2, 28, 17, tzinfo=UTC)
    one = past((NOW - at) / DAY, next_after=14.5)
    china = timedelta(hours=8)
    (rate,) = repeat_rates([one], "month", lambda _site: timezone(china))
    assert (rate.who, rate.repairs, rate.reopened, rate.repeated, rate.rate) == ("2026-03", 1, 0, 1, 0.0)


def test_without_a_rating_nobody_is_satisfied_or_not() -> None:
    assert satisfaction([]).share is None
    assert satisfaction([5, 4, 3, 5]).share == 0.75
