"""The site that a line of a plan table names (SITEID, 站点): it has to be the one that the table is
imported for. Pure."""

from collections.abc import Collection, Iterable, Iterator

from maintenance.imports.columns import Column
from maintenance.imports.problems import Problems, in_words, shown
from maintenance.imports.site_names import SiteNames
from maintenance.imports.tables import Row
from plantroom.domain.assets import LocalName, Site

SITE = Column("site", "站点", "站點", "Site", ("站点编号", "站点名称", "site code", "site name", "site id"), ditto=True)
"""The column; an export has none, for it is of one site, or of every one."""


def of_the_site(rows: Iterable[Row], site: Site | None, sites: Collection[Site], problems: Problems) -> Iterator[Row]:
    """The rows that name this site by its code or name, or none; another one is an error. For the plan of every site
    (``site`` is ``None``) a line may name the only one of ``sites``, and any of them where it is for certain assets."""
    only = [site] if site is not None else [*sites] if len(sites) == 1 else []
    own, every = SiteNames(only), SiteNames(sites)
    for row in rows:
        said = row.text(SITE.key)
        may = every if site is None and row.text("assets") else own
        if said and not may.called(said):
            problems.error(row.problem(SITE.key, "other_site", in_words("other_site", _other(said, site))))
        row.cells = {key: cell for key, cell in row.cells.items() if key != SITE.key}
        yield row


def _other(said: str, site: Site | None) -> LocalName:
    name = shown(said)
    if site is None:
        return LocalName(
            f"本表按所有站点的默认计划导入，该行写的是站点“{name}”",
            f"the table is imported as the plan of every site, and the line is of the site {name}",
        )
    return LocalName(
        f"该行写的是站点“{name}”，本表导入到站点 {site.code}",
        f"the line is of the site {name}, and the table is imported for {site.code}",
    )
