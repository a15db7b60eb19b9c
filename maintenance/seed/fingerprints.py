"""Fingerprints of what the seed writes: whether something stored is still as the seed wrote it.

A field at its default does not count, so that a field added later changes no fingerprint.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date
from enum import Enum
from typing import Any

from maintenance.plan import PlanRow
from maintenance.work_orders import ChecklistItem

SEED = "seed"
"""Key in a row's ``custom``: its fingerprint when the seed wrote it."""

_LENGTH = 16


def row_fingerprint(row: PlanRow) -> str:
    """Of what a row says; its version, the site that has it and the seed's own marks do not count."""
    custom = {key: value for key, value in row.custom.items() if key not in {SEED, "profile"}}
    return _hash(replace(row, lineage="", version=1, site=None, custom=custom))


def marked(row: PlanRow) -> PlanRow:
    """The row with its fingerprint, as the seed writes it."""
    return replace(row, custom={**row.custom, SEED: row_fingerprint(row)})


def is_as_seeded(row: PlanRow) -> bool:
    """Whether nobody has changed a row since the seed wrote it. Rows of the time before fingerprints are known by their
    version."""
    mark = row.custom.get(SEED)
    if mark is None:
        return row.version == 1 and row.custom.get("profile") == "default"
    return mark == row_fingerprint(row)


def is_seeded(row: PlanRow) -> bool:
    """Whether the seed wrote the row, whatever became of it."""
    return SEED in row.custom or row.custom.get("profile") == "default"


def list_fingerprint(items: Sequence[ChecklistItem]) -> str:
    """Of a checklist's items."""
    return _hash(list(items))


def _hash(value: object) -> str:
    text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: _plain(getattr(value, f.name)) for f in fields(value) if getattr(value, f.name) != _default(f)
        }  # fmt: skip
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value


def _default(field: Any) -> object:
    if field.name == "type":  # of a schedule: what tells it from the others
        return MISSING
    return field.default if field.default_factory is MISSING else field.default_factory()
