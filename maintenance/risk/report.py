"""The early-warning report: the four parts of the users' template (requirements MO-06), in both languages. Pure.

    overview, possible impact, measures taken, next advice

It says what is known, and what is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from maintenance.emergency.plans import EmergencyPlan
from maintenance.risk.model import (
    LIKELIHOOD,
    NOT_OF_THE_MACHINE,
    Assessment,
    Factor,
    Facts,
    OpenTicket,
    Part,
    RiskPolicy,
    RiskReport,
)
from maintenance.seed.codes import RiskMatrix
from maintenance.work_orders import State
from plantroom.domain.assets import EquipmentClass, LocalName
from plantroom.domain.wording import counted

MOST_LINES = 12
"""Lines of one part at most: a report is read."""

_STATES = {
    State.SCHEDULED: LocalName("已排期", "scheduled"),
    State.OPEN: LocalName("未接单", "nobody has accepted it"),
    State.ACKNOWLEDGED: LocalName("已接单", "accepted"),
    State.IN_PROGRESS: LocalName("处理中", "in progress"),
    State.ON_HOLD: LocalName("挂起", "on hold"),
    State.EVIDENCE_PENDING: LocalName("已完成，等待照片", "done, photos awaited"),
}


@dataclass(frozen=True, slots=True)
class Around:
    """What a report says beside the machine itself. ``place``: where it stands, in words; ``plan``: the emergency plan
    that would be used; ``last_done``: the last planned work, in words."""

    matrix: RiskMatrix
    made: EquipmentClass | None
    place: str = ""
    plan: EmergencyPlan | None = None
    last_done: LocalName | None = None


def make_report(
    key: str, crossing: int, facts: Facts, found: Assessment, policy: RiskPolicy, around: Around, now: datetime
) -> RiskReport:
    """The report of a machine that has crossed the warning value."""
    asset, band = facts.asset, around.matrix.band(found.score)
    title = LocalName(
        f"风险预警：{asset.code} {asset.name.zh}，{found.score}分（{band.name.zh}）",
        f"Early warning: {asset.code} {asset.name.en}, {counted(found.score, 'point')} ({band.name.en})",
    )
    return RiskReport(
        id=key,
        site=asset.site,
        asset=asset.key,
        crossing=crossing,
        made_at=now,
        likelihood=found.likelihood,
        consequence=found.consequence,
        score=found.score,
        warning_value=policy.warning_value,
        title=title,
        parts=found.parts,
        overview=_overview(facts, found, policy, around),
        impact=_impact(facts, found, around),
        measures=_measures(facts, around),
        advice=_advice(facts, found, around),
    )


def _overview(facts: Facts, found: Assessment, policy: RiskPolicy, around: Around) -> tuple[LocalName, ...]:
    asset, matrix, place = facts.asset, around.matrix, around.place
    likely, grave = matrix.likelihoods[found.likelihood - 1], matrix.consequences[found.consequence - 1]
    lines = [
        LocalName(
            f"{asset.code} {asset.name.zh}（{place or '位置未登记'}）风险值达到预警值{policy.warning_value}："
            f"可能性{found.likelihood}（{likely.name.zh}）× 后果{found.consequence}（{grave.name.zh}）"
            f"= {found.score}。",
            f"{asset.code} {asset.name.en} ({place or 'place not entered'}) has reached the warning value"
            f" {policy.warning_value}: likelihood {found.likelihood} ({likely.name.en}) x consequence"
            f" {found.consequence} ({grave.name.en}) = {found.score}.",
        )
    ]
    lines += [_because(part) for part in found.parts if part.points]
    unknown = [part.text for part in found.parts if not part.known]
    if unknown:
        zh, en = "；".join(one.zh for one in unknown), "; ".join(one.en for one in unknown)
        lines.append(LocalName(f"未知：{zh}。", f"Not known: {en}."))
    return _cut(lines)


def _because(part: Part) -> LocalName:
    zh, en = ("分", "points") if part.factor in LIKELIHOOD else ("级", "levels")
    return LocalName(f"{part.text.zh}：+{part.points}{zh}", f"{part.text.en}: +{part.points} {en}")


def _impact(facts: Facts, found: Assessment, around: Around) -> tuple[LocalName, ...]:
    means = around.matrix.consequences[found.consequence - 1].meaning
    lines = [LocalName(f"如发生故障：{means.zh}。", f"If it fails: {means.en}.")]
    factors = {part.factor: part for part in found.parts}
    added = [factors[one].text for one in (Factor.SAFETY, Factor.SINGLE) if factors[one].points]
    lines += [LocalName(f"{one.zh}。", f"{_capital(one.en)}.") for one in added]
    if any(one.law for one in facts.overdue):
        lines.append(
            LocalName(
                "法定工作或证照逾期，可能被责令停用或处罚。",
                "Statutory work or a licence is overdue: use may be forbidden, or fined.",
            )
        )
    return tuple(lines)


def _measures(facts: Facts, around: Around) -> tuple[LocalName, ...]:
    lines = [_under_way(ticket) for ticket in facts.tickets]
    if around.last_done is not None:
        lines.append(around.last_done)
    if not facts.tickets:
        lines.insert(0, LocalName("目前没有针对该设备的工单。", "No ticket is open for the machine."))
    return _cut(lines)


def _under_way(ticket: OpenTicket) -> LocalName:
    state = _STATES.get(ticket.state, LocalName(ticket.state.value, ticket.state.value))
    zh = ticket.assignee or ticket.department or "未分派"
    en = ticket.assignee or ticket.department or "given to nobody"
    return LocalName(
        f"工单#{ticket.number} {ticket.title.zh}：{state.zh}，{zh}",
        f"#{ticket.number} {ticket.title.en}: {state.en}, {en}",
    )


def _advice(facts: Facts, found: Assessment, around: Around) -> tuple[LocalName, ...]:
    by = {part.factor: part for part in found.parts}
    lines: list[LocalName] = []
    lines += _checks(facts, around)
    lines += [
        LocalName(f"立即完成：{_named(one.number, one.title.zh)}", f"Do at once: {_named(one.number, one.title.en)}")
        for one in sorted(facts.overdue, key=lambda one: not one.law)
    ]
    if by[Factor.REPEATS].points:
        lines.append(
            LocalName(
                f"{by[Factor.REPEATS].text.zh}：查明根本原因，不只排除故障。",
                f"{_capital(by[Factor.REPEATS].text.en)}: find the root cause.",
            )
        )
    if by[Factor.AGE].points:
        lines.append(
            LocalName(
                f"{by[Factor.AGE].text.zh}：评估更换或大修。",
                f"{_capital(by[Factor.AGE].text.en)}: plan its renewal or overhaul.",
            )
        )
    if by[Factor.SINGLE].points:
        lines.append(LocalName("准备备件和临时替代措施。", "Have spare parts and a stand-in ready."))
    if around.plan is not None:
        plan = around.plan
        lines.append(
            LocalName(
                f"准备启用{plan.name.zh}（{plan.code}），清点应急物资。",
                f"Have {plan.name.en} ({plan.code}) ready, its supplies counted.",
            )
        )
    elif by[Factor.SAFETY].points:
        lines.append(LocalName("没有适用的应急预案，请编制。", "No emergency plan fits: write one."))
    if not by[Factor.AGE].known:
        lines.append(LocalName("在设备卡上补登安装日期。", "Enter the day of installation on its card."))
    return _cut(lines)


def _checks(facts: Facts, around: Around) -> list[LocalName]:
    modes = [one.failure_mode for one in facts.episodes if one.failure_mode not in NOT_OF_THE_MACHINE]
    modes += [one.failure_mode for one in facts.tickets if one.failure_mode is not None]
    known = [None if around.made is None else around.made.mode(mode) for mode in dict.fromkeys(modes)]
    return [
        LocalName(f"{mode.name.zh}：{check.zh}", f"{_capital(mode.name.en)}: {check.en}")
        for mode in known
        if mode is not None
        for check in mode.first_checks[:3]
    ]


def _named(number: int, title: str) -> str:
    return f"#{number} {title}" if number else title


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _cut(lines: Sequence[LocalName]) -> tuple[LocalName, ...]:
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    rest = len(lines) - MOST_LINES + 1
    return (*lines[: MOST_LINES - 1], LocalName(f"……另有{rest}项", f"... and {rest} more"))
