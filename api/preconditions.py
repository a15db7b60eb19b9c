"""``If-Match`` and ``ETag``: nobody overwrites what they have not seen (RFC 9110, section 13.1.1)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from api.problems import PreconditionMissing, StaleVersion
from plantroom.errors import VersionConflict

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="the `ETag` of what you read, or `*` to write over anything")
]


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def expected_version(if_match: str | None) -> int | None:
    """The version that a change expects; ``None`` for ``*`` (any).

    A weak tag counts as its strong one, since proxies that compress weaken tags. ``PreconditionMissing``
    without the header, ``VersionConflict`` for a tag that was never ours.
    """
    if if_match is None or not if_match.strip():
        raise PreconditionMissing("send the ETag that you read as If-Match")
    tag = if_match.strip().removeprefix("W/")
    if tag == "*":
        return None
    number = tag.strip('"')
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise VersionConflict(f"{if_match} is not the ETag of any version")
    return int(number)


def require_version(expected: int | None, current: BaseModel, version: int, fields: Sequence[str], what: str) -> None:
    """``StaleVersion`` (412) with the record as it stands and the fields that the caller wanted to change, unless the
    version is the expected one (``None``: any)."""
    if expected is not None and expected != version:
        shown = current.model_dump(mode="json", by_alias=True)
        raise StaleVersion(f"the {what} has changed since you read it", shown, version, fields)
