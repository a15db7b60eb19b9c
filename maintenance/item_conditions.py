"""Conditions of checklist items: when an item is asked for at all. Pure.

A condition is a text: ``season:winter`` (inside that season of the site), ``option:diesel_pump`` (the site has it),
``class:pump`` (the order's asset is of that class), ``answer:FI-PW-01=ok`` (that step was answered so). Of several
conditions of one kind one must hold, and every kind must. What is not known (no answer yet, a site that has not said
which options it has) does not rule an item out: whoever is there says "not applicable".
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from maintenance.work_orders import ChecklistItem
from plantroom.errors import BadData

KINDS = ("season", "option", "class", "answer")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; ``step`` is the step whose outcome ``value`` is meant (kind ``answer``)."""

    kind: str
    value: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known where an item is asked for; ``None``: not known. Hashable where ``outcomes`` are not given."""

    seasons: frozenset[str] | None = None
    options: frozenset[str] | None = None
    equipment_class: str | None = None
    outcomes: Mapping[str, str] | None = None


def read_condition(text: str) -> Condition:
    """The condition that a text means. Raises ``BadData``."""
    kind, colon, value = text.partition(":")
    step, equals, outcome = value.partition("=")
    if not colon or not value or kind not in KINDS or (kind == "answer") != bool(equals and step and outcome):
        raise BadData(f"condition {text!r}: use season:NAME, option:NAME, class:NAME or answer:STEP=OUTCOME")
    return Condition(kind, outcome, step) if kind == "answer" else Condition(kind, value)


def is_asked(item: ChecklistItem, here: Circumstances) -> bool:
    """Whether an item is asked for in these circumstances."""
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for text in item.conditions:
        condition = read_condition(text)
        by_kind[condition.kind].append(_holds(condition, here))
    return all(any(held) for held in by_kind.values())


def _holds(condition: Condition, here: Circumstances) -> bool:
    if condition.kind == "answer":
        given = None if here.outcomes is None else here.outcomes.get(condition.step)
        return given is None or given == condition.value
    if condition.kind == "class":
        return here.equipment_class in (None, condition.value)
    known = here.seasons if condition.kind == "season" else here.options
    return known is None or condition.value in known
