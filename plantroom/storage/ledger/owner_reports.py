"""Reports of owners; who sent them stands apart."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from maintenance.lifecycle import ENDED
from maintenance.work.owner_reports import Contact, OwnerReport
from maintenance.work.ports import OwnerReportRepository
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_work as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.tables_plant import sites
from plantroom.storage.ledger.work import Work, chunks, in_scope

REPORTS = Record(OwnerReport, t.owner_reports)
CONTACTS = Record(Contact, t.owner_contacts)
_o, _c, _w = t.owner_reports.c, t.owner_contacts.c, work_orders.c


class SqlOwnerReports(OwnerReportRepository):
    """``OwnerReportRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, report: OwnerReport, contact: Contact | None) -> None:
        self._connection.execute(t.owner_reports.insert(), REPORTS.row(report))
        if contact is not None:
            self._connection.execute(t.owner_contacts.insert(), CONTACTS.row(contact))

    def update(self, report: OwnerReport) -> None:
        self._connection.execute(t.owner_reports.update().where(_o.id == report.id), REPORTS.row(report))

    def by_token(self, token_sha256: str) -> OwnerReport | None:
        statement = self._work.locking(REPORTS.select().where(_o.token_sha256 == token_sha256))
        row = self._connection.execute(statement).first()
        return None if row is None else REPORTS.item(row)

    def of_order(self, work_order: str) -> Sequence[OwnerReport]:
        statement = REPORTS.select().where(_o.work_order == work_order).order_by(_o.at, _o.id)
        return [REPORTS.item(row) for row in self._connection.execute(statement)]

    def recent(
        self, site: str, since: datetime, *, asset: str | None = None, category: str = "", place: str = ""
    ) -> str | None:
        if self._work.writable:
            here = sa.select(sites.c.code).where(sites.c.code == site)
            self._connection.execute(self._work.locking(here)).first()
        about = [_o.asset == asset]
        if asset is None:
            about = [_o.asset.is_(None), _o.category == category, _o.place == place]
        statement = (
            sa.select(_o.work_order)
            .join_from(t.owner_reports, work_orders, _w.id == _o.work_order)
            .where(_o.site == site, _o.at >= since, _w.state.not_in(sorted(ENDED)), *about)
            .order_by(_o.at.desc(), _o.id.desc())
            .limit(1)
        )
        return self._connection.execute(statement).scalar()

    def categories(self, work_orders: Collection[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for some in chunks(sorted(set(work_orders))):
            statement = sa.select(_o.work_order, _o.category).where(_o.work_order.in_(some)).order_by(_o.at, _o.id)
            for order, category in self._connection.execute(statement):
                found.setdefault(order, category)
        return found

    def contacts(self, reports: Collection[str]) -> Sequence[Contact]:
        found: list[Contact] = []
        for some in chunks(sorted(set(reports))):
            rows = self._connection.execute(CONTACTS.select().where(_c.report.in_(some)).order_by(_c.report))
            found += [CONTACTS.item(row) for row in rows]
        return found

    def forget_contacts(self, now: datetime) -> int:
        return self._connection.execute(t.owner_contacts.delete().where(_c.delete_at <= now)).rowcount

    def stars(self, scope: Scope, start: datetime, end: datetime, site: str | None = None) -> Sequence[int]:
        statement = sa.select(_o.stars).where(
            _o.stars.is_not(None), _o.rated_at >= start, _o.rated_at < end, *in_scope(_o.site, scope, site)
        )
        return [int(one) for one in self._connection.execute(statement).scalars()]
