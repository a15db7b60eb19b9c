"""The risk of one machine: a pure function of what is known of it.

    score = likelihood (1 to 5) x consequence (1 to 5)

The likelihood is what its points come to: what stands open or what the model says, whichever is more, and age, overdue
work and repeated faults. The consequence is the level of its criticality, more where people's safety hangs on it, and
where nothing stands by. What is not known adds nothing and is said.
"""

from datetime import datetime, timedelta

from maintenance.risk.model import (
    LIKELIHOOD,
    NOT_OF_THE_MACHINE,
    READY,
    Assessment,
    Factor,
    Facts,
    Part,
    RiskPolicy,
    Standing,
)
from maintenance.risk.weights import MOST, Weights, points_at
from plantroom.domain.assets import Health, LocalName, Severity
from plantroom.domain.wording import counted

_OF_SEVERITY = {
    Severity.CRITICAL: LocalName("紧急", "critical"),
    Severity.MAJOR: LocalName("重大", "major"),
    Severity.GENERAL: LocalName("一般", "general"),
    Severity.INFO: LocalName("提示", "info"),
}


def assess(facts: Facts, weights: Weights) -> Assessment:
    """The machine's risk with every step of it."""
    condition, model = _condition(facts, weights), _model(facts, weights)
    # One fault must not count twice: of what stands open and what the model says the higher one counts.
    lower = model if condition.points >= model.points else condition
    counted = [_not_counted(one) if one is lower and one.points else one for one in (condition, model)]
    parts = (
        *counted,
        _age(facts, weights),
        _overdue(facts, weights, law=True),
        _overdue(facts, weights, law=False),
        _repeats(facts, weights),
        Part(
            Factor.CRITICALITY,
            weights.criticality.get(facts.asset.criticality, weights.criticality["B"]),
            LocalName(f"重要度{facts.asset.criticality}", f"criticality {facts.asset.criticality}"),
            known=facts.asset.criticality in weights.criticality,
        ),
        _safety(facts, weights),
        _single(facts, weights),
    )
    points = sum(part.points for part in parts if part.factor in LIKELIHOOD)
    levels = sum(part.points for part in parts if part.factor not in LIKELIHOOD)
    return Assessment(facts.asset.key, facts.asset.site, weights.likelihood(points), max(1, min(MOST, levels)), parts)


def _condition(facts: Facts, weights: Weights) -> Part:
    episodes = [one for one in facts.episodes if one.failure_mode not in NOT_OF_THE_MACHINE]
    tickets = [one for one in facts.tickets if one.failure_mode not in NOT_OF_THE_MACHINE]
    severities = [one.severity for one in episodes] + [one.severity for one in tickets]
    blind = len(episodes) < len(facts.episodes)
    more = LocalName("；传感器或通讯有故障，状态不全", "; sensors or transmission fail: not all is seen")
    tail = more if blind else LocalName("", "")
    if not severities:
        said = LocalName(f"无未处理的故障{tail.zh}", f"no open fault{tail.en}")
        return Part(Factor.CONDITION, 0, said, known=not blind)
    worst = min(severities, key=list(Severity).index)
    name = _OF_SEVERITY[worst]
    said = LocalName(
        f"未处理：异常{len(episodes)}项、工单{len(tickets)}张，最重为{name.zh}{tail.zh}",
        f"open: {counted(len(episodes), 'condition')}, {counted(len(tickets), 'ticket')}, the worst {name.en}{tail.en}",
    )
    return Part(Factor.CONDITION, weights.condition[worst], said, known=not blind)


def _model(facts: Facts, weights: Weights) -> Part:
    said = {
        Health.ACT: LocalName("状态模型：需要处理", "condition model: act"),
        Health.WATCH: LocalName("状态模型：需要关注", "condition model: watch"),
        Health.GOOD: LocalName("状态模型：良好", "condition model: good"),
        Health.UNKNOWN: LocalName("没有状态模型的结论，不计分", "no word of a condition model: counts as nothing"),
    }
    known = facts.health is not Health.UNKNOWN
    return Part(Factor.MODEL, weights.health.get(facts.health, 0), said[facts.health], known=known)


def _not_counted(part: Part) -> Part:
    said = LocalName(f"{part.text.zh}（已计入较高的一项）", f"{part.text.en} (the higher one of the two counts)")
    return Part(part.factor, 0, said, part.known)


def _age(facts: Facts, weights: Weights) -> Part:
    age = facts.age
    if age is None:
        said = LocalName(
            "不知道安装日期或设计寿命，不计分", "no day of installation or no design life: counts as nothing"
        )
        return Part(Factor.AGE, 0, said, known=False)
    percent = int(age.share * 20) * 5
    said = LocalName(
        f"设计寿命{age.life_years:g}年，已用{percent}%以上",
        f"over {percent} % of a design life of {counted(age.life_years, 'year')}",
    )
    return Part(Factor.AGE, points_at(weights.age, age.share), said)


def _overdue(facts: Facts, weights: Weights, *, law: bool) -> Part:
    count = sum(one.law is law for one in facts.overdue)
    steps = weights.overdue_law if law else weights.overdue_other
    factor = Factor.OVERDUE_LAW if law else Factor.OVERDUE_OTHER
    zh, en = ("法定工作或证照", "statutory work or licences") if law else ("其他计划工作", "other planned work")
    said = LocalName(f"{zh}逾期{count}项", f"{en} overdue: {count}")
    return Part(factor, points_at(steps, count), said)


def _repeats(facts: Facts, weights: Weights) -> Part:
    said = LocalName(f"近12个月故障{facts.faults}次", f"faults within 12 months: {facts.faults}")
    return Part(Factor.REPEATS, points_at(weights.repeats, facts.faults), said)


def _safety(facts: Facts, weights: Weights) -> Part:
    if facts.systems & weights.safety_systems:
        return Part(
            Factor.SAFETY, weights.safety, LocalName("关系人身或消防安全", "people's safety or fire protection")
        )
    return Part(Factor.SAFETY, 0, LocalName("不属于安全系统", "of no safety system"))


def _single(facts: Facts, weights: Weights) -> Part:
    partner = facts.partner
    if partner is None:
        return Part(Factor.SINGLE, weights.single, LocalName("没有备用设备", "nothing stands by"))
    if partner.status not in READY:
        said = LocalName(f"备用设备{partner.code}不能投用", f"its partner {partner.code} cannot take over now")
        return Part(Factor.SINGLE, weights.single, said)
    return Part(Factor.SINGLE, 0, LocalName(f"{partner.code}可替代", f"{partner.code} can take over"))


def moved(known: Standing | None, found: Assessment, policy: RiskPolicy, now: datetime) -> tuple[Standing, bool]:
    """Where the machine stands after an assessment, and whether it has crossed the warning value: once, until the
    warning is over."""
    same = known is not None and (known.likelihood, known.consequence) == (found.likelihood, found.consequence)
    above, below_since = (False, None) if known is None else (known.above, known.below_since)
    crossed = not above and found.score >= policy.warning_value
    if crossed or found.score > policy.clear_value:
        above, below_since = above or crossed, None
    elif above:
        below_since = below_since or now
        if now - below_since >= timedelta(days=policy.clear_after_days):
            above, below_since = False, None
    standing = Standing(
        asset=found.asset,
        site=found.site,
        likelihood=found.likelihood,
        consequence=found.consequence,
        score=found.score,
        parts=found.parts,
        since=known.since if known is not None and same else now,
        assessed_at=now,
        above=above,
        below_since=below_since,
    )
    return standing, crossed


def unlike(known: Standing | None, standing: Standing) -> bool:
    """Whether there is anything to write."""
    if known is None:
        return True
    return (known.parts, known.score, known.above, known.below_since) != (
        standing.parts,
        standing.score,
        standing.above,
        standing.below_since,
    )
