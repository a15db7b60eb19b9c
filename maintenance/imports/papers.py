"""Lists of records in one cell: a line each with ``|`` between its parts, or JSON where a part has one itself. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from maintenance.imports.cells import Cell, plain_text, text_of
from maintenance.imports.problems import CellProblem
from maintenance.imports.values import read_date, read_json, read_number, write_json
from plantroom.domain.assets import LocalName
from plantroom.domain.papers import Document, Licence, MakerLimit

MOST = 100
"""Records in one cell."""


def read_licences(cell: Cell) -> tuple[Licence, ...]:
    """``kind | number | issued | expires | issuer``, a line each."""
    return tuple(_licence(parts) for parts in _lines(cell, 5, Licence))


def write_licences(items: Sequence[Licence], _language: str = "zh") -> Cell:
    """The licences as ``read_licences`` reads them."""
    return _written(items, lambda one: [one.kind, one.number, one.issued_on, one.expires_on, one.issuer])


def read_maker_limits(cell: Cell) -> tuple[MakerLimit, ...]:
    """``quantity | unit | low | high``, a line each."""
    return tuple(
        MakerLimit(_needed(p[0]), str(p[1] or ""), _number(p[2]), _number(p[3])) for p in _lines(cell, 4, MakerLimit)
    )


def write_maker_limits(items: Sequence[MakerLimit], _language: str = "zh") -> Cell:
    """The limits as ``read_maker_limits`` reads them."""
    return _written(items, lambda one: [one.quantity, one.unit, one.low, one.high])


def read_documents(cell: Cell) -> tuple[Document, ...]:
    """``name | kind | URL or SHA-256``, a line each."""
    return tuple(_document(parts) for parts in _lines(cell, 3, Document))


def write_documents(items: Sequence[Document], _language: str = "zh") -> Cell:
    """The documents as ``read_documents`` reads them."""
    return _written(items, lambda one: [one.name, one.kind, one.sha256 or one.url])


def _lines(cell: Cell, width: int, kind: type[Any]) -> list[list[Any]]:
    text = text_of(cell)
    if text.startswith("["):
        found = _from_json(text, width)
    else:
        lines = [line for line in text.split("\n") if line.strip()]
        found = [[part.strip() for part in line.replace("｜", "|").split("|")] for line in lines]
    names = [one.name for one in fields(kind)]
    if len(found) > MOST or any(len(parts) > width for parts in found):
        said = LocalName(
            f"每行最多{width}项：{' | '.join(names)}", f"at most {width} parts a line: {' | '.join(names)}"
        )
        raise CellProblem("bad_list", said)
    return [[*parts, *[None] * (width - len(parts))] for parts in found]


def _from_json(text: str, width: int) -> list[list[Any]]:
    try:
        found = read_json(text)
    except ValueError:
        raise CellProblem("bad_list") from None
    if not isinstance(found, list) or not all(isinstance(one, list) and len(one) <= width for one in found):
        raise CellProblem("bad_list")
    return found


def _licence(parts: Sequence[Any]) -> Licence:
    kind, number, issued, expires, issuer = parts
    return Licence(_needed(kind), str(number or ""), _day(issued), _day(expires), str(issuer or ""))


def _document(parts: Sequence[Any]) -> Document:
    name, kind, where = parts
    place = str(where or "")
    is_hash = len(place) == 64 and all(c in "0123456789abcdef" for c in place)
    if not is_hash and not place.startswith(("http://", "https://")):
        raise CellProblem("bad_list", LocalName("资料应有网址或SHA-256", "a document has a URL or a SHA-256"))
    return Document(_needed(name), str(kind or "other"), place if is_hash else None, None if is_hash else place)


def _needed(text: Any) -> str:
    if not text:
        raise CellProblem("bad_list", LocalName("每行第一项必填", "the first part of a line is needed"))
    return str(text)


def _day(text: Any) -> date | None:
    return read_date(text) if text else None


def _number(text: Any) -> float | None:
    return None if text is None or text == "" else read_number(text)


def _written(items: Sequence[Any], parts: Callable[[Any], Sequence[Any]]) -> Cell:
    if not items:
        return None
    rows = [[_part(one) for one in parts(item)] for item in items]
    texts = [["" if one is None else str(one) for one in row] for row in rows]
    if texts[0][0][:1] == "[" or any(_parts_lines(one) for row in texts for one in row):
        return write_json(rows)
    return "\n".join(" | ".join(row).rstrip(" |") for row in texts)


def _parts_lines(text: str) -> bool:
    """Whether a text would not be read as it is between the ``|`` of a line."""
    return text != plain_text(text) or any(c in text for c in "|｜\n")


def _part(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return value.isoformat() if isinstance(value, date) else value
