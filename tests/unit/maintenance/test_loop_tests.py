"""The rules of loop tests: what may be taken for the test, and what is said of a link that is missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maintenance.loop_tests import (
    TOLERANCE,
    CheckKind,
    CheckResult,
    Facts,
    LoopCheck,
    Step,
    StepState,
    answers,
    ask,
    delays_ms,
    fail,
    missing,
    next_to_ask,
    skip,
    tick,
)
from plantroom.domain.assets import LocalName, Presence, Severity
from plantroom.domain.findings import FindingRaised, FindingSource

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
S = timedelta(seconds=1)
CHECK = LoopCheck("t", 1, "lift", CheckKind.EVENT, "trapped", LocalName("困人", "trapped"))
ASKED = ask(CHECK, NOW, 600)


def event(**changes: object) -> FindingRaised:
    raised = FindingRaised(
        "f",
        "demo",
        "lift",
        "entrapment",
        FindingSource.RULE,
        Severity.CRITICAL,
        True,
        NOW + 9 * S,
        NOW + 9 * S,
        "trapped",
    )
    return replace(raised, **changes)  # type: ignore[arg-type]


def test_the_asked_for_event_answers() -> None:
    assert answers(ASKED, event())


@pytest.mark.parametrize(
    "changes",
    [
        {"asset": "other"},
        {"subject": "fire"},
        {"source": FindingSource.LIMIT},
        {"source": FindingSource.MODEL},
        {"observed_at": NOW - 6 * S},
        {"received_at": NOW - 6 * S},
        {"received_at": NOW + 601 * S},
        {"observed_at": NOW + 606 * S},
    ],
)
def test_nothing_else_does(changes: dict[str, object]) -> None:
    assert not answers(ASKED, event(**changes))


def test_the_device_s_clock_moves_its_own_times_and_not_those_of_our_receipt() -> None:
    own, ours = event(observed_at=NOW, received_at=NOW + 1 * S), event(observed_at=NOW, received_at=NOW)
    assert [answers(ASKED, one, 5001) for one in (own, ours)] == [False, True]


def test_what_nobody_knows_the_time_of_and_what_is_going_on_already_is_real() -> None:
    odd = [event(detail={"tags": [tag]}) for tag in ("clock_wrong", "repeated")]
    assert [answers(ASKED, one) for one in odd] == [False, False]
    assert [answers(ASKED, one, endless={"trapped"}) for one in odd] == [False, True], "it is a repetition for ever"
    assert answers(ASKED, event(detail={"tags": ["late"]}))


@pytest.mark.parametrize(("wanted", "said"), [("true", True), ("7", 7), (True, True), ("off", "off")])
def test_data_are_compared_as_people_write_them(wanted: object, said: object) -> None:
    check = replace(ASKED, expected={"flag": wanted})
    assert answers(check, event(detail={"data": {"flag": said}}))
    assert not answers(check, event(detail={"data": {"flag": False}}))


@pytest.mark.parametrize("check", [CHECK, tick(ASKED, Step.ALARM, NOW, "f0"), skip(ASKED, NOW, "li", "x")])
def test_a_check_that_is_not_asked_for_or_has_its_answer_takes_none(check: LoopCheck) -> None:
    assert not answers(check, event())


@example(observed=0, received=0, offset_ms=5001, zone=7)  # without a time of its own
@example(observed=0, received=1, offset_ms=5001, zone=7)
@given(
    observed=st.floats(-1e6, 1e6), received=st.floats(-1e6, 1e6), offset_ms=st.integers(-(10**9), 10**9),
    zone=st.one_of(st.none(), st.integers(0, 9)),
)  # fmt: skip
def test_whatever_answers_lies_in_its_window_and_carries_its_data(
    observed: float, received: float, offset_ms: int, zone: int | None
) -> None:
    check = replace(ASKED, expected={"zone": "7"})
    said = event(observed_at=NOW + observed * S, received_at=NOW + received * S, detail={"data": {"zone": zone}})
    if answers(check, said, offset_ms):
        assert zone == 7
        assert NOW - TOLERANCE <= said.received_at <= NOW + 600 * S
        # What has the time of its receipt came without one of its own: the device's clock does not concern it.
        off = timedelta(0) if said.observed_at == said.received_at else timedelta(milliseconds=offset_ms)
        assert NOW - TOLERANCE <= said.observed_at - off <= NOW + 600 * S + TOLERANCE


@given(st.lists(st.sampled_from(list(Step)), max_size=12))
def test_ticking_is_idempotent_and_passes_with_the_last_link_whatever_the_order(steps: list[Step]) -> None:
    check = ASKED
    for n, step in enumerate(steps):
        check = tick(check, step, NOW + n * S, f"e{n}")
        assert tick(check, step, NOW + 99 * S, "again") == check
    assert (check.result is CheckResult.PASSED) == (set(steps) == set(Step))
    for step in set(steps):
        first = steps.index(step)
        assert (check.step(step).at, check.step(step).evidence) == (NOW + first * S, f"e{first}")


def test_asking_again_forgets_what_an_earlier_try_has_shown() -> None:
    tried = fail(tick(ASKED, Step.SENSOR, NOW, "e"), NOW + 700 * S, Facts(Presence.ONLINE, NOW))
    again = ask(tried, NOW + 800 * S, 60)
    assert (again.result, again.deadline, again.reason.zh) == (CheckResult.ASKED, NOW + 860 * S, "")
    assert {one.state for one in again.steps} == {StepState.WAITING}


def test_one_is_asked_for_at_a_time_in_their_order() -> None:
    second = replace(CHECK, number=2)
    assert next_to_ask([ASKED, second]) is None
    assert next_to_ask([replace(ASKED, result=CheckResult.ANSWERED), second]) == second
    assert next_to_ask([replace(ASKED, result=CheckResult.PASSED)]) is None


HEARD = Facts(Presence.ONLINE, NOW + 60 * S)


@pytest.mark.parametrize(
    ("seen", "facts", "word"),
    [
        ((), Facts(Presence.UNKNOWN, None), "no message ever came"),
        ((), Facts(Presence.OFFLINE, NOW - 3600 * S, zone=ZoneInfo("Asia/Shanghai")), "heard since 11-21 15:00:00:"),
        ((), HEARD, "the event's name and data"),
        ((), replace(HEARD, clock_offset_ms=-42_000), "its times are off by -42 s: check its clock"),
        ((), replace(HEARD, clock_offset_ms=-(10**12), clock_says_nothing=True), "its clock was never set"),
        ((), replace(HEARD, clock_offset_ms=-(10**10), clock_stands=True), "its times stand still (clock stopped, or"),
        ((Step.SENSOR,), HEARD, "no reading of this point"),
        ((Step.SENSOR, Step.READING), HEARD, "the event came but no alarm"),
        ((Step.SENSOR, Step.READING, Step.ALARM), HEARD, "no ticket"),
        ((Step.SENSOR, Step.READING, Step.ALARM, Step.TICKET), HEARD, "nobody confirmed it"),
    ],
)
def test_what_is_missing_is_said_with_what_to_look_at(seen: tuple[Step, ...], facts: Facts, word: str) -> None:
    check = ASKED
    for step in seen:
        check = tick(check, step, NOW, "e")
    said = missing(check, facts)
    assert word in said.en
    assert said.zh


def test_the_milliseconds_go_from_link_to_link() -> None:
    check = tick(tick(ASKED, Step.SENSOR, NOW, "e"), Step.READING, NOW + timedelta(milliseconds=120), "e")
    assert delays_ms(tick(check, Step.TICKET, NOW + S, "w")) == {
        "sensor_to_reading_ms": 120,
        "reading_to_ticket_ms": 880,
    }
