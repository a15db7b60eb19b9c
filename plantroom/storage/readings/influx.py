"""Readings in InfluxDB 2.x: one measurement per equipment class, tags ``site`` and ``asset``, a field per point.

Every number is a float: a field that was once an integer refuses floats for ever. Reads are InfluxQL, which 2.x and
3 both answer. Where a bad reading arrives at the very instant of an uncertain one, in another batch, its code takes
the place of the uncertain one's, and the value shows as good: fields cannot be written conditionally.
"""

# ruff: noqa: S608 - every name goes through identifier() and literal()

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import wait
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from plantroom.errors import Unreachable
from plantroom.ports.readings import (
    AggregatePage,
    RawReadings,
    ReadingBatch,
    RejectedReading,
    SeriesPage,
    SeriesRef,
    StoreSeen,
    WriteResult,
)
from plantroom.storage.readings import influx_latest
from plantroom.storage.readings.influx_bucket import Bucket
from plantroom.storage.readings.influx_days import WrittenDays
from plantroom.storage.readings.influx_http import InfluxConnection, InfluxTarget, Refused, TooLarge
from plantroom.storage.readings.influx_lines import (
    HIGH_MS,
    LOW_MS,
    LineBook,
    fields_of,
    identifier,
    original_name,
    stored_name,
)
from plantroom.storage.readings.influx_queries import (
    columns_of,
    from_rows,
    holder_where,
    question_of,
    span_where,
)
from plantroom.storage.readings.layout import (
    KINDS,
    REASON_SUFFIX,
    ClassPoint,
    by_holder,
    cells_of,
    page_of,
    remarked_in,
    single_holder,
    unstorable,
)
from plantroom.storage.readings.senders import Senders

log = structlog.get_logger()

PART_LINES = 2_000
"""Lines of a request; the server takes up to 5,000 at the same speed a line."""

SENDERS = 2
SENT_AGAIN = 3
"""How often what was confirmed and is not there is sent again: a server that shows it later keeps nobody waiting."""

_NOT_OPEN = (Unreachable, "the store is not open")
PAGE_ROWS = 10_000
_DROPPED = re.compile(r"dropped=(\d+)")


class InfluxReadings(RawReadings):
    """The readings store of a site. Writes wait for the server's confirmation and are never retried here.

    ``keep_days`` (0: for ever) is the rule of a bucket that is made here; another's is left alone (``Bucket``).
    """

    def __init__(self, target: InfluxTarget, keep_days: int = 0) -> None:
        if not (target.host and target.token and target.org and target.bucket and 0 < target.port < 65536):
            raise ValueError("an InfluxDB target needs host, port, token, organisation and bucket")
        self.target = target
        self._bucket = Bucket(target, keep_days)
        self._connection: InfluxConnection | None = None
        self._unopened: tuple[type[Unreachable], str] = _NOT_OPEN
        """What to say while there is no connection: why it could not be opened, if somebody tried."""
        self._lock = threading.Lock()
        self._remarked: set[ClassPoint] = set()
        self._known_classes: set[str] = set()
        self._days = WrittenDays()
        self._senders: Senders | None = None

    def open(self) -> None:
        """Connect; make the bucket when it is missing and the token may."""
        connection = InfluxConnection(self.target)
        try:
            self._bucket.open(connection)
        except Unreachable as error:
            self._unopened = type(error), error.problem
            connection.close()
            raise
        self._connection, self._unopened = connection, _NOT_OPEN
        self._senders = Senders(SENDERS, "influx-write")

    @property
    def address(self) -> str:
        """Server, organisation and bucket."""
        return self.target.address

    def look(self) -> StoreSeen:
        """Ask for the bucket, on a connection of its own."""
        with closing(InfluxConnection(self.target)) as connection:
            connection.request("GET", "/health")
            seen = self._bucket.look(connection)
            if not seen.missing:
                connection.query(["SHOW MEASUREMENTS LIMIT 1"])
        return seen

    def close(self) -> None:
        """Close the HTTP pools. Requests under way are not waited for."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        senders, self._senders = self._senders, None
        if senders is not None:
            senders.stop()

    def ping(self) -> None:
        """Ask for the health of the server and for something that needs the token and the bucket."""
        self._connected().request("GET", "/health")
        self._connected().query(["SHOW MEASUREMENTS LIMIT 1"])

    def _connected(self) -> InfluxConnection:
        connection = self._connection
        if connection is None:
            kind, problem = self._unopened
            raise kind(self.target.what, problem)
        return connection

    def delete_before(self, before_ms: int, stopping: Callable[[], bool], *, held: bool = False) -> int:
        """Nothing where the bucket has a rule of its own: the server drops whole shards by it, which costs it next to
        nothing; the rule of one that we made is set right. Else one delete request; the server does not say how many
        rows there were."""
        connection = self._connected()
        if stopping() or self._bucket.expires(connection, held=held):
            return 0
        # The server deletes what stands at `stop`, too.
        span = {"start": "1677-09-21T00:12:44Z", "stop": f"{np.datetime64(before_ms - 1, 'ms')}Z"}
        connection.delete(span)
        return 0

    def write(self, batch: ReadingBatch) -> WriteResult:
        """Write ``PART_LINES`` a request at most; what the server refuses is found by halving and left out."""
        if not len(batch):
            return WriteResult(0)
        connection = self._connected()
        rejected = unstorable(batch, LOW_MS, HIGH_MS)
        leave_out = [one.position for one in rejected]
        if len(leave_out) < len(batch):
            cells = cells_of(batch, self._learn_remarked(connection, batch), leave_out)
            book = LineBook(cells)
            rejected += self._send_all(connection, book, self._days.quiet(cells.ts_ms))
            self._days.note(cells.ts_ms)
        first = {one.position: one for one in reversed(rejected)}
        return WriteResult(len(batch) - len(first), [first[p] for p in sorted(first)])

    def _send_all(self, connection: InfluxConnection, book: LineBook, quiet: Collection[int]) -> list[RejectedReading]:
        """In requests of ``PART_LINES``, two under way at a time: the next one's lines are made while the server works
        on the first. All are waited for, whatever becomes of one."""
        parts = [(start, min(start + PART_LINES, len(book))) for start in range(0, len(book), PART_LINES)]
        senders, send = self._senders, partial(_send_and_see, connection, book, quiet)
        if len(parts) == 1 or senders is None:
            return [one for part in parts for one in send(*part)]
        futures = [senders.submit(partial(send, *part)) for part in parts]
        wait(futures)
        return [one for future in futures for one in future.result()]

    def _learn_remarked(self, connection: InfluxConnection, batch: ReadingBatch) -> set[ClassPoint]:
        """Points that have, or are about to have, a reason code: their codes are written with every value."""
        classes = {one.equipment_class for one in batch.series}
        unknown = classes - self._known_classes
        met = remarked_in(batch)
        if unknown:
            met |= _coded_points(connection, unknown)
        if unknown or not met <= self._remarked:
            with self._lock:
                self._remarked = self._remarked | met
                self._known_classes = self._known_classes | unknown
        return self._remarked

    def read(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> Sequence[SeriesPage]:
        """One InfluxQL statement."""
        if not series:
            return []
        single_holder(series)
        distinct = list(dict.fromkeys(series))
        matrix = self._matrix(distinct, start_ms, end_ms, limit)
        ts_ms = matrix[:, 0].astype(np.int64)
        pages = {
            one: page_of(one, ts_ms, *(matrix[:, 1 + KINDS * i + kind] for kind in range(KINDS)))
            for i, one in enumerate(distinct)
        }
        return [pages[one] for one in series]

    def _matrix(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> NDArray[np.float64]:
        """Rows of one asset, rising in time: instant, then value, bad value and code of each series."""
        statement = (
            f"SELECT {columns_of(series)} FROM {identifier(stored_name(series[0].equipment_class))}"
            f" WHERE {holder_where(single_holder(series))} AND {span_where(start_ms, end_ms)}"
            f" ORDER BY time ASC LIMIT {max(0, limit)}"
        )
        if limit <= 0 or end_ms <= start_ms:
            return np.empty((0, 1 + KINDS * len(series)))
        (answer,) = self._connected().query([statement])
        return from_rows([row for one in answer for row in one["values"]], 1 + KINDS * len(series))

    def aggregate(
        self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, window_ms: int
    ) -> Sequence[AggregatePage]:
        """One InfluxQL statement for each series, in one request."""
        if window_ms <= 0:
            raise ValueError("a window is at least one millisecond")
        distinct = list(dict.fromkeys(series))
        answers: list[list[Mapping[str, Any]]] = [[] for _ in distinct]
        if distinct and end_ms > start_ms:
            answers = self._connected().query([_aggregation(one, start_ms, end_ms, window_ms) for one in distinct])
        pages = {one: _aggregate_page(one, answer) for one, answer in zip(distinct, answers, strict=True)}
        return [pages[one] for one in series]

    def latest(self, series: Sequence[SeriesRef]) -> Mapping[SeriesRef, tuple[int, float, int]]:
        """Ask ``last()`` of each field over all assets."""
        return influx_latest.latest(self._connected(), series)

    def count(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int) -> int:
        """Count on the server where one field is concerned, else count the rows read."""
        if end_ms <= start_ms:
            return 0
        return sum(self._count_rows(group, start_ms, end_ms) for group in by_holder(series).values())

    def _count_rows(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int) -> int:
        fields = [name for one in series for name in fields_of(one.point)[:2]]
        counts = ",".join(f"count({identifier(name)}) AS c{i}" for i, name in enumerate(fields))
        statement = (
            f"SELECT {counts} FROM {identifier(stored_name(series[0].equipment_class))}"
            f" WHERE {holder_where(single_holder(series))} AND {span_where(start_ms, end_ms)}"
        )
        (answer,) = self._connected().query([statement])
        found = [int(n) for one in answer for row in one["values"] for n in row[1:] if n]
        if len(found) <= 1:
            return sum(found)
        # InfluxQL cannot count instants over several fields; the rows themselves can be counted.
        return sum(len(page) for page in self._pages(series, start_ms, end_ms))

    def _pages(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int) -> Iterator[NDArray[np.float64]]:
        while True:
            page = self._matrix(series, start_ms, end_ms, PAGE_ROWS)
            yield page
            if len(page) < PAGE_ROWS:
                return
            start_ms = int(page[-1, 0]) + 1


def _send_and_see(
    connection: InfluxConnection, book: LineBook, quiet: Collection[int], start: int, stop: int
) -> list[RejectedReading]:
    """As ``_send``; of what it wrote to ``quiet`` days one cell each is read back, and all is sent again where one is
    not there: see ``influx_days``. A request's lines of one day are there or not all together."""
    rejected = _send(connection, book, start, stop)
    for turn in range(SENT_AGAIN if quiet else 0):
        samples = book.samples(start, stop, quiet, {one.position for one in rejected})
        missing = sum(not found for found in connection.query([question_of(one) for one in samples])) if samples else 0
        if not missing:
            break
        log.warning("confirmed_and_not_there", bucket=connection.target.bucket, days=missing, turn=turn + 1)
        rejected += _send(connection, book, start, stop)
    return rejected


def _send(connection: InfluxConnection, book: LineBook, start: int, stop: int) -> list[RejectedReading]:
    """Write rows ``start:stop``, halving until only what the server refuses is left; returns that."""
    rejected: list[RejectedReading] = []
    while body := book.body(start, stop):
        try:
            connection.write(body)
        except TooLarge as error:
            reason = str(error) or "too large for the server"
        except Refused as error:
            reason = str(error)
            if positions := book.drop_conflicting(reason, start, stop):
                rejected += [RejectedReading(position, reason) for position in positions]
                continue
            if _all_beyond_retention(reason, body.count(b"\n")):
                return rejected + [RejectedReading(p, reason, too_old=True) for p in book.positions(start, stop)]
        else:
            break
        if stop - start == 1:
            return rejected + _send_apart(connection, book, start, reason)
        middle = (start + stop) // 2
        return rejected + _send(connection, book, start, middle) + _send(connection, book, middle, stop)
    return rejected


def _all_beyond_retention(said: str, lines: int) -> bool:
    dropped = _DROPPED.search(said)
    return "retention policy" in said and dropped is not None and int(dropped.group(1)) == lines


def _send_apart(connection: InfluxConnection, book: LineBook, row: int, reason: str) -> list[RejectedReading]:
    """A refused row cell by cell, so that its good values are stored."""
    cells = book.single(row)
    if len(cells) == 1:
        return [RejectedReading(cells[0][0], reason)]
    rejected = []
    for position, line in cells:
        try:
            connection.write(line)
        except (TooLarge, Refused) as error:
            rejected.append(RejectedReading(position, str(error)))
    return rejected


def _coded_points(connection: InfluxConnection, classes: set[str]) -> set[ClassPoint]:
    """Points of these classes that have a field for reason codes."""
    ordered = sorted(classes)
    answers = connection.query([f"SHOW FIELD KEYS FROM {identifier(stored_name(one))}" for one in ordered])
    return {
        ClassPoint(one, original_name(name.removesuffix(REASON_SUFFIX)))
        for one, answer in zip(ordered, answers, strict=True)
        for found in answer
        for (name, *_) in found["values"]
        if name.endswith(REASON_SUFFIX)
    }


def _aggregation(series: SeriesRef, start_ms: int, end_ms: int, window_ms: int) -> str:
    field = identifier(stored_name(series.point))
    return (
        f"SELECT mean({field}),min({field}),max({field}),count({field}),last({field})"
        f" FROM {identifier(stored_name(series.equipment_class))}"
        f" WHERE {holder_where(single_holder([series]))} AND {span_where(start_ms, end_ms)}"
        f" GROUP BY time({window_ms}ms) fill(none)"
    )


def _aggregate_page(series: SeriesRef, answer: Sequence[Mapping[str, Any]]) -> AggregatePage:
    matrix = from_rows([row for one in answer for row in one["values"]], 6)
    # The server works them out one after the other: a window that is being written may lack some of them.
    matrix = matrix[~np.isnan(matrix).any(axis=1)]
    return AggregatePage(
        series=series,
        ts_ms=matrix[:, 0].astype(np.int64),
        mean=matrix[:, 1],
        minimum=matrix[:, 2],
        maximum=matrix[:, 3],
        count=matrix[:, 4].astype(np.int64),
        last=matrix[:, 5],
    )
