"""The state that is saved with the spool's cursor: named parts, length-prefixed, with a version and a CRC.

Layout, little endian: magic ``PRCK``, version u16, number of parts u16; per part: length of the name u16, name,
length u64, bytes; at the end the CRC-32 of all before it.
"""

import struct
import zlib
from collections.abc import Mapping
from typing import Protocol

import structlog

log = structlog.get_logger()

MAGIC = b"PRCK"
VERSION = 1
_HEAD = struct.Struct("<4sHH")
_NAME = struct.Struct("<H")
_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")


def pack(parts: Mapping[str, bytes]) -> bytes:
    """One blob of all parts."""
    pieces = [_HEAD.pack(MAGIC, VERSION, len(parts))]
    for name, body in parts.items():
        encoded = name.encode()
        pieces += (_NAME.pack(len(encoded)), encoded, _LENGTH.pack(len(body)), body)
    blob = b"".join(pieces)
    return blob + _CRC.pack(zlib.crc32(blob))


def unpack(blob: bytes) -> dict[str, bytes]:
    """The parts of a blob (none of an empty one). Raises ``ValueError`` on anything that ``pack`` did not make."""
    if not blob:
        return {}
    body = memoryview(blob)[: -_CRC.size]
    if len(blob) < _HEAD.size + _CRC.size or _CRC.unpack(blob[-_CRC.size :])[0] != zlib.crc32(body):
        raise ValueError("the checkpoint is damaged")
    magic, version, count = _HEAD.unpack_from(body)
    if magic != MAGIC or version != VERSION:
        raise ValueError(f"not a checkpoint of version {VERSION}")
    parts: dict[str, bytes] = {}
    at = _HEAD.size
    try:
        for _ in range(count):
            (name_length,) = _NAME.unpack_from(body, at)
            name = bytes(body[at + _NAME.size : at + _NAME.size + name_length]).decode()
            at += _NAME.size + name_length
            (length,) = _LENGTH.unpack_from(body, at)
            parts[name] = bytes(body[at + _LENGTH.size : at + _LENGTH.size + length])
            at += _LENGTH.size + length
    except struct.error as error:
        raise ValueError("the checkpoint is cut short") from error
    return parts


class Stateful(Protocol):
    """Whatever has a part of its own in the saved state."""

    def snapshot(self) -> bytes:
        """The part."""

    def restore(self, state: bytes) -> None:
        """Go on from it (empty: from nothing). Raises ``ValueError`` when it cannot be read."""


def restore_part(name: str, part: Stateful, state: bytes, **who: str) -> None:
    """As ``restore``; a part that cannot be read begins anew, and the log says whose (``who``) it is."""
    try:
        part.restore(state)
    except ValueError as error:
        log.error("checkpoint_part_unreadable", **who, part=name, problem=str(error))
        part.restore(b"")
