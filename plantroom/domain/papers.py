"""What is known of one machine on paper: licences with their expiry, the maker's limits, documents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence or certificate of one machine, such as an elevator's registration or its last periodic inspection.
    ``kind`` in the words of whoever entered it; of several of one kind the one that expires last counts."""

    kind: str
    number: str
    issued_on: date | None = None
    expires_on: date | None = None
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class MakerLimit:
    """What the maker allows the whole machine, such as ``ambient_temperature`` from 5 to 40 ``Cel``. Limits of a point
    are in ``Limits``, with the origin ``maker``."""

    quantity: str
    unit: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A paper of a machine: a file that we keep (``sha256``, hex) or a ``url`` elsewhere, one of the two."""

    name: str
    kind: str = "other"
    sha256: str | None = None
    url: str | None = None


def in_force(licences: Iterable[Licence]) -> list[Licence]:
    """Of each kind the licence that expires last (one without an end before all others), in the order of kinds."""
    newest: dict[str, Licence] = {}
    for one in licences:
        known = newest.get(one.kind)
        if known is None or _end(known) < _end(one):
            newest[one.kind] = one
    return list(newest.values())


def first_expiry(licences: Iterable[Licence]) -> date | None:
    """When the first of those in force expires; ``None``: none does."""
    return min((one.expires_on for one in in_force(licences) if one.expires_on is not None), default=None)


def _end(licence: Licence) -> date:
    return licence.expires_on or date.max
