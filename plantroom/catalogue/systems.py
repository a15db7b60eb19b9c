"""Systems of a building in the words that plan tables use, and which equipment classes each one means."""

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData

FILE = Path(__file__).parent / "systems.toml"

_SEPARATORS = str.maketrans(dict.fromkeys("、,,;;/&+和与與及", "/"))


@dataclass(frozen=True, slots=True)
class System:
    """One system: ``classes`` are the equipment classes that belong to it, ``aliases`` other words for it, of which
    ``narrower`` mean a part only (通风, of the air conditioning)."""

    key: str
    name: LocalName
    aliases: tuple[str, ...]
    classes: tuple[str, ...]
    narrower: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemMatch:
    """What a cell of a plan table means: the system and the classes that its words name."""

    system: str
    classes: tuple[str, ...]


@cache
def systems() -> Mapping[str, System]:
    """All systems by key, in the order of the file. Raises ``BadData`` when the file is wrong."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found: dict[str, System] = {}
    for row in data["systems"]:
        key = row["key"]
        if key in found:
            raise BadData(f"{FILE.name}: system {key!r} is there twice")
        members = tuple(c.key for c in equipment_classes().values() if key in c.systems)
        narrower = tuple(row.get("narrower", ()))
        aliases = (*row.get("aliases", ()), *narrower)
        found[key] = System(key, LocalName(row["zh"], row["en"]), aliases, members, narrower)
    for built in equipment_classes().values():
        unknown = [key for key in built.systems if key not in found]
        if unknown:
            raise BadData(f"classes/{built.key}.toml: no system {unknown[0]!r}")
    return MappingProxyType(found)


def match_system(text: str) -> SystemMatch | None:
    """The system that a text names (key, name or alias; Simplified, Traditional or English), else ``None``.

    Width, case, blanks and the kind of separator (``、 , / 和 与``) do not matter.
    """
    found = _by_text().get(_fold(text))
    return None if found is None else SystemMatch(found.key, found.classes)


@cache
def _by_text() -> Mapping[str, System]:
    known: dict[str, System] = {}
    for system in systems().values():
        for text in (system.key, system.name.zh, system.name.en, *system.aliases):
            folded = _fold(text)
            if known.setdefault(folded, system) is not system:
                raise BadData(f"{FILE.name}: {text!r} names both {known[folded].key} and {system.key}")
    return known


def _fold(text: str) -> str:
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().replace(" and ", "/").split())
    return plain.translate(_SEPARATORS)
