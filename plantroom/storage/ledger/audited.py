"""Which tables' changes the history keeps: said where a table is defined, in its ``info``.

A table says ``info=audited("device", "id", site="site", ...)``, or ``info=unaudited("why not")``; a house test fails
for one that says neither. ``plantroom.storage.ledger.audit_hook`` does the rest: no repository writes history itself.
docs/audit.md tells developers how a new table joins in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

_NAME = "audit"


@dataclass(frozen=True, slots=True)
class Audited:
    """How the history keeps a table.

    ``entity`` is what it calls a row and ``key`` the columns that name one (its primary key, never changed).
    ``site``, ``asset``, ``label``: columns with the site's code, the asset's key (its site is looked up where there is
    no column for it) and the name people know. Values of ``secret`` columns are never kept, only that they changed.
    ``derived`` columns say nothing new and are left out; ``quiet`` ones are kept, but are no change by themselves.
    ``parsed`` columns are JSON in a text column; ``document`` is one whose fields stand for the whole row;
    ``document_by``: it is kept in another table, by what stands in a column of this one (the column, the table).
    ``made_with`` names a table: a row that is made together with the row of that table that its ``asset`` names is
    noted there, by a digest, instead of in an entry of its own (thousands of points of an import). Rows without a
    person behind them (``people_only``: an author of kind system) are left out. ``unless`` is a column and its value:
    while a row has it, the row is as good as not there (made when it gets another value, removed when it has it again).
    ``also``: a second rule for the same rows, with entries of its own.
    """

    entity: str
    key: tuple[str, ...]
    site: str | None = None
    asset: str | None = None
    label: str | None = None
    secret: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset({"version"})
    parsed: frozenset[str] = frozenset()
    document: str | None = None
    document_by: tuple[str, str] | None = None
    made_with: str | None = None
    people_only: bool = False
    unless: tuple[str, object] | None = None
    also: "Audited | None" = None


def audited(
    entity: str,
    *key: str,
    site: str | None = None,
    asset: str | None = None,
    label: str | None = None,
    secret: Sequence[str] = (),
    derived: Sequence[str] = (),
    quiet: Sequence[str] = ("version",),
    parsed: Sequence[str] = (),
    document: str | None = None,
    document_by: tuple[str, str] | None = None,
    made_with: str | None = None,
    people_only: bool = False,
    unless: tuple[str, object] | None = None,
    also: dict[Any, Any] | None = None,
) -> dict[Any, Any]:
    """The ``info`` of a table whose changes are kept; see ``Audited``."""
    kept = Audited(
        entity=entity,
        key=key,
        site=site,
        asset=asset,
        label=label,
        secret=frozenset(secret),
        derived=frozenset(derived),
        quiet=frozenset(quiet),
        parsed=frozenset(parsed),
        document=document,
        document_by=document_by,
        made_with=made_with,
        people_only=people_only,
        unless=unless,
        also=None if also is None else also[_NAME],
    )
    return {_NAME: kept}


def unaudited(why: str) -> dict[Any, Any]:
    """The ``info`` of a table whose changes are not kept, with the reason."""
    return {_NAME: why}


def rule_of(table: sa.Table) -> Audited | str | None:
    """How the history keeps the table, the reason why it does not, or ``None``: nothing was said."""
    info: Mapping[Any, Any] = table.info
    rule = info.get(_NAME)
    return rule if isinstance(rule, Audited | str) else None


def kept_rule(table: object) -> Audited | None:
    """How the history keeps the table; ``None``: it does not."""
    rule = rule_of(table) if isinstance(table, sa.Table) else None
    return rule if isinstance(rule, Audited) else None


def kept_rules(table: sa.Table) -> tuple[Audited, ...]:
    """The rules that the history keeps the table by: none, one, or two."""
    rule = kept_rule(table)
    return () if rule is None else (rule,) if rule.also is None else (rule, rule.also)
