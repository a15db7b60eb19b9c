"""What people call the work that the law asks for (``customary.toml``), by the row that it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from maintenance.seed.rows import seed_rows
from maintenance.seed.strict import Entry, once, tables

FILE = "customary.toml"


@dataclass(frozen=True, slots=True)
class Customary:
    """The names of one row: ``names`` say alone which it is in its system, ``of_machine`` for its machines only,
    ``with_interval`` for these at its interval; none of them beside a word of ``never_with``."""

    names: tuple[str, ...]
    of_machine: tuple[str, ...]
    with_interval: tuple[str, ...]
    never_with: tuple[str, ...] = ()


@cache
def customary_names() -> Mapping[str, Customary]:
    """The names by the row's code. Raises ``BadData`` naming the entry that is wrong."""
    entries = [(entry.text("code"), entry) for entry in tables(FILE, ["row"]).entries("row", "code")]
    once(FILE, "row", (code for code, _ in entries))
    codes = {one.row.code for one in seed_rows()}
    return {code: _names(code, entry, codes) for code, entry in entries}


@cache
def listed_under() -> Mapping[str, str]:
    """The system that each row of the seed is listed under, by the row's code."""
    return {one.row.code: one.system for one in seed_rows()}


def _names(code: str, entry: Entry, codes: set[str]) -> Customary:
    if code not in codes:
        entry.refuse("there is no such row")
    kinds = ("names", "of_machine", "with_interval", "never_with")
    names, of_machine, with_interval, never_with = (entry.words(kind) for kind in kinds)
    made = Customary(names, of_machine, with_interval, never_with)
    entry.finish()
    return made
