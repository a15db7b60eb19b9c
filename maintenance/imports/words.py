"""The words of closed lists that several tables share (``data/words.toml``). Each value's own key counts, too."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from maintenance.emergency.plans import Category
from maintenance.imports.values import Word, Words
from maintenance.plan import Layer, Missed, Roll
from plantroom.domain.assets import AlarmPriority, AssetStatus, DutyRole, PointKind
from plantroom.ports.accounts import Role

E = TypeVar("E", bound=StrEnum)

FILE = Path(__file__).parent / "data" / "words.toml"
_DATA: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(FILE.read_text(encoding="utf-8"))


def _word(one: dict[str, Any]) -> Word:
    return Word(one["zh"], one["hant"], one["en"], tuple(one.get("also", ())))


def _of(kind: type[E], table: str, code: str = "unknown_choice") -> Words[E]:
    return Words({kind(key): _word(one) for key, one in _DATA[table].items()}, code, lambda value: value.value)


def _plain(table: str) -> Words[str]:
    return Words({key: _word(one) for key, one in _DATA[table].items()})


STATUSES = _of(AssetStatus, "statuses")
CRITICALITIES = _plain("criticalities")
DUTY_ROLES = _of(DutyRole, "duty_roles")
KINDS = _plain("kinds")
LAYERS = _of(Layer, "layers")
EXECUTORS = _plain("executors")
ROLLS = _of(Roll, "rolls")
MISSED = _of(Missed, "missed")
STATUSES_OF_FIGURES = _plain("statuses_of_figures")
POINT_KINDS = _of(PointKind, "point_kinds")
PRIORITIES = _of(AlarmPriority, "priorities")
ROLES = _of(Role, "roles", "unknown_role")
USER_LANGUAGES = _plain("user_languages")
EVIDENCE = _plain("evidence")
CATEGORIES = _of(Category, "categories", "unknown_category")
