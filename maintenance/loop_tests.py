"""Loop tests, pure: does what a sensor says reach a person? sensor > reading > alarm > ticket > person.

An engineer stands at the sensor and triggers it. One check is asked for at a time, in walking order, each for its own
window. What may be taken for the test is as little as possible, since a fire may break out while fire alarms are
tested:

- Only the one asked-for event (or limit alarm) of that very asset, with the data that were agreed, whose own time
  (corrected by the device's clock offset) and whose receipt lie inside its window, and only the FIRST such one.
- Everything else is real: other sensors, other events, other data, the same event a second time, before its window or
  after it, late or from a backlog. Nothing of a test keeps it from its ticket.
- An episode and a ticket of a test hold that one event and nothing else but its echo, the value that says the same
  (``maintenance.loop_echoes``). Whatever is real begins an episode and a
  ticket of its own, and a fault that comes back later never joins a test's.
- The ticket of a test is as real as any (severity, clocks, escalation) but for its mark. What still holds when the test
  ends loses the mark: it is a fault now.

Times are aware UTC instants by our clock unless said otherwise.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from plantroom.domain.assets import LocalName, Presence
from plantroom.domain.findings import FindingRaised, FindingSource

TOLERANCE = timedelta(seconds=5)
"""How far clocks that are in order may stand apart."""

OUTSIDE_WINDOW = "outside_window"
"""Why an event is no test's that has no tag which says so."""

NO_WORDS = LocalName("", "")


class Step(StrEnum):
    """The links of the loop, in their order."""

    SENSOR = "sensor"
    READING = "reading"
    ALARM = "alarm"
    TICKET = "ticket"
    PERSON = "person"


class StepState(StrEnum):
    """What is known of a link."""

    WAITING = "waiting"
    SEEN = "seen"
    NOT_APPLICABLE = "not_applicable"


class CheckKind(StrEnum):
    """What a check asks the engineer for."""

    EVENT = "event"
    POINT = "point"
    STATUS = "status"


class CheckResult(StrEnum):
    """Where a check stands. ``asked``: its sensor is to be triggered now; ``answered``: only the person is missing."""

    WAITING = "waiting"
    ASKED = "asked"
    ANSWERED = "answered"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class TestState(StrEnum):
    """Whether a loop test is going on."""

    __test__ = False
    RUNNING = "running"
    FINISHED = "finished"


ENDED = frozenset({CheckResult.PASSED, CheckResult.FAILED, CheckResult.SKIPPED})


@dataclass(frozen=True, slots=True)
class LoopStep:
    """One link: when it was seen and what proves it (``evidence``: a finding's, event's or work order's id, a user's
    name); ``note`` says why a link does not apply, and of an event or a ticket that it is no test's. The sensor's
    instant is the device's own."""

    step: Step
    state: StepState = StepState.WAITING
    at: datetime | None = None
    evidence: str | None = None
    note: LocalName = NO_WORDS


@dataclass(frozen=True, slots=True)
class LoopCheck:
    """One sensor of a loop test. ``subject`` is an event's or a point's key; ``expected`` the data that the event must
    carry, or ``{"level": "alarm" | "warning"}`` of a point. ``settled``: nothing is left to do about its ticket."""

    test: str
    number: int
    asset: str
    kind: CheckKind
    subject: str
    name: LocalName
    place: LocalName = NO_WORDS
    expected: Mapping[str, object] = field(default_factory=dict)
    responsible: str = ""
    result: CheckResult = CheckResult.WAITING
    steps: tuple[LoopStep, ...] = tuple(LoopStep(step) for step in Step)
    asked_at: datetime | None = None
    deadline: datetime | None = None
    ended_at: datetime | None = None
    reason: LocalName = NO_WORDS
    by: str | None = None
    settled: bool = False

    def step(self, step: Step) -> LoopStep:
        """The link."""
        return next(one for one in self.steps if one.step is step)

    def waits_for(self, step: Step) -> bool:
        """Whether the link has not been seen and matters."""
        return self.step(step).state is StepState.WAITING


@dataclass(frozen=True, slots=True)
class LoopTest:
    """A walk from sensor to sensor. ``window_s``: how long each may take once it is asked for."""

    __test__ = False
    id: str
    site: str
    name: str
    started_by: str
    started_at: datetime
    deadline: datetime
    window_s: float
    state: TestState = TestState.RUNNING
    finished_by: str | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger knows of a publisher, and the time zone of its site. ``clock_says_nothing``: the offset
    is no measure; ``clock_stands``: its times do not go on."""

    presence: Presence
    last_seen: datetime | None
    clock_offset_ms: int | None = None
    zone: tzinfo = UTC
    clock_says_nothing: bool = False
    clock_stands: bool = False


def without(check: LoopCheck, steps: Sequence[Step], note: LocalName) -> LoopCheck:
    """The check with links that do not apply, and why."""
    marked = {step: LoopStep(step, StepState.NOT_APPLICABLE, note=note) for step in steps}
    return replace(check, steps=tuple(marked.get(one.step, one) for one in check.steps))


def ask(check: LoopCheck, now: datetime, window_s: float) -> LoopCheck:
    """The check whose sensor is to be triggered from now on; what an earlier try has shown is forgotten."""
    steps = tuple(one if one.state is StepState.NOT_APPLICABLE else LoopStep(one.step) for one in check.steps)
    return replace(
        check,
        result=CheckResult.ASKED,
        steps=steps,
        asked_at=now,
        deadline=now + timedelta(seconds=window_s),
        ended_at=None,
        reason=NO_WORDS,
        by=None,
        settled=False,
    )


def next_to_ask(checks: Sequence[LoopCheck]) -> LoopCheck | None:
    """The next one in walking order, when none is being asked for."""
    if any(check.result is CheckResult.ASKED for check in checks):
        return None
    return next((check for check in checks if check.result is CheckResult.WAITING), None)


def answers(check: LoopCheck, finding: FindingRaised, clock_offset_ms: int = 0, endless: Collection[str] = ()) -> bool:
    """Whether a finding is the one that was asked for; in doubt it is not. ``endless``: events that no other one
    ends."""
    if (
        check.result is not CheckResult.ASKED
        or not check.waits_for(Step.ALARM)
        or doubt(finding.detail, finding.subject, endless)
    ):
        return False
    if check.asked_at is None or finding.asset != check.asset:
        return False
    if not in_window(check, finding.observed_at, finding.received_at, clock_offset_ms):
        return False
    if check.kind is CheckKind.EVENT:
        same = finding.source is FindingSource.RULE and finding.subject == check.subject
        return same and carries(check, finding.detail.get("data"))
    if check.kind is CheckKind.POINT:
        point, _, level = finding.subject.partition(":")
        since = by_our_clock(
            began(finding.detail, finding.observed_at), finding.observed_at, finding.received_at, clock_offset_ms
        )
        same = finding.source is FindingSource.LIMIT and point == check.subject
        return same and level.startswith(str(check.expected.get("level"))) and since >= check.asked_at - TOLERANCE
    return False


def by_our_clock(at: datetime, observed_at: datetime, received_at: datetime, clock_offset_ms: int) -> datetime:
    """An instant ``at`` of what was observed, by our clock. What came without a time of its own, or with one that
    cannot be, has that of its receipt, which the device's clock does not concern."""
    return at if observed_at == received_at else at - timedelta(milliseconds=clock_offset_ms)


def in_window(check: LoopCheck, observed_at: datetime, received_at: datetime, clock_offset_ms: int) -> bool:
    """Whether the device's own time, corrected by its clock's offset, and the receipt both lie inside the window."""
    if check.asked_at is None or check.deadline is None:
        return False
    begins, ends = check.asked_at - TOLERANCE, check.deadline
    observed = by_our_clock(observed_at, observed_at, received_at, clock_offset_ms)
    return begins <= observed <= ends + TOLERANCE and begins <= received_at <= ends


def doubt(detail: Mapping[str, object], subject: str, endless: Collection[str]) -> str:
    """The tag of an event or alarm by which it is real: nobody can say when it happened, or it is what has been going
    on before; empty: none. An event that no other one ends is said to be a repetition for ever."""
    said = detail.get("tags")
    tags = said if isinstance(said, (list, tuple)) else ()
    if "clock_wrong" in tags:
        return "clock_wrong"
    return "repeated" if "repeated" in tags and subject not in endless else ""


NO_TEST_EVENT = {
    "clock_wrong": LocalName(
        "事件已到，但其时间不可信（设备时钟不准，或时间单位不对），按真实事件处理，其工单（如有）为真实工单：改正后重试",
        "the event came with a time that cannot be (its clock is wrong, or its unit of time): it is real, and so"
        " is any ticket of it; mend that and try again",
    ),
    "repeated": LocalName(
        "事件已到，但它在触发前已存在且未解除，按真实事件处理，其工单（如有）为真实工单：先在设备上复位，再重试",
        "the event came, but it stood before and had not ended: it is real, and so is any ticket of it; reset it at the"
        " device and try again",
    ),
    OUTSIDE_WINDOW: LocalName(
        "事件已到，但其时间或收到时间不在窗口内，按真实事件处理，其工单（如有）为真实工单：核对设备时钟与网络后重试",
        "the event came, but its time or its receipt lies outside the window: it is real, and so is any ticket of it;"
        " check clock and network and try again",
    ),
}
"""What is said of the asked-for event that cannot be taken for the test's, by why."""


def carries(check: LoopCheck, data: object) -> bool:
    """Whether an event's data agree with what was expected of them."""
    given = data if isinstance(data, Mapping) else {}
    return all(key in given and _word(given[key]) == _word(value) for key, value in check.expected.items())


def _word(value: object) -> str:
    """A value as people write it on a command line: true for JSON's true."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def began(detail: Mapping[str, object], observed_at: datetime) -> datetime:
    """Since when the value of a limit alarm has been beyond the limit, by its detail and when it was observed."""
    said = detail.get("beyond_since")
    return datetime.fromisoformat(said) if isinstance(said, str) else observed_at


def tick(check: LoopCheck, step: Step, at: datetime, evidence: str | None, note: LocalName = NO_WORDS) -> LoopCheck:
    """The check with one link seen; the same object when it was seen before or does not apply."""
    if check.result in ENDED or not check.waits_for(step):
        return check
    seen = LoopStep(step, StepState.SEEN, at, evidence, note)
    return advanced(replace(check, steps=tuple(seen if one.step is step else one for one in check.steps)), at)


def before_its_event(check: LoopCheck) -> LoopCheck:
    """The check before the event that answers it, whatever other one it has shown."""
    steps = (LoopStep(one.step) if one.step in (Step.SENSOR, Step.READING) else one for one in check.steps)
    return replace(check, steps=tuple(steps))


def advanced(check: LoopCheck, now: datetime) -> LoopCheck:
    """The check after its links: passed when all are there, answered when only the person is missing."""
    waiting = [one.step for one in check.steps if one.state is StepState.WAITING]
    if not waiting:
        return replace(check, result=CheckResult.PASSED, ended_at=now)
    return replace(check, result=CheckResult.ANSWERED) if waiting == [Step.PERSON] else check


def skip(check: LoopCheck, now: datetime, by: str, reason: str) -> LoopCheck:
    """The check left out on somebody's word."""
    return replace(check, result=CheckResult.SKIPPED, ended_at=now, by=by, reason=LocalName(reason, reason))


def fail(check: LoopCheck, now: datetime, facts: Facts) -> LoopCheck:
    """The check that was not answered, with what is missing and what to look at."""
    return replace(check, result=CheckResult.FAILED, ended_at=now, reason=missing(check, facts))


def expired(check: LoopCheck, now: datetime) -> bool:
    """Whether a check's window is over without an answer."""
    return check.result is CheckResult.ASKED and check.deadline is not None and now > check.deadline


def missing(check: LoopCheck, facts: Facts) -> LocalName:
    """The first link that is missing, and what to look at."""
    if check.asked_at is None:
        return LocalName("测试结束前未轮到该测点", "the test ended before it was asked for")
    first = next((one.step for one in check.steps if one.state is StepState.WAITING), Step.PERSON)
    if first is Step.SENSOR:
        return _nothing_came(check, facts)
    if first is Step.READING and check.step(Step.SENSOR).note.zh:
        return check.step(Step.SENSOR).note
    if first is Step.ALARM and check.kind is CheckKind.EVENT:
        no_test = check.step(Step.READING).note
        said = LocalName("有事件但未报警：核对事件定义", "the event came but no alarm: check what the class says of it")
        return no_test if no_test.zh else said
    return _MISSING[first]


_MISSING = {
    Step.READING: LocalName(
        "设备有消息，但没有该测点的数据：核对测点键名、来源映射，并查看未能使用的消息",
        "the device is heard, but no reading of this point came: check the point's key, the source mapping and"
        " the messages that could not be used",
    ),
    Step.ALARM: LocalName(
        "有读数，但触发后未报警（触发前已有的报警为真实报警）：核对报警限值与延时，触发时间须长于延时",
        "readings came but no alarm that began after it was asked for (an earlier one is real): check the limits and"
        " their delay, and trigger it for longer than that",
    ),
    Step.TICKET: LocalName(
        "已报警但无工单：检查 serve 进程，或该故障已有关闭的工单",
        "the alarm came but no ticket: check the role serve, and earlier tickets of the same fault",
    ),
    Step.PERSON: LocalName(
        "工单已开，无人确认：检查值班表、平板登录与同步",
        "the ticket is there, nobody confirmed it: check the roster, the tablet's sign-in and its sync",
    ),
}


def _nothing_came(check: LoopCheck, facts: Facts) -> LocalName:
    if facts.last_seen is None:
        return LocalName(
            "从未收到该设备的消息：检查接线、供电、网络、主题与发布凭证",
            "no message ever came: check wiring, supply, network, topic and the publisher's credentials",
        )
    if check.asked_at is not None and facts.last_seen < check.asked_at - TOLERANCE:
        at = facts.last_seen.astimezone(facts.zone).strftime("%m-%d %H:%M:%S")
        return LocalName(
            f"设备自{at}起无消息：检查供电与网络", f"nothing was heard since {at}: check supply and network"
        )
    if facts.clock_says_nothing:
        return LocalName(
            "设备在线，但该信号未在窗口内到达；设备时钟从未设置，或时间单位不对：改正后重试",
            "the device is heard, but not this signal inside its window; its clock was never set, or its unit of"
            " time is wrong: mend that and try again",
        )
    if facts.clock_stands:
        return LocalName(
            "设备在线，但该信号未在窗口内到达；设备时间停住不走（时钟停走，或反复发送上次变化）：改正后重试",
            "the device is heard, but not this signal inside its window; its times stand still (clock stopped, or last"
            " change sent again): mend that and try again",
        )
    offset_s = round((facts.clock_offset_ms or 0) / 1000)
    if abs(offset_s) > TOLERANCE.total_seconds():
        return LocalName(
            f"设备在线，但该信号未在窗口内到达；设备时间相差{offset_s}秒：核对时钟后重试",
            f"the device is heard, but not this signal inside its window; its times are off by {offset_s} s: check"
            " its clock and try again",
        )
    return LocalName(
        "设备在线，但该信号未到：检查探测器接线、事件名称与数据、以及是否在窗口内触发",
        "the device is heard, but not this signal: check the sensor's wiring, the event's name and data, and whether it"
        " was triggered inside its window",
    )


def delays_ms(check: LoopCheck) -> dict[str, int]:
    """Milliseconds from each seen link to the next one that was seen; the sensor's instant is by its own clock."""
    seen = [one for one in check.steps if one.state is StepState.SEEN and one.at is not None]
    found = {}
    for earlier, later in pairwise(seen):
        if earlier.at is not None and later.at is not None:
            found[f"{earlier.step.value}_to_{later.step.value}_ms"] = round(
                (later.at - earlier.at).total_seconds() * 1000
            )
    return found
