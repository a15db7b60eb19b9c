"""A figure and what it rests on. Pure.

Nothing is better than a number that means nothing: below its minimum a figure has no value.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from plantroom.domain.assets import LocalName

MINIMUM_FAILURES = 3
"""Fewer failures give no mean time between them (D)."""

MINIMUM_REPAIRS = 3
"""Fewer repairs give no mean time to repair (D)."""

MINIMUM_DAYS = 30.0
"""Days of machines that are watched less give neither (D)."""

MINIMUM_JUDGED = 5
"""Fewer verdicts give no precision (D)."""

INSUFFICIENT = LocalName("数据不足", "insufficient data")


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` is ``None`` where there is too little: then ``count`` is below ``minimum``, or ``days`` below
    ``minimum_days``. ``count`` is how many cases it rests on, ``days`` how many days of machines."""

    value: float | None
    count: int
    minimum: int = 1
    days: float | None = None
    minimum_days: float | None = None

    @property
    def enough(self) -> bool:
        """Whether there is a value."""
        return self.value is not None


def share(good: int, of: int, minimum: int = 1) -> Figure:
    """The share of good cases, 0 to 1."""
    return Figure(good / of if of >= max(minimum, 1) else None, of, minimum)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure is: its formula, where that comes from and how far it was checked (``M``: from memory)."""

    name: LocalName
    formula: LocalName
    source: str


DEFINITIONS: Mapping[str, Definition] = {
    "plan": Definition(
        LocalName("计划完成率", "Plan compliance"),
        LocalName(
            "按期完成 / 期内到期（含漏做、延期、旁路；法定工作另计）",
            "done by the last day / fell due in the period (missed, put off, bypassed included; statutory work apart)",
        ),
        "SMRP 5.4.14, EN 15341:2019 (M)",
    ),
    "sla": Definition(
        LocalName("时限达成率", "SLA compliance"),
        LocalName("在时限内停止的时钟 / 期内判定的时钟", "clocks stopped within their limit / clocks decided"),
        "docs/sla.md",
    ),
    "mtbf": Definition(
        LocalName("平均故障间隔（小时）", "MTBF (hours)"),
        LocalName("运行时间 / 确认的故障数", "operating time / confirmed failures"),
        "EN 13306:2017, ISO 14224:2016 (M)",
    ),
    "mttr": Definition(
        LocalName("平均修复时间（小时）", "MTTR (hours)"),
        LocalName(
            "从接单到完成、扣除暂停的时间之和 / 确认的维修数",
            "time from acceptance to completion, pauses taken off / confirmed repairs",
        ),
        "EN 15341:2019 (M)",
    ),
    "availability": Definition(
        LocalName("可用率", "Availability"),
        LocalName(
            "可用时间 / （可用时间 + 记录的停用时间），自设备录入起",
            "up time / (up time + recorded down time), since the machine was entered",
        ),
        "EN 15341:2019 (M)",
    ),
    "ticket_precision": Definition(
        LocalName("工单准确率", "Ticket precision"),
        LocalName("确认属实 / 已判定的工单", "confirmed / judged tickets"),
        "D",
    ),
    "alarm_precision": Definition(
        LocalName("报警准确率", "Alarm precision"),
        LocalName("工单确认属实 / 工单已判定的报警", "alarms whose ticket was confirmed / judged"),
        "D",
    ),
}
