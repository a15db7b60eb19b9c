"""What the broker may hold for a site's two lanes, kept over restarts beside their spools."""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.spool.segments import sync_folder
from plantroom.ports.spool import Lane

log = structlog.get_logger()
NAME = "lanes.json"

Held = Mapping[Lane, Collection[str]]
"""Topic filters that the broker may hold, by lane."""


@dataclass(frozen=True, slots=True)
class Known:
    """At which broker the sessions of both lanes have stood (its name or nodes; empty: at none), and when a broker was
    last found to have forgotten them (ms since 1970; 0: never)."""

    broker: str = ""
    forgotten_ms: int = 0


class LaneFile:
    """The filters on the disk, so that what nobody wants any more after a restart is let go. Nothing is proven by
    them."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._kept = ""
        self._failed = False

    def load(self) -> Held:
        """What an earlier run asked for; nothing when there is nothing that can be read."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))["held"]
            return {lane: [str(name) for name in document[lane.value]] for lane in Lane}
        except (OSError, ValueError, KeyError, TypeError):
            return {lane: [] for lane in Lane}

    def known(self) -> Known:
        """What earlier runs saw of the broker; nothing when there is nothing that can be read."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))["known"]
            return Known(str(document["broker"]), int(document["forgotten_ms"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Known()

    def save(self, held: Held, known: Known | None = None) -> bool:
        """Durable when it returns ``True``; on a full disk what was there stands, and the next call tries again."""
        known = known or Known()
        document = {
            "held": {lane.value: sorted(held[lane]) for lane in Lane},
            "known": {"broker": known.broker, "forgotten_ms": known.forgotten_ms},
        }
        text = json.dumps(document, ensure_ascii=False)
        if text == self._kept:
            return True
        try:
            self._write(text)
        except OSError as error:
            if not self._failed:
                log.warning("lanes_not_kept", problem=str(error))
            self._failed = True
            return False
        self._kept, self._failed = text, False
        return True

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        made = self._path.with_suffix(".new")
        with made.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._path)
        sync_folder(self._path.parent)
