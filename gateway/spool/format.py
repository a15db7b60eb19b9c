"""How a record stands in a segment file.

``crc32 (u32) | body length (u32) | received ms (i64) | topic length (u16) | topic | payload``, little endian;
the CRC covers everything behind itself, the body is topic and payload. A record's position is not stored: it
is the segment's first position (its file name) plus the record's index.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from plantroom.ports.spool import SpoolRecord

_HEAD = struct.Struct("<IIqH")
HEAD_BYTES = _HEAD.size
_CRC_BYTES = 4
MAX_BODY_BYTES = 268_435_455 + 65_535
"""Largest MQTT packet plus the longest topic: a length beyond this is damage."""


def encode(topic: bytes, payload: bytes, received_ms: int) -> bytes:
    """One record's bytes."""
    rest = _HEAD.pack(0, len(topic) + len(payload), received_ms, len(topic))[_CRC_BYTES:] + topic + payload
    return crc32(rest).to_bytes(_CRC_BYTES, "little") + rest


@dataclass(frozen=True, slots=True)
class Parsed:
    """What stands at an offset: a record, damage of known length, or the end of what is whole."""

    end: int
    record: SpoolRecord | None
    damaged: bool = False


def parse(buffer: bytes, start: int, position: int) -> Iterator[Parsed]:
    """Records of ``buffer`` from ``start`` on, until one is cut off by the buffer's end.

    A record whose CRC is wrong comes as ``damaged``; when its length cannot be right either, that is the
    last thing the iterator gives (``end`` is then the buffer's end).
    """
    size = len(buffer)
    while start + HEAD_BYTES <= size:
        crc, body, received_ms, topic_bytes = _HEAD.unpack_from(buffer, start)
        end = start + HEAD_BYTES + body
        if body > MAX_BODY_BYTES or topic_bytes > body:
            yield Parsed(size, None, damaged=True)
            return
        if end > size:
            return
        if crc32(memoryview(buffer)[start + _CRC_BYTES : end]) != crc:
            yield Parsed(end, None, damaged=True)
        else:
            split = start + HEAD_BYTES + topic_bytes
            topic = buffer[start + HEAD_BYTES : split].decode("utf-8", "replace")
            yield Parsed(end, SpoolRecord(position, received_ms, topic, buffer[split:end]))
        start = end
        position += 1
