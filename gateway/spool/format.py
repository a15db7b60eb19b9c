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
MAX_BODY_BYTES = 268_435_455 + 65_535
"""Largest MQTT packet plus the longest topic: a length beyond this is damage."""


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


def parse(buffer: bytes, start: int = 0) -> Iterator[Parsed]:
    """The whole records of ``buffer`` from ``start`` on. What is damaged or cut off is passed over; the gap in the
    positions tells how many records that was."""
    size = len(buffer)
    while start + HEAD_BYTES <= size:
        found = _record_at(buffer, start)
        if found is None:
            start = _next_record(buffer, start + 1)
            continue
        yield found
        start = found.end


def _record_at(buffer: bytes, start: int) -> Parsed | None:
    crc, body, position, received_ms, topic_bytes = _HEAD.unpack_from(buffer, start)
    end = start + HEAD_BYTES + body
    if body > MAX_BODY_BYTES or topic_bytes > body or end > len(buffer):
        return None
    if crc32(memoryview(buffer)[start + _CRC_BYTES : end]) != crc:
        return None
    split = start + HEAD_BYTES + topic_bytes
    topic = buffer[start + HEAD_BYTES : split].decode("utf-8", "replace")
    return Parsed(end, SpoolRecord(position, received_ms, topic, buffer[split:end]))


def _next_record(buffer: bytes, start: int) -> int:
    """Offset of the next whole record at or behind ``start``, or the end: O(bytes), only ever after damage."""
    last = len(buffer) - HEAD_BYTES
    while start <= last and _record_at(buffer, start) is None:
        start += 1
    return start if start <= last else len(buffer)
