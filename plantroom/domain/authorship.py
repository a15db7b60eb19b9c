"""Who is changing the ledger right now, and why: what the history writes beside every change.

One holder per request, command or background job, found through a context variable. The API's outermost layer opens a
holder and authentication fills it (endpoints run in other threads with copies of the context, which share the holder);
a command or a background job opens its own with ``acting``. The storage layer reads ``current_author`` just before it
commits. Code that opens none is ``NOBODY``: the change is kept all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_REASON = 2_000
"""Characters of a reason that the history keeps."""


class AuthorKind(StrEnum):
    """What sort of author."""

    PERSON = "person"
    TOKEN = "token"  # noqa: S105 (a word, no secret)
    COMMAND = "command"
    SYSTEM = "system"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Author:
    """``by`` is the name people know (user name, token name, ``cli:<login>``, ``system:<job>``), ``id`` the user's or
    token's own; ``via`` what it was done with (``PATCH /api/v1/assets/{key}``, ``plantroom device add``)."""

    by: str
    kind: AuthorKind
    id: str = ""
    reason: str = ""
    request_id: str = ""
    via: str = ""


NOBODY = Author("system:plantroom", AuthorKind.SYSTEM)
"""Whoever writes without having said who it is."""


@dataclass(slots=True)
class Holder:
    """Where the author of one request, command or job stands."""

    author: Author


_holder: ContextVar[Holder | None] = ContextVar("plantroom_author", default=None)


def current_author() -> Author:
    """The author of what is being done in this context."""
    holder = _holder.get()
    return NOBODY if holder is None else holder.author


@contextmanager
def acting(author: Author) -> Iterator[Holder]:
    """What is written inside is this author's; the holder lets the inside say more."""
    holder = Holder(author)
    before = _holder.set(holder)
    try:
        yield holder
    finally:
        _holder.reset(before)


@contextmanager
def acting_system(job: str, via: str = "") -> Iterator[Holder]:
    """As ``acting``, for a background job: ``system:<job>``."""
    with acting(Author(f"system:{job}", AuthorKind.SYSTEM, via=via)) as holder:
        yield holder


def identified(by: str, kind: AuthorKind, author_id: str, via: str = "") -> None:
    """Say who the author of the running request is, as soon as that is known; nothing without a holder."""
    holder = _holder.get()
    if holder is not None:
        known = holder.author
        holder.author = replace(known, by=by, kind=kind, id=author_id, via=via or known.via)


def explained(reason: str) -> None:
    """Say why the running request or command changes what it changes, where a rule asks for a reason; one that was
    given for the whole of it stays. Nothing without a holder."""
    holder = _holder.get()
    text = reason.strip()[:MAX_REASON]
    if holder is not None and text and not holder.author.reason and holder.author.kind is not AuthorKind.SYSTEM:
        holder.author = replace(holder.author, reason=text)


@contextmanager
def because(reason: str) -> Iterator[None]:
    """What is committed inside has this reason; an empty one leaves what was said before."""
    text = reason.strip()[:MAX_REASON]
    author = current_author()
    with acting(replace(author, reason=text) if text else author):
        yield
