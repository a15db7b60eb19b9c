"""Which dead letters a question is about."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_collect as t
from plantroom.storage.ledger.letters import ASKED, IS_ASKED, LETTERS
from plantroom.storage.ledger.tables_plant import sites
from plantroom.storage.ledger.work import chunks, in_scope

MESSAGES_AT_ONCE = 200
"""As many parameters of one statement."""


def of_message(message: str) -> sa.ColumnElement[bool]:
    """Which letters are of one message."""
    return _named(sa.literal(message))


def of_messages(letters: sa.Select[Any], messages: Sequence[str]) -> sa.Select[Any]:
    """A selection of the letters of these messages alone. A look into the index of each message: of many alternatives
    SQLite makes a walk through all letters."""
    wanted = sa.values(sa.column("message", sa.Text), name="wanted").data([(one,) for one in messages]).cte("wanted")
    return letters.join(wanted, _named(wanted.c.message))


def _named(message: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Ids of letters: the message's own, and with a dash and a number behind it."""
    column = t.dead_letters.c.id
    return sa.and_(column >= message, column < message + ".")


def before_asked(row: Any) -> DeadLetter:
    """The letter with the reason that it had before it was asked for."""
    letter: DeadLetter = LETTERS.item(row)
    return replace(letter, reason=letter.reason.removeprefix(ASKED))


def fitting(scope: Scope, site: str | None, reason: str | None, topic: str | None) -> list[sa.ColumnElement[bool]]:
    """Those that a reader may see, of a site, a reason (its code) and a topic."""
    letters = t.dead_letters.c
    of_topic = [] if topic is None else [letters.topic == topic]
    return [*in_scope(letters.site, scope, site), *of_reason(reason), *of_topic]


def may_be_asked(
    scope: Scope, ids: Sequence[str] | None, site: str | None, reason: str | None, topic: str | None
) -> list[list[sa.ColumnElement[bool]]]:
    """Of the letters of sites that are there and not asked for yet those that fit, by some ids at a time."""
    letters = t.dead_letters.c
    known = letters.site.in_(sa.select(sites.c.code))
    fits = [*fitting(scope, site, reason, topic), known, sa.not_(IS_ASKED)]
    return [fits] if ids is None else [[*fits, letters.id.in_(some)] for some in chunks(sorted(set(ids)))]


def of_reason(reason: str | None) -> list[sa.ColumnElement[bool]]:
    """Those of a reason, with or without the detail behind its code."""
    if reason is None:
        return []
    column = t.dead_letters.c.reason
    return [sa.or_(column == reason, column.startswith(f"{reason}: ", autoescape=True))]
