"""The departments that a site's tables may name: its own, once it has changed any."""

from functools import cache

from maintenance.imports.vocabulary import Departments, DepartmentsOf, seed_departments
from maintenance.people.owners import departments_of
from maintenance.ports import MaintenanceTx


def departments_in(tx: MaintenanceTx) -> DepartmentsOf:
    """As the ledger has them; looked up once for each site."""

    @cache
    def of(site: str | None) -> Departments:
        if site is None:
            return seed_departments()
        return Departments((one.key, one.name, one.aliases) for one in departments_of(tx, site))

    return of
