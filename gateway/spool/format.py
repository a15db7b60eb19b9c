"""How a record stands in a segment file.

``crc32 (u32) | body length (u32) | position (u64) | received ms (i64) | topic length (u16) | topic | payload``,
little endian; the CRC covers everything behind itself, the body is topic and payload. Each record carries its
position, so damage to one never shifts the others.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from plantroom.ports.spool import SpoolRecord

_HEAD = struct.Struct("<IIQqH")
_BEHIND_CRC = struct.Struct("<IQqH")
HEAD_BYTES = _HEAD.size
_CRC_BYTES = 4
_MAX_RECORDS = 1 << 28
"""More than any segment has: the largest write that begins one holds far fewer."""


def encode(topic: bytes, payload: bytes, received_ms: int, position: int) -> bytes:
    """One record's bytes."""
    rest = _BEHIND_CRC.pack(len(topic) + len(payload), position, received_ms, len(topic)) + topic + payload
    return crc32(rest).to_bytes(_CRC_BYTES, "little") + rest


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole record, and where it ends."""

    end: int
    record: SpoolRecord


def whole_records(buffer: bytes, limit: int, last: int) -> tuple[list[SpoolRecord], int]:
    """Records from the start of ``buffer`` on, at most ``limit``, none beyond position ``last``, and where the last one
    ends. Stops at the first that is damaged, cut off or out of order, which is for ``parse`` to look at."""
    found: list[SpoolRecord] = []
    start, size = 0, len(buffer)
    view = memoryview(buffer)
    unpack, topics = _HEAD.unpack_from, dict[bytes, str]()
    expected = -1
    while len(found) < limit and start + HEAD_BYTES <= size:
        crc, body, position, received_ms, topic_bytes = unpack(buffer, start)
        head = start + HEAD_BYTES
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
        found.append(SpoolRecord(position, received_ms, topic, buffer[split:end]))
        start, expected = end, position + 1
    return found, start


def parse(buffer: bytes, first: int) -> Iterator[Parsed]:
    """The whole records of ``buffer``, of a segment that begins with position ``first``. What is damaged or cut off is
    passed over; the gap in the positions tells how many records that was.

    Behind a damaged record the search goes on where it says that it ends, if a record begins there, so that what it
    carries is not taken for a record; else byte by byte."""
    size, start = len(buffer), 0
    while start + HEAD_BYTES <= size:
        found = _record_at(buffer, start, first)
        if found is None:
            start = _next_record(buffer, start, first)
            continue
        yield found
        start = found.end


def claims_position(buffer: bytes, position: int) -> bool:
    """Whether what begins here says that it is the record of this position, and is as long as it says."""
    if len(buffer) < HEAD_BYTES:
        return False
    _, body, claimed, _, _ = _HEAD.unpack_from(buffer)
    return bool(claimed == position and HEAD_BYTES + body <= len(buffer))


def _record_at(buffer: bytes, start: int, first: int) -> Parsed | None:
    crc, body, position, received_ms, topic_bytes = _HEAD.unpack_from(buffer, start)
    end = start + HEAD_BYTES + body
    if not first <= position <= first + _MAX_RECORDS or topic_bytes > body or end > len(buffer):
        return None
    if crc32(memoryview(buffer)[start + _CRC_BYTES : end]) != crc:
        return None
    split = start + HEAD_BYTES + topic_bytes
    topic = buffer[start + HEAD_BYTES : split].decode("utf-8", "replace")
    return Parsed(end, SpoolRecord(position, received_ms, topic, buffer[split:end]))


def _next_record(buffer: bytes, start: int, first: int) -> int:
    """Offset of the next whole record behind the damaged one at ``start``, or the end: O(bytes), only ever after
    damage, since a position that no record of the segment can have is told without a checksum."""
    last = len(buffer) - HEAD_BYTES
    _, body, _, _, _ = _HEAD.unpack_from(buffer, start)
    claimed: int = start + HEAD_BYTES + body
    if claimed <= last and _record_at(buffer, claimed, first) is not None:
        return claimed
    start += 1
    while start <= last and _record_at(buffer, start, first) is None:
        start += 1
    return start if start <= last else len(buffer)
