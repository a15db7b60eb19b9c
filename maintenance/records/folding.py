"""What the entries of one thing have made of it: documents of fields, and what a change does to them. Pure."""

import json
from collections.abc import Set as AbstractSet

Document = dict[str, object]

MOST_NAMED = 6
"""Fields that a finding names with both values; of more it says how many there are."""


def differing(one: Document, other: Document) -> str | None:
    """The first field that is not the same; one without a value is as good as not there."""
    return next((name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)), None)


def told(then: Document, is_: Document, ignored: AbstractSet[str] = frozenset()) -> str:
    """What is not as the history has it, with both values; empty: nothing."""
    names = [n for n in sorted(then.keys() | is_.keys()) if n not in ignored and _said(then, n) != _said(is_, n)]
    words = "; ".join(f"{n} is {is_.get(n)}, by the history {then.get(n)}" for n in names[:MOST_NAMED])
    return words + (f"; and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def _said(one: Document, name: str) -> object:
    """A field's value; an empty text is as good as none (a secret's entries do not tell them apart)."""
    found = one.get(name)
    return None if found == "" else found


def changed(found: Document, after: Document) -> Document:
    """``found`` with what an entry says that came of it."""
    for name, value in after.items():
        into, field = _place(found, name)
        if value is None:
            into.pop(field, None)
        else:
            into[field] = value
    return found


def value(found: Document, name: str) -> object:
    """What a field has, which an entry may name with dots."""
    part, field = _place(found, name)
    return part.get(field)


def _place(found: Document, name: str) -> tuple[Document, str]:
    """The document inside ``found``, and its field, that an entry names with dots. Earlier entries name fields so that
    have a dot of their own: what is there says which are meant, longer ones first."""
    if name in found:
        return found, name
    likely: tuple[Document, str] | None = None
    for end in reversed([n for n, letter in enumerate(name) if letter == "."]):
        part = found.get(name[:end])
        if isinstance(part, dict):
            place = _place(part, name[end + 1 :])
            if place[1] in place[0]:
                return place
            likely = likely or place
    return likely or (found, name)


def document(text: str | None) -> Document:
    """Fields of an entry; of what the program has not written: none. An entry of a change leaves it open whether a
    field inside a document was null or was not there: here it is not there."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return {name: _without_nulls(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _without_nulls(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
