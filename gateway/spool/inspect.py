"""A look at spools from outside, without touching them."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.spool.cursor import Cursor
from gateway.spool.segments import Segment, segments_in

TRIES = 5


def inspect_folder(root: Path) -> list[dict[str, Any]]:
    """A line per site and lane, see ``inspect_spool``."""
    return [
        {"site": lane.parent.name, "lane": lane.name} | inspect_spool(lane)
        for lane in sorted(root.glob("*/*"))
        if (lane / "cursor.0").exists()
    ]


def bytes_of(segments: Sequence[Segment]) -> int:
    """Bytes of segments on disk; one that is gone by now has none."""
    total = 0
    for segment in segments:
        with suppress(FileNotFoundError):
            total += segment.path.stat().st_size
    return total


def inspect_spool(folder: Path) -> dict[str, Any]:
    """Committed and last position, how many records wait and since how many seconds, how many of them are damaged,
    segments, their bytes, free bytes of the disk, and what keeps it from being read (else ``None``).

    Reads what waits, a segment at a time.
    """
    found: dict[str, Any] = dict.fromkeys(("committed", "last", "waiting", "damaged", "segments", "bytes"), 0)
    found |= {"oldest_s": None, "free_bytes": 0, "problem": None}
    try:
        stat = os.statvfs(folder)
        found["free_bytes"] = stat.f_bavail * stat.f_frsize
        found |= _waiting_now(folder)
    except OSError as error:
        found["problem"] = f"{error.strerror}: {error.filename}" if error.filename else str(error)
    return found


def _waiting_now(folder: Path) -> dict[str, Any]:
    """As ``_waiting``, beside a collector that unlinks segments meanwhile."""
    for _ in range(TRIES):
        with suppress(FileNotFoundError):
            return _waiting(folder)
    return _waiting(folder)


def _waiting(folder: Path) -> dict[str, Any]:
    cursor = Cursor(folder)
    cursor.peek()
    segments = segments_in(folder)
    last, damaged, oldest_ms = cursor.position, 0, None
    for number, segment in enumerate(segments):
        following = segments[number + 1].first if number + 1 < len(segments) else None
        if following is not None and following - 1 <= cursor.position:
            continue
        if cursor.position or number:
            damaged += max(0, segment.first - 1 - last)
        last = max(last, segment.first - 1)
        for each in segment.records():
            if each.record.position > last:
                damaged += each.record.position - last - 1
                last = each.record.position
                oldest_ms = each.record.received_ms if oldest_ms is None else oldest_ms
    return {
        "committed": cursor.position,
        "last": last,
        "waiting": last - cursor.position,
        "damaged": damaged,
        "oldest_s": None if oldest_ms is None else max(0.0, round(time.time() - oldest_ms / 1000, 1)),
        "segments": len(segments),
        "bytes": bytes_of(segments),
    }
