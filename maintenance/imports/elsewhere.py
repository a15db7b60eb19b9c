"""Columns that a table may have and that belong into one of another kind."""

from functools import cache

from maintenance.imports.columns import Headings, columns_of
from plantroom.domain.assets import LocalName

_LAST_DONE = LocalName(
    "上次完成日期在本表中未导入（用“上次完成日期”表 last_completions 导入）",
    "last dates are not imported with this table (import them as one of the kind last_completions)",
)


def ignored_because(heading: str) -> LocalName | None:
    """Why a column is not read that another kind of table knows; ``None``: nobody knows it."""
    return _LAST_DONE if _last_completions().find(heading) == "done_on" else None


@cache
def _last_completions() -> Headings:
    return Headings(list(columns_of("last_completions").values()))
