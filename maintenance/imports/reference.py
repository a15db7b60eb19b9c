"""The reference part of ``docs/imports.md``, made from the columns, words and codes themselves.

``python -m plantroom.cli.reference docs`` (or ``scripts/make-docs``) writes it.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from maintenance.imports.codes import CODES
from maintenance.imports.registry import KINDS
from maintenance.imports.resolutions import RESOLVED
from maintenance.imports.values import Words
from maintenance.imports.words import (
    CATEGORIES,
    CRITICALITIES,
    DUTY_ROLES,
    EVIDENCE,
    EXECUTORS,
    LAYERS,
    MISSED,
    POINT_KINDS,
    PRIORITIES,
    ROLES,
    ROLLS,
    STATUSES,
    STATUSES_OF_FIGURES,
    USER_LANGUAGES,
)
from maintenance.imports.words import KINDS as WORK_KINDS

ABOUT = Path(__file__).parent / "data" / "imports.md"
"""What the page says before it."""

WORDS: Mapping[str, Words[Any]] = {
    "Status of an asset": STATUSES,
    "Criticality": CRITICALITIES,
    "Duty role": DUTY_ROLES,
    "Kind of work": WORK_KINDS,
    "Layer": LAYERS,
    "Executor": EXECUTORS,
    "Holiday roll": ROLLS,
    "Missed": MISSED,
    "Status of a figure": STATUSES_OF_FIGURES,
    "Kind of point": POINT_KINDS,
    "Priority": PRIORITIES,
    "Role": ROLES,
    "Language": USER_LANGUAGES,
    "Evidence": EVIDENCE,
    "Emergency": CATEGORIES,
}


def reference() -> str:
    """Every heading with its synonyms, every word of the closed lists, every code with its remedy."""
    return "\n".join([*_columns(), *_words(), *_codes()]) + "\n"


def _columns() -> Iterator[str]:
    yield "## Headings"
    yield ""
    yield "Traditional characters count as their Simplified ones, so the synonyms are listed once. **Bold**: needed."
    for kind in KINDS.values():
        yield ""
        yield f"### `{kind.key}` {kind.name.zh} / {kind.name.en}"
        yield ""
        yield "| column | headings | also | what to fill in |"
        yield "|---|---|---|---|"
        for one in kind.columns:
            name = f"**`{one.key}`**" if one.needed else f"`{one.key}`"
            note = f"{one.note.zh} / {one.note.en}" if one.note.zh else ""
            yield f"| {name} | {one.zh}, {one.hant}, {one.en} | {_cell(', '.join(one.also))} | {_cell(note)} |"
    yield ""


def _words() -> Iterator[str]:
    yield "## Words"
    yield ""
    yield "The keys themselves count, too."
    yield ""
    yield "| list | value | words | also |"
    yield "|---|---|---|---|"
    for name, words in WORDS.items():
        for value, word in words.table().items():
            key = value.value if isinstance(value, Enum) else value
            yield f"| {name} | `{key}` | {word.zh}, {word.hant}, {word.en} | {_cell(', '.join(word.also))} |"
    yield ""


def _codes() -> Iterator[str]:
    for title, warns in (("Errors", False), ("Warnings", True)):
        yield f"## {title}"
        yield ""
        yield "| code | what | what to do |"
        yield "|---|---|---|"
        for name, code in CODES.items():
            if code.warns is not warns:
                continue
            resolved = f" (requirements {RESOLVED[name]})" if name in RESOLVED else ""
            what = f"{code.meaning.zh} / {code.meaning.en}{resolved}"
            yield f"| `{name}` | {_cell(what)} | {_cell(f'{code.remedy.zh} / {code.remedy.en}')} |"
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
