"""What a site's two lanes know of each other, kept over restarts beside their spools."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.owning import TopicRules
from gateway.spool.segments import sync_folder
from plantroom.ports.spool import Lane

NAME = "lanes.json"


@dataclass(frozen=True)
class LaneMemory:
    """``held``: filters that the broker holds for each lane; ``left``: those of the other lane whose topics each one
    leaves to it; ``history``: rules that what is queued may have come under, the oldest first, the last are in force.
    """

    held: Mapping[Lane, Collection[str]]
    left: Mapping[Lane, Collection[str]]
    history: Sequence[TopicRules]


class LaneFile:
    """The memory on the disk. Whatever happens, what is there is true: a file that cannot be written anew is taken
    away."""

    def __init__(self, folder: Path, site: str) -> None:
        self._path = folder / NAME
        self._site = site
        self._kept = ""

    def load(self) -> LaneMemory | None:
        """What an earlier run knew; ``None`` when there is nothing that can be read."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            history = [TopicRules.from_document(self._site, one) for one in document["rules"]]
            held, left = ({lane: list(document[what][lane.value]) for lane in Lane} for what in ("held", "left"))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return LaneMemory(held, left, history) if history else None

    def save(self, memory: LaneMemory) -> None:
        """Durable when it returns. On a full disk there is no file any more. Raises ``OSError`` when the old one can be
        neither replaced nor taken away."""
        document = {
            "held": {lane.value: sorted(memory.held[lane]) for lane in Lane},
            "left": {lane.value: sorted(memory.left[lane]) for lane in Lane},
            "rules": [rules.document() for rules in memory.history],
        }
        text = json.dumps(document, ensure_ascii=False)
        if text == self._kept:
            return
        try:
            self._write(text)
        except OSError:
            self.forget()
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

    def forget(self) -> None:
        """Know nothing of an earlier run. Raises ``OSError``."""
        self._kept = ""
        self._path.unlink(missing_ok=True)
        if self._path.parent.exists():
            sync_folder(self._path.parent)
