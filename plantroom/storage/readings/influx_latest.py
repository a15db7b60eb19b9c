"""The newest reading of many series at once.

``last()`` keeps the instant only when it stands alone in a statement, so there is one statement for each of the
three fields of a point, over the assets of a class at a site; many statements go in one request.
"""

# ruff: noqa: S608 - every name goes through identifier() and literal()

from collections import defaultdict
from collections.abc import Mapping, Sequence

from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import SeriesRef
from plantroom.storage.readings.influx_http import InfluxConnection
from plantroom.storage.readings.influx_lines import fields_of, identifier, stored_name
from plantroom.storage.readings.influx_queries import assets_where
from plantroom.storage.readings.layout import KINDS

STATEMENTS = 120
ASSETS = 500
"""Statements in one request, and assets that one statement names."""

_Found = dict[SeriesRef, tuple[int, float]]


def latest(connection: InfluxConnection, series: Sequence[SeriesRef]) -> Mapping[SeriesRef, tuple[int, float, int]]:
    """``(ts_ms, value, reason)`` of each series that has a reading."""
    groups: dict[tuple[str, str, str], list[SeriesRef]] = defaultdict(list)
    for one in dict.fromkeys(series):
        groups[one.equipment_class, one.point, one.site].append(one)
    parts = [group[i : i + ASSETS] for group in groups.values() for i in range(0, len(group), ASSETS)]
    found: tuple[_Found, _Found, _Found] = ({}, {}, {})
    step = STATEMENTS // KINDS
    for i in range(0, len(parts), step):
        _ask(connection, parts[i : i + step], found)
    good, bad, code = found
    return {one: newest for one in series if (newest := _newest(one, good, bad, code)) is not None}


def _ask(
    connection: InfluxConnection, parts: Sequence[Sequence[SeriesRef]], found: tuple[_Found, _Found, _Found]
) -> None:
    answers = iter(connection.query([statement for part in parts for statement in _statements(part)]))
    for part in parts:
        known = {(stored_name(one.site), stored_name(one.asset)): one for one in part}
        for kind in range(KINDS):
            for answer in next(answers):
                one = known.get((answer["tags"]["site"], answer["tags"]["asset"]))
                if one is not None:
                    ts_ms, value = answer["values"][0]
                    found[kind][one] = (int(ts_ms), float(value))


def _statements(part: Sequence[SeriesRef]) -> list[str]:
    assets = assets_where(part[0].site, [one.asset for one in part])
    measurement = identifier(stored_name(part[0].equipment_class))
    return [
        f'SELECT last({identifier(name)}) FROM {measurement} WHERE {assets} GROUP BY "site","asset"'
        for name in fields_of(part[0].point)
    ]


def _newest(one: SeriesRef, good: _Found, bad: _Found, code: _Found) -> tuple[int, float, int] | None:
    good_ts, good_value = good.get(one, (None, 0.0))
    bad_ts, bad_value = bad.get(one, (None, 0.0))
    code_ts, code_value = code.get(one, (None, 0.0))
    if good_ts is not None and (bad_ts is None or good_ts >= bad_ts):
        uncertain = code_ts == good_ts and code_value < FIRST_BAD
        return good_ts, good_value, int(code_value) if uncertain else 0
    if bad_ts is not None:
        return bad_ts, bad_value, int(code_value) if code_ts == bad_ts else FIRST_BAD
    return None
