"""The departments of the seed (``departments.toml``)."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from maintenance.seed.strict import once, tables
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import LocalName

FILE = "departments.toml"


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the user's tables; ``aliases`` are other spellings, ``classes`` the equipment that is its own."""

    key: str
    name: LocalName
    aliases: tuple[str, ...]
    classes: tuple[str, ...] = ()


@cache
def departments() -> Mapping[str, Department]:
    """Departments by key."""
    found: dict[str, Department] = {}
    for entry in tables(FILE, ["departments"]).entries("departments", "key"):
        key, name = entry.key(), entry.name()
        once(FILE, "department", [*found, key])
        found[key] = Department(key, name, entry.words("aliases"), entry.words("classes", equipment_classes()))
        entry.finish()
    return MappingProxyType(found)


def department_named(text: str) -> LocalName | None:
    """The department that a text names (either script or English), else ``None``."""
    wanted = _fold(text)
    for department in departments().values():
        if wanted in {_fold(t) for t in (department.name.zh, department.name.en, *department.aliases)}:
            return department.name
    return None


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
