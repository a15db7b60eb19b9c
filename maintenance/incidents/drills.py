"""The record of a drill: what was drilled, by whom, how quickly, what was found. Pure.

It is written in one piece, or told by the checklist of drills (``DR-REC``), which works offline; what is written goes
before. Requirements EM-06, EM-12, EM-13; what a record must hold is our own default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from maintenance.emergency.plans import DRILL_CHECKLIST as CHECKLIST
from maintenance.incidents.model import FollowUp, Stage
from maintenance.work_orders import State, WorkOrder
from plantroom.errors import BadData, FieldProblem

SCENARIO, COUNT, PROBLEMS = f"{CHECKLIST}-01", f"{CHECKLIST}-02", f"{CHECKLIST}-09"
MINUTES: Mapping[str, Stage] = {f"{CHECKLIST}-03": Stage.REPORT, f"{CHECKLIST}-04": Stage.COMMAND}
"""Items that hold a stage's minutes."""

JUDGED = (f"{CHECKLIST}-05", f"{CHECKLIST}-06")
"""Items that say whether the drill went by the plan."""

TIMED = (Stage.REPORT, Stage.COMMAND)
"""Stages whose time a record has to have."""


class Grade(StrEnum):
    """How a drill went."""

    BY_PLAN = "by_plan"
    WITH_FAULTS = "with_faults"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StageTime:
    """Minutes from the drill's beginning until a stage was reached."""

    stage: Stage
    minutes: float


@dataclass(frozen=True, slots=True)
class DrillRecord:
    """What is known of a drill. ``participants`` are names, ``people`` their number where nobody is named;
    ``emergency_plan`` is the key of the plan that was drilled; ``version`` counts changes."""

    work_order: str
    site: str
    scenario: str = ""
    participants: tuple[str, ...] = ()
    people: int | None = None
    times: tuple[StageTime, ...] = ()
    findings: str = ""
    grade: Grade | None = None
    evaluation: str = ""
    follow_ups: tuple[FollowUp, ...] = ()
    emergency_plan: str | None = None
    by: str = ""
    recorded_at: datetime | None = None
    version: int = 1

    @property
    def headcount(self) -> int:
        """How many took part."""
        return max(len(self.participants), self.people or 0)


def told_by_checklist(order: WorkOrder) -> DrillRecord:
    """What the answers on the order's checklist say of the drill; empty where it has none of these items."""
    answers = order.answers
    times = [
        StageTime(stage, number) for step, stage in MINUTES.items() if (number := _number(order, step)) is not None
    ]
    judged = [answers[step] for step in JUDGED if answers.get(step, {}).get("outcome") in {"ok", "not_ok"}]
    grade = None
    if judged:
        grade = Grade.WITH_FAULTS if any(one["outcome"] == "not_ok" for one in judged) else Grade.BY_PLAN
    count = _number(order, COUNT)
    return DrillRecord(
        work_order=order.id,
        site=order.site,
        scenario=_text(order, SCENARIO),
        people=None if count is None else int(count),
        times=tuple(times),
        findings=_text(order, PROBLEMS),
        grade=grade,
        evaluation="；".join(str(one["remark"]) for one in judged if one.get("remark")),
    )


def merged(written: DrillRecord | None, told: DrillRecord) -> DrillRecord:
    """What was written, with what only the checklist tells."""
    if written is None:
        return told
    known = {one.stage for one in written.times}
    times = [*written.times, *(one for one in told.times if one.stage not in known)]
    return replace(
        written,
        scenario=written.scenario or told.scenario,
        people=told.people if written.people is None else written.people,
        times=tuple(sorted(times, key=lambda one: list(Stage).index(one.stage))),
        findings=written.findings or told.findings,
        grade=written.grade or told.grade,
        evaluation=written.evaluation or told.evaluation,
    )


def lacks(record: DrillRecord) -> list[FieldProblem]:
    """What a record has to have and has not, and times that run backwards."""
    missing = [
        ("scenario", not record.scenario.strip(), "填写演练科目与情景", "say what was drilled"),
        ("participants", record.headcount == 0, "填写参加人员或人数", "say who took part, or how many"),
        (
            "findings",
            not record.findings.strip(),
            "填写发现的问题（没有也请写明）",
            "say what was found, or that nothing was",
        ),
        ("grade", record.grade is None, "填写评价", "say how it went"),
    ]
    timed = {one.stage for one in record.times}
    found = [
        FieldProblem(f"drill.{name}", "drill_record_missing", f"{zh} / {en}")
        for name, absent, zh, en in missing
        if absent
    ]
    found += [
        FieldProblem(f"drill.times.{stage}", "drill_record_missing", "填写用时（分钟）/ say after how many minutes")
        for stage in TIMED
        if stage not in timed
    ]
    return found + time_problems(record)


def time_problems(record: DrillRecord) -> list[FieldProblem]:
    """Stages named twice, before the beginning, or sooner than the one before them."""
    stages = [one.stage for one in record.times]
    ordered = [one.minutes for one in sorted(record.times, key=lambda one: list(Stage).index(one.stage))]
    if len(set(stages)) < len(stages):
        return [FieldProblem("drill.times", "twice", "同一阶段出现两次 / a stage is there twice")]
    if any(one < 0 for one in ordered) or ordered != sorted(ordered):
        words = "各阶段用时应依次不减 / a stage comes no sooner than the one before it"
        return [FieldProblem("drill.times", "runs_backwards", words)]
    return []


def refuse_without(record: DrillRecord, number: int) -> None:
    """Raises ``BadData`` that names what is missing."""
    problems = lacks(record)
    if problems:
        said = "; ".join(f"{one.field}: {one.message}" for one in problems)
        raise BadData(f"演练工单#{number}缺少演练记录 / drill #{number} lacks its record: {said}", problems)


def is_completing(order: WorkOrder, to: State) -> bool:
    """Whether a step says that the drill was held."""
    return order.state is State.IN_PROGRESS and to in (State.EVIDENCE_PENDING, State.COMPLETED)


def _text(order: WorkOrder, step: str) -> str:
    entry = order.answers.get(step, {})
    return str(entry.get("text") or entry.get("remark") or "").strip()


def _number(order: WorkOrder, step: str) -> float | None:
    value = order.answers.get(step, {}).get("number")
    return float(value) if isinstance(value, (int, float)) else None
