"""What the rows of most tables begin with: the site, and the codes that name what the row is about."""

from collections.abc import Collection

from maintenance.imports.kinds import Asked
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.imports.values import read_code


def site_of(row: Row, asked: Asked, sites: Collection[str], problems: Problems) -> str | None:
    """The site that a row names, else the one that was asked for, else the only one there is; ``None`` with an error
    for none, or one that whoever imports may not change."""
    given = row.text("site") or asked.site or (next(iter(sites)) if len(sites) == 1 else "")
    if not given:
        problems.error(row.problem("site", "needs_site"))
        return None
    other = asked.site is not None and given != asked.site
    if given not in sites or other or not asked.rights.may_change(given, None):
        problems.error(row.problem("site", "site_not_yours"))
        return None
    return given


def code_of(row: Row, key: str, problems: Problems, *, needed: bool = True) -> str:
    """The code in a column; empty with an error where there is none that is ``needed``, or one that is none."""
    if key in row.refused:
        return ""
    try:
        code = read_code(row.cells.get(key))
    except CellProblem as problem:
        problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
        return ""
    if needed and not code:
        problems.error(row.problem(key, "missing_value"))
    return code
