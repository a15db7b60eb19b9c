"""Brings a ledger to what a profile in a jurisdiction wants: what would change, and the change itself.

Nothing that a site has changed is overwritten: it is reported as kept. A row that the seed has written and that is no
longer wanted ends (after a change of jurisdiction); nothing is deleted. A second run changes nothing.

Without a site the rows are those of every site's default profile; for a site, only what differs from them is written as
rows of its own, which stand for those of the same code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from maintenance.plan import PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.seed.choices import sites_of
from maintenance.seed.class_points import PointsPlan, apply_points, plan_points
from maintenance.seed.compose import Composition, proposals
from maintenance.seed.fingerprints import SEED, is_as_seeded, is_seeded, list_fingerprint, row_fingerprint
from maintenance.seed.lists import seed_checklists
from maintenance.seed.profiles import jurisdictions, profiles
from maintenance.seed.shipped import is_as_shipped
from maintenance.seed_ports import EVERY_SITE, SeedChoice
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName, Site
from plantroom.domain.calendars import SiteCalendar


class Action(StrEnum):
    """What becomes of something: made, changed, left as it is wanted, ended, left as the site has it."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ENDED = "ended"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class RowChange:
    """What becomes of one row. ``row`` is what is written (``None``: nothing); ``fields`` are those that differ
    between what is stored and what is wanted; ``why`` says why something was kept."""

    code: str
    name: LocalName
    action: Action
    status: str
    row: PlanRow | None = None
    fields: tuple[str, ...] = ()
    why: LocalName = LocalName("", "")


@dataclass(frozen=True, slots=True)
class ListChange:
    """What becomes of one checklist."""

    code: str
    name: LocalName
    action: Action
    items: tuple[ChecklistItem, ...] = ()


@dataclass(slots=True)
class SeedPlan:
    """Everything that a run would do."""

    rows: list[RowChange] = field(default_factory=list)
    lists: list[ListChange] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    points: PointsPlan = field(default_factory=PointsPlan)
    choice: SeedChoice | None = None
    """What is to be remembered, where it is not already."""

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        acts = {Action.CREATED, Action.UPDATED, Action.ENDED}
        done = {*(one.action for one in self.rows), *(one.action for one in self.lists)}
        return bool(self.sites or self.points.grown or self.choice) or bool(done & acts)


_CHANGED = LocalName("已被修改，保留", "changed by the site, kept")
_OWN = LocalName("本站点自有行，保留", "a row of the site's own, kept")
_CHANGED_FOR_ALL = LocalName("各站点共用的行已被修改，保留", "the row of every site has been changed, kept")
_NOT_WANTED = LocalName(
    "不属于该地区或业态，但已被修改，保留", "not of this profile and jurisdiction, but changed by the site, kept"
)
_WRITTEN = (Action.CREATED, Action.UPDATED, Action.ENDED)


def plan_seed(
    tx: MaintenanceTx, wanted: Composition, site: str | None, now: datetime, *, with_proposals: bool = False
) -> SeedPlan:
    """What a run would change. Rows end on the site's local day, those of every site on the UTC day. ``NotFound`` for
    an unknown site."""
    sites = sites_of(tx, site)
    today = now.date() if site is None else local_day(now, ZoneInfo(sites[0].time_zone))
    known = tx.seeding.choices().get(site or EVERY_SITE)
    options = sorted({*wanted.options, *(known.options if known is not None else ())})
    choice = SeedChoice(site or EVERY_SITE, wanted.profile.key, wanted.jurisdiction.key, tuple(options))
    rows = (*wanted.rows, *(proposals() if with_proposals else ()))
    return SeedPlan(
        rows=row_changes(rows, tx.plan.rows(site), site, today, left_alone=wanted.optional),
        lists=[_list_change(tx, code) for code in seed_checklists()],
        sites=[new for one in sites if (new := site_of(one, wanted)) != one],
        points=plan_points(tx),
        choice=choice if choice != known else None,
    )


def apply_seed(tx: MaintenanceTx, plan: SeedPlan) -> None:
    """Write what a plan says."""
    tx.plan.put_checklists({one.code: one.items for one in plan.lists if one.action in _WRITTEN})
    for change in plan.rows:
        if change.row is not None:
            tx.plan.put_row(change.row)
            tx.live.note("plan", change.row.site, {"code": change.code, "change": change.action.value})
    for place in plan.sites:
        tx.assets.change_site(place)
    apply_points(tx, plan.points)
    if plan.choice is not None:
        tx.seeding.put_choice(plan.choice)


def row_changes(
    wanted: Sequence[PlanRow],
    stored: Iterable[PlanRow],
    site: str | None,
    today: date,
    left_alone: Iterable[str] = (),
) -> list[RowChange]:
    """What becomes of each row, those wanted first. ``stored`` are the rows that hold on the site, or with ``None`` all
    of them; ``left_alone`` are codes of the seed that are neither wanted nor unwanted. Pure."""
    known = list(stored)
    own = {row.code: row for row in known if row.site == site}
    general = own if site is None else {row.code: row for row in known if row.site is None}
    found = [_wanted(row, own, general, site) for row in wanted]
    stays = {row.code for row in (*wanted, *proposals())} | set(left_alone)
    gone = {code: row for code, row in {**general, **own}.items() if code not in stays and is_seeded(row)}
    return found + [_unwanted(row, site, today) for _, row in sorted(gone.items()) if row.ends is None]


def _wanted(
    row: PlanRow, own: Mapping[str, PlanRow], general: Mapping[str, PlanRow], site: str | None
) -> RowChange:  # fmt: skip
    stored = own.get(row.code)
    if stored is None:
        shared = general.get(row.code)
        if shared is None or is_as_seeded(shared):
            if shared is not None and row_fingerprint(shared) == row_fingerprint(row):
                return RowChange(row.code, row.name, Action.UNCHANGED, row.status)
            made = row if site is None else replace(row, site=site, lineage=f"seed:{site}:{row.code}")
            differ = () if shared is None else different(shared, row)
            return RowChange(row.code, row.name, Action.CREATED, row.status, made, differ)
        return RowChange(row.code, row.name, Action.KEPT, row.status, None, different(shared, row), _CHANGED_FOR_ALL)
    differ = different(stored, row)
    if not differ:
        return RowChange(row.code, row.name, Action.UNCHANGED, row.status)
    if not is_as_seeded(stored):
        why = _CHANGED if is_seeded(stored) else _OWN
        return RowChange(row.code, row.name, Action.KEPT, row.status, None, differ, why)
    made = replace(row, site=stored.site, lineage=stored.lineage)
    return RowChange(row.code, row.name, Action.UPDATED, row.status, made, differ)


def _unwanted(row: PlanRow, site: str | None, today: date) -> RowChange:
    if not is_as_seeded(row):
        return RowChange(row.code, row.name, Action.KEPT, row.status, why=_NOT_WANTED)
    ended = replace(row, ends=today)
    if row.site != site:
        ended = replace(ended, site=site, lineage=f"seed:{site}:{row.code}")
    ended = replace(ended, custom={**ended.custom, SEED: row_fingerprint(ended)})
    return RowChange(row.code, row.name, Action.ENDED, row.status, ended, ("ends",))


def different(stored: PlanRow, wanted: PlanRow) -> tuple[str, ...]:
    """Names of the fields in which two rows differ, but those that a fingerprint leaves out."""
    if row_fingerprint(stored) == row_fingerprint(wanted):
        return ()
    out = {"lineage", "version", "site"}
    names = [f.name for f in fields(PlanRow) if f.name not in out]
    mine = {name: _of(stored, name) for name in names}
    return tuple(name for name in names if mine[name] != _of(wanted, name))


def _of(row: PlanRow, name: str) -> object:
    if name != "custom":
        return getattr(row, name)
    return {key: value for key, value in row.custom.items() if key not in {SEED, "profile"}}


def site_of(site: Site, wanted: Composition) -> Site:
    """The site with its calendar and with the options that are named now beside those that it had. Where none is named,
    nothing is said about any."""
    has = site.options
    if wanted.options:
        has = tuple(sorted({*(has or ()), *wanted.options}))
    return replace(site, calendar=calendar_of(site, wanted), options=has)


def calendar_of(site: Site, wanted: Composition) -> SiteCalendar:
    """The site's calendar with what it has not said itself; opening hours and seasons that are those of another profile
    or jurisdiction of the seed were not said by the site."""
    known = site.calendar
    seeded_hours = {one.openings for one in profiles().values()}
    seeded_seasons = {frozenset(fact.season for fact in one.seasons) for one in jurisdictions().values()}
    if known.openings in seeded_hours:
        known = replace(known, openings=())
    if frozenset(known.seasons) in seeded_seasons:
        known = replace(known, seasons=())
    new = wanted.calendar(known)
    return replace(new, seasons=known.seasons) if frozenset(new.seasons) == frozenset(known.seasons) else new


def _list_change(tx: MaintenanceTx, code: str) -> ListChange:
    seeded = seed_checklists()[code]
    stored = tuple(tx.plan.checklist(code))
    if not stored:
        return ListChange(code, seeded.name, Action.CREATED, seeded.items)
    if list_fingerprint(stored) == list_fingerprint(seeded.items):
        return ListChange(code, seeded.name, Action.UNCHANGED)
    if is_as_shipped(code, stored):
        return ListChange(code, seeded.name, Action.UPDATED, seeded.items)
    return ListChange(code, seeded.name, Action.KEPT)
