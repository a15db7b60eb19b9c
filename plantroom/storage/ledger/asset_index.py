"""The assets of a large ledger in columns, in the memory of a process that lists them: any filter, order and search of
100,000 assets in a few milliseconds, on both databases alike.

The index is of one revision of the plant. A reading transaction at a later one first reads the assets that have changed
since (every row says at which revision it did), which are kept beside the columns until they are enough for building
these anew, in a thread of its own. Where there is no index yet, the database itself is searched.
"""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
import structlog
from numpy.typing import NDArray

from plantroom.domain.assets import AssetStatus
from plantroom.domain.searching import words_of
from plantroom.errors import PlantroomError
from plantroom.ports.ledger import AssetFilter
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.backend import Backend
from plantroom.storage.ledger.tables import PLANT_REBUILT, PLANT_REVISION, counters
from plantroom.storage.ledger.text_index import MOST_TEXTS, TextIndex

log = structlog.get_logger()

INDEX_FROM = 2000
"""Assets from which an index is made; fewer are listed by the database in as little time."""

REBUILD_FROM = 500
"""Changed assets beside the columns from which these are built anew."""

MOST_CHANGED = 5000
"""Changed assets that are looked through one by one at most."""

_AT_ONCE = 256


class Entry(NamedTuple):
    """What is listed by of one asset."""

    key: str
    site: str
    code: str
    equipment_class: str
    status: str
    criticality: str
    department: str | None
    location: str | None
    search: str


_a = t.assets.c
_COLUMNS = [_a[name] for name in Entry._fields]
Order = Callable[[Entry], tuple[str, ...]]
ORDERS: Mapping[str, Order] = {
    "site": lambda e: (e.site, e.code),
    "code": lambda e: (e.code, e.site),
    "class": lambda e: (e.equipment_class, e.site, e.code),
    "status": lambda e: (e.status, e.site, e.code),
    "criticality": lambda e: (e.criticality, e.site, e.code),
}
"""The values of each order, as the cursors of the database's lists have them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters in the index's terms: allowed values by field (``None`` as a value: without one), and words."""

    values: Mapping[str, frozenset[str | None]]
    words: Sequence[str]

    def fits(self, entry: Entry) -> bool:
        """Whether an asset passes them all."""
        return all(getattr(entry, name) in allowed for name, allowed in self.values.items()) and all(
            word in entry.search for word in self.words
        )


def wanted(filters: AssetFilter, places: Collection[str]) -> Wanted | None:
    """The filters in the index's terms; ``places`` are the keys that ``filters.location`` means. ``None``: they name
    assets, or what the columns do not have, and the database is as quick."""
    if filters.code is not None or filters.parent is not None or filters.keys is not None:
        return None
    values: dict[str, frozenset[str | None]] = {}
    if filters.scope.sites is not None:
        values["site"] = frozenset(filters.scope.sites)
    if filters.site is not None:
        values["site"] = values.get("site", frozenset({filters.site})) & {filters.site}
    for name in ("equipment_class", "status", "criticality"):
        text = getattr(filters, name)
        if text is not None:
            values[name] = frozenset(part.strip() for part in text.split(","))
    if filters.department is not None:
        values["department"] = frozenset({filters.department})
    if filters.location is not None:
        values["location"] = frozenset(places)
    return Wanted(values, words_of(filters.text or ""))


Row = tuple[Any, ...]
"""The fields of an ``Entry``. A plain tuple of texts is none of the garbage collector's business, a named one is: with
100,000 of them it would stop everybody for a tenth of a second now and then."""


class Columns:
    """The fields of entries, in the order of site and code; immutable."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._places = {row[0]: number for number, row in enumerate(rows)}
        self._known: dict[str, dict[str | None, int]] = {}
        self._codes: dict[str, NDArray[np.int32]] = {}
        for name in ("site", "equipment_class", "status", "criticality", "department", "location"):
            known: dict[str | None, int] = {}
            field = Entry._fields.index(name)
            column = (known.setdefault(row[field], len(known)) for row in rows)
            self._codes[name] = np.fromiter(column, np.int32, len(rows))
            self._known[name] = known
        # The entries themselves are in the order of site and code.
        self._orders = {name: self._ordered(order) for name, order in ORDERS.items() if name != "site"}
        self._texts = TextIndex([row[-1] for row in rows])

    def _entry(self, number: int) -> Entry:
        return Entry(*self._rows[number])

    def _ordered(self, order: Order) -> NDArray[np.int32]:
        numbers = sorted(range(len(self._rows)), key=lambda number: order(self._entry(number)))
        return np.array(numbers, np.int32)

    def after(
        self, want: Wanted, sort: str, falling: bool, behind: Sequence[str] | None, without: Collection[str]
    ) -> Iterator[Entry]:
        """Entries that fit, in an order from behind a place on, but those whose keys are in ``without``."""
        mask = self._mask(want, without)
        order = self._orders.get(sort)
        numbers = np.flatnonzero(mask) if order is None else order[mask[order]]
        if falling:
            numbers = numbers[::-1]
        for begin in range(self._start(numbers, sort, falling, behind), len(numbers), _AT_ONCE):
            for number in numbers[begin : begin + _AT_ONCE].tolist():
                if self._texts.holds(number, want.words):
                    yield self._entry(number)

    def counts(self, site: str, without: Collection[str]) -> dict[str | None, int]:
        """How many assets that are not scrapped stand in each place of a site, those in ``without`` left out."""
        want = Wanted({"site": frozenset({site})}, ())
        found = self._mask(want, without)
        scrapped = self._known["status"].get(AssetStatus.SCRAPPED.value)
        if scrapped is not None:
            found &= self._codes["status"] != scrapped
        known = self._known["location"]
        counted = np.bincount(self._codes["location"][found], minlength=len(known)).tolist()
        return {place: counted[number] for place, number in known.items() if counted[number]}

    def _mask(self, want: Wanted, without: Collection[str]) -> NDArray[np.bool_]:
        found = self._texts.candidates(want.words)
        for name, allowed in want.values.items():
            known = self._known[name]
            table = np.zeros(len(known), np.bool_)
            table[[known[value] for value in allowed if value in known]] = True
            found &= table[self._codes[name]] if len(known) else False
        found[[self._places[key] for key in without if key in self._places]] = False
        return found

    def _start(self, numbers: NDArray[np.integer[Any]], sort: str, falling: bool, behind: Sequence[str] | None) -> int:
        if behind is None:
            return 0
        order, place = ORDERS[sort], tuple(behind)
        if falling:
            rising = numbers[::-1]
            return len(numbers) - bisect_left(rising, place, key=lambda number: order(self._entry(number)))
        return bisect_right(numbers, place, key=lambda number: order(self._entry(number)))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The index at one revision: columns, and what has changed since they were built."""

    revision: int
    columns: Columns
    changed: Mapping[str, Entry]

    def page(
        self, want: Wanted, sort: str, falling: bool, behind: Sequence[str] | None, count: int
    ) -> list[tuple[tuple[str, ...], str]]:
        """At most ``count`` assets as (values of the order, key)."""
        order = ORDERS[sort]
        place = None if behind is None else tuple(behind)
        fresh = [entry for entry in self.changed.values() if want.fits(entry)]
        if place is not None:
            fresh = [entry for entry in fresh if (order(entry) < place if falling else order(entry) > place)]
        fresh.sort(key=order, reverse=falling)
        kept = self.columns.after(want, sort, falling, behind, self.changed)
        found = merge(kept, fresh, key=order, reverse=falling)
        return [(order(entry), entry.key) for entry in islice(found, count)]

    def counts(self, site: str) -> dict[str | None, int]:
        """How many assets that are not scrapped stand directly in each place of a site; ``None``: in none."""
        found = self.columns.counts(site, self.changed)
        for entry in self.changed.values():
            if entry.site == site and entry.status != AssetStatus.SCRAPPED.value:
                found[entry.location] = found.get(entry.location, 0) + 1
        return found


class IndexKeeper:
    """Makes the index and keeps it at the newest revision. Safe to use from several threads."""

    def __init__(self, backend: Backend, index_from: int = INDEX_FROM) -> None:
        self._backend = backend
        self._from = index_from
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._building: threading.Thread | None = None
        self._small_at = -1

    def at(self, connection: sa.Connection) -> Snapshot | None:
        """The index as a reading transaction sees the ledger; ``None``: the ledger is small, or the index is still to
        be built (which this begins)."""
        marks = _marks(connection)
        revision, known = marks[PLANT_REVISION], self._snapshot
        if known is None or known.revision < marks[PLANT_REBUILT]:
            self._begin(connection, revision)
            return None
        if known.revision < revision:
            return self._caught_up(connection, revision)
        # A later one, which another thread has seen meanwhile, will do: what this transaction does not see of it is
        # left out of the page.
        return known

    def build(self) -> None:
        """Build it here and now, whatever the ledger's size."""
        with self._backend.read() as connection:
            revision = _marks(connection)[PLANT_REVISION]
            rows = connection.execute(sa.select(*_COLUMNS).order_by(_a.site, _a.code).limit(MOST_TEXTS + 1))
            entries = [tuple(row) for row in rows]
        if len(entries) > MOST_TEXTS:
            log.warning("asset_index_not_built", problem=f"more than {MOST_TEXTS} assets")
            return
        built = Snapshot(revision, Columns(entries), {})
        with self._lock:
            self._snapshot = built

    def wait(self) -> None:
        """Until the building that is under way, if any, is done."""
        building = self._building
        if building is not None:
            building.join()

    def _caught_up(self, connection: sa.Connection, revision: int) -> Snapshot | None:
        with self._lock:
            known = self._snapshot
            if known is None or known.revision >= revision:
                return known
            newer = sa.select(*_COLUMNS).where(_a.changed > known.revision).limit(MOST_CHANGED + 1)
            rows = connection.execute(newer).all()
            changed = {**known.changed, **{row[0]: Entry(*row) for row in rows}}
            if len(changed) > MOST_CHANGED:
                self._start_building()
                return None
            self._snapshot = known = replace(known, revision=revision, changed=changed)
            if len(changed) > REBUILD_FROM:
                self._start_building()
        return known

    def _begin(self, connection: sa.Connection, revision: int) -> None:
        if revision == self._small_at:
            return
        beyond = sa.select(_a.key).order_by(_a.site, _a.code).limit(1).offset(self._from)
        if connection.execute(beyond).first() is None:
            self._small_at = revision
            return
        with self._lock:
            self._start_building()

    def _start_building(self) -> None:
        if self._building is None or not self._building.is_alive():
            self._building = threading.Thread(target=self._build, name="asset-index", daemon=True)
            self._building.start()

    def _build(self) -> None:
        try:
            self.build()
        except PlantroomError as error:
            log.warning("asset_index_not_built", problem=str(error))
        except Exception:  # outermost frame of the thread
            log.exception("asset_index_not_built")


def _marks(connection: sa.Connection) -> dict[str, int]:
    names = (PLANT_REVISION, PLANT_REBUILT)
    rows: Sequence[Any] = connection.execute(
        sa.select(counters.c.name, counters.c.value).where(counters.c.name.in_(names))
    ).all()
    return {name: int(value) for name, value in rows}
