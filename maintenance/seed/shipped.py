"""Fingerprints of every version of every checklist that the seed has ever had (``shipped.toml``): a stored checklist
that is one of them has been changed by nobody and may be brought up to date.

``python -m maintenance.seed.shipped`` adds the present ones; none is ever taken away.
"""

import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from maintenance.seed.fingerprints import list_fingerprint
from maintenance.seed.lists import seed_checklists
from maintenance.seed.strict import FOLDER, document
from maintenance.work_orders import ChecklistItem
from plantroom.errors import BadData

FILE = "shipped.toml"
_HEAD = (
    "# Fingerprints of all versions of the checklists, oldest first; written by `python -m maintenance.seed.shipped`.\n"
)


@cache
def shipped_lists() -> Mapping[str, tuple[str, ...]]:
    """Fingerprints by the code of the checklist."""
    found: dict[str, tuple[str, ...]] = {}
    for code, prints in document(FILE).items():
        if not isinstance(prints, list) or not all(isinstance(one, str) for one in prints):
            raise BadData(f"{FILE}: {code}: not a list of fingerprints")
        found[code] = tuple(prints)
    return MappingProxyType(found)


def is_as_shipped(code: str, items: tuple[ChecklistItem, ...]) -> bool:
    """Whether nobody has changed a stored checklist."""
    return list_fingerprint(items) in shipped_lists().get(code, ())


def text_with(known: Mapping[str, tuple[str, ...]], present: Mapping[str, tuple[ChecklistItem, ...]]) -> str:
    """The file with the present fingerprints added."""
    lines = [_HEAD]
    for code in sorted({*known, *present}):
        prints = list(known.get(code, ()))
        now = list_fingerprint(present[code]) if code in present else None
        if now is not None and now not in prints:
            prints.append(now)
        lines.append(f'"{code}" = {json.dumps(prints)}\n')
    return "".join(lines)


def main() -> None:
    """Add the present fingerprints to the file."""
    present = {code: one.items for code, one in seed_checklists().items()}
    (FOLDER / FILE).write_text(text_with(shipped_lists(), present), encoding="utf-8")


if __name__ == "__main__":
    main()
