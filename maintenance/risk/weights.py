"""The points that the risk of a machine is made of, from ``weights.toml``. ``BadData`` for what is wrong with it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from maintenance.risk.model import RiskPolicy
from maintenance.seed.strict import Entry
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import Health, Severity

FILE = Path(__file__).with_name("weights.toml")
MOST = 5
"""Likelihood and consequence are 1 to 5."""

Steps = tuple[tuple[float, int], ...]
"""(from, points), rising: the last one that is reached counts."""


@dataclass(frozen=True, slots=True)
class Weights:
    """``levels``: from how many points a likelihood of 1, 2, 3, 4, 5 begins. ``criticality`` are levels of the
    consequence, ``safety`` and ``single`` what is added."""

    condition: Mapping[Severity, int]
    health: Mapping[Health, int]
    age: Steps
    overdue_law: Steps
    overdue_other: Steps
    repeats: Steps
    levels: tuple[int, ...]
    criticality: Mapping[str, int]
    safety: int
    single: int
    safety_systems: frozenset[str]
    warning_value: int
    clear_value: int
    clear_after_days: int
    basis: str
    status: str

    def likelihood(self, points: int) -> int:
        """The level, 1 to 5, of so many points."""
        return max(level for level, begins in enumerate(self.levels, 1) if points >= begins)


def built_in(site: str) -> RiskPolicy:
    """What holds where a site says nothing itself."""
    given = weights()
    return RiskPolicy(site, given.warning_value, given.clear_value, given.clear_after_days)


def points_at(steps: Steps, value: float) -> int:
    """The points of a value: 0 below the first step."""
    return max((points for begins, points in steps if value >= begins), default=0)


@cache
def weights() -> Weights:
    """Those of the file."""
    return read_weights(FILE.read_text(encoding="utf-8"))


def read_weights(text: str) -> Weights:
    """Weights as TOML."""
    file = Entry(tomllib.loads(text), FILE.name)
    condition, health = _table(file, "condition"), _table(file, "health")
    consequence = _table(file, "consequence")
    found = Weights(
        condition={severity: condition.whole(severity.value) for severity in Severity},
        health={one: health.whole(one.value) for one in (Health.ACT, Health.WATCH)},
        age=_steps(file, "age"),
        overdue_law=_steps(file, "overdue_law"),
        overdue_other=_steps(file, "overdue_other"),
        repeats=_steps(file, "repeats"),
        levels=_levels(file),
        criticality={grade: consequence.whole(grade, 1) for grade in ("A", "B", "C")},
        safety=consequence.whole("safety"),
        single=consequence.whole("single"),
        safety_systems=frozenset(consequence.words("safety_systems", systems())),
        warning_value=file.whole("warning_value", 2),
        clear_value=file.whole("clear_value", 1),
        clear_after_days=file.whole("clear_after_days"),
        basis=file.basis(),
        status=file.status().value,
    )
    for entry in (condition, health, consequence, file):
        entry.finish()
    if not found.clear_value < found.warning_value <= MOST * MOST:
        file.refuse("clear_value lies below warning_value, and that at most at 25")
    return found


def _table(file: Entry, name: str) -> Entry:
    return Entry(file.take(name), f"{file.where}: {name}")


def _levels(file: Entry) -> tuple[int, ...]:
    value = file.take("levels")
    whole = isinstance(value, list) and all(isinstance(one, int) for one in value)
    if not whole or len(value) != MOST or value[0] != 0 or value != sorted(set(value)):
        file.refuse("levels are five whole numbers that rise from 0")
    return tuple(value)


def _steps(file: Entry, name: str) -> Steps:
    steps: list[tuple[float, int]] = []
    for entry in file.entries(name):
        begins = entry.number("from")
        if begins is None:
            entry.refuse("from is missing")
        steps.append((begins, entry.whole("points")))
        entry.finish()
    if not steps or not _rise(steps):
        file.refuse(f"{name}: both from and points rise from step to step")
    return tuple(steps)


def _rise(steps: Sequence[tuple[float, int]]) -> bool:
    return all(before[0] < after[0] and before[1] < after[1] for before, after in pairwise(steps))
