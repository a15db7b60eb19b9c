"""What the seed was asked for, and what it knows of the equipment classes."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from maintenance.seed_ports import SeedChoice, SeedRepository
from plantroom.storage.ledger import tables_seed as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work

CHOICES = Record(SeedChoice, t.seed_choices)


class SqlSeeding(SeedRepository):
    """``SeedRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def choices(self) -> Mapping[str, SeedChoice]:
        rows = self._connection.execute(CHOICES.select().order_by(t.seed_choices.c.scope))
        return {choice.scope: choice for choice in map(CHOICES.item, rows)}

    def put_choice(self, choice: SeedChoice) -> None:
        insert = self._work.backend.insert(t.seed_choices)
        written = {name: insert.excluded[name] for name in ("profile", "jurisdiction", "options")}
        statement = insert.on_conflict_do_update(index_elements=["scope"], set_=written)
        self._connection.execute(statement, CHOICES.row(choice))

    def known_points(self) -> Mapping[str, frozenset[str]]:
        c = t.class_points.c
        found: dict[str, set[str]] = {}
        for name, key in self._connection.execute(sa.select(c.equipment_class, c.key)):
            found.setdefault(name, set()).add(key)
        return {name: frozenset(keys) for name, keys in found.items()}

    def note_points(self, points: Mapping[str, Collection[str]]) -> None:
        rows = [{"equipment_class": name, "key": key} for name, keys in points.items() for key in sorted(keys)]
        if rows:
            insert = self._work.backend.insert(t.class_points)
            self._connection.execute(insert.on_conflict_do_nothing(), rows)
