"""What ``boot`` and ``seq`` prove: which messages came twice, and which numbers are missing.

A message repeats an earlier one only when boot, seq and content agree. A publisher that begins its numbers
again under the same boot is therefore never mistaken for a repetition. A message of which something could not be
stored is taken back by ``forget``, or by ``note_in_part`` where the rest may stand in the store: it did come, but may
come again. Remembered (``ingest.runs``) are, of the ``BOOTS`` boots of each asset that were heard last, the newest
``MAX_HOLES`` holes and the content of the highest ``WINDOW`` numbers, of as many that came behind a higher one, and of
``LANDMARKS`` here and there: so a count that begins again long after is known by the first landmark that has another
content. Of ``PAST_BOOTS`` more boots only what is certain is, and fewer landmarks. Of what the broker sends again it is
enough that the number is certain to have come (``came``). O(1) for a number that rises, else O(holes and parts that are
remembered).

``changes`` gives what became of the holes since it was last asked: nothing is forgotten without being told.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from ingest.number_codec import decoded
from ingest.publishers import MAX_TOPICS, is_topic
from ingest.runs import MAX_HOLES, Run, restored
from plantroom.domain.spans import Span, spans_of

BOOTS = 4
PAST_BOOTS = 32
"""Boots before those, of which it is remembered what came; one that is heard again goes on where it stood."""

MAX_GAP = 1_000_000
"""A jump beyond this is a new numbering, not a hole."""

MEMORY = "memory"
RENUMBERED = "renumbered"

_NONE: Mapping[str, Mapping[str, Run]] = {}


class Dropped(NamedTuple):
    """A hole that is no longer watched, and why."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class RunChange:
    """What became of one numbering. ``first`` to ``highest`` have come but for ``holes``, which are those of now, and
    ``below`` has come, too; ``came`` are late numbers that came since the last change, ``dropped`` holes that are no
    longer watched, ``unknown`` numbers of which it is not known any more whether they came."""

    asset: str
    boot: str
    numbering: int
    first: int
    highest: int
    holes: Sequence[Span] = ()
    below: Sequence[Span] = ()
    came: Sequence[Span] = ()
    dropped: Sequence[Dropped] = ()
    unknown: Sequence[Span] = ()


@dataclass(slots=True)
class _Touched:
    """What happened to a run since it was last told of."""

    run: Run
    came: list[int] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)


class SequenceTracker:
    """Sequence numbers per asset (or what else ``ingest.publishers`` calls a publisher) and boot. One thread."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[str, Run]] = {}
        """By asset and boot; the boot that was heard last is the last one."""
        self._past: dict[str, dict[str, Run]] = {}
        """Likewise, retired; those that were retired first are the first ones."""
        self._topics: dict[str, None] = {}
        """Those of its keys that are topics, oldest first."""
        self._touched: dict[tuple[str, str, int], _Touched] = {}
        self.missing = 0
        """Numbers that are in a hole now."""
        self.listed: Collection[str] = frozenset()
        """Assets of which somebody keeps a list of holes, which may hold more than this tracker knows of: ``changes``
        also tells that a number came that is in no hole here, where that costs nothing (first ones, repetitions)."""
        self.any_in_part = False
        """Whether ``came_in_part`` may have anything to say."""

    def repeated(self, asset: str, boot: str, seq: int, digest: int, marked: bool = False) -> bool:
        """Take note of a message; ``True`` when exactly it came before. ``marked``: the broker says that it has sent it
        before. A number of long ago that comes without that mark may begin a count that nothing has proven yet."""
        run = self._heard(asset, boot)
        if run is None:
            past = self._past.get(asset, {}).get(boot)
            if past is not None and past.known(seq) == digest and marked:
                self._may_heal(asset, boot, seq)
                return True
            run = self._go_on(asset, boot, seq, digest)
            if run is None:
                self._begin(asset, boot, Run(seq, seq, 0, {seq: digest}))
                self._may_heal(asset, boot, seq)
                return False
        step = seq - run.highest
        if step > 1:
            if step > MAX_GAP:
                self._begin(asset, boot, Run(seq, seq, digest + 1, {seq: digest}))
                return False
            self._open(asset, boot, run, seq)
        elif step < 1:
            known = run.known(seq)
            if not (marked or run.is_recent(seq) or (seq, digest) in run.in_part or run.misses(seq)):
                run.doubt()
            if known == digest:
                self._may_heal(asset, boot, seq)
                return True
            if known is not None:
                self._begin(asset, boot, Run(seq, seq, digest + 1, {seq: digest}))
                return False
            self._late(asset, boot, run, seq)
        run.remember(seq, digest)
        return False

    def came(self, asset: str, boot: str, seq: int) -> bool:
        """Whether this number is certain to have come, and its content is not remembered any more. Only who knows that
        the same message was sent before may take it for a repetition. Under a boot whose numbers began again no number
        is certain. O(holes)."""
        run = self._heard(asset, boot) or self._past.get(asset, {}).get(boot)
        if run is None or run.numbering or run.known(seq) is not None or not run.has(seq):
            return False
        self._may_heal(asset, boot, seq)
        return True

    def again(self, asset: str, boot: str, seq: int, digest: int) -> bool:
        """As ``repeated``, for a message that is processed again: it may fill a hole, and neither begins a numbering
        nor carries one on, since what lies between came long ago, or to somebody else."""
        run = self._runs.get(asset, {}).get(boot)
        if run is None or seq > run.highest:
            if asset in self.listed:
                self._touch(asset, boot, run or Run(seq, seq)).came.append(seq)
            return False
        known = run.known(seq)
        if known is None:
            self._late(asset, boot, run, seq)
            run.remember(seq, digest)
        elif known == digest:
            self._may_heal(asset, boot, seq)
        return known == digest

    def forget(self, asset: str, boot: str, seq: int, digest: int) -> None:
        """This message was not stored as a whole: sent again, it is no repetition. Its number is not missing."""
        run = self._run(asset, boot)
        if run is not None and run.known(seq) == digest:
            run.forget(seq)

    def note_in_part(self, asset: str, boot: str, seq: int, digest: int) -> None:
        """As ``forget``, for an object of a message that is stored in part: ``came_in_part`` knows it again."""
        run = self._run(asset, boot)
        if run is not None:
            self.forget(asset, boot, seq, digest)
            run.note_in_part(seq, digest)
            self.any_in_part = True
            if boot not in self._runs[asset]:
                run.retire()

    def came_in_part(self, asset: str, boot: str, seq: int, digest: int) -> bool:
        """Whether exactly this came before in a message that was not stored as a whole."""
        run = self._runs.get(asset, {}).get(boot)
        if run is None or (seq, digest) not in run.in_part:
            return False
        self._may_heal(asset, boot, seq)
        return True

    def changes(self) -> list[RunChange]:
        """What became of the holes since the last call, by asset and boot; empty when nothing did."""
        touched, self._touched = self._touched, {}
        return [
            _change(asset, boot, one.run, spans_of(one.came), one.dropped) for (asset, boot, _), one in touched.items()
        ]

    def came_elsewhere(self, asset: str, boot: str, numbering: int, spans: Sequence[Span]) -> None:
        """These numbers came to somebody else: here nobody waits for them any more."""
        run = self._runs.get(asset, {}).get(boot)
        if run is not None and run.numbering == numbering:
            self.missing -= run.came_elsewhere(spans)

    def runs(self, asset: str) -> list[RunChange]:
        """How the numberings of an asset stand."""
        return [_change(asset, boot, run) for boot, run in self._runs.get(asset, {}).items()]

    def assets(self) -> list[str]:
        """Assets that anything is known of."""
        return list(self._runs)

    def _heard(self, asset: str, boot: str) -> Run | None:
        """The run, unless it is past or unknown; its boot is the one that was heard last."""
        boots = self._runs.get(asset)
        run = None if boots is None else boots.get(boot)
        if run is not None and boots is not None and len(boots) > 1 and next(reversed(boots)) != boot:
            boots[boot] = boots.pop(boot)
        return run

    def _run(self, asset: str, boot: str) -> Run | None:
        """The run, past or not."""
        return self._runs.get(asset, {}).get(boot) or self._past.get(asset, {}).get(boot)

    def _may_heal(self, asset: str, boot: str, seq: int) -> None:
        run = self._run(asset, boot) if asset in self.listed else None
        if run is not None:
            self._touch(asset, boot, run).came.append(seq)

    def _touch(self, asset: str, boot: str, run: Run) -> _Touched:
        touched = self._touched.setdefault((asset, boot, run.numbering), _Touched(run))
        touched.run = run
        return touched

    def _begin(self, asset: str, boot: str, run: Run) -> None:
        """A numbering begins, or goes on: the one before under its boot, or the boot that was silent for longest, is no
        longer watched."""
        if asset not in self._runs:
            self._add(asset)
        boots = self._runs[asset]
        before = boots.pop(boot, None)
        if before is not None:
            self._drop(asset, boot, before, len(before.holes), RENUMBERED)
        elif len(boots) >= BOOTS:
            self._retire(asset, next(iter(boots)))
        boots[boot] = run
        self._touch(asset, boot, run)

    def _go_on(self, asset: str, boot: str, seq: int, digest: int) -> Run | None:
        """The run of a past boot that is heard again. One that begins with the words of long ago may as well be another
        count with the same values: then nothing of what came is certain, and it is a new one."""
        run = self._past.get(asset, {}).pop(boot, None)
        if run is None or run.known(seq) == digest:
            return None
        self._begin(asset, boot, run)
        return run

    def _retire(self, asset: str, boot: str) -> None:
        run, past = self._runs[asset].pop(boot), self._past.setdefault(asset, {})
        self._drop(asset, boot, run, len(run.holes), MEMORY)
        run.retire()
        past[boot] = run
        if len(past) > PAST_BOOTS:
            del past[next(iter(past))]

    def _add(self, publisher: str) -> None:
        """Of too many topics the one heard of first is no longer watched."""
        self._runs[publisher] = {}
        if not is_topic(publisher):
            return
        self._topics[publisher] = None
        if len(self._topics) > MAX_TOPICS:
            oldest = next(iter(self._topics))
            del self._topics[oldest]
            self._past.pop(oldest, None)
            for boot, run in self._runs.pop(oldest).items():
                self._touch(oldest, boot, run)
                self._drop(oldest, boot, run, len(run.holes), MEMORY)

    def _open(self, asset: str, boot: str, run: Run, seq: int) -> None:
        self.missing += run.open(seq)
        self._touch(asset, boot, run)
        if len(run.holes) > MAX_HOLES:
            self._drop(asset, boot, run, 1, MEMORY)

    def _late(self, asset: str, boot: str, run: Run, seq: int) -> None:
        if run.fill(seq):
            self.missing -= 1
            if len(run.holes) > MAX_HOLES:
                self._drop(asset, boot, run, 1, MEMORY)
        else:
            run.reach_down(seq)
        self._touch(asset, boot, run).came.append(seq)

    def _drop(self, asset: str, boot: str, run: Run, count: int, reason: str) -> None:
        """Give up the lowest holes of a run."""
        if gone := run.drop(count):
            self.missing -= sum(last - first + 1 for first, last in gone)
            self._touch(asset, boot, run).dropped += [Dropped(first, last, reason) for first, last in gone]

    def snapshot(self) -> bytes:
        """The whole state. What has not changed since the last one is not encoded again."""
        runs = {
            asset: {boot: orjson.Fragment(run.encoded()) for boot, run in boots.items()}
            for asset, boots in self._runs.items()
        }
        # Beside the runs: an earlier version passes over what it does not know, and knows none of that again, as ever.
        state: dict[str, object] = {"missing": self.missing, "runs": runs, "sure": self._encoded(Run.sure_encoded)}
        beside = {"in_part": Run.in_part_encoded, "late": Run.late_encoded}
        state |= {name: found for name, encode in beside.items() if (found := self._encoded(encode))}
        if self._past:
            state["past"] = {
                asset: {
                    boot: [orjson.Fragment(run.encoded()), orjson.Fragment(run.sure_encoded() or b"[0,[]]")]
                    for boot, run in boots.items()
                }
                for asset, boots in self._past.items()
            }
        # Always there: without it nobody knows what of what is forgotten did not come.
        state["unwatched"] = self._encoded(Run.unwatched_encoded, self._past)
        return orjson.dumps(state)

    def _encoded(
        self, encode: Callable[[Run], bytes], past: Mapping[str, Mapping[str, Run]] = _NONE
    ) -> dict[str, dict[str, orjson.Fragment]]:
        """By asset and boot, what there is of it; of those that are ``past``, too."""
        runs = ((asset, {**boots, **past[asset]} if asset in past else boots) for asset, boots in self._runs.items())
        every = (
            (asset, {boot: orjson.Fragment(found) for boot, run in boots.items() if (found := encode(run))})
            for asset, boots in runs
        )
        return {asset: found for asset, found in every if found}

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot.

        Every hole that it holds is among the next ``changes``: who is told of them may have forgotten."""
        self._runs, self._past, self._topics, self._touched = {}, {}, {}, {}
        self.missing = 0
        if not state:
            return
        try:
            data = orjson.loads(state)
            for asset, boots in data["runs"].items():
                self._runs[asset] = {boot: restored(*fields) for boot, fields in boots.items()}
            self._restore_sure(data.get("sure"))
            self._restore_beside(data)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of sequence numbers") from error
        self._topics = {publisher: None for publisher in self._runs if is_topic(publisher)}
        for asset, kept in self._runs.items():
            for boot, run in kept.items():
                self.missing += sum(last - first + 1 for first, last in run.holes)
                if run.holes:
                    self._touch(asset, boot, run)

    def _restore_sure(self, sure: Mapping[str, Mapping[str, tuple[int, Sequence[Span]]]] | None) -> None:
        """``None``: an earlier version kept nothing of what it forgot, so nothing of what came then is certain."""
        for asset, boots in self._runs.items():
            for boot, run in boots.items():
                if sure is None:
                    run.doubt()
                    continue
                run.be_sure(*sure.get(asset, {}).get(boot, (0, ())))

    def _restore_beside(self, data: Mapping[str, Any]) -> None:
        """What earlier versions do not have."""
        for asset, parts in data.get("in_part", {}).items():
            for boot, fields in parts.items():
                self._runs[asset][boot].in_part = dict.fromkeys(decoded(*fields))
                self.any_in_part = True
        for asset, parts in data.get("late", {}).items():
            for boot, fields in parts.items():
                self._runs[asset][boot].late = dict(decoded(*fields))
        for asset, past in data.get("past", {}).items():
            runs = self._past[asset] = {boot: restored(*fields) for boot, (fields, _) in past.items()}
            for boot, (_, sure) in past.items():
                runs[boot].be_sure(*sure)
        unwatched = data.get("unwatched")
        for asset, boot, run in self._every():
            if unwatched is None:
                run.be_blurred()
            elif of_boots := unwatched.get(asset):
                run.be_unwatched(*of_boots.get(boot, (0, ())))

    def _every(self) -> Iterator[tuple[str, str, Run]]:
        for runs in (self._runs, self._past):
            yield from ((asset, boot, run) for asset, boots in runs.items() for boot, run in boots.items())


def _change(asset: str, boot: str, run: Run, came: Sequence[Span] = (), dropped: Sequence[Dropped] = ()) -> RunChange:
    holes = [(first, last) for first, last in run.holes]
    below = tuple(run.below)
    return RunChange(asset, boot, run.numbering, run.first, run.highest, holes, below, came, dropped, run.unknown())
