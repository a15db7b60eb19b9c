"""Days that are written as an instant with its time zone (2026-05-01T00:00:00+08:00), as other programs export them:
the local date of the site is the day. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from maintenance.imports.cells import Cell
from maintenance.imports.problems import Problems, in_words
from maintenance.imports.site_names import SiteNames
from maintenance.imports.tables import Row
from plantroom.domain.assets import LocalName

_ZONED = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)? ?(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)",
    re.IGNORECASE,
)
_LONGEST = 40


def instant_of(cell: Cell) -> datetime | None:
    """The instant that a cell writes with its time zone, to the second, in UTC; ``None``: it is none."""
    found = _ZONED.fullmatch(cell.strip()) if isinstance(cell, str) and len(cell) <= _LONGEST else None
    if found is None:
        return None
    zone = found["zone"].upper()
    offset = "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[3:].lstrip(':') or '00'}"
    try:
        return datetime.fromisoformat(f"{found['day']}T{found['time']}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def zone_of(sites: SiteNames, asked: str | None) -> Callable[[Row], tzinfo | None]:
    """The time zone of the site that a row names, else of the one that was asked for, else of the only one there
    is."""

    def of(row: Row) -> tzinfo | None:
        code = sites.only or sites.find(row.text("site") or asked or "", asked)
        return None if code is None else ZoneInfo(sites.sites[code].time_zone)

    return of


def with_local_days(
    rows: Iterable[Row], keys: Collection[str], zone_of: Callable[[Row], tzinfo | None], problems: Problems
) -> Iterator[Row]:
    """The rows with the site's local date for each instant in these columns; where that is another day than the one
    that is written, a warning says so. ``zone_of``: the time zone of a row's site; ``None``: of no known one, and then
    the cell stays as it is."""
    for row in rows:
        for key in keys:
            instant = instant_of(row.cells.get(key))
            zone = zone_of(row) if instant is not None else None
            if instant is not None and zone is not None:
                _put(row, key, instant.astimezone(zone).date(), problems)
        yield row


def _put(row: Row, key: str, day: date, problems: Problems) -> None:
    text = row.text(key).strip()
    row.written[key] = row.cells.get(key)
    row.cells = {**row.cells, key: day}
    if text[:10] != day.isoformat():
        said = LocalName(f"“{text}”按站点当地日期{day}理解", f"{text} was read as the site's local date {day}")
        problems.warn(row.problem(key, "date_read_as", in_words("date_read_as", said)))
