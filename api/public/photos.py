"""Photos that anybody may send: looked at by their first bytes, whatever they are called."""

from collections.abc import Iterator
from typing import BinaryIO

from plantroom.errors import BadData, FieldProblem
from plantroom.ports.files import TooLarge

MAX_PHOTO = 5 << 20
"""Bytes of a photo at most."""

_CHUNK = 1 << 16
_HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")


def photo_type(head: bytes) -> str:
    """The media type of a photo by its first bytes. ``BadData`` for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "image/heic"
    words = "只接受 JPEG、PNG、WebP、HEIC 照片 / should be a photo: JPEG, PNG, WebP or HEIC"
    raise BadData(f"file: {words}", [FieldProblem("file", "not_a_photo", words)])


def photo_chunks(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    """The photo in pieces. ``TooLarge`` beyond ``MAX_PHOTO``."""
    size = len(head)
    yield head
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > MAX_PHOTO:
            raise TooLarge(f"照片最大{MAX_PHOTO >> 20}MB / a photo may have at most {MAX_PHOTO >> 20} MiB")
        yield chunk
