"""Decoded samples that become readings, and those that do not: repeated, wrongly timed, of no known age or point."""

from dataclasses import dataclass, field
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ingest.arrivals import Arrivals
from ingest.dialects.decoded import Decoded
from ingest.matching import AssetRoute
from ingest.rejections import CLOCK_IN_FUTURE, CLOCK_NEVER_SET, UNKNOWN_POINT, Rejection, with_detail
from ingest.time_hints import hint_of
from plantroom.ports.clock import YEAR_2000_MS


@dataclass(slots=True)
class Samples:
    """Samples that go on, all (m,), and the series of their values; ``number`` is their place in ``Decoded``."""

    number: NDArray[np.int64]
    message: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    received_ms: NDArray[np.int64]
    stands_in: NDArray[np.bool_]
    routes: list[AssetRoute]
    series: list[tuple[int, ...] | None]
    """Of each; ``None`` where a name is unknown, which nothing that goes on has."""
    dropped: list[int] = field(default_factory=list)
    """Positions in ``Decoded.values`` that do not go on."""
    rejections: list[Rejection] = field(default_factory=list)
    duplicates: int = 0
    retained: int = 0


def of_unknown_age(
    decoded: Decoded, arrivals: Arrivals, message: NDArray[np.int64], own: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which samples (m,) the broker had retained and do not say of when they are; a time that counts from "now" does
    not either."""
    found = np.zeros(len(own), np.bool_)
    if arrivals.retained:
        timed = own.copy()
        timed[list(decoded.relative)] = False
        found = ~timed & np.isin(message, list(arrivals.retained))
    return found


def take_out(
    samples: Samples,
    decoded: Decoded,
    repeated: NDArray[np.bool_],
    wrong_clock: NDArray[np.bool_],
    old: NDArray[np.bool_],
) -> None:
    """Leave out what repeats, has an impossible clock, is of an unknown age or belongs to no point; each (m,), looked
    at one by one."""
    unknown = np.fromiter((one is None for one in samples.series), np.bool_, len(samples.series))
    kept = ~(repeated | wrong_clock | old)
    firsts = np.cumsum([0, *map(len, decoded.keys)])
    for at in np.flatnonzero(~kept | unknown).tolist():
        message, keys, first = decoded.message[at], decoded.keys[at], int(firsts[at])
        if kept[at]:
            samples.series[at] = _known_only(samples, samples.routes[at], message, keys, first)
            kept[at] = bool(samples.series[at])
            continue
        if repeated[at]:
            samples.duplicates += len(keys)
        elif old[at]:
            samples.retained += len(keys)
        else:
            code = CLOCK_NEVER_SET if decoded.ts_ms[at] < YEAR_2000_MS else CLOCK_IN_FUTURE
            hint = hint_of(decoded.ts_ms[at], int(samples.received_ms[at]), in_seconds=decoded.in_seconds)
            samples.rejections.append(Rejection(message, with_detail(code, hint) if hint else code, ", ".join(keys)))
        samples.dropped.extend(range(first, first + len(keys)))
    samples.number, samples.message, samples.ts_ms = samples.number[kept], samples.message[kept], samples.ts_ms[kept]
    samples.received_ms, samples.stands_in = samples.received_ms[kept], samples.stands_in[kept]
    samples.routes, samples.series = list(compress(samples.routes, kept)), list(compress(samples.series, kept))


def _known_only(
    samples: Samples, route: AssetRoute, message: int, keys: tuple[str, ...], first: int
) -> tuple[int, ...]:
    """The series of those names that the asset has; the others become rejections."""
    for position, key in enumerate(keys, first):
        if key not in route.ids:
            samples.dropped.append(position)
            samples.rejections.append(Rejection(message, UNKNOWN_POINT, key))
    return tuple(route.ids[key] for key in keys if key in route.ids)
