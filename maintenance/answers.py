"""Answers on a checklist: what a tablet may send, and what it means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import PointTemplate, Severity

OUTCOMES = ("ok", "not_ok", "na")
LARGEST = 1e12
"""No number that a plant's checklist asks for is further from zero."""


class Refused(Exception):
    """An operation cannot be taken; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read and checked. ``outside`` says that the number is beyond the item's limits."""

    outcome: str
    number: float | None = None
    choice: str | None = None
    text: str | None = None
    remark: str | None = None
    severity: Severity | None = None
    outside: bool = False

    @property
    def failed(self) -> bool:
        """Whether a ticket is called for."""
        return self.outcome == "not_ok" or self.outside

    def as_json(self) -> dict[str, object]:
        """The fields that are set."""
        shown: dict[str, object] = {"outcome": self.outcome}
        for key in ("number", "choice", "text", "remark"):
            value = getattr(self, key)
            if value is not None:
                shown[key] = value
        if self.severity is not None:
            shown["severity"] = self.severity.value
        if self.outside:
            shown["outside_limits"] = True
        return shown


def result_of(answer: Mapping[str, object] | None) -> str | None:
    """What a kept answer comes to: ``ok``, ``not_ok``, ``na``; ``None``: the item was not answered. A number beyond its
    limits is ``not_ok``, whatever was ticked."""
    if not answer or not answer.get("outcome"):
        return None
    return "not_ok" if answer.get("outside_limits") else str(answer["outcome"])


def with_limits_of(item: ChecklistItem, point: PointTemplate) -> ChecklistItem:
    """The item with the alarm limits of the point that it measures, where they are tighter than its own: a number that
    would be an alarm from a sensor is not OK on a round. In another unit they say nothing of it."""
    if item.unit and item.unit != point.unit:
        return item
    lows = [one for one in (item.low, point.limits.alarm_low) if one is not None]
    highs = [one for one in (item.high, point.limits.alarm_high) if one is not None]
    return replace(item, low=max(lows, default=None), high=min(highs, default=None))


def read_number(value: object) -> float:
    """A number as JSON has it. Text is for the tablet to read, where the person who typed it can be asked: it is
    refused here (``malformed``), and so is what is not finite or further than ``LARGEST`` from zero."""
    # A truth value is an integer to Python.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused("malformed")
    # Not "further than": of a NaN neither is true.
    if not abs(value) <= LARGEST:
        raise Refused("malformed")
    return float(value)


def read_answer(item: ChecklistItem, value: Mapping[str, object]) -> Answer:
    """The answer to an item. Raises ``Refused``: ``unknown_outcome``, ``remark_required`` (not ok without a remark),
    ``number_required``, ``malformed`` (a number that is none), ``choice_required``, ``unknown_choice``,
    ``unknown_severity``."""
    outcome = value.get("outcome")
    if outcome not in OUTCOMES:
        raise Refused("unknown_outcome")
    answer = Answer(
        outcome=str(outcome),
        choice=_text(value.get("choice")),
        text=_text(value.get("text")),
        remark=_text(value.get("remark")),
        severity=_severity(value.get("severity")),
    )
    raw = value.get("number")
    if raw is not None:
        number = read_number(raw)
        answer = replace(answer, number=number, outside=_outside(item, number) and outcome != "na")
    if outcome == "not_ok" and answer.remark is None:
        raise Refused("remark_required")
    if outcome == "ok" and item.type == "number" and answer.number is None:
        raise Refused("number_required")
    if item.type == "choice":
        _check_choice(item, answer)
    return answer


def _check_choice(item: ChecklistItem, answer: Answer) -> None:
    if answer.choice is None:
        if answer.outcome == "ok":
            raise Refused("choice_required")
        return
    if item.choices and all(answer.choice not in (c.zh, c.en) for c in item.choices):
        raise Refused("unknown_choice")


def _outside(item: ChecklistItem, number: float) -> bool:
    return (item.low is not None and number < item.low) or (item.high is not None and number > item.high)


def _text(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _severity(value: object) -> Severity | None:
    if value is None or value == "":
        return None
    try:
        return Severity(str(value))
    except ValueError:
        raise Refused("unknown_severity") from None
