"""Columns that a table may have and that belong into one of another kind."""

from collections.abc import Collection
from functools import cache

from maintenance.imports.columns import Headings, columns_of
from plantroom.domain.assets import LocalName

_LAST_DONE = LocalName(
    "上次完成日期在本表中未导入（用“上次完成日期”表 last_completions 导入）",
    "last dates are not imported with this table (import them as one of the kind last_completions)",
)

_COUNTED = frozenset({"anchor", "in_service_on"})


def ignored_because(heading: str, known: Collection[str]) -> LocalName | None:
    """Why a column is not read that another kind of table knows; ``None``: nobody knows it. ``known`` are the keys of
    the columns that the table may have: a last day is that of work where it has days that work counts from."""
    of_work = not _COUNTED.isdisjoint(known)
    return _LAST_DONE if of_work and _last_completions().find(heading) == "done_on" else None


@cache
def _last_completions() -> Headings:
    return Headings(list(columns_of("last_completions").values()))
