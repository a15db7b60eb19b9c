"""What ``boot`` and ``seq`` prove: which messages came twice, and how many are missing.

A message repeats an earlier one only when boot, seq and content agree. A publisher that begins its numbers
again under the same boot is therefore never mistaken for a repetition. A message of which something could not be
stored is taken back by ``forget``: it did come, but may come again. Remembered are the last ``WINDOW``
numbers of the last ``BOOTS`` boots of each asset; O(1) per message.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field

import numpy as np
import orjson

WINDOW = 1024
BOOTS = 4
MAX_HOLES = 64
MAX_GAP = 1_000_000
"""A jump beyond this is a new numbering, not a hole."""


@dataclass(slots=True)
class _Run:
    """One boot of one asset: the highest number, digests of the last numbers by number, and the holes (first and
    last missing number of each), oldest first."""

    highest: int
    seen: dict[int, int] = field(default_factory=dict)
    holes: list[list[int]] = field(default_factory=list)

    def fill(self, seq: int) -> bool:
        """Take a number out of the holes; ``False`` when it was in none."""
        for at, (first, last) in enumerate(self.holes):
            if first <= seq <= last:
                self.holes[at : at + 1] = [hole for hole in ([first, seq - 1], [seq + 1, last]) if hole[0] <= hole[1]]
                return True
        return False


class SequenceTracker:
    """Sequence numbers per asset and boot. One thread."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[str, _Run]] = {}
        self.missing = 0
        """Numbers that were skipped and have not come since (net, over all time)."""

    def repeated(self, asset: str, boot: str, seq: int, digest: int) -> bool:
        """Take note of a message; ``True`` when exactly it came before."""
        boots = self._runs.setdefault(asset, {})
        run = boots.get(boot)
        if run is None:
            if len(boots) >= BOOTS:
                del boots[next(iter(boots))]
            boots[boot] = _Run(seq, {seq: digest})
            return False
        step = seq - run.highest
        if step == 1:
            run.highest = seq
        elif step > 1:
            if step > MAX_GAP:
                boots[boot] = _Run(seq, {seq: digest})
                return False
            run.holes.append([run.highest + 1, seq - 1])
            del run.holes[:-MAX_HOLES]
            self.missing += step - 1
            run.highest = seq
        else:
            known = run.seen.get(seq)
            if known == digest:
                return True
            if known is not None:
                boots[boot] = _Run(seq, {seq: digest})
                return False
            self.missing -= run.fill(seq)
        run.seen[seq] = digest
        if len(run.seen) > WINDOW:
            del run.seen[next(iter(run.seen))]
        return False

    def forget(self, asset: str, boot: str, seq: int, digest: int) -> None:
        """This message was not stored as a whole: sent again, it is no repetition. Its number is not missing."""
        run = self._runs.get(asset, {}).get(boot)
        if run is not None and run.seen.get(seq) == digest:
            del run.seen[seq]

    def snapshot(self) -> bytes:
        """The whole state."""
        runs = {
            asset: {boot: [run.highest, run.holes, *_encoded(run.seen)] for boot, run in boots.items()}
            for asset, boots in self._runs.items()
        }
        return orjson.dumps({"missing": self.missing, "runs": runs})

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._runs, self.missing = {}, 0
        if not state:
            return
        try:
            data = orjson.loads(state)
            self.missing = int(data["missing"])
            for asset, boots in data["runs"].items():
                self._runs[asset] = {
                    boot: _Run(highest, _decoded(*seen), holes) for boot, (highest, holes, *seen) in boots.items()
                }
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of sequence numbers") from error


def _encoded(seen: dict[int, int]) -> tuple[int, list[int] | None, str]:
    """First number, steps between the numbers (``None``: all 1) and digests, about 6 bytes an entry."""
    if not seen:
        return 0, [], ""
    seqs = np.fromiter(seen, np.int64, len(seen))
    steps = np.diff(seqs)
    digests = np.fromiter(seen.values(), "<u4", len(seen))
    plain = bool((steps == 1).all())
    return int(seqs[0]), None if plain else steps.tolist(), b64encode(digests.tobytes()).decode()


def _decoded(first: int, steps: list[int] | None, digests: str) -> dict[int, int]:
    values = np.frombuffer(b64decode(digests), "<u4")
    if not len(values):
        return {}
    between = np.ones(len(values) - 1, np.int64) if steps is None else np.array(steps, np.int64)
    seqs = first + np.concatenate((np.zeros(1, np.int64), np.cumsum(between)))
    return dict(zip(seqs.tolist(), values.tolist(), strict=True))
