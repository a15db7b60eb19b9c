"""How a record stands in a segment file.

``crc32 (u32) | body length (u32) | place (u64) | received ms (i64) | topic length (u16) | topic | payload``,
little endian; the CRC covers everything behind itself, the body is topic and payload. The place is the record's
position, so damage to one never shifts the others, xor the salt of its segment: a random number that nobody but the
spool knows. A payload may be full of bytes that look like records; without the salt none of them is taken for one
when a reader searches behind damage for where the next record begins. Segments of the first format have the salt 0.

A packet of MQTT has at most 256 MiB, so that the highest bits of the body's length are free: one says that the broker
had retained the message, one that it has sent it before. In records of earlier versions they are never set.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from plantroom.ports.spool import SpoolRecord

_HEAD = struct.Struct("<IIQqH")
_BEHIND_CRC = struct.Struct("<IQqH")
HEAD_BYTES = _HEAD.size
_CRC_BYTES = 4
_PLACE_AT = 8
_HALF_BYTES = 4
_HALF_BITS = 32
_RETAINED, _AGAIN = 1 << 31, 1 << 30
_LENGTH = _AGAIN - 1
_MAX_RECORDS = 1 << 28
"""More than any segment has: the largest write that begins one holds far fewer."""


def encode(
    topic: bytes,
    payload: bytes,
    received_ms: int,
    position: int,
    salt: int,
    retained: bool = False,
    again: bool = False,
) -> bytes:
    """One record's bytes."""
    body = len(topic) + len(payload)
    if retained:
        body |= _RETAINED
    if again:
        body |= _AGAIN
    rest = _BEHIND_CRC.pack(body, position ^ salt, received_ms, len(topic)) + topic + payload
    return crc32(rest).to_bytes(_CRC_BYTES, "little") + rest


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole record, and where it ends."""

    end: int
    record: SpoolRecord


def claimed_bytes(buffer: bytes) -> int:
    """How long the record that begins here says it is; 0 when its head is not all here."""
    return HEAD_BYTES + (int(_HEAD.unpack_from(buffer)[1]) & _LENGTH) if len(buffer) >= HEAD_BYTES else 0


def whole_records(buffer: bytes, limit: int, last: int, salt: int) -> tuple[list[SpoolRecord], int]:
    """Records from the start of ``buffer`` on, at most ``limit``, none beyond position ``last``, and where the last one
    ends. Stops at the first that is damaged, cut off or out of order, which is for ``parse`` to look at."""
    found: list[SpoolRecord] = []
    start, size = 0, len(buffer)
    view = memoryview(buffer)
    unpack, topics = _HEAD.unpack_from, dict[bytes, str]()
    expected = -1
    while len(found) < limit and start + HEAD_BYTES <= size:
        crc, body, place, received_ms, topic_bytes = unpack(buffer, start)
        position = place ^ salt
        head = start + HEAD_BYTES
        retained = again = False
        if body > _LENGTH:
            retained, again, body = body & _RETAINED > 0, body & _AGAIN > 0, body & _LENGTH
        end = head + body
        if end > size or position > last or (position != expected and expected >= 0):
            break
        if topic_bytes > body or crc32(view[start + _CRC_BYTES : end]) != crc:
            break
        split = head + topic_bytes
        raw = buffer[head:split]
        topic = topics.get(raw)
        if topic is None:
            topic = topics[raw] = raw.decode("utf-8", "replace")
        found.append(SpoolRecord(position, received_ms, topic, buffer[split:end], retained, again))
        start, expected = end, position + 1
    return found, start


def parse(buffer: bytes, first: int, salt: int) -> Iterator[Parsed]:
    """The whole records of ``buffer``, the rest of a segment from some record on (to its end: a record that is cut off
    here counts as damaged); the segment begins with position ``first``. What is damaged or cut off is passed over; the
    gap in the positions tells how many records that was.

    Behind a damaged record the search goes on where it says that it ends, if a record begins there; else at every
    place that has the segment's mark."""
    size, start = len(buffer), 0
    while start + HEAD_BYTES <= size:
        found = _record_at(buffer, start, first, salt)
        if found is None:
            start = _next_record(buffer, start, first, salt)
            continue
        yield found
        start = found.end


def last_claimed(buffer: bytes, position: int, salt: int) -> int:
    """The highest position that a damaged record in ``buffer``, which begins where the record behind ``position``
    belongs, says it has and has the room for; ``position`` when there is none."""
    last = position
    for at in _heads(buffer, 0, position + 1, salt):
        claimed = _HEAD.unpack_from(buffer, at)[2] ^ salt
        fits = at + claimed_bytes(buffer[at : at + HEAD_BYTES]) <= len(buffer)
        if fits and last < claimed <= position + 1 + at // HEAD_BYTES:
            last = claimed
    return last


def _record_at(buffer: bytes, start: int, first: int, salt: int) -> Parsed | None:
    crc, marked, place, received_ms, topic_bytes = _HEAD.unpack_from(buffer, start)
    position, body = place ^ salt, marked & _LENGTH
    end = start + HEAD_BYTES + body
    if not first <= position <= first + _MAX_RECORDS or topic_bytes > body or end > len(buffer):
        return None
    if crc32(memoryview(buffer)[start + _CRC_BYTES : end]) != crc:
        return None
    split = start + HEAD_BYTES + topic_bytes
    topic = buffer[start + HEAD_BYTES : split].decode("utf-8", "replace")
    marks = marked & _RETAINED > 0, marked & _AGAIN > 0
    return Parsed(end, SpoolRecord(position, received_ms, topic, buffer[split:end], *marks))


def _next_record(buffer: bytes, start: int, first: int, salt: int) -> int:
    """Offset of the next whole record behind the damaged one at ``start``, or the end."""
    last = len(buffer) - HEAD_BYTES
    claimed = start + claimed_bytes(buffer[start : start + HEAD_BYTES])
    if claimed <= last and _record_at(buffer, claimed, first, salt) is not None:
        return claimed
    for at in _heads(buffer, start + 1, first, salt):
        if _record_at(buffer, at, first, salt) is not None:
            return at
    return len(buffer)


def _heads(buffer: bytes, start: int, first: int, salt: int) -> Iterator[int]:
    """Offsets from ``start`` on where a record from position ``first`` on may begin: what stands there has the upper
    half of a place, which is as good as the same in a whole segment. O(bytes), at the speed of a search for a word."""
    halves = {(position ^ salt) >> _HALF_BITS & 0xFFFFFFFF for position in (first, first + _MAX_RECORDS)}
    mark = re.compile(b"|".join(re.escape(half.to_bytes(_HALF_BYTES, "little")) for half in halves))
    ahead = _PLACE_AT + _HALF_BYTES
    while (found := mark.search(buffer, start + ahead)) and found.start() - ahead + HEAD_BYTES <= len(buffer):
        yield found.start() - ahead
        start = found.start() - ahead + 1
