"""What ``bench failover`` says of messages that did not arrive: which ones, and where they may have stayed."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from plantroom.cli.bench_failover_load import SteadyPublisher
from plantroom.cli.bench_site import SITE
from plantroom.ports.gaps import Gap, GapFilter, GapState
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import PageRequest
from plantroom.wire import Channel

GAPS_MAX = 200
SHOWN = 50
"""So many lost messages are named, of each asset."""

NOT_KEPT = shutil.ignore_patterns(".erlang.cookie", "*.sock", "*.lock")


def lost_of(publisher: SteadyPublisher, found: Mapping[str, tuple[Sequence[int], Sequence[float]]]) -> dict[str, Any]:
    """Of each asset that lacks something: of what kind its messages are, and those that are not in the store, by
    instant (or value, where they have none) and the second of the run in which they were published. ``found``:
    instants and values in the store, by asset."""
    lost: dict[str, Any] = {}
    for code, (instants, values) in found.items():
        missing = list(_missing(publisher, code, instants, values))
        if missing:
            lost[code] = {"kind": publisher.kind(code).value, "count": len(missing), "messages": missing[:SHOWN]}
    return lost


def _missing(
    publisher: SteadyPublisher, code: str, instants: Sequence[int], values: Sequence[float]
) -> Iterator[dict[str, float]]:
    there, left = dict(zip(instants, values, strict=True)), Counter(values)
    for note in publisher.notes(code):
        if note.ts_ms is not None:
            if there.get(note.ts_ms) != note.value:
                yield {"seq": note.seq, "ts_ms": note.ts_ms, "at_s": note.at_s}
        elif left[note.value]:
            left[note.value] -= 1
        else:
            yield {"seq": note.seq, "value": note.value, "at_s": note.at_s}


def keep(folders: Mapping[str, Path], into: Path) -> None:
    """Copy these folders (spools, stores, logs) under their names. A file that goes meanwhile is left out."""
    for name, folder in folders.items():
        with suppress(shutil.Error):
            shutil.copytree(folder, into / name, ignore=NOT_KEPT, ignore_dangling_symlinks=True, dirs_exist_ok=True)


def close_gaps(ledger: Ledger[Any], publisher: SteadyPublisher, seconds: float) -> tuple[int, int]:
    """Numbers that are listed as missing when all has come, and are sent again as by a publisher that is asked for
    them; and those that are listed still after at most so long."""
    end = time.monotonic() + seconds
    first = [one for one in _open_gaps(ledger) if one.channel == Channel.TELEMETRY]
    for one in first:
        publisher.send_again(one.code, one.first, one.last)
    publisher.settle()
    while (left := sum(one.missing for one in _open_gaps(ledger))) and time.monotonic() < end:
        time.sleep(0.5)
    return sum(one.missing for one in first), left


def _open_gaps(ledger: Ledger[Any]) -> Sequence[Gap]:
    wanted = GapFilter(site=SITE, state=GapState.OPEN.value)
    with ledger.read() as tx:
        found: Sequence[Gap] = tx.gaps.list(wanted, PageRequest(GAPS_MAX)).items
    return found
