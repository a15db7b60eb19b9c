"""The departments that a site's tables may name: its own, once it has changed any."""

from collections.abc import Sequence
from functools import cache

from maintenance.imports.vocabulary import Departments, DepartmentsOf, seed_departments
from maintenance.people.owners import departments_of
from maintenance.ports import MaintenanceTx


def departments_in(tx: MaintenanceTx) -> DepartmentsOf:
    """As the ledger has them; looked up once for each site."""

    @cache
    def sites_with(text: str) -> Sequence[str]:
        return [one.code for one in tx.assets.sites() if of(one.code).find(text) is not None]

    @cache
    def of(site: str | None) -> Departments:
        if site is None:
            return seed_departments(sites_with)
        return Departments((one.key, one.name, one.aliases) for one in departments_of(tx, site))

    return of
