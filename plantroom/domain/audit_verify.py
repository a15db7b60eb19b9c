"""Whether a history is as it was sealed, and if not, where it first is not. Pure, one pass, constant memory.

What is compared: every entry with the mark and the digest of its seal, every seal with the one before it, and seals
with heads that were published. Whoever changes, deletes, adds or reorders sealed entries or seals is found by the chain
itself; whoever also makes the chain anew, or cuts off its end, by any head that they could not change too. Entries that
no seal covers yet are counted, not proved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from plantroom.domain.audit import (
    EPOCH,
    GENESIS,
    MARK_BYTES,
    Head,
    Seal,
    digest_of_fields,
    marks_of,
    positions_of,
    seal_digest,
)

MOST_IN_SEAL = 1_000_000
"""More entries than any seal has: what says so was not made by a sealer."""

RawEntry = tuple[object, ...]


class Tampering(StrEnum):
    """What is wrong."""

    ENTRY_CHANGED = "entry_changed"
    ENTRY_REMOVED = "entry_removed"
    ENTRY_INSERTED = "entry_inserted"
    SEAL_CHANGED = "seal_changed"
    SEAL_REMOVED = "seal_removed"
    CHAIN_REBUILT = "chain_rebuilt"
    END_CUT_OFF = "end_cut_off"
    HEAD_CHANGED = "head_changed"
    OTHER_LEDGER = "other_ledger"
    RECORD_CHANGED = "record_changed"
    RECORD_REMOVED = "record_removed"
    RECORD_INSERTED = "record_inserted"
    OCCURRENCE_CHANGED = "occurrence_changed"
    OCCURRENCE_REMOVED = "occurrence_removed"
    OCCURRENCE_INSERTED = "occurrence_inserted"
    ROW_CHANGED = "row_changed"
    ROW_REMOVED = "row_removed"
    ROW_INSERTED = "row_inserted"
    FILE_CHANGED = "file_changed"
    FILE_REMOVED = "file_removed"


@dataclass(frozen=True, slots=True)
class Place:
    """The first place where the history is not as it was. ``at``: when what stands there says it was made, else when it
    was sealed or published at the latest."""

    what: Tampering
    position: int | None = None
    seal: int | None = None
    at: datetime | None = None
    detail: str = ""


class Broken(Exception):
    """The history is not as it was."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.detail)
        self.place = place


@dataclass(slots=True)
class Examined:
    """What was looked at so far. ``unsealed_since``: when the first entry was made that no seal covers."""

    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    unsealed_since: datetime | None = None
    last: Seal | None = None
    heads: int = 0
    records: int = 0
    addenda: int = 0
    occurrences: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    """Rows that were compared with what the history says of them, by table."""
    not_compared: dict[str, str] = field(default_factory=dict)
    """Tables whose rows are not compared, and why."""
    due: int = 0
    """Due occurrences that were compared with their orders."""
    files: int | None = None
    """Files whose bytes were read; ``None``: none were looked at."""
    file_bytes: int = 0
    frozen: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    """Positions and documents of the entries that freeze records, by entity and key."""
    ends: dict[int, tuple[int, datetime, str]] = field(default_factory=dict)
    """Last position, instant and digest of each seal, by its number."""


def examine(
    ledger: str,
    seals: Iterable[Seal],
    entries: Iterable[RawEntry],
    heads: Sequence[Head] = (),
    frozen: frozenset[str] = frozenset(),
) -> Examined:
    """Look at the whole history. ``heads`` are those that were kept elsewhere; entries of the ``frozen`` entities are
    given back for a comparison with what they froze. Raises ``Broken`` at the first place."""
    seen = Examined()
    _same_ledger(ledger, heads)
    by_seal: dict[int, list[Head]] = {}
    for head in heads:
        by_seal.setdefault(head.seal, []).append(head)
    waiting = _Ahead(entries)
    proven = 0
    for seal in seals:
        _follows(seal, seen.last)
        inside = list(waiting.up_to(seal.last))
        _whole(seal, inside)
        _note(seen, inside, frozen)
        seen.seals += 1
        seen.ends[seal.number] = seal.last, seal.at, seal.digest
        for head in by_seal.pop(seal.number, ()):
            _agrees(head, seal, proven)
            seen.heads += 1
            proven = seal.last
        seen.last = seal
    _nothing_cut_off(by_seal, seen.last)
    rest = list(waiting.first(1))
    if rest:
        seen.unsealed_since = _instant(rest[0])
    for entry in (*rest, *waiting.all()):
        seen.unsealed += 1
        _note(seen, [entry], frozen)
    if not seen.entries:
        raise Broken(Place(Tampering.ENTRY_REMOVED, detail="the history is empty: not even its first entry is there"))
    return seen


class _Ahead:
    """Entries that can be looked at before they are taken."""

    def __init__(self, entries: Iterable[RawEntry]) -> None:
        self._entries = iter(entries)
        self._held: RawEntry | None = None

    def _next(self) -> RawEntry | None:
        held, self._held = self._held, None
        return held if held is not None else next(self._entries, None)

    def up_to(self, position: int) -> Iterator[RawEntry]:
        while (entry := self._next()) is not None:
            if _position(entry) > position:
                self._held = entry
                return
            yield entry

    def first(self, count: int) -> Iterator[RawEntry]:
        for _ in range(count):
            entry = self._next()
            if entry is not None:
                yield entry

    def all(self) -> Iterator[RawEntry]:
        while (entry := self._next()) is not None:
            yield entry


def _position(entry: RawEntry) -> int:
    position = entry[0]
    return position if isinstance(position, int) else -1


def _instant(entry: RawEntry) -> datetime | None:
    microseconds = entry[1]
    try:
        return EPOCH + timedelta(microseconds=microseconds) if isinstance(microseconds, int) else None
    except OverflowError:
        return None


def _note(seen: Examined, entries: Sequence[RawEntry], frozen: frozenset[str]) -> None:
    seen.entries += len(entries)
    for entry in entries:
        entity = entry[9]
        if entity in frozen and entry[8] == "created":
            seen.frozen[str(entity), str(entry[10])] = (_position(entry), str(entry[15]))


def _same_ledger(ledger: str, heads: Sequence[Head]) -> None:
    other = next((head for head in heads if head.ledger != ledger), None)
    if other is not None:
        detail = (
            f"the head of {other.date} is of the ledger {other.ledger or '?'}; this one calls itself {ledger or '?'}"
        )
        raise Broken(Place(Tampering.OTHER_LEDGER, seal=other.seal, at=other.sealed_at, detail=detail))


def _follows(seal: Seal, before: Seal | None) -> None:
    """Whether a seal stands on the one before it."""
    number = 1 if before is None else before.number + 1
    behind = 0 if before is None else before.last
    if seal.number != number:
        detail = f"seal {number} is not there"
        raise Broken(Place(Tampering.SEAL_REMOVED, behind + 1, number, seal.at, detail))
    if seal.previous != (GENESIS if before is None else before.digest):
        _two_differ(seal, before)
    if seal.behind != behind or seal.last <= behind or not 0 < seal.count <= MOST_IN_SEAL:
        raise Broken(_changed(seal, behind))


def _two_differ(seal: Seal, before: Seal | None) -> None:
    """A seal names another one before it than there is: one of the two is not what it was."""
    if before is None:
        raise Broken(_changed(seal, 0))
    detail = f"seal {seal.number} stands on another seal {before.number} than there is: one of the two was made anew"
    raise Broken(Place(Tampering.SEAL_CHANGED, before.behind + 1, before.number, before.at, detail))


def _changed(seal: Seal, behind: int) -> Place:
    detail = f"seal {seal.number} (entries {behind + 1} to {seal.last}) is not what it was"
    return Place(Tampering.SEAL_CHANGED, behind + 1, seal.number, seal.at, detail)


def _whole(seal: Seal, entries: Sequence[RawEntry]) -> None:
    """Whether a seal's entries are those that were sealed."""
    digests = [digest_of_fields(entry) for entry in entries]
    if len(entries) == seal.count and seal_digest(seal, digests) == seal.digest:
        if seal.marks != marks_of(digests):
            raise Broken(_changed(seal, seal.behind))
        return
    there = {_position(entry): (entry, digest) for entry, digest in zip(entries, digests, strict=True)}
    marks = _marks(seal)
    if marks is None:
        raise Broken(_changed(seal, seal.behind))
    for position in sorted(there.keys() | marks.keys()):
        place = _compared(seal, position, there.get(position), marks.get(position))
        if place is not None:
            raise Broken(place)
    raise Broken(_changed(seal, seal.behind))


def _marks(seal: Seal) -> Mapping[int, str] | None:
    """What a seal keeps of each entry, by position; ``None`` for what no sealer has made."""
    width = 2 * MARK_BYTES
    if len(seal.marks) != seal.count * width or len(seal.spans) > seal.count * 45:
        return None
    try:
        spans = [span.split("-") for span in seal.spans.split(",")]
        lengths = [int(span[-1]) - int(span[0]) + 1 for span in spans]
        if min(lengths) < 1 or sum(lengths) != seal.count:
            return None
        positions = list(positions_of(seal.spans))
    except ValueError:
        return None
    return {position: seal.marks[i * width : (i + 1) * width] for i, position in enumerate(positions)}


def _compared(seal: Seal, position: int, found: tuple[RawEntry, bytes] | None, mark: str | None) -> Place | None:
    if found is None:
        detail = f"entry {position}, sealed by seal {seal.number}, is not there any more"
        return Place(Tampering.ENTRY_REMOVED, position, seal.number, seal.at, detail)
    entry, digest = found
    at, what = _instant(entry), f"{entry[8]} {entry[9]} {entry[11]} by {entry[2]}"
    if mark is None:
        detail = f"entry {position} ({what}) was put in after seal {seal.number}"
        return Place(Tampering.ENTRY_INSERTED, position, seal.number, at, detail)
    if digest[:MARK_BYTES].hex() != mark:
        detail = f"entry {position} ({what}) is not what seal {seal.number} has sealed"
        return Place(Tampering.ENTRY_CHANGED, position, seal.number, at, detail)
    return None


def _agrees(head: Head, seal: Seal, proven: int) -> None:
    if (head.digest, head.position, head.sealed_at) != (seal.digest, seal.last, seal.at):
        detail = (
            f"the head published on {head.date} says {head.digest[:16]}… for seal {head.seal}, the ledger"
            f" {seal.digest[:16]}…: the history was made anew somewhere from entry {proven + 1} to {seal.last}"
        )
        raise Broken(Place(Tampering.CHAIN_REBUILT, proven + 1, seal.number, head.sealed_at, detail))


def _nothing_cut_off(left: Mapping[int, Sequence[Head]], last: Seal | None) -> None:
    if not left:
        return
    head = left[min(left)][0]
    end, number = (0, 0) if last is None else (last.last, last.number)
    detail = (
        f"the history ends with seal {number} (entry {end}); the head published on {head.date} names seal {head.seal}"
        f" (entry {head.position})"
    )
    raise Broken(Place(Tampering.END_CUT_OFF, end + 1, number + 1, head.sealed_at, detail))
