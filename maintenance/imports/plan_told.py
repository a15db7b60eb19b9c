"""A new row of the plan table as the differences show it: what was understood of its line. Pure."""

from collections.abc import Collection, Sequence

from maintenance.imports.fields import told
from maintenance.imports.plan_columns import BY_KEY
from maintenance.imports.plan_words import subject_text, tolerance
from maintenance.plan import PlanRow
from maintenance.schedule_words import often_in_words

_ALWAYS = ("kind", "executor")
_ELSEWHERE = frozenset({"classes", "site_wide", "early_days", "late_days"})
"""Columns that what the row is for, and its tolerance, say already."""


def told_new(row: PlanRow, assets: Sequence[str], columns: Collection[str]) -> dict[str, list[object]]:
    """What a row that is made has, as differences from nothing: what it is for, how often, whose, who does it, the
    window around its dates, and what else the line gave. ``assets``: the codes that it names; ``columns``: the line's
    own columns beside the user's six."""
    shown: dict[str, object] = {
        "task": row.name.zh,
        "site": row.site,
        "applies_to": "、".join(assets) if row.applies_to.assets else subject_text(row.applies_to),
        "frequency": often_in_words(row.interval, row.schedule).zh,
        "department": row.department.zh,
        "tolerance": tolerance(row),
        "standard": row.standard.zh,
    }
    others = [*_ALWAYS, *(key for key in columns if key in BY_KEY and key not in _ELSEWHERE)]
    shown |= {key: told(BY_KEY[key], BY_KEY[key].get(row)) for key in others}
    return from_nothing(shown)


def from_nothing(shown: dict[str, object]) -> dict[str, list[object]]:
    """Values as the differences of a new record; blank ones are left out."""
    return {key: [None, value] for key, value in shown.items() if value not in (None, "")}
