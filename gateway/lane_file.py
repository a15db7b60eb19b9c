"""What the broker may hold for a site's two lanes, kept over restarts beside their spools."""

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import structlog

from gateway.spool.segments import sync_folder
from plantroom.ports.spool import Lane

log = structlog.get_logger()
NAME = "lanes.json"

Held = Mapping[Lane, Collection[str]]
"""Topic filters that the broker may hold, by lane."""


class LaneFile:
    """The filters on the disk, so that what nobody wants any more after a restart is let go. Nothing is proven by
    them."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._kept = ""

    def load(self) -> Held:
        """What an earlier run asked for; nothing when there is nothing that can be read."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))["held"]
            return {lane: [str(name) for name in document[lane.value]] for lane in Lane}
        except (OSError, ValueError, KeyError, TypeError):
            return {lane: [] for lane in Lane}

    def save(self, held: Held) -> None:
        """Durable when it returns; on a full disk what was there stands, and the next call tries again."""
        text = json.dumps({"held": {lane.value: sorted(held[lane]) for lane in Lane}}, ensure_ascii=False)
        if text == self._kept:
            return
        try:
            self._write(text)
        except OSError as error:
            log.warning("lanes_not_kept", problem=str(error))
        else:
            self._kept = text

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        made = self._path.with_suffix(".new")
        with made.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._path)
        sync_folder(self._path.parent)
