"""Points in the database: a row each, and their templates, which assets of a class share, once."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from plantroom.domain.assets import Point, PointTemplate
from plantroom.errors import Conflict
from plantroom.storage.ledger import tables_plant as t
from plantroom.storage.ledger.codec import dump, load_shared
from plantroom.storage.ledger.work import Work, chunks

_p = t.points.c
_t = t.point_templates.c
_WITH_TEMPLATE = sa.select(_p.asset, _p.position, _t.template).join(t.point_templates, _t.digest == _p.digest)


def points_of(work: Work, assets: Collection[str]) -> dict[str, list[Point]]:
    """The points of some assets by asset, in their order."""
    found: dict[str, list[tuple[int, Point]]] = {}
    for some in chunks(sorted(assets)):
        for asset, position, text in work.connection.execute(_WITH_TEMPLATE.where(_p.asset.in_(some))):
            found.setdefault(asset, []).append((position, Point(asset, load_shared(PointTemplate, text))))
    return {asset: [point for _, point in sorted(rows, key=lambda r: r[0])] for asset, rows in found.items()}


def add_points(work: Work, points: Sequence[Point]) -> None:
    """Insert points of new assets, those of an asset in their order."""
    texts = Templates()
    rows: list[dict[str, Any]] = []
    position, asset = -1, ""
    for point in points:
        position = position + 1 if point.asset == asset else 0
        asset = point.asset
        rows.append(texts.row(point, position))
    texts.write(work)
    if rows:
        work.backend.insert_many(work.connection, t.points, rows)


def put_points(work: Work, asset: str, points: Sequence[Point]) -> None:
    """Add or replace points of one asset. A unit that is set stays: ``Conflict`` on another; a point that comes without
    one keeps the one it has."""
    stored = {
        key: (position, unit)
        for key, position, unit in work.connection.execute(
            sa.select(_p.key, _p.position, _p.unit).where(_p.asset == asset)
        )
    }
    free = max((position for position, _ in stored.values()), default=-1) + 1
    texts = Templates()
    rows: dict[str, dict[str, Any]] = {}
    for point in points:
        position, unit = stored.get(point.key, (free + len(rows), ""))
        if unit and point.template.unit not in {unit, ""}:
            raise Conflict(
                f"point {point.key!r} is in {unit!r}; its unit is frozen, {point.template.unit!r} is a new point"
            )
        if unit and not point.template.unit:
            point = Point(asset, replace(point.template, unit=unit))  # noqa: PLW2901
        rows[point.key] = texts.row(point, position)
    texts.write(work)
    insert = work.backend.insert(t.points)
    written = {name: insert.excluded[name] for name in ("unit", "kind", "digest")}
    statement = insert.on_conflict_do_update(index_elements=["asset", "key"], set_=written)
    work.connection.execute(statement, list(rows.values()))


def templates(work: Work, digests: Iterable[str] | None = None) -> Mapping[str, PointTemplate]:
    """Templates by digest: those named, or all."""
    if digests is None:
        rows = work.connection.execute(sa.select(_t.digest, _t.template))
        return {digest: load_shared(PointTemplate, text) for digest, text in rows}
    found: dict[str, PointTemplate] = {}
    for some in chunks(sorted(digests)):
        rows = work.connection.execute(sa.select(_t.digest, _t.template).where(_t.digest.in_(some)))
        found |= {digest: load_shared(PointTemplate, text) for digest, text in rows}
    return found


def digest_of(template: str) -> str:
    """What a template's text is known by."""
    return hashlib.sha256(template.encode()).hexdigest()[:24]


class Templates:
    """Templates on their way into the database."""

    def __init__(self) -> None:
        self._digests: dict[PointTemplate, str] = {}
        self._texts: dict[str, str] = {}
        self._same: dict[int, str] = {}

    def row(self, point: Point, position: int) -> dict[str, Any]:
        """The point's columns."""
        template = point.template
        return {
            "asset": point.asset,
            "key": template.key,
            "position": position,
            "unit": template.unit,
            "kind": template.kind.value,
            "digest": self._same.get(id(template)) or self._digest(template),
        }

    def _digest(self, template: PointTemplate) -> str:
        known = self._digests.get(template)
        if known is None:
            text = dump(template)
            known = self._digests[template] = digest_of(text)
            self._texts[known] = text
            self._same[id(template)] = known  # kept alive as a key of ``_digests``
        return known

    def write(self, work: Work) -> None:
        """Insert those that are not there. A template is never changed, so whoever else inserts it writes the same."""
        insert = work.backend.insert(t.point_templates).on_conflict_do_nothing()
        rows = [{"digest": digest, "template": text} for digest, text in sorted(self._texts.items())]
        if rows:
            work.connection.execute(insert, rows)
