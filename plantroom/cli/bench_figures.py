"""What every bench does with its figures: times as percentiles, and whether they show what they have to."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from plantroom.cli.common import emit
from plantroom.errors import Unreachable

NEVER_CAME = "never_came"
NONE_OF_THEM = ("lost", "duplicates", "letters", "crashes", "false_offline", "false_late", "missed_offline", "gaps")
SOME_OF_THEM = ("acknowledged", "scored_assets", "kills", "messages")
"""Where one of these is 0, nothing was measured."""

ALL_OF_THEM = {"dead_lettered": "bad", "stored": "good"}
MORE_THAN = {"ratio_to_telegraf": 1.0}
AT_LEAST = {"ratio": 0.6}
"""Of the bare consumer."""


def percentiles(milliseconds: Sequence[float]) -> dict[str, float | int | None]:
    """p50, p99 and largest of some times (infinite: it never came), of how many, and how many of those never came.
    ``None``: there are no times, or that one is of something that never came."""
    never = sum(math.isinf(one) for one in milliseconds)
    if not milliseconds:
        return {"p50": None, "p99": None, "max": None, "count": 0, NEVER_CAME: 0}
    # Between a time and none there is nothing to interpolate.
    p50, p99 = np.percentile(milliseconds, [50, 99], method="higher" if never else "linear")
    times = {"p50": float(p50), "p99": float(p99), "max": max(milliseconds)}
    told = {name: round(value, 1) if math.isfinite(value) else None for name, value in times.items()}
    return {**told, "count": len(milliseconds), NEVER_CAME: never}


def shortfalls(document: Mapping[str, Any]) -> list[str]:
    """What a bench's document shows that must not be, in words; empty when all is well."""
    found = [f"{name} is {document[name]}" for name in NONE_OF_THEM if document.get(name, 0) > 0]
    found += [
        f"{name} is {document[name]} of {document[whole]}"
        for name, whole in ALL_OF_THEM.items()
        if name in document and whole in document and document[name] != document[whole]
    ]
    found += [f"{name} is 0" for name in SOME_OF_THEM if document.get(name, 1) == 0]
    found += _ratios(document)
    if document.get("spool_intact") is False:
        found.append("a kill left a spool that is not intact")
    return [*found, *_never_came(document)]


def _ratios(document: Mapping[str, Any]) -> Iterator[str]:
    """Of a ``whole_run`` alone: what is shorter than the figures are required of says nothing by them."""
    if not document.get("whole_run", True):
        return
    if document.get("counts") is False:
        bare = document.get("bare_messages_per_s")
        yield f"the run does not count: the bare consumer beside it reached {bare} messages/s, which is too slow"
        return
    for name, least in AT_LEAST.items():
        if document.get(name) is not None and document[name] < least:
            yield f"{name} is {document[name]}, below {least}"
    for name, less in MORE_THAN.items():
        if document.get(name) is not None and document[name] <= less:
            yield f"{name} is {document[name]}, no more than {less}"


def _never_came(document: Mapping[str, Any], name: str = "") -> Iterator[str]:
    if document.get(NEVER_CAME):
        yield f"{name}: {document[NEVER_CAME]} of {document['count']} never came"
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _never_came(value, f"{name}.{key}" if name else key)


def show(document: Mapping[str, Any], as_json: bool) -> None:
    """Print the figures. Raises ``Unreachable`` behind them, with what falls short, when they show a loss: whoever only
    looks at the exit code must not take it for a good run."""
    emit(document, as_json)
    short = shortfalls(document)
    if short:
        raise Unreachable("what was measured", f"falls short: {'; '.join(short)}")
