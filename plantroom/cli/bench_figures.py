"""What every bench does with its figures: times as percentiles, and whether they show what they have to."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from plantroom.cli.common import emit
from plantroom.errors import Unreachable

NEVER_CAME = "never_came"
NONE_OF_THEM = ("lost", "duplicates", "crashes", "false_offline")
ALL_OF_THEM = {"dead_lettered": "bad", "stored": "good"}


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
    if document.get("spool_intact") is False:
        found.append("a kill left a spool that is not intact")
    return [*found, *_never_came(document)]


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
