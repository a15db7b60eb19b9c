"""Rows of the database as the history keeps them: canonical JSON, and what differs between two of them. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson

from plantroom.storage.ledger.audited import Audited
from plantroom.storage.ledger.codec import dump_sorted

NOT_KEPT = "(not kept)"
"""What stands for a secret."""

PARTS = "~made_with_it"
"""The field of an entry with what was made together with its thing: digests by label, by table."""

PART_HEX = 16
"""Digits of the digest of what was made together with something."""

Row = Mapping[str, Any]


def kept_fields(rule: Audited, row: Row) -> dict[str, Any]:
    """What the history keeps of a row: by column, secrets hidden, or the fields of the document that stands for it."""
    if rule.document is not None:
        written = row[rule.document]
        document = orjson.loads(written) if isinstance(written, str | bytes) else written
        return document if isinstance(document, dict) else {rule.document: document}
    fields: dict[str, Any] = {}
    for name, value in row.items():
        if name in rule.derived:
            continue
        if name in rule.secret:
            fields[name] = NOT_KEPT if value else value
        elif name in rule.parsed and value is not None:
            fields[name] = orjson.loads(value)
        else:
            fields[name] = value
    return fields


def whole(rule: Audited, row: Row) -> str:
    """A row that was made or removed, as canonical JSON; fields without a value are left out."""
    return dump_sorted({name: value for name, value in kept_fields(rule, row).items() if value is not None})


def difference(rule: Audited, before: Row, after: Row) -> tuple[str, str] | None:
    """What a change did, as canonical JSON of the fields before and after; ``None``: nothing that counts.

    A field that is a mapping on both sides is compared field by field, as ``name.key``; one with a dot in a key stands
    as a whole, or the name would say several things.
    """
    old, new = _plain(kept_fields(rule, before)), _plain(kept_fields(rule, after))
    was: dict[str, Any] = {}
    is_: dict[str, Any] = {}
    for name in old.keys() | new.keys():
        _compare(name, old.get(name), new.get(name), was, is_)
    for name in rule.secret:
        if before.get(name) != after.get(name):
            was[name] = NOT_KEPT if before.get(name) else None
            is_[name] = NOT_KEPT if after.get(name) else None
    if was.keys() <= rule.quiet:
        return None
    return dump_sorted(was), dump_sorted(is_)


def _compare(name: str, old: Any, new: Any, was: dict[str, Any], is_: dict[str, Any]) -> None:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not any("." in key for key in old.keys() | new.keys()):
        for key in old.keys() | new.keys():
            _compare(f"{name}.{key}", old.get(key), new.get(key), was, is_)
        return
    was[name], is_[name] = old, new


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    plain = orjson.loads(dump_sorted(fields))
    assert isinstance(plain, dict)
    return plain


def with_parts(made: str, parts: Mapping[str, Mapping[str, str]] | None) -> str:
    """The canonical JSON of what was made, with the digests of what was made together with it."""
    return made if not parts else f"{made[:-1]},{dump_sorted({PARTS: parts})[1:]}"
