"""Departments, staff and their certificates, contractors. Rosters and assignments are in modules beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from maintenance.people.departments import Department
from maintenance.people.staff import Certificate, Contractor, Membership, Person
from plantroom.errors import Conflict, NotFound
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_people as t
from plantroom.storage.ledger.accounts import USERS
from plantroom.storage.ledger.assigned import SqlAssigned
from plantroom.storage.ledger.codec import dump
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.rosters import SqlRosters
from plantroom.storage.ledger.tables_accounts import users
from plantroom.storage.ledger.tables_maintenance import plan_rows, work_orders
from plantroom.storage.ledger.tables_plant import assets
from plantroom.storage.ledger.versions import put_versioned, stale
from plantroom.storage.ledger.work import chunks, in_scope

DEPARTMENTS = Record(Department, t.departments)
CERTIFICATES = Record(Certificate, t.certificates)
CONTRACTORS = Record(Contractor, t.contractors)
_d, _c, _o, _s, _m = t.departments.c, t.certificates.c, t.contractors.c, t.staff.c, t.memberships.c


class SqlPeople(SqlRosters, SqlAssigned):
    """``PeopleRepository`` on SQL."""

    def departments(self, site: str) -> Sequence[Department]:
        statement = DEPARTMENTS.select().where(_d.site == site).order_by(_d.key)
        return [DEPARTMENTS.item(row) for row in self._connection.execute(statement)]

    def put_department(self, department: Department, expected: int | None = None) -> Department:
        keys = {"site": department.site, "key": department.key}
        return put_versioned(self._work, DEPARTMENTS, department, keys, expected, f"department {department.key}")

    def drop_department(self, site: str, key: str) -> None:
        if not self._connection.execute(t.departments.delete().where(_d.site == site, _d.key == key)).rowcount:
            raise NotFound(f"there is no department {key!r} in the site {site!r}")

    def uses_of_department(self, site: str, name: str) -> Mapping[str, int]:
        w, a, r = work_orders.c, assets.c, plan_rows.c
        named = f'"department":{{"zh":{dump(name)},'
        in_plan = sa.and_(sa.or_(r.site == site, r.site.is_(None)), r.document.contains(named, autoescape=True))
        counted: Mapping[str, tuple[sa.Table, sa.ColumnElement[bool]]] = {
            "work_orders": (work_orders, sa.and_(w.site == site, w.department == name, w.ended.is_(False))),
            "assets": (assets, sa.and_(a.site == site, a.department == name)),
            "plan_rows": (plan_rows, in_plan),
            "shifts": (t.shifts, sa.and_(t.shifts.c.site == site, t.shifts.c.department == name)),
            "on_call": (t.on_call_rotas, sa.and_(t.on_call_rotas.c.site == site, t.on_call_rotas.c.department == name)),
            "members": (t.memberships, sa.and_(_m.site == site, _m.department == name)),
        }
        found = {
            what: int(
                self._connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one()
            )
            for what, (table, condition) in counted.items()
        }
        found["grants"] = sum(
            any(g.department == name and g.site in {None, site} for g in person.grants) for person in self.people()
        )
        return {what: count for what, count in found.items() if count}

    def people(self, site: str | None = None) -> Sequence[Person]:
        found = self._people(_PEOPLE.order_by(users.c.username))
        return [person for person in found if site is None or person.is_on(site)]

    def person(self, username: str) -> Person:
        found = self._people(_PEOPLE.where(users.c.username == username))
        if not found:
            raise NotFound(f"there is no user {username!r}")
        return found[0]

    def put_person(self, person: Person, expected: int | None = None) -> Person:
        # The account is locked, so that two who make the first row of a person go one after the other.
        account = self._work.locking(sa.select(users.c.id).where(users.c.username == person.username))
        if self._connection.execute(account).first() is None:
            raise NotFound(f"there is no user {person.username!r}")
        stored = self.person(person.username)
        if expected is not None and stored.version != expected:
            raise stale(f"staff record of {person.username}", stored.version, expected)
        row = {
            "username": person.username,
            "phone": person.phone,
            "skills": person.skills,
            "contractor": person.contractor,
            "version": stored.version + 1,
        }
        insert = self._work.backend.insert(t.staff)
        written = {name: insert.excluded[name] for name in row if name != "username"}
        self._connection.execute(insert.on_conflict_do_update(index_elements=["username"], set_=written), row)
        self._connection.execute(t.memberships.delete().where(_m.username == person.username))
        members = [
            {"username": person.username, "site": m.site, "department": m.department}
            for m in dict.fromkeys(person.memberships)
        ]
        if members:
            self._connection.execute(t.memberships.insert(), members)
        return self.person(person.username)

    def certificates(self, usernames: Sequence[str] | None = None) -> Sequence[Certificate]:
        statement = CERTIFICATES.select().order_by(_c.username, _c.kind, _c.expires_on, _c.id)
        if usernames is None:
            return [CERTIFICATES.item(row) for row in self._connection.execute(statement)]
        return [
            CERTIFICATES.item(row)
            for some in chunks(sorted(set(usernames)))
            for row in self._connection.execute(statement.where(_c.username.in_(some)))
        ]

    def certificate(self, certificate_id: str) -> Certificate:
        row = self._connection.execute(CERTIFICATES.select().where(_c.id == certificate_id)).first()
        if row is None:
            raise NotFound(f"there is no certificate {certificate_id!r}")
        return CERTIFICATES.item(row)

    def put_certificate(self, certificate: Certificate, expected: int | None = None) -> Certificate:
        self.person(certificate.username)
        same = sa.select(_c.id).where(
            _c.username == certificate.username, _c.kind == certificate.kind, _c.number == certificate.number
        )
        twin = self._connection.execute(same).scalar()
        if twin is not None and twin != certificate.id:
            raise Conflict(
                f"{certificate.username} 已有该编号的证书 / has a certificate {certificate.number!r} of that kind"
            )
        keys = {"id": certificate.id}
        return put_versioned(self._work, CERTIFICATES, certificate, keys, expected, f"certificate {certificate.number}")

    def drop_certificate(self, certificate_id: str) -> None:
        if not self._connection.execute(t.certificates.delete().where(_c.id == certificate_id)).rowcount:
            raise NotFound(f"there is no certificate {certificate_id!r}")

    def contractors(self, scope: Scope, site: str | None = None) -> Sequence[Contractor]:
        statement = CONTRACTORS.select().order_by(_o.name_zh, _o.id)
        conditions = in_scope(_o.site, scope, site)
        if conditions:
            statement = statement.where(sa.or_(_o.site.is_(None), sa.and_(*conditions)))
        return [CONTRACTORS.item(row) for row in self._connection.execute(statement)]

    def contractor(self, contractor_id: str) -> Contractor:
        row = self._connection.execute(CONTRACTORS.select().where(_o.id == contractor_id)).first()
        if row is None:
            raise NotFound(f"there is no contractor {contractor_id!r}")
        return CONTRACTORS.item(row)

    def put_contractor(self, contractor: Contractor, expected: int | None = None) -> Contractor:
        keys = {"id": contractor.id}
        return put_versioned(self._work, CONTRACTORS, contractor, keys, expected, f"contractor {contractor.name.zh}")

    def _people(self, statement: sa.Select[Any]) -> list[Person]:
        rows = self._connection.execute(statement).all()
        wanted = sa.select(_m.username, _m.site, _m.department).order_by(_m.username, _m.site, _m.department)
        if len(rows) == 1:
            wanted = wanted.where(_m.username == rows[0][len(USERS.columns)])
        members: dict[str, list[Membership]] = {}
        for username, site, department in self._connection.execute(wanted):
            members.setdefault(username, []).append(Membership(site, department))
        return [_person(row, members) for row in rows]


_PEOPLE = sa.select(*USERS.columns, users.c.username, _s.phone, _s.skills, _s.contractor, _s.version).join_from(
    users, t.staff, _s.username == users.c.username, isouter=True
)


def _person(row: Sequence[Any], members: Mapping[str, Sequence[Membership]]) -> Person:
    user = USERS.item(row)
    phone, skills, contractor, version = row[len(USERS.columns) + 1 :]
    return Person(
        username=user.username,
        name=user.name,
        language=user.language,
        active=user.active,
        grants=tuple(user.grants),
        phone=phone or "",
        skills=tuple(skills or ()),
        contractor=contractor,
        memberships=tuple(members.get(user.username, ())),
        version=version or 1,
    )
