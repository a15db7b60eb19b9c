"""What the rows of most tables begin with: the site, and the codes that name what the row is about."""

from maintenance.imports.kinds import Asked
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.site_names import SiteNames
from maintenance.imports.tables import Row
from maintenance.imports.values import read_code


def site_of(row: Row, asked: Asked, sites: SiteNames, problems: Problems) -> str | None:
    """The code of the site that a row names by its code or name, else of the one that was asked for, else of the only
    one there is; ``None`` with an error for none, or one that whoever imports may not change."""
    given = row.text("site") or asked.site or sites.only
    if not given:
        problems.error(row.problem("site", "needs_site"))
        return None
    site = sites.find(given, asked.site)
    other = asked.site is not None and site != asked.site
    if site is None or other or not asked.rights.may_change(site, None):
        problems.error(row.problem("site", "site_not_yours"))
        return None
    return site


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
