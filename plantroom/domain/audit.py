"""The history of changes and the chain of seals over it. Pure.

An ``Entry`` says what one transaction did to one thing. Entries are numbered by ``position`` and never change. A
``Seal`` covers the entries behind the one before it: its digest is taken over the previous seal's digest, its own facts
and the SHA-256 of every entry in order, so that the newest digest (a ``Head``, kept somewhere else) stands for the
whole history up to there.

Texts that are hashed are JSON without blanks, characters as they are, instants as whole microseconds since 1970 UTC.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

GENESIS = "0" * 64
"""What stands for the digest before the first seal."""

MARK_BYTES = 6
"""Of each entry's digest, kept in its seal so that a check can say which entry it was (one false match in 10^14)."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr).encode
_encode_sorted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class Action(StrEnum):
    """What happened to a thing."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"
    BEGUN = "begun"
    """The first entry of a history: from here on changes are kept."""
    STANDS = "stands"
    """How a row stood when an update entered it: what came before counts no more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that one transaction changed.

    ``key`` names the thing for good, ``label`` is what people call it. ``before`` and ``after`` are canonical JSON
    objects of the fields that changed (all of them for what was created or removed), or ``None``.
    """

    position: int
    at: datetime
    by: str
    by_kind: str
    by_id: str
    reason: str
    request_id: str
    via: str
    action: str
    entity: str
    key: str
    label: str
    site: str | None
    asset: str | None
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Seal:
    """The chain's link over the entries behind the position ``behind`` up to ``last``.

    ``spans`` are the positions that there were (``"1-40,42"``: a transaction that was undone leaves a gap), ``marks``
    the first bytes of each entry's digest in hex, ``digest`` the link itself in hex.
    """

    number: int
    previous: str
    behind: int
    last: int
    count: int
    spans: str
    marks: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """What is published: on ``date`` (UTC) the chain of this ledger ended with this seal."""

    date: date
    ledger: str
    seal: int
    position: int
    sealed_at: datetime
    digest: str


def canonical(document: Mapping[str, object]) -> str:
    """Canonical JSON of plain values: keys sorted, no blanks."""
    return _encode_sorted(document)


def microseconds(value: datetime) -> int:
    """Whole microseconds since 1970."""
    return (value - EPOCH) // _MICROSECOND


def digest_of_fields(fields: Sequence[object]) -> bytes:
    """SHA-256 of an entry's fields in the order of ``Entry``, the instant as microseconds."""
    return hashlib.sha256(_encode(fields).encode("utf-8", "backslashreplace")).digest()


def digest_of(entry: Entry) -> bytes:
    """SHA-256 of an entry."""
    return digest_of_fields(
        (
            entry.position, microseconds(entry.at), entry.by, entry.by_kind, entry.by_id, entry.reason,
            entry.request_id, entry.via, entry.action, entry.entity, entry.key, entry.label, entry.site, entry.asset,
            entry.before, entry.after,
        )
    )  # fmt: skip


def seal_digest(seal: Seal, digests: Iterable[bytes]) -> str:
    """The digest that a seal has to have over entries with these digests."""
    facts = (seal.number, seal.previous, seal.behind, seal.last, seal.count, seal.spans, microseconds(seal.at))
    link = hashlib.sha256(_encode(facts).encode())
    for one in digests:
        link.update(one)
    return link.hexdigest()


def make_seal(previous: Seal | None, positions: Sequence[int], digests: Sequence[bytes], at: datetime) -> Seal:
    """The seal over these entries (at least one), which follow the previous seal's."""
    bare = Seal(
        number=1 if previous is None else previous.number + 1,
        previous=GENESIS if previous is None else previous.digest,
        behind=0 if previous is None else previous.last,
        last=positions[-1],
        count=len(positions),
        spans=spans_of(positions),
        marks=marks_of(digests),
        at=at,
        digest="",
    )
    return _with_digest(bare, seal_digest(bare, digests))


def marks_of(digests: Iterable[bytes]) -> str:
    """What a seal keeps of each entry."""
    return "".join(one[:MARK_BYTES].hex() for one in digests)


def _with_digest(bare: Seal, digest: str) -> Seal:
    return Seal(bare.number, bare.previous, bare.behind, bare.last, bare.count, bare.spans, bare.marks, bare.at, digest)


def spans_of(positions: Sequence[int]) -> str:
    """Rising positions as spans: ``"1-40,42"``."""
    spans: list[str] = []
    start = end = None
    for position in positions:
        if end is not None and position == end + 1:
            end = position
            continue
        if start is not None and end is not None:
            spans.append(_span(start, end))
        start = end = position
    if start is not None and end is not None:
        spans.append(_span(start, end))
    return ",".join(spans)


def _span(start: int, end: int) -> str:
    return str(start) if start == end else f"{start}-{end}"


def positions_of(spans: str) -> Iterator[int]:
    """The positions of ``spans_of``. Raises ``ValueError`` for what it cannot have made."""
    for span in filter(None, spans.split(",")):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)


def sha256(text: str) -> str:
    """SHA-256 of a text's UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
