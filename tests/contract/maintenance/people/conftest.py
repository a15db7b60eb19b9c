"""A site with people on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from maintenance.orders import create_order
from maintenance.people.desk import Desk
from maintenance.people.rosters import Shift
from maintenance.people.staff import Certificate, Contractor, ContractorLicence, Membership
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import Kind, Origin, WorkOrder
from plantroom.domain.assets import Asset, LocalName, Site
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.ledger import Ledger
from plantroom.storage.ledger import SqlLedger

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
WATER, ELECTRICAL, LIFTS = "水务管理部门", "电气管理部门", "电梯维修部门"
Books = Ledger[MaintenanceTx]


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Books]:
    made = SqlLedger(request.getfixturevalue(f"{request.param}_url"))
    made.open()
    with made.begin() as tx:
        for code in ("demo", "north"):
            tx.assets.add_site(Site(code, LocalName(code, code)))
        for key, kind in (("pump", "pump"), ("lift", "elevator"), ("board", "distribution_board"), ("box", "generic")):
            tx.assets.add(Asset(f"{key}-1", "demo", f"{key}-1", kind, LocalName(key, key)), [])
    yield made
    made.close()


def add_person(ledger: Books, username: str, *departments: str, grants: Any = None, **given: Any) -> None:
    with ledger.begin() as tx:
        rights = (Grant(Role.TECHNICIAN, "demo"),) if grants is None else grants
        tx.accounts.put_user(User(f"u-{username}", username, "", rights, username.upper()))
        members = tuple(Membership("demo", d) for d in departments)
        tx.people.put_person(replace(tx.people.person(username), memberships=members, **given))


def add_shift(
    ledger: Books, key: str, *people: str, starts: time = time(8), ends: time = time(20), **given: Any
) -> None:
    """09:00 on the site is ``NOW``."""
    shift = Shift(
        key, given.pop("site", "demo"), WATER, LocalName(key, key), starts, ends, people, date(2026, 1, 1), **given
    )
    with ledger.begin() as tx:
        tx.people.put_shift(shift)


def add_paper(
    ledger: Books, username: str, kind: str, expires: date | None = None, issued: date = date(2025, 1, 1)
) -> None:
    with ledger.begin() as tx:
        tx.people.put_certificate(
            Certificate(f"{username}-{kind}-{expires}", username, kind, f"N{expires}", issued, expires)
        )


def add_contractor(ledger: Books, key: str, *kinds: str, expires: date | None = None) -> None:
    licences = tuple(ContractorLicence(kind, "L1", date(2024, 1, 1), expires) for kind in kinds)
    with ledger.begin() as tx:
        tx.people.put_contractor(Contractor(key, "demo", LocalName("安达", "Anda"), licences))


def ticket(ledger: Books, asset: str | None = "pump-1", **given: Any) -> WorkOrder:
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("漏水", "Leak"), by="boss",
            now=NOW, asset=asset, **given,
        )  # fmt: skip


def stored(ledger: Books, order: WorkOrder) -> WorkOrder:
    with ledger.read() as tx:
        return tx.orders.get(order.id)


def said(ledger: Books, order: WorkOrder) -> list[tuple[str, str]]:
    """By whom and what the lines of an order's history say."""
    with ledger.read() as tx:
        return [(line.by, line.reason) for line in tx.orders.transitions(order.id) if line.reason]


def desk(tx: MaintenanceTx, now: datetime = NOW) -> Desk:
    return Desk(tx, "demo", now)
