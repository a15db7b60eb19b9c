"""Moving loop tests on: what came is ticked, windows end, the next sensor is asked for, tickets are closed.

Any number of serve processes may do it at once: each step happens under the lock of its test, and ticking again changes
nothing. The alarm and the ticket are ticked where findings are applied (``maintenance.loop_marks``), in the same
transaction, so that exactly one finding answers a check.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.loop_echoes import clock_offset_ms
from maintenance.loop_ends import ends_of
from maintenance.loop_marks import BY, accepted, acknowledge_test, awaits_photos, settle, settles
from maintenance.loop_start import note_loop_test
from maintenance.loop_tests import (
    ENDED,
    NO_TEST_EVENT,
    NO_WORDS,
    OUTSIDE_WINDOW,
    TOLERANCE,
    CheckKind,
    CheckResult,
    Facts,
    LoopCheck,
    LoopTest,
    Step,
    TestState,
    ask,
    before_its_event,
    by_our_clock,
    carries,
    doubt,
    expired,
    fail,
    in_window,
    next_to_ask,
    skip,
    tick,
)
from maintenance.one_by_one import OneByOne
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import EquipmentClass, LocalName, Presence
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound, Unreachable
from plantroom.ports.clock import Clock
from plantroom.ports.events import AssetEvent
from plantroom.ports.ledger import Ledger
from plantroom.ports.readings import ReadingsStore, SeriesRef

EVENTS_LOOKED_AT = 50
_HEARD = (CheckResult.ANSWERED, CheckResult.PASSED)

Seen = Mapping[int, datetime]
"""By the check's number: the device's own time of the first reading since it was asked for."""


class LoopTests:
    """The consumer that moves every loop test on; see ``maintenance.worker``."""

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        readings: ReadingsStore,
        clock: Clock,
        classes: Mapping[str, EquipmentClass],
    ) -> None:
        self._ledger = ledger
        self._readings = readings
        self._clock = clock
        self._classes = classes
        self._away: Unreachable | None = None
        self.steps = OneByOne("loop_test_not_moved_on")

    def run_once(self) -> int:
        """Look at each test that is going on; always gives 0: what has to come takes its time. Raises ``Unreachable``
        and ``Contended``; while the readings are away the tests that ask for none go on."""
        with self._ledger.read() as tx:
            looked = {test_id: self._series(tx, test_id) for test_id in tx.loop_tests.running()}
        self._away = None
        self.steps.each(looked.items(), self._move_on)
        if self._away is not None:
            raise self._away
        return 0

    def _move_on(self, test: tuple[str, Mapping[int, tuple[SeriesRef, datetime]]]) -> int:
        test_id, wanted = test
        try:
            seen = {n: at for n, (ref, since) in wanted.items() if (at := self._first(ref, since)) is not None}
        except Unreachable as away:
            self._away = away
            return 0
        # The ledger is locked for writing only when there is something to write.
        with self._ledger.read() as tx:
            due = LoopKeeper(tx, self._clock.now(), self._classes).due(test_id, seen)
        if due:
            with self._ledger.begin() as tx:
                LoopKeeper(tx, self._clock.now(), self._classes).advance(test_id, seen)
        return int(due)

    @staticmethod
    def _series(tx: MaintenanceTx, test_id: str) -> dict[int, tuple[SeriesRef, datetime]]:
        found = {}
        for check in tx.loop_tests.active(test_id):
            waits = check.result is CheckResult.ASKED and check.waits_for(Step.READING)
            if waits and check.kind is CheckKind.POINT and check.asked_at is not None:
                asset = tx.assets.get(check.asset).asset
                ref = SeriesRef(asset.site, asset.equipment_class, asset.key, check.subject)
                found[check.number] = ref, check.asked_at
        return found

    def _first(self, ref: SeriesRef, since: datetime) -> datetime | None:
        start_ms = round((since - TOLERANCE).timestamp() * 1000)
        (page,) = self._readings.read([ref], start_ms, start_ms + 10 * 86_400_000, 1)
        if not len(page.ts_ms):
            return None
        return since + timedelta(milliseconds=int(page.ts_ms[0]) - round(since.timestamp() * 1000))


class LoopKeeper:
    """Steps of loop tests inside one transaction."""

    def __init__(self, tx: MaintenanceTx, now: datetime, classes: Mapping[str, EquipmentClass]) -> None:
        self._tx = tx
        self._now = now
        self._over_by = ends_of(classes)

    def due(self, test_id: str, seen: Seen) -> bool:
        """Whether ``advance`` would change anything. Reads alone."""
        test = self._tx.loop_tests.get(test_id)
        if test.state is not TestState.RUNNING:
            return False
        before = list(self._tx.loop_tests.active(test_id))
        after = [self._ticked(check, seen) for check in before]
        heard = [check for check in after if check.result in _HEARD]
        settled = any(settles(self._tx, check, self._now, self._over_by) for check in heard)
        return after != before or settled or next_to_ask(after) is not None or self._ends(test, after)

    def advance(self, test_id: str, seen: Seen) -> None:
        """Tick what came since the last look; ``seen`` are first readings of asked-for points."""
        test = self._tx.loop_tests.lock(test_id)
        if test.state is not TestState.RUNNING:
            return
        before = list(self._tx.loop_tests.active(test_id))
        checks = [self._settled(self._ticked(check, seen)) for check in before]
        if self._ends(test, checks):
            self._store(test, before, checks)
            everything = list(self._tx.loop_tests.checks(test_id))
            self._finish(test, everything, list(everything), BY)
            return
        chosen = next_to_ask(checks)
        if chosen is not None:
            asked = ask(chosen, self._now, test.window_s)
            checks[checks.index(chosen)] = asked
            self._make_room(test, 1)
        self._store(test, before, checks)

    def _ends(self, test: LoopTest, active: Sequence[LoopCheck]) -> bool:
        """Whether a test is over by itself, given those of its checks that were active."""
        done = (CheckResult.PASSED, CheckResult.SKIPPED)
        quiet = all(check.result in done and check.settled for check in active)
        if quiet and not self._tx.loop_tests.any_failed(test.id):
            return True
        return self._now > test.deadline and not any(awaits_photos(self._tx, check) for check in active)

    def confirm(self, test_id: str, number: int, by: str) -> LoopCheck:
        """A person says that they saw the ticket, and has taken note of its alarm. ``Conflict`` while there is none."""
        test, checks, check = self._locked(test_id, number)
        if check.step(Step.PERSON).evidence is not None:
            return check
        if check.step(Step.TICKET).evidence is None or check.result in ENDED:
            raise Conflict(f"check {number} has no ticket that could be confirmed now")
        confirmed = tick(check, Step.PERSON, self._now, by)
        acknowledge_test(self._tx, confirmed, self._now)
        return self._put(test, checks, confirmed)

    def skip(self, test_id: str, number: int, by: str, reason: str) -> LoopCheck:
        """Leave a sensor out. Raises ``BadData`` without a reason, ``Conflict`` when its check has ended."""
        if not reason.strip():
            raise BadData("skipping needs a reason", [FieldProblem("reason", "reason_required", "说明原因 / say why")])
        test, checks, check = self._locked(test_id, number)
        if check.result in ENDED:
            raise Conflict(f"check {number} has ended as {check.result.value}")
        left_out = skip(check, self._now, by, reason.strip())
        return self._put(test, checks, settle(self._tx, left_out, self._now, self._over_by, finishing=True))

    def ask(self, test_id: str, number: int) -> LoopCheck:
        """Ask for this sensor now, again or out of its turn; the one that was being asked for waits for its own turn.
        ``Conflict`` when its check has passed or waits for a person."""
        test, checks, check = self._locked(test_id, number)
        if check.result in (CheckResult.PASSED, CheckResult.ANSWERED):
            raise Conflict(f"check {number} has been answered")
        changed = []
        for one in checks:
            if one.number == number:
                settle(self._tx, one, self._now, self._over_by, finishing=True)
                changed.append(ask(one, self._now, test.window_s))
            elif one.result is CheckResult.ASKED:
                changed.append(replace(one, result=CheckResult.WAITING, asked_at=None, deadline=None))
        self._make_room(test, 1)
        self._store(test, checks, [next((c for c in changed if c.number == one.number), one) for one in checks])
        return next(one for one in changed if one.number == number)

    def finish(self, test_id: str, by: str) -> LoopTest:
        """End a test now: what is not answered fails, tickets are closed or become real. One that has ended stays.
        ``Conflict`` while photos of the work on a test's ticket are on their way."""
        test = self._tx.loop_tests.lock(test_id)
        if test.state is not TestState.RUNNING:
            return test
        before = list(self._tx.loop_tests.checks(test_id))
        return self._finish(test, before, list(before), by)

    def _locked(self, test_id: str, number: int) -> tuple[LoopTest, list[LoopCheck], LoopCheck]:
        test = self._tx.loop_tests.lock(test_id)
        if test.state is not TestState.RUNNING:
            raise Conflict("the loop test is finished")
        checks = list(self._tx.loop_tests.checks(test_id))
        found = next((check for check in checks if check.number == number), None)
        if found is None:
            raise NotFound(f"the loop test has no check {number}")
        return test, checks, found

    def _put(self, test: LoopTest, checks: Sequence[LoopCheck], changed: LoopCheck) -> LoopCheck:
        self._store(test, checks, [changed if one.number == changed.number else one for one in checks])
        return changed

    def _make_room(self, test: LoopTest, checks: int) -> None:
        """What is asked for late still gets its window and a person's time."""
        needed = self._now + timedelta(seconds=test.window_s * (checks + 1))
        if needed > test.deadline:
            self._tx.loop_tests.update(replace(test, deadline=needed))

    def _store(self, test: LoopTest, before: Sequence[LoopCheck], after: Sequence[LoopCheck]) -> None:
        changed = [new for old, new in zip(before, after, strict=True) if new != old]
        if changed:
            self._tx.loop_tests.put_checks(changed)
            note_loop_test(self._tx, test)

    def _finish(self, test: LoopTest, before: Sequence[LoopCheck], checks: list[LoopCheck], by: str) -> LoopTest:
        ended = [one if one.result in ENDED else fail(one, self._now, self._facts(one)) for one in checks]
        settled = [settle(self._tx, one, self._now, self._over_by, finishing=True) for one in ended]
        finished = replace(test, state=TestState.FINISHED, finished_by=by, finished_at=self._now)
        self._tx.loop_tests.update(finished)
        self._store(finished, before, settled)
        note_loop_test(self._tx, finished)
        return finished

    def _ticked(self, check: LoopCheck, seen: Seen) -> LoopCheck:
        """The check after a look at what came; reads alone."""
        if check.result is CheckResult.ASKED:
            check = self._sensed(check, seen)
        check = self._accepted(check)
        if expired(check, self._now):
            check = fail(check, self._now, self._facts(check))
        ended = check.result in ENDED and check.step(Step.TICKET).evidence is None
        return replace(check, settled=True) if ended else check

    def _settled(self, check: LoopCheck) -> LoopCheck:
        if check.result not in _HEARD:
            return check
        return settle(self._tx, check, self._now, self._over_by, finishing=False)

    def _sensed(self, check: LoopCheck, seen: Seen) -> LoopCheck:
        """The links before the alarm, where no finding has shown them."""
        begins = (check.asked_at or self._now) - TOLERANCE
        if check.kind is CheckKind.POINT and check.number in seen:
            check = tick(check, Step.SENSOR, seen[check.number], check.subject)
            return tick(check, Step.READING, self._now, check.subject)
        if check.kind is CheckKind.EVENT and check.waits_for(Step.READING):
            return self._came(check, begins)
        facts = self._facts(check)
        heard = facts.last_seen is not None and facts.last_seen >= begins
        if heard and check.kind is not CheckKind.EVENT:
            check = tick(check, Step.SENSOR, facts.last_seen or self._now, "presence")
            if check.kind is CheckKind.STATUS and facts.presence is Presence.ONLINE:
                check = tick(check, Step.READING, facts.last_seen or self._now, "presence")
        return check

    def _came(self, check: LoopCheck, begins: datetime) -> LoopCheck:
        """The check with the event that was asked for: one that may be the test's, before one that is real."""
        came = [
            event
            for event in self._tx.collect.events(check.asset, EVENTS_LOOKED_AT)
            if event.event == check.subject and event.received_at >= begins and carries(check, event.data)
        ]
        if not came:
            return check
        offset = clock_offset_ms(self._tx, check.asset)
        noted = [(self._no_test(check, event, begins, offset), event) for event in came]
        note, event = min(noted, key=lambda one: bool(one[0].zh))
        if note.zh and not check.waits_for(Step.ALARM):
            return tick(check, Step.SENSOR, event.observed_at, event.id, note)
        seen = tick(before_its_event(check), Step.SENSOR, event.observed_at, event.id)
        return tick(seen, Step.READING, event.received_at, event.id, note)

    def _no_test(self, check: LoopCheck, event: AssetEvent, begins: datetime, offset_ms: int) -> LocalName:
        """Why the asked-for event is a real one; empty when it may be the test's. One that has no alarm is real only
        when it happened before it was asked for."""
        if not check.waits_for(Step.ALARM):
            at = by_our_clock(event.observed_at, event.observed_at, event.received_at, offset_ms)
            return NO_WORDS if at >= begins else NO_TEST_EVENT[OUTSIDE_WINDOW]
        why = doubt(event.data, event.event, self._over_by.endless)
        if not why and in_window(check, event.observed_at, event.received_at, offset_ms):
            return NO_WORDS
        return NO_TEST_EVENT[why or OUTSIDE_WINDOW]

    def _accepted(self, check: LoopCheck) -> LoopCheck:
        """The person's link, when somebody who has signed in has accepted the ticket since."""
        if not check.waits_for(Step.PERSON) or check.result in ENDED:
            return check
        step = accepted(self._tx, check)
        return check if step is None else tick(check, Step.PERSON, step.recorded_at, step.by)

    def _facts(self, check: LoopCheck) -> Facts:
        view = self._tx.assets.get(check.asset)
        zone = ZoneInfo(self._tx.assets.site(view.asset.site).time_zone)
        clock = view.clock
        if clock is None:
            return Facts(view.presence, view.last_seen, zone=zone)
        return Facts(view.presence, view.last_seen, clock.offset_ms, zone, clock.says_nothing, clock.stands)
