"""The life of an incident: one state machine. Pure.

    report > command > on_site > (coordination >) closing

Coordination may be left out with a word why. Times never run backwards: a stage is reached at or after the one before
it. What happened while nobody could enter it is entered afterwards with its own times. A correction replaces a stage's
entry and keeps the one before. Instants are aware UTC; DST does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maintenance.emergency.plans import Category, EmergencyPlan
from maintenance.incidents.model import (
    OUTCOMES,
    PARTS,
    STAGES,
    Correction,
    Incident,
    Involved,
    Item,
    Lessons,
    Listed,
    Mark,
    Note,
    Outcome,
    Part,
    PlanUsed,
    Stage,
    StageEntry,
)
from plantroom.errors import BadData, Conflict, FieldProblem, IllegalTransition, NotFound

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
"""How far a caller's clock may be ahead of ours; what is ahead counts as now."""

MOST = 500
"""Notes, corrections and marks of one item that an incident holds at most: it ends before that, or is another one."""

NEXT: Mapping[Stage, tuple[Stage, ...]] = {
    Stage.REPORT: (Stage.COMMAND,),
    Stage.COMMAND: (Stage.ON_SITE,),
    Stage.ON_SITE: (Stage.COORDINATION, Stage.CLOSING),
    Stage.COORDINATION: (Stage.CLOSING,),
    Stage.CLOSING: (),
}
"""Which stage may follow which."""

NEEDS: Mapping[Stage, Part] = {
    Stage.REPORT: Part.REPORTER,
    Stage.COMMAND: Part.COMMANDER,
    Stage.ON_SITE: Part.ON_SITE_LEAD,
    Stage.COORDINATION: Part.COORDINATOR,
    Stage.CLOSING: Part.COMMANDER,
}
"""Whom a stage has to name. Closing without a word has the commander of before."""


class IncidentClosed(Conflict):
    """The incident's record is frozen."""

    code = "incident_closed"


def moment(at: datetime | None, now: datetime, floor: datetime = EARLIEST, ceiling: datetime | None = None) -> datetime:
    """When something was done: ``at``, or now. ``BadData`` naming ``at`` for what lies before ``floor``, after
    ``ceiling`` or more than five minutes ahead."""
    if at is None:
        at = now
    if at > now + AHEAD:
        raise _bad("at", "in_the_future", "晚于当前时间5分钟以上 / is more than five minutes ahead of now")
    at = min(at, now)
    if at < floor:
        raise _bad(
            "at", "runs_backwards", f"早于上一步（{_said(floor)}）/ is before the step before it ({_said(floor)})"
        )
    if ceiling is not None and at > ceiling:
        said = _said(ceiling)
        raise _bad("at", "runs_backwards", f"晚于下一步（{said}）/ is after the step behind it ({said})")
    return at


def begun(incident: Incident, plan: EmergencyPlan | None) -> Incident:
    """A new incident with its first stage, and the list of its plan. ``BadData`` without title or reporter."""
    _check_people(Stage.REPORT, incident.stages[0].people)
    if not incident.title.zh.strip():
        raise _bad("title", "required", "填写事件名称 / give a title")
    return incident if plan is None else with_plan(incident, plan)


def with_plan(incident: Incident, plan: EmergencyPlan) -> Incident:
    """The incident with another plan's list. ``Conflict`` once something on the present list has been marked."""
    refuse_closed(incident)
    if any(item.marks for item in incident.items):
        raise Conflict(
            "应急预案的清单已在使用，不能更换 / the list of the emergency plan is in use: finish it, and note what is"
            " added"
        )
    used = PlanUsed(plan.key, plan.code, plan.version, plan.name)
    return replace(incident, plan=used, items=items_of(plan))


def items_of(plan: EmergencyPlan) -> tuple[Item, ...]:
    """A plan's lists as items to be worked through."""
    lists = ((Listed.MEASURE, plan.measures), (Listed.SUPPLY, plan.supplies), (Listed.PERSON, plan.people))
    return tuple(
        Item(f"{listed.value[0]}{number}", listed, text)
        for listed, texts in lists
        for number, text in enumerate(texts, 1)
    )


def fitting_plan(plans: Sequence[EmergencyPlan], kind: Category, equipment_class: str | None) -> EmergencyPlan | None:
    """The plan for an incident: one for that class of equipment first, then one for the kind; the site's own before
    those of every site. ``None``: there is none."""
    fits = [
        plan
        for plan in plans
        if plan.active and (equipment_class in plan.classes if plan.classes else plan.category is kind)
    ]
    return min(
        fits, key=lambda plan: (not plan.classes, plan.category is not kind, plan.site is None, plan.code), default=None
    )


def advanced(
    incident: Incident,
    to: Stage,
    *,
    at: datetime | None,
    people: Sequence[Involved],
    note: str,
    by: str,
    now: datetime,
    lessons: Lessons | None = None,
) -> Incident:
    """The incident at its next stage. ``lessons`` belong to closing alone, which needs them and every measure marked.

    Raises ``IllegalTransition`` for a stage that does not follow, ``BadData`` naming everything that is missing."""
    refuse_closed(incident)
    if to not in NEXT[incident.stage]:
        words = "、".join(STAGES[one].zh for one in NEXT[incident.stage])
        names = ", ".join(NEXT[incident.stage])
        raise IllegalTransition(
            f"“{STAGES[incident.stage].zh}”之后应为：{words} / what follows {incident.stage} is {names}, not {to}"
        )
    entry = StageEntry(to, moment(at, now, incident.stages[-1].at), now, by, tuple(people), note.strip())
    if to is Stage.CLOSING and not any(one.part is Part.COMMANDER for one in entry.people):
        entry = replace(entry, people=(*_commanders(incident), *entry.people))
    _check_people(to, entry.people)
    problems = _skipped(incident, entry) + (closing_lacks(incident, lessons) if to is Stage.CLOSING else [])
    if to is not Stage.CLOSING and lessons is not None:
        problems.append(FieldProblem("lessons", "too_early", "结束时填写 / belongs to closing"))
    if problems:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in problems), problems)
    return replace(incident, stage=to, stages=(*incident.stages, entry), lessons=lessons)


def _skipped(incident: Incident, entry: StageEntry) -> list[FieldProblem]:
    if entry.stage is Stage.CLOSING and incident.stage is Stage.ON_SITE and not entry.note:
        message = "未经协调沟通即结束，请说明原因 / say why nobody had to be coordinated with"
        return [FieldProblem("note", "required", message)]
    return []


def closing_lacks(incident: Incident, lessons: Lessons | None) -> list[FieldProblem]:
    """What is missing before an incident can be closed."""
    found = [
        FieldProblem(f"items.{item.id}", "unmarked", f"未处理：{item.text} / nobody has said what became of it")
        for item in incident.items
        if item.listed is Listed.MEASURE and item.outcome is None
    ]
    if lessons is None:
        found.append(FieldProblem("lessons", "required", "填写经验教训 / an incident ends with its lessons"))
        return found
    for name, zh, en in (
        ("went_well", "做得好的方面", "what went well"),
        ("to_change", "需要改进的方面", "what to change"),
    ):
        if not getattr(lessons, name).strip():
            found.append(FieldProblem(f"lessons.{name}", "required", f"填写{zh} / say {en}"))
    return found


def corrected(
    incident: Incident,
    stage: Stage,
    *,
    at: datetime | None,
    people: Sequence[Involved] | None,
    note: str | None,
    reason: str,
    by: str,
    now: datetime,
) -> Incident:
    """The incident with a stage's entry put right; what is ``None`` stays. The time stays between its neighbours'.
    Raises ``Conflict`` for a stage that is not reached, ``BadData``."""
    refuse_closed(incident)
    place = next((n for n, entry in enumerate(incident.stages) if entry.stage is stage), None)
    if place is None:
        raise Conflict(f"尚未到达“{STAGES[stage].zh}” / {stage} is not reached yet")
    if not reason.strip():
        raise _bad("reason", "required", "说明更正原因 / say why it is corrected")
    before = incident.stages[place]
    floor = incident.stages[place - 1].at if place else EARLIEST
    ceiling = incident.stages[place + 1].at if place + 1 < len(incident.stages) else None
    entry = replace(
        before,
        at=before.at if at is None else moment(at, now, floor, ceiling),
        people=before.people if people is None else tuple(people),
        note=before.note if note is None else note.strip(),
    )
    _check_people(stage, entry.people)
    if entry == before:
        return incident
    _room(incident.corrections)
    trace = Correction(stage, before, now, by, reason.strip())
    stages = (*incident.stages[:place], entry, *incident.stages[place + 1 :])
    return replace(incident, stages=stages, corrections=(*incident.corrections, trace))


def marked(
    incident: Incident, item_id: str, outcome: Outcome, *, at: datetime | None, note: str, by: str, now: datetime
) -> Incident:
    """The incident with a word on an item of its list. Raises ``NotFound`` for an item that there is not, ``BadData``
    for an outcome that is none of the item's list; what is not needed says why."""
    refuse_closed(incident)
    item = next((one for one in incident.items if one.id == item_id), None)
    if item is None:
        raise NotFound(f"there is no item {item_id} on the list of {incident.code}")
    if outcome not in OUTCOMES[item.listed]:
        words = ", ".join(OUTCOMES[item.listed])
        raise _bad("outcome", "not_of_this_list", f"应为 {words} / should be one of {words}")
    if outcome is Outcome.NOT_NEEDED and not note.strip():
        raise _bad("note", "required", "说明为何不需要 / say why it is not needed")
    _room(item.marks)
    mark = Mark(outcome, moment(at, now, incident.reported_at), now, by, note.strip())
    changed = replace(item, marks=(*item.marks, mark))
    return replace(incident, items=tuple(changed if one.id == item_id else one for one in incident.items))


def noted(incident: Incident, text: str, *, at: datetime | None, by: str, now: datetime) -> Incident:
    """The incident with one more line in its timeline. ``BadData`` for an empty one."""
    refuse_closed(incident)
    if not text.strip():
        raise _bad("text", "required", "不能为空 / must not be empty")
    _room(incident.notes)
    note = Note(moment(at, now), now, by, text.strip())
    return replace(incident, notes=(*incident.notes, note))


def refuse_closed(incident: Incident) -> None:
    """Raises ``IncidentClosed``."""
    if incident.closed:
        raise IncidentClosed(
            f"{incident.code}已结束并封存，请以补充说明更正 / {incident.code} is closed and its record frozen: correct"
            " it by an addendum (POST /api/v1/records/{id}/addenda)"
        )


def _check_people(stage: Stage, people: Sequence[Involved]) -> None:
    if any(not one.name.strip() for one in people):
        raise _bad("people", "required", "填写姓名 / everybody needs a name")
    needed = NEEDS[stage]
    if not any(one.part is needed for one in people):
        said = PARTS[needed]
        raise _bad("people", f"{needed}_required", f"填写{said.zh} / name the {said.en}")


def _commanders(incident: Incident) -> tuple[Involved, ...]:
    command = incident.reached(Stage.COMMAND)
    return () if command is None else tuple(one for one in command.people if one.part is Part.COMMANDER)


def _room(kept: Sequence[object]) -> None:
    if len(kept) >= MOST:
        raise Conflict(f"已达{MOST}条上限 / there are {MOST} already, no more are kept")


def _said(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _bad(field: str, code: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])
