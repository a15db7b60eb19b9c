"""What a change makes of a row: the next version, and what the law keeps. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from maintenance.hours import by_the_hour
from maintenance.intervals import Interval
from maintenance.plan import Layer, PlanRow
from maintenance.plan_changes.law_hours import kept_by_the_hour, law_hours
from maintenance.plan_changes.model import Action, Caution
from maintenance.plan_changes.standing import less_proof, weakened
from maintenance.reasons import frequency
from maintenance.recurrence import default_early_days, longest_between
from maintenance.schedules import AgeSchedule, IntervalSchedule
from maintenance.stand_ins import shortest_between, standing_since
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted
from plantroom.errors import BadData, FieldProblem


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row as it is to be (``None``: it ends), from when on, and for whom: ``site`` as in ``PlanChange``."""

    action: Action
    site: str | None
    before: PlanRow | None
    wanted: PlanRow | None
    effective_from: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """The row that a proposal makes, what to beware of, and whether it takes something out of what the law asks for,
    which an administrator has to approve."""

    row: PlanRow
    cautions: tuple[Caution, ...]
    leaves_law: bool


def outcome_of(proposal: Proposal, lineage: str, rows: Sequence[PlanRow] = ()) -> Outcome:
    """The row that the proposal makes. ``lineage`` is that of a new row, ``rows`` are those of every site as they are:
    what the row stands for is looked up there. ``BadData`` names the field that cannot be."""
    found = _made(proposal, lineage)
    if proposal.action is Action.RETIRE:
        return found
    others = [one for one in rows if one.lineage != found.row.lineage]
    laxer = tuple(one.caution() for one in weakened(rows, [*others, found.row]))
    return Outcome(found.row, (*found.cautions, *laxer), found.leaves_law or bool(laxer))


def _made(proposal: Proposal, lineage: str) -> Outcome:
    before, day = proposal.before, proposal.effective_from
    if before is None:
        wanted = _needed(proposal.wanted)
        row = replace(wanted, lineage=lineage, site=proposal.site, effective_from=day, version=1)
        return Outcome(row, (), leaves_law=False)
    apart = proposal.site is not None and before.site is None
    base = replace(before, lineage=lineage, site=proposal.site, version=1) if apart else before
    if proposal.action is Action.RETIRE:
        law = before.layer is Layer.LAW
        row = replace(base, ends=day)
        return Outcome(row, (_ends_law(before),) if law else (), leaves_law=law)
    _not_before_what_waits(before, day)
    wanted = _needed(proposal.wanted)
    row = replace(
        wanted,
        lineage=base.lineage,
        site=base.site,
        version=base.version,
        effective_from=day,
        since=before.first_day,
    )
    row = standing_since(before, row, day)
    found = lawful(before, row)
    gone = sorted(set(before.fulfils) - set(row.fulfils))
    return replace(found, cautions=(*found.cautions, _hands_nothing_back(gone))) if gone else found


def _needed(row: PlanRow | None) -> PlanRow:
    if row is None:
        raise _wrong("row", "missing", "说明计划项内容 / say what the row is to be")
    return row


def _not_before_what_waits(before: PlanRow, day: date) -> None:
    """The newest version in effect counts: one that comes into effect before another that waits would be lost."""
    if day < before.effective_from:
        text = (
            f"该计划项另有{before.effective_from}起生效的变更，请选该日或之后 / a version of this row takes effect on "
            f"{before.effective_from}: choose that day or a later one"
        )
        raise _wrong("effective_from", "before_waiting_version", text)


def law_floor(row: PlanRow) -> int | None:
    """The longest gap in days that the law allows by a row of its own; ``None`` when the row says none."""
    if row.layer is not Layer.LAW:
        return None
    hours = law_hours(row)
    between = longest_between(row) if hours is None else -(-hours // 24)
    gap = between if row.max_gap_days is None else row.max_gap_days
    return gap if gap > 0 else None


def floor_of_change(before: PlanRow, after: PlanRow) -> int | None:
    """The longest gap in days that a change of a row has to keep. Years that the law counts from the installation are
    unequal: an interval in their place is never longer than the shortest of them."""
    floor = law_floor(before)
    if before.layer is not Layer.LAW or not isinstance(before.schedule, AgeSchedule):
        return floor
    if isinstance(after.schedule, AgeSchedule):
        return floor
    shortest = shortest_between(before.schedule)
    return shortest if floor is None else min(floor, shortest)


def lawful(before: PlanRow, after: PlanRow) -> Outcome:
    """What the law asks for stays: its layer, and its longest gap whatever the interval is. ``BadData`` for another
    layer."""
    if before.layer is not Layer.LAW:
        return Outcome(after, (), leaves_law=False)
    if after.layer is not Layer.LAW:
        text = "法规要求的计划项不能改为其他层级 / a row that the law asks for stays one: end it and make another"
        raise _wrong("layer", "law_stays", text)
    cautions: list[Caution] = []
    floor = floor_of_change(before, after)
    after, fewer_hours = kept_by_the_hour(before, after, floor)
    if fewer_hours:
        cautions.append(_hours_kept(after.interval))
    if floor is not None and _is_laxer(before, after, floor):
        after = replace(after, max_gap_days=min(floor, after.max_gap_days or floor))
        cautions.append(_floor_kept(floor))
    elif floor is not None and after.max_gap_days is None and before.max_gap_days is not None:
        after = replace(after, max_gap_days=before.max_gap_days)
    narrower = after.applies_to != before.applies_to or (after.ends is not None and after.ends != before.ends)
    if narrower:
        cautions.append(_other_machines(before))
    other_dates = _other_dates(before, after, floor)
    other_proof = after.kind != before.kind or less_proof(after, before)
    cautions += [
        _to_be_approved(code, words, before)
        for code, words, told in (("law_dates", _DATES, other_dates), ("law_proof", _PROOF, other_proof))
        if told
    ]
    return Outcome(after, tuple(cautions), leaves_law=narrower or other_dates or other_proof)


def _is_laxer(before: PlanRow, after: PlanRow, floor: int) -> bool:
    """Whether a row says less often than the law, by its longest gap or by an interval that is new in it."""
    asked = {after.max_gap_days or longest_between(after)}
    if after.interval != before.interval:
        asked.add(longest_between(after))
    return any(days == 0 or days > floor for days in asked)


_DATES = LocalName(
    "法规要求的项目将改按其他规则或更宽的期限确定日期",
    "work that the law asks for will have its dates by another rule or in a wider window",
)
_PROOF = LocalName(
    "法规要求的项目将改变性质、实施单位，减少资格、检查表或凭证，或改由读数完成",
    "work that the law asks for will be of another kind, done by others or by a reading, or with less of a "
    "certificate, checklist or evidence",
)


def _other_dates(before: PlanRow, after: PlanRow, floor: int | None) -> bool:
    """Whether the dates go by something that no longest gap holds: another schedule, a longer time out of use before
    it is asked for, a wider window, or an anchor behind it. Nothing is due before its anchor."""
    had, has = before.before_reuse, after.before_reuse
    if had is not None and (has is None or has.after_days > had.after_days):
        return True
    if after.schedule != before.schedule or _is_wider(before, after, floor):
        return True
    if after.anchor is None or after.anchor == before.anchor:
        return False
    return floor is None or after.anchor > after.effective_from + timedelta(days=floor)


def _is_wider(before: PlanRow, after: PlanRow, floor: int | None) -> bool:
    """Whether the window of a row of the same schedule reaches to where no longest gap holds it: the gap counts from
    the last completion, so that the first date has the late days alone; season and years have their own days."""
    later = after.late_days > before.late_days
    if not isinstance(after.schedule, IntervalSchedule):
        usual = default_early_days(after.interval, after.late_days)
        return later or after.early_days > max(before.early_days, usual)
    if by_the_hour(after.interval) or floor is None:
        return False
    if after.max_gap_days is not None:
        return later and after.late_days > floor
    # Without a gap two completions are at the most as far apart as from an early one to a late one.
    slowest = longest_between(after) + after.early_days + after.late_days
    return slowest > floor + before.early_days + before.late_days


def _floor_kept(days: int) -> Caution:
    return Caution(
        "law_floor",
        LocalName(
            f"比法规宽松：仍按法规间隔（最长{days}天）安排",
            f"laxer than the law: still scheduled by the law's longest gap, {counted(days, 'day')}",
        ),
    )


def _hours_kept(interval: Interval) -> Caution:
    said = frequency(interval)
    return Caution(
        "law_floor",
        LocalName(f"比法规宽松：仍按法规{said.zh}安排", f"laxer than the law: still scheduled as it says, {said.en}"),
    )


def _hands_nothing_back(codes: Sequence[str]) -> Caution:
    """A row that only ceases to stand for others has never stood for them: their dates since then are made up for."""
    said = ", ".join(codes)
    return Caution(
        "fulfils_dropped",
        LocalName(
            f"不再满足{said}后，其以往所有日期都将补生成并记为漏做；请改为终止本计划项并另建一项",
            f"all dates that {said} had since then will be made and count as missed: end this row and make another one",
        ),
    )


def _ends_law(row: PlanRow) -> Caution:
    words = LocalName("法规要求的项目将终止", "work that the law asks for ends")
    return _to_be_approved("law_ends", words, row)


def _other_machines(row: PlanRow) -> Caution:
    words = LocalName(
        "法规要求的项目将适用于其他对象或期限",
        "work that the law asks for will be for other machines, or for a time only",
    )
    return _to_be_approved("law_applies_otherwise", words, row)


def _to_be_approved(code: str, words: LocalName, row: PlanRow) -> Caution:
    """What only an administrator approves."""
    zh, en = (f"（{row.basis}）", f" ({row.basis})") if row.basis else ("", "")
    return Caution(
        code,
        LocalName(f"{words.zh}{zh}，须由管理员批准", f"{words.en}{en}: an administrator has to approve"),
    )


def _wrong(field: str, code: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])
