"""A look at spools from outside, without touching them."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.spool.cursor import CURSOR, Cursor
from gateway.spool.segments import SUFFIX, Segment, segments_in
from plantroom.errors import Unreachable

TRIES = 5


def inspect_folder(root: Path) -> list[dict[str, Any]]:
    """A line per site and lane, see ``inspect_spool``; of a site that cannot be looked into one line, whose lane is
    empty. Raises ``Unreachable`` when that is so of all of them."""
    try:
        sites = folders_in(root)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Unreachable(f"spools in {root}", error.strerror or str(error)) from error
    found: list[dict[str, Any]] = []
    for site in sites:
        try:
            found += [{"site": site.name, "lane": lane.name} | inspect_spool(lane) for lane in spools_in(site)]
        except OSError as error:
            found.append({"site": site.name, "lane": ""} | _nothing_of(error))
    return found


def folders_in(folder: Path) -> list[Path]:
    """Sorted by name. Raises ``OSError``."""
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir())


def spools_in(site: Path) -> list[Path]:
    """Folders of a site that hold a spool, or may hold one and cannot be looked into. Raises ``OSError``."""
    return [lane for lane in folders_in(site) if may_be_spool(lane)]


def may_be_spool(folder: Path) -> bool:
    """Whether there is a segment or a cursor, or no way to know."""
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.startswith(CURSOR) or entry.name.endswith(SUFFIX) for entry in entries)
    except FileNotFoundError:
        return False
    except OSError:
        return True


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
    found = _nothing_of(None)
    try:
        stat = os.statvfs(folder)
        found["free_bytes"] = stat.f_bavail * stat.f_frsize
        found |= _waiting_now(folder)
    except OSError as error:
        found |= {"problem": _nothing_of(error)["problem"]}
    return found


def _nothing_of(error: OSError | None) -> dict[str, Any]:
    """A line of what nothing is known of yet, and why."""
    found: dict[str, Any] = dict.fromkeys(("committed", "last", "waiting", "damaged", "segments", "bytes"), 0)
    problem = None
    if error is not None:
        problem = f"{error.strerror}: {error.filename}" if error.filename else str(error)
    return found | {"oldest_s": None, "free_bytes": 0, "problem": problem}


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
