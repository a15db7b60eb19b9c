"""By what a message of the ``json`` dialect is known again: ``boot`` and ``seq``, and a digest of its content."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import NoneType
from typing import cast
from zlib import crc32

import orjson

from ingest.dialects.decoded import NO_SEQ
from plantroom.wire import MAX_BOOT, MAX_SEQ, boot_text


def identities(
    payloads: Sequence[bytes], fields: Sequence[Mapping[str, object]]
) -> tuple[list[str], list[int], list[int]] | None:
    """``boot``, ``seq`` and ``digest`` of messages that have plain ones or none; ``None``: some has another."""
    seqs = [one.get("seq") for one in fields]
    kinds = set(map(type, seqs))
    if kinds == {NoneType}:
        none = len(seqs)
        return [""] * none, [NO_SEQ] * none, [0] * none
    if not kinds <= {int, NoneType}:
        return None
    boots = [one.get("boot", "") for one in fields]
    digests = list(map(crc32, payloads))
    if NoneType in kinds:
        boots = ["" if seq is None else boot for seq, boot in zip(seqs, boots, strict=True)]
        digests = [0 if seq is None else digest for seq, digest in zip(seqs, digests, strict=True)]
    if set(map(type, boots)) != {str}:
        return None
    texts, numbers = cast("list[str]", boots), cast("list[int]", seqs)
    sent = numbers if kinds == {int} else [seq for seq in numbers if seq is not None]
    if min(sent) < 0 or max(sent) >= MAX_SEQ or max(map(len, set(texts))) > MAX_BOOT:
        return None
    return texts, numbers if kinds == {int} else [NO_SEQ if seq is None else seq for seq in numbers], digests


def identity(fields: Mapping[str, object]) -> tuple[str, int]:
    """``boot`` and ``seq``; without usable ones: ``("", NO_SEQ)``."""
    seq, boot = fields.get("seq"), boot_text(fields.get("boot"))
    if boot is None or type(seq) is not int or not 0 <= seq < MAX_SEQ:
        return "", NO_SEQ
    return boot, seq


def digest_of(fields: Mapping[str, object], payload: bytes, number: int) -> int:
    """By which an object is known again: its own content, so that it may come in another array the next time.

    What is nested too deep to be written again is known by the raw bytes and its place in them.
    """
    try:
        return crc32(orjson.dumps(fields))
    except TypeError:
        return digest_at(payload, number)


def digest_at(payload: bytes, number: int) -> int:
    """Of what cannot be written again: by the raw bytes and its place in them."""
    return crc32(b"%d" % number, _crc_of(payload))


@lru_cache(maxsize=1)
def _crc_of(payload: bytes) -> int:
    """Of the last payload: an array of which no element can be written again is gone over once, not once for each."""
    return crc32(payload)
