"""The plan table as a kind of table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from maintenance.imports.cells import Cell, fold
from maintenance.imports.grids import Book
from maintenance.imports.kinds import Asked, TableKind
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.plan import PlanImport
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.plan_columns import COLUMN_ORDER, DAYS, HEADINGS, plan_cells
from maintenance.imports.plan_hands import Companies
from maintenance.imports.plan_present import Present
from maintenance.imports.plan_sites import of_the_site
from maintenance.imports.problems import Problem, Problems
from maintenance.imports.reading import plan_table_rows
from maintenance.imports.site_departments import departments_in
from maintenance.imports.site_names import SiteNames
from maintenance.imports.undoing import InUse, Restored, refused, withdraw_row
from maintenance.imports.zoned_days import with_local_days, zone_of
from maintenance.plan import PlanRow
from maintenance.plan_changes.keeping import take_over
from maintenance.plan_changes.waiting import said_of, today_of, waiting_changes, waiting_version
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import Asset, AssetStatus, LocalName
from plantroom.ports.accounts import Role
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import EVERYTHING, PageRequest


class PlanTableKind(TableKind):
    """Rows of the plan table: the default profile's, or one site's own."""

    key = "plan_table"
    name = LocalName("维护计划表", "Plan table")
    role = Role.SUPERVISOR
    columns = COLUMN_ORDER
    headings = HEADINGS

    def compare(self, tx: MaintenanceTx, book: Book, asked: Asked, problems: Problems) -> Outcome:
        site = tx.assets.site(asked.site) if asked.site is not None else None
        sites = {one.code: one for one in tx.assets.sites()} if site is None else {site.code: site}
        read = plan_table_rows(book, problems, asked.sheet)
        own = with_local_days(read, DAYS, zone_of(SiteNames(sites.values()), asked.site), problems)
        rows = of_the_site(own, site, sites.values(), problems)
        known = tx.plan.rows(asked.site)
        departments, here = departments_in(tx)(asked.site), cache(lambda code: bool(tx.plan.checklist(code)))
        machines, today = machines_in(tx), today_of(tx, asked.site, asked.now)
        waiting = waiting_changes(tx, known, today)
        hands = companies_in(tx, asked.site)
        present = present_in(tx, asked.site)
        done = PlanImport(
            known, asked.site, departments, machines, asked.rights, problems, here, waiting, today, hands, present
        )  # fmt: skip
        return done.run(asked.counted(rows))

    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        for change in changes:
            row = put_row(tx, change, asked)
            tx.live.note("plan", row.site, {"code": row.code, "change": "imported"})

    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        return locked_rows(tx, {one.key for one in changes})

    def still(self, tx: MaintenanceTx, outcome: Outcome) -> bool:
        based = outcome.based_on
        now = locked_rows(tx, {one.key for one in outcome.changes} | based.keys())
        return all(now.get(key) == row for key, row in based.items()) and all(
            now.get(one.key) == one.before for one in outcome.changes
        )

    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        return revert_rows(tx, restored, asked)

    def export(self, tx: MaintenanceTx, site: str | None, language: str) -> Iterator[Sequence[Cell]]:
        rows = [row for row in tx.plan.rows(site) if row.site == site]
        keys = {key for row in rows for key in row.applies_to.assets}
        codes = {key: asset.code for key, asset in tx.assets.several(keys).items()}
        for row in rows:
            yield plan_cells(row, codes, language)


def put_row(tx: MaintenanceTx, change: Change, asked: Asked) -> PlanRow:
    """Write the row of a change; a site's own one goes on where every site's stood."""
    assert isinstance(change.after, PlanRow)
    written = tx.plan.put_row(change.after)
    if change.before is None:
        _set_apart(tx, written, asked)
    return written


def _set_apart(tx: MaintenanceTx, row: PlanRow, asked: Asked) -> None:
    """What every site's row of the same code has made on the site goes on as the site's own row's."""
    shared = tx.plan.row(row.code)
    if row.site is not None and shared is not None:
        take_over(tx, shared, row, row.site, today_of(tx, row.site, asked.now))


def locked_rows(tx: MaintenanceTx, lineages: Iterable[str]) -> dict[str, PlanRow]:
    """Rows by lineage, which nobody else changes until a writing transaction ends; those that are gone are left out."""
    found = (tx.plan.lock_row(lineage) for lineage in sorted(set(lineages)))
    return {row.lineage: row for row in found if row is not None}


def machines_in(tx: MaintenanceTx) -> Machines:
    """The ledger's assets, looked up when a line first asks for one."""

    def load() -> list[tuple[str, Machine]]:
        plant = tx.assets.plant()
        found = ((code, plant.assets[key]) for (_, code), key in plant.codes.items() if key in plant.assets)
        return [(code, _machine(one)) for code, one in found]

    return Machines(load)


def present_in(tx: MaintenanceTx, site: str | None) -> Present:
    """The kinds of machines of a site that are not scrapped, looked up one by one as rows ask for them; of every site's
    plan (``None``) nothing is said."""
    if site is None:
        return Present()
    here = [one.value for one in AssetStatus if one is not AssetStatus.SCRAPPED]

    def has(equipment_class: str | None) -> bool:
        filters = (AssetFilter(site=site, equipment_class=equipment_class, status=status) for status in here)
        return any(tx.assets.list(one, PageRequest(limit=1)).items for one in filters)

    return Present(has)


def companies_in(tx: MaintenanceTx, site: str | None) -> Companies:
    """The contractors that work for a site (``None``: for any), looked up when a line first names a company."""

    @cache
    def names() -> frozenset[str]:
        known = [one.name for one in tx.people.contractors(EVERYTHING, site) if one.active]
        return frozenset(fold(text) for name in known for text in (name.zh, name.en) if text)

    return lambda name: fold(name) in names()


def _machine(asset: Asset) -> Machine:
    return Machine(asset.key, asset.site, asset.code, asset.equipment_class, (asset.name.zh, asset.name.en))


def revert_rows(tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
    """Plan rows as they are to be again, each as its next version."""
    problems: list[Problem] = []
    for change, record in reversed(restored):
        if isinstance(record, PlanRow):
            waits = waiting_version(tx, record, today_of(tx, record.site, asked.now))
            if waits is None:
                tx.plan.put_row(record)
            else:
                problems.append(refused(change, "change_waiting", said_of(record, waits)))
            continue
        row, shared = change.after, tx.plan.row(change.code)
        if isinstance(row, PlanRow) and row.site is not None and shared is not None:
            take_over(tx, row, shared, row.site, today_of(tx, row.site, asked.now))
        try:
            withdraw_row(tx, change.key, asked.by, asked.now)
        except InUse as error:
            problems.append(refused(change, "in_use", error.said))
    return problems
