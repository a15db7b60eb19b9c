"""A look at spools from outside, without touching them."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.spool.cursor import Cursor
from gateway.spool.format import parse
from gateway.spool.segments import Segment, segments_in


def inspect_folder(root: Path) -> list[dict[str, Any]]:
    """A line per site and lane: committed and last position, how many wait, bytes, segments."""
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


def inspect_spool(folder: Path) -> dict[str, int]:
    """Figures of one spool. Counts the records of the newest segment, so it reads up to its size."""
    cursor = Cursor(folder)
    cursor.peek()
    found = segments_in(folder)
    last = cursor.position
    if found:
        positions = [each.record.position for each in parse(found[-1].path.read_bytes())]
        last = max(last, found[-1].first - 1, *positions)
    return {
        "committed": cursor.position,
        "last": last,
        "waiting": last - cursor.position,
        "segments": len(found),
        "bytes": bytes_of(found),
    }
