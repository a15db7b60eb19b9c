"""The plan table and its occurrences."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from maintenance.plan import COMPLETED, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.ports import KeptVersion, OccurrenceFilter, PlanRepository
from maintenance.standings import Added, DraftOccurrence, DraftOrder
from maintenance.work_orders import ChecklistItem
from plantroom.errors import Conflict, NotFound
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.backend import Lock
from plantroom.storage.ledger.codec import dump, load_shared
from plantroom.storage.ledger.columns import by_bytes
from plantroom.storage.ledger.drafts import Drafts, freeze
from plantroom.storage.ledger.occurrence_lists import list_occurrences
from plantroom.storage.ledger.occurrence_rows import (
    OCCURRENCE_COLUMNS,
    closed_as_kept,
    occurrence_of,
    occurrence_values,
)
from plantroom.storage.ledger.standings import SqlStandings
from plantroom.storage.ledger.tables_plant import sites
from plantroom.storage.ledger.work import Work, chunks

_o = t.occurrences.c
_KEY = (_o.lineage, _o.subject, _o.cycle)
_KEYS_AT_ONCE = 2000
_VERSIONS_AT_ONCE = 1000
_COMPLETED = [state.value for state in COMPLETED]


class SqlPlan(SqlStandings, PlanRepository):
    """``PlanRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        super().__init__(work)
        self._put: set[str] = set()
        """Lineages of rows whose newest version this transaction has made."""

    def rows(self, site: str | None = None, on: date | None = None) -> Sequence[PlanRow]:
        r = t.plan_rows.c
        statement = _newest() if on is None else _in_effect(on)
        if site is not None:
            statement = statement.where(r.profile.in_(["", site]))
        return [load_shared(PlanRow, text) for text in self._connection.execute(statement).scalars()]

    def row(self, code: str, site: str | None = None) -> PlanRow | None:
        """By code: the site's own row before the default profile's."""
        r = t.plan_rows.c
        statement = sa.select(r.document).where(r.code == code, r.profile.in_({"", site or ""}))
        text = self._connection.execute(statement.order_by(r.profile.desc()).limit(1)).scalar()
        return None if text is None else load_shared(PlanRow, text)

    def versions(self, lineage: str) -> Sequence[PlanRow]:
        v = t.plan_row_versions.c
        statement = sa.select(v.document).where(v.lineage == lineage).order_by(v.version.desc())
        return [load_shared(PlanRow, text) for text in self._connection.execute(statement).scalars()]

    def stamp(self, site: str) -> str:
        if self._work.writable:
            self._work.backend.share(self._connection, Lock.PLAN)
        r = t.plan_rows.c
        counted = sa.select(sa.func.count(), sa.func.sum(r.version)).where(r.profile.in_(["", site]))
        return "{}.{}".format(*self._connection.execute(counted).one())

    def lock_row(self, lineage: str) -> PlanRow | None:
        r = t.plan_rows.c
        locked = self._work.locking(sa.select(r.document).where(r.lineage == lineage))
        text = self._connection.execute(locked).scalar()
        return None if text is None else load_shared(PlanRow, text)

    def hold(self) -> None:
        # The plan first, so that no scheduler goes on by the rows as they were.
        self._work.backend.lock(self._connection, Lock.PLAN)
        self._work.backend.lock(self._connection, Lock.OCCURRENCES)

    def take_turn(self, site: str) -> None:
        self._work.backend.lock_text(self._connection, f"planning {site}")

    def hand_over(self, lineage: str, heir: str, site: str, since: date) -> Sequence[str]:
        self.hold()
        mine = (_o.lineage == lineage, _o.site == site)
        goes_on = sa.exists().where(t.work_orders.c.id == _o.work_order, t.work_orders.c.ended.is_(False))
        alive = sa.or_(_o.state == OccurrenceState.DUE.value, _o.nominal_date >= since, goes_on)
        orders = sa.select(_o.work_order).where(*mine, alive, _o.work_order.is_not(None)).distinct()
        found = list(self._connection.execute(orders.order_by(_o.work_order)).scalars())
        for subject in self._connection.execute(sa.select(_o.subject).where(*mine).distinct()).scalars():
            self.changed(subject, site)
        self._inherit(mine, heir)
        return found

    def _inherit(self, mine: Sequence[sa.ColumnElement[bool]], heir: str) -> None:
        """Give occurrences to another row. The closed ones anew: the history knows a row by its key. All are kept from
        others first: what is closed in between would be deleted with them, or move without an entry."""
        locked = self._work.locking(sa.select(t.occurrences).where(*mine).order_by(*_KEY))
        rows = [dict(row) for row in self._connection.execute(locked).mappings()]
        heirs = [row | {"lineage": heir} for row in rows if row["state"] != OccurrenceState.DUE.value]
        if heirs:
            self._connection.execute(t.occurrences.delete().where(*mine, _o.state != OccurrenceState.DUE.value))
            self._work.backend.insert_many(self._connection, t.occurrences, heirs)
        self._connection.execute(t.occurrences.update().where(*mine).values(lineage=heir))

    def put_row(self, row: PlanRow) -> PlanRow:
        r = t.plan_rows.c
        profile = row.site or ""
        if (
            row.site is not None
            and not self._connection.execute(sa.select(sites.c.code).where(sites.c.code == row.site)).first()
        ):
            raise NotFound(f"there is no site {row.site!r}")
        stored = self._connection.execute(
            self._work.locking(sa.select(r.version).where(r.lineage == row.lineage))
        ).scalar()
        owner = self._connection.execute(sa.select(r.lineage).where(r.profile == profile, r.code == row.code)).scalar()
        if owner is not None and owner != row.lineage:
            raise Conflict(f"the code {row.code!r} belongs to another row of the plan table")
        again = stored is not None and row.lineage in self._put
        row = replace(row, version=(stored or 0) + (not again))
        values = _row_values(row)
        if stored is None:
            self._connection.execute(t.plan_rows.insert(), values)
        else:
            self._connection.execute(t.plan_rows.update().where(r.lineage == row.lineage), values)
        if again:
            v = t.plan_row_versions.c
            mine = t.plan_row_versions.delete().where(v.lineage == row.lineage, v.version == row.version)
            self._connection.execute(mine)
        self._connection.execute(t.plan_row_versions.insert(), _version_values(row, values))
        self._put.add(row.lineage)
        return row

    def add_rows(self, rows: Sequence[PlanRow]) -> None:
        if not rows:
            return
        r, codes = t.plan_rows.c, [row.code for row in rows]
        general = sa.select(r.code).where(r.profile == "", r.code.in_(codes))
        taken = sorted(self._connection.execute(general).scalars())
        if taken:
            raise Conflict(f"the code {taken[0]!r} belongs to another row of the plan table")
        first = [replace(row, version=1) for row in rows]
        values = [_row_values(row) for row in first]
        self._connection.execute(t.plan_rows.insert(), values)
        versions = [_version_values(*both) for both in zip(first, values, strict=True)]
        self._connection.execute(t.plan_row_versions.insert(), versions)
        self._put.update(row.lineage for row in first)

    def remove_row(self, lineage: str) -> None:
        self.hold()
        for table in (t.occurrences, t.plan_row_versions, t.plan_rows):
            self._connection.execute(table.delete().where(table.c.lineage == lineage))

    def occurrences_of_row(self, lineage: str) -> Sequence[Occurrence]:
        statement = sa.select(*OCCURRENCE_COLUMNS).where(_o.lineage == lineage).order_by(*_KEY)
        return [occurrence_of(row) for row in self._connection.execute(statement)]

    def checklist(self, code: str) -> Sequence[ChecklistItem]:
        text = self._connection.execute(sa.select(t.checklists.c["items"]).where(t.checklists.c.code == code)).scalar()
        return () if text is None else load_shared(tuple[ChecklistItem, ...], text)

    def checklist_codes(self) -> AbstractSet[str]:
        return set(self._connection.execute(sa.select(t.checklists.c.code)).scalars())

    def put_checklists(self, lists: Mapping[str, Sequence[ChecklistItem]]) -> None:
        if not lists:
            return
        insert = self._work.backend.insert(t.checklists)
        statement = insert.on_conflict_do_update(index_elements=["code"], set_={"items": insert.excluded["items"]})
        rows = [{"code": code, "items": dump(tuple(items))} for code, items in lists.items()]
        self._connection.execute(statement, rows)

    def occurrences(self, keys: Sequence[OccurrenceKey]) -> Mapping[OccurrenceKey, Occurrence]:
        found: dict[OccurrenceKey, Occurrence] = {}
        for some in chunks(sorted(set(keys)), _KEYS_AT_ONCE):
            wanted = self._work.backend.among(_KEY, [(k.lineage, k.subject, k.cycle) for k in some])
            for row in self._connection.execute(sa.select(*OCCURRENCE_COLUMNS).where(wanted)):
                one = occurrence_of(row)
                found[one.key] = one
        return found

    def occurrences_of(self, site: str | None, subject: str | None = None) -> Sequence[Occurrence]:
        statement = sa.select(*OCCURRENCE_COLUMNS).order_by(_o.nominal_date, *_KEY)
        if site is not None:
            statement = statement.where(_o.site == site)
        if subject is not None:
            statement = statement.where(_o.subject == subject)
        return [occurrence_of(row) for row in self._connection.execute(statement)]

    def add_occurrences(self, occurrences: Sequence[Occurrence]) -> Sequence[OccurrenceKey]:
        """As the port says. Schedulers go one by one from here to their commit, so that none of them waits for
        another in a circle."""
        if not occurrences:
            return []
        self._work.backend.lock(self._connection, Lock.OCCURRENCES)
        by_key = {o.key: o for o in reversed(occurrences)}
        known = self._known(list(by_key))
        new = [o for o in by_key.values() if o.key not in known]
        new.reverse()
        if new:
            rows = [occurrence_values(o) for o in new]
            self._work.backend.insert_many(self._connection, t.occurrences, rows)
        for one in new:
            self.changed(one.key.subject, one.site)
        return [o.key for o in new]

    def add_drafts(self, site: str, drafts: Sequence[DraftOrder], records: Sequence[DraftOccurrence] = ()) -> Added:
        return Drafts(self._work, site).add(drafts, records)

    def freeze(self, templates: Sequence[Sequence[ChecklistItem]]) -> Sequence[str]:
        return freeze(self._work, templates)

    def changed(self, subject: str, site: str) -> None:
        self._work.changed_subjects[subject] = site

    def occurrences_of_several(self, subjects: Sequence[str]) -> Mapping[str, Sequence[Occurrence]]:
        found: dict[str, list[Occurrence]] = {}
        for some in chunks(sorted(subjects)):
            statement = sa.select(*OCCURRENCE_COLUMNS).where(_o.subject.in_(some)).order_by(_o.nominal_date, *_KEY)
            for one in map(occurrence_of, self._connection.execute(statement)):
                found.setdefault(one.key.subject, []).append(one)
        return found

    def update_occurrences(self, occurrences: Sequence[Occurrence]) -> None:
        if not occurrences:
            return
        in_order = sorted(occurrences, key=lambda o: o.key)
        statement = t.occurrences.update().where(
            _o.lineage == sa.bindparam("k_lineage"),
            _o.subject == sa.bindparam("k_subject"),
            _o.cycle == sa.bindparam("k_cycle"),
        )
        rows = []
        for one in in_order:
            values = occurrence_values(one)
            rows.append({f"k_{name}": values.pop(name) for name in ("lineage", "subject", "cycle")} | values)
            self.changed(one.key.subject, one.site)
        if self._connection.execute(statement, rows).rowcount < len(rows):
            missing = {o.key for o in in_order} - self._known([o.key for o in in_order])
            if missing:
                raise NotFound(f"there is no occurrence {min(missing)}")

    def forget(self, keys: Sequence[OccurrenceKey]) -> None:
        for some in chunks(sorted(set(keys)), _KEYS_AT_ONCE):
            among = self._work.backend.among(_KEY, [(k.lineage, k.subject, k.cycle) for k in some])
            gone = _o.state.in_((OccurrenceState.WAIVED.value, OccurrenceState.FORMER.value))
            self._connection.execute(t.occurrences.delete().where(among, gone))

    def list_occurrences(self, wanted: OccurrenceFilter, page: PageRequest) -> Page[Occurrence]:
        return list_occurrences(self._connection, wanted, page)

    def closed_as_kept(self) -> Iterator[tuple[str, str]]:
        return closed_as_kept(self._connection)

    def versions_as_kept(self) -> Iterator[KeptVersion]:
        v = t.plan_row_versions.c
        begins: sa.ColumnElement[str] = sa.cast(v.effective_from, sa.Text)
        if self._connection.dialect.name == "postgresql":  # where a cast follows the server's DateStyle
            begins = sa.func.to_char(v.effective_from, "YYYY-MM-DD")
        statement = sa.select(v.lineage, v.version, begins, v.document).order_by(
            by_bytes(self._connection, v.lineage), v.version
        )
        with self._connection.execute(statement, execution_options={"yield_per": _VERSIONS_AT_ONCE}) as result:
            yield from map(KeptVersion._make, result)

    def last_completions(self, site: str | None) -> Mapping[tuple[str, str], date]:
        statement = (
            sa.select(_o.lineage, _o.subject, sites.c.time_zone, sa.func.max(_o.completed_at))
            .join(sites, sites.c.code == _o.site)
            .where(_o.state.in_(_COMPLETED), _o.completed_at.is_not(None))
            .group_by(_o.lineage, _o.subject, sites.c.time_zone)
        )
        if site is not None:
            statement = statement.where(_o.site == site)
        return {
            (lineage, subject): at.astimezone(ZoneInfo(zone)).date()
            for lineage, subject, zone, at in self._connection.execute(statement)
        }

    def _known(self, keys: Sequence[OccurrenceKey]) -> set[OccurrenceKey]:
        known: set[OccurrenceKey] = set()
        for some in chunks(sorted(keys), _KEYS_AT_ONCE):
            wanted = self._work.backend.among(_KEY, [(k.lineage, k.subject, k.cycle) for k in some])
            known.update(OccurrenceKey(*row) for row in self._connection.execute(sa.select(*_KEY).where(wanted)))
        return known


def _newest() -> sa.Select[Any]:
    r = t.plan_rows.c
    return sa.select(r.document).order_by(r.profile, r.code)


def _in_effect(on: date) -> sa.Select[Any]:
    """Versions in effect come before those that are not; among them the newest, else the first to come."""
    r, v = t.plan_rows.c, t.plan_row_versions.c
    waits = v.effective_from > on
    first_to_come = sa.case((waits, v.effective_from))
    place = sa.func.row_number().over(partition_by=v.lineage, order_by=(waits, first_to_come, v.version.desc()))
    ranked = sa.select(v.lineage, v.document, place.label("place")).subquery()
    best = sa.and_(ranked.c.lineage == r.lineage, ranked.c.place == 1)
    return sa.select(ranked.c.document).join_from(t.plan_rows, ranked, best).order_by(r.profile, r.code)


def _version_values(row: PlanRow, values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: values[k] for k in ("lineage", "version", "document")} | {"effective_from": row.effective_from}


def _row_values(row: PlanRow) -> dict[str, Any]:
    return {
        "lineage": row.lineage,
        "profile": row.site or "",
        "code": row.code,
        "site": row.site,
        "version": row.version,
        "kind": row.kind,
        "layer": row.layer.value,
        "name_zh": row.name.zh,
        "name_en": row.name.en,
        "document": dump(row),
    }
