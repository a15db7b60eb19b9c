"""What the clocks of a ticket say, word by word, and in whatever order the words come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.sla.clocks import Clock, ClockState, clocks, due_of
from maintenance.sla.documents import built_in
from maintenance.sla.policy import AWAITING_VERIFICATION, ClockKind, Policies, PolicyVersion, SlaPolicy
from maintenance.sla.words import Mark, Said
from maintenance.work_orders import Kind, Origin, State, Transition, WorkOrder
from plantroom.domain.assets import LocalName, Severity

OPENED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
POLICIES = Policies(built_in())
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ORDER = WorkOrder(
    "w1", 1, "demo", Kind.CORRECTIVE, Origin.MODEL, State.OPEN, LocalName("漏", "leak"), opened_at=OPENED
)  # fmt: skip


def at(minutes: float) -> datetime:
    return OPENED + timedelta(minutes=minutes)


def step(to: State, minutes: float, told: float | None = None, code: str = "") -> Transition:
    return Transition("w1", to, at(minutes), at(minutes if told is None else told), "li", "why", code=code)


def mark(said: Said, minutes: float, code: str = "") -> Mark:
    return Mark("w1", said, at(minutes), at(minutes), "li", code)


BEGUN = step(State.OPEN, 0)


def told(
    *steps: Transition, now: float = 60, severity: Severity = Severity.GENERAL, marks: tuple[Mark, ...] = (), **more
) -> dict[str, list[Clock]]:
    order = replace(ORDER, severity=severity, **more)
    found: dict[str, list[Clock]] = {}
    for one in clocks(order, (BEGUN, *steps), POLICIES, at(now), marks):
        found.setdefault(one.kind.value, []).append(one)
    return found


def only(found: dict[str, list[Clock]], kind: str) -> Clock:
    (one,) = found[kind]
    return one


@pytest.mark.parametrize(
    ("severity", "kinds", "arrive", "resolve"),
    [
        (Severity.CRITICAL, {"acknowledge", "arrive", "interim", "resolve"}, 30 * MINUTE, 7 * DAY),
        (Severity.MAJOR, {"acknowledge", "arrive", "interim", "resolve"}, DAY, 7 * DAY),
        (Severity.GENERAL, {"acknowledge", "arrive", "resolve"}, DAY, 3 * HOUR),
        (Severity.INFO, {"acknowledge", "arrive", "resolve"}, DAY, 7 * DAY),
    ],
)
def test_each_severity_has_the_clocks_of_the_users_tables(severity, kinds, arrive, resolve) -> None:
    found = told(step(State.ACKNOWLEDGED, 10), severity=severity)
    assert found.keys() == kinds
    assert only(found, "acknowledge").limit_at == OPENED + 30 * MINUTE
    assert only(found, "arrive").limit_at == OPENED + arrive
    assert only(found, "resolve").limit_at == at(10) + resolve, "counted from acceptance"
    if "interim" in kinds:
        assert only(found, "interim").limit_at == OPENED + DAY


def test_an_owner_is_answered_within_a_target_and_a_limit_of_their_own() -> None:
    owner = only(told(origin=Origin.OWNER), "respond")
    assert (owner.target_at, owner.limit_at) == (OPENED + 30 * MINUTE, OPENED + DAY)
    assert (owner.state, owner.target_met) == (ClockState.RUNNING, None)
    answered = only(told(step(State.ACKNOWLEDGED, 40), origin=Origin.OWNER), "respond")
    assert (answered.state, answered.target_met) == (ClockState.MET, False)
    assert "respond" not in told()


def test_planned_work_and_loop_tests_have_no_clocks() -> None:
    assert told(kind=Kind.STATUTORY) == {}
    assert told(tags=("loop_test",)) == {}


def test_without_acceptance_the_resolve_clock_waits_and_the_order_is_due_all_the_same() -> None:
    assert "resolve" not in told(now=600)
    assert due_of(ORDER, [BEGUN], POLICIES, at(600)) == OPENED + 3 * HOUR
    accepted = [BEGUN, step(State.ACKNOWLEDGED, 25)]
    assert due_of(ORDER, accepted, POLICIES, at(600)) == at(25) + 3 * HOUR


def test_a_clock_is_breached_from_just_after_its_limit() -> None:
    assert only(told(now=30), "acknowledge").state is ClockState.RUNNING
    late = only(told(now=30.01), "acknowledge")
    assert (late.state, late.stopped_at) == (ClockState.BREACHED, None)
    assert late.remaining_s == pytest.approx(-0.6)
    assert only(told(step(State.ACKNOWLEDGED, 30)), "acknowledge").state is ClockState.MET


def test_what_is_heard_late_counts_when_it_was_done() -> None:
    online = step(State.IN_PROGRESS, 45)
    assert only(told(online), "acknowledge").state is ClockState.BREACHED
    corrected = only(told(online, marks=(mark(Said.ACKNOWLEDGED, 5),), now=300), "acknowledge")
    assert (corrected.state, corrected.stopped_at) == (ClockState.MET, at(5))


def test_starting_work_is_accepting_and_being_there() -> None:
    found = told(step(State.IN_PROGRESS, 12), severity=Severity.CRITICAL)
    assert [only(found, kind).stopped_at for kind in ("acknowledge", "arrive")] == [at(12), at(12)]
    assert only(found, "resolve").started_at == at(12)
    assert only(found, "interim").state is ClockState.RUNNING


def test_an_interim_measure_stops_its_clock_and_no_other() -> None:
    marks = (mark(Said.ACKNOWLEDGED, 1), mark(Said.INTERIM, 50))
    found = told(severity=Severity.MAJOR, marks=marks)
    assert only(found, "interim").stopped_at == at(50)
    assert only(found, "resolve").state is ClockState.RUNNING


def test_a_hold_stops_the_resolve_clock_only_and_its_time_is_shown() -> None:
    held = step(State.ON_HOLD, 40, code="waiting_part")
    found = told(step(State.ACKNOWLEDGED, 10), held, now=100, severity=Severity.CRITICAL)
    resolve = only(found, "resolve")
    assert (resolve.state, resolve.paused_s, resolve.paused_since) == (ClockState.PAUSED, 3600, at(40))
    assert resolve.pauses[0].code == "waiting_part"
    assert resolve.remaining_s == (7 * DAY - 30 * MINUTE).total_seconds(), "it stands still"
    assert only(found, "arrive").state is ClockState.BREACHED
    on = only(told(step(State.ACKNOWLEDGED, 10), held, step(State.IN_PROGRESS, 100), now=200), "resolve")
    assert (on.state, on.limit_at, on.paused_s) == (ClockState.RUNNING, at(10) + 4 * HOUR, 3600)


def test_a_hold_that_nobody_has_accepted_does_not_stop_the_call() -> None:
    assert only(told(step(State.ON_HOLD, 5, code="access"), now=60), "acknowledge").state is ClockState.BREACHED


def test_overlapping_holds_are_one_span_and_a_later_one_has_its_own_code() -> None:
    marks = (mark(Said.HELD, 20, "waiting_part"), mark(Said.HELD, 30, "access"), mark(Said.WORKED, 50))
    resolve = only(told(step(State.ACKNOWLEDGED, 10), marks=marks), "resolve")
    assert resolve.paused_s == 30 * 60
    assert [(p.code, p.since, p.until) for p in resolve.pauses] == [
        ("waiting_part", at(20), at(30)),
        ("access", at(30), at(50)),
    ]


def test_a_pause_after_the_limit_undoes_nothing() -> None:
    resolve = only(told(step(State.ACKNOWLEDGED, 0), step(State.ON_HOLD, 200, code="access"), now=900), "resolve")
    assert (resolve.state, resolve.limit_at) == (ClockState.BREACHED, at(180))


def test_a_fault_that_comes_back_after_the_work_begins_new_clocks_and_keeps_the_old() -> None:
    steps = (
        step(State.IN_PROGRESS, 10),
        step(State.COMPLETED, 60),
        step(State.OPEN, 600),
        step(State.IN_PROGRESS, 610),
    )
    found = told(*steps, now=700)
    assert [(c.cycle, c.started_at, c.state) for c in found["resolve"]] == [
        (0, at(10), ClockState.MET),
        (1, at(610), ClockState.RUNNING),
    ]
    assert [c.stopped_at for c in found["acknowledge"]] == [at(10), at(610)]


def test_an_event_that_ends_a_hold_calls_again_and_the_work_goes_on_being_due() -> None:
    steps = (step(State.IN_PROGRESS, 10), step(State.ON_HOLD, 20, code="access"), step(State.OPEN, 50))
    found = told(*steps, now=60)
    assert [c.state for c in found["acknowledge"]] == [ClockState.MET, ClockState.RUNNING]
    assert only(found, "resolve").paused_s == 30 * 60


def test_a_word_from_before_the_return_speaks_of_the_work_before() -> None:
    steps = (step(State.IN_PROGRESS, 10), step(State.COMPLETED, 60), step(State.OPEN, 90, told=120))
    found = told(*steps, now=151, marks=(mark(Said.ACKNOWLEDGED, 100),))
    assert [c.state for c in found["acknowledge"]] == [ClockState.MET, ClockState.BREACHED]
    assert found["acknowledge"][1].stopped_at is None


def test_work_that_is_sent_back_goes_on_without_the_time_it_was_taken_for_done() -> None:
    steps = (step(State.IN_PROGRESS, 0), step(State.COMPLETED, 60), step(State.IN_PROGRESS, 1000))
    resolve = only(told(*steps, now=1060), "resolve")
    assert (resolve.state, resolve.remaining_s) == (ClockState.RUNNING, 3600)
    assert [p.code for p in resolve.pauses] == [AWAITING_VERIFICATION]


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (State.CANCELLED, ClockState.VOID),
        (State.DEFERRED, ClockState.VOID),
        (State.REJECTED, ClockState.MET),
    ],
)
def test_an_ending_without_work_says_nothing_and_a_false_alarm_was_seen_to(end, state) -> None:
    found = told(step(State.ACKNOWLEDGED, 5), step(end, 20))
    assert only(found, "resolve").state is state
    assert only(found, "arrive").state is state
    assert only(told(step(end, 200)), "acknowledge").state is ClockState.BREACHED


def test_more_severe_promises_more_from_then_on_and_takes_nothing_back() -> None:
    marks = (mark(Said.SEVERITY, 0, "major"), mark(Said.SEVERITY, 300, "critical"))
    found = told(severity=Severity.CRITICAL, marks=marks, now=310)
    arrive = only(found, "arrive")
    assert (arrive.started_at, arrive.limit_at, arrive.state) == (OPENED, at(330), ClockState.RUNNING)
    general = (mark(Said.SEVERITY, 0, "general"), mark(Said.SEVERITY, 5, "major"))
    resolve = only(told(step(State.ACKNOWLEDGED, 10), severity=Severity.MAJOR, marks=general), "resolve")
    assert resolve.limit_at == at(10) + 3 * HOUR


def test_a_severity_that_is_corrected_downwards_is_what_it_always_was() -> None:
    marks = (mark(Said.SEVERITY, 0, "critical"), mark(Said.SEVERITY, 5, "general"))
    found = told(severity=Severity.GENERAL, marks=marks)
    assert only(found, "arrive").limit_at == OPENED + DAY
    assert "interim" not in found


def test_a_clock_keeps_the_policy_of_its_beginning() -> None:
    rules = tuple(replace(r, target_s=600, limit_s=600) for r in built_in().clocks if r.clock is ClockKind.ACKNOWLEDGE)
    policies = Policies(built_in(), own=[PolicyVersion("demo", 1, at(10), SlaPolicy(rules))])
    (first, *_) = clocks(ORDER, [BEGUN], policies, at(20))
    assert first.limit_at == at(30)
    later = replace(BEGUN, at=at(11))
    (first, *_) = clocks(ORDER, [later], policies, at(20))
    assert first.limit_at == at(21)


def test_a_clock_that_was_set_back_gives_no_negative_span() -> None:
    found = told(step(State.IN_PROGRESS, 30), step(State.COMPLETED, -60, told=-60), now=-30)
    for one in (c for listed in found.values() for c in listed):
        assert one.stopped_at is None or one.stopped_at >= one.started_at
        assert one.paused_s >= 0


WORDS = st.lists(
    st.tuples(
        st.sampled_from([Said.ACKNOWLEDGED, Said.ARRIVED, Said.INTERIM, Said.HELD, Said.WORKED, Said.DONE]),
        st.integers(1, 20_000),
        st.sampled_from(["", "waiting_part", "access"]),
    ),
    max_size=12,
    unique_by=lambda word: word[1],
)
SEVERITIES = st.lists(
    st.tuples(st.integers(0, 20_000), st.sampled_from(list(Severity))), max_size=3, unique_by=lambda pair: pair[0]
)


def marked(words, severities=()) -> list[Mark]:
    return [mark(said, minutes, code) for said, minutes, code in words] + [
        mark(Said.SEVERITY, minutes, severity.value) for minutes, severity in severities
    ]


def of(marks, now: float = 30_000, origin: Origin = Origin.OWNER) -> list[Clock]:
    return clocks(replace(ORDER, origin=origin), [BEGUN], POLICIES, at(now), marks)


@given(WORDS, SEVERITIES, st.randoms(use_true_random=False), st.integers(0, 30_000))
def test_the_order_in_which_words_arrive_changes_nothing(words, severities, chance, now) -> None:
    marks = marked(words, severities)
    mixed = list(marks)
    chance.shuffle(mixed)
    late = [replace(one, recorded_at=at(chance.randrange(30_000))) for one in mixed]
    assert of(late, now) == of(marks, now)
    order = replace(ORDER, origin=Origin.OWNER)
    assert due_of(order, [BEGUN], POLICIES, at(now), late) == due_of(order, [BEGUN], POLICIES, at(now), marks)


@given(WORDS, st.integers(1, 19_000), st.integers(1, 900), st.integers(0, 30_000))
def test_a_pause_never_shortens_what_is_left(words, begins, lasts, now) -> None:
    others = [word for word in words if word[0] is not Said.HELD]
    accepted = mark(Said.WORKED, 0)
    paused = [mark(Said.HELD, begins - 0.25, "access"), mark(Said.WORKED, begins + lasts - 0.5)]
    before = {one.kind: one for one in of([accepted, *marked(others)], now)}
    for one in of([accepted, *marked(others), *paused], now):
        assert one.limit_at >= before[one.kind].limit_at
        assert one.remaining_s >= before[one.kind].remaining_s or not one.running


@given(WORDS, SEVERITIES, st.integers(1, 20_000))
def test_becoming_more_severe_never_gives_more_time(words, severities, when) -> None:
    least = [(0, Severity.INFO)]
    marks = marked(words, least)
    mild = {(one.kind, one.cycle): one for one in of(marks)}
    worse = of([*marks, mark(Said.SEVERITY, when, "critical")])
    for one in worse:
        known = mild.get((one.kind, one.cycle))
        assert known is None or one.limit_at <= known.limit_at
    del severities


@given(WORDS, SEVERITIES, st.integers(0, 30_000))
def test_no_span_is_negative_and_a_met_clock_stopped_in_time(words, severities, now) -> None:
    for one in of(marked(words, severities), now):
        assert one.paused_s >= 0
        assert one.target_at <= one.limit_at
        assert one.stopped_at is None or one.stopped_at >= one.started_at
        if one.state is ClockState.MET:
            assert one.stopped_at is not None
            assert one.stopped_at <= one.limit_at


@given(WORDS, SEVERITIES, st.integers(0, 30_000), st.integers(1, 5_000))
def test_a_clock_that_has_stopped_stays_as_it_is(words, severities, now, later) -> None:
    marks = [one for one in marked(words, severities) if one.at <= at(now)]
    stopped = [one for one in of(marks, now) if not one.running]
    assert stopped == [one for one in of(marks, now + later) if not one.running]


def test_dst_does_not_matter() -> None:
    zone = ZoneInfo("Europe/Berlin")
    eve = datetime(2026, 3, 29, 1, 45, tzinfo=zone)  # the clock goes from 02:00 to 03:00
    opened = eve.astimezone(UTC)
    (first, *_) = clocks(ORDER, [replace(BEGUN, at=opened)], POLICIES, opened + 31 * MINUTE)
    assert first.limit_at == opened + 30 * MINUTE
    assert first.limit_at.astimezone(zone).strftime("%H:%M") == "03:15"
