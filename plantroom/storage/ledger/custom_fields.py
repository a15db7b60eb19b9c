"""Definitions of custom fields."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from plantroom.domain.custom import CustomField, check_definition
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.ports.equipment import CustomFieldRepository
from plantroom.storage.ledger import tables_plant as plant
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_equipment import custom_fields
from plantroom.storage.ledger.work import Work

FIELDS = Record(CustomField, custom_fields)
_c = custom_fields.c


class SqlCustomFields(CustomFieldRepository):
    """``CustomFieldRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def list(self) -> Sequence[CustomField]:
        return [FIELDS.item(row) for row in self._connection.execute(FIELDS.select().order_by(_c.key))]

    def get(self, key: str) -> CustomField:
        row = self._connection.execute(self._work.locking(FIELDS.select().where(_c.key == key))).first()
        if row is None:
            raise NotFound(f"there is no custom field {key!r}")
        return FIELDS.item(row)

    def add(self, field: CustomField) -> None:
        check_definition(field)
        if self._connection.execute(sa.select(_c.key).where(_c.key == field.key)).first():
            raise Conflict(f"there is a custom field {field.key!r} already")
        self._connection.execute(custom_fields.insert(), FIELDS.row(field))

    def update(self, field: CustomField, expected_version: int | None) -> CustomField:
        stored = self.get(field.key)
        if expected_version is not None and stored.version != expected_version:
            words = f"custom field {field.key} is at version {stored.version} by now, not {expected_version}"
            raise VersionConflict(words)
        check_definition(field)
        if field.type is not stored.type and self._is_used(field.key):
            raise Conflict(f"assets have values of {field.key}: its type stays {stored.type.value}")
        changed = replace(field, version=stored.version + 1)
        self._connection.execute(custom_fields.update().where(_c.key == field.key), FIELDS.row(changed))
        return changed

    def remove(self, key: str) -> None:
        if not self._connection.execute(custom_fields.delete().where(_c.key == key)).rowcount:
            raise NotFound(f"there is no custom field {key!r}")

    def _is_used(self, key: str) -> bool:
        """Whether some asset has a value; reads every asset that has any. Keys are letters, digits and underscores."""
        text = sa.cast(plant.assets.c.custom, sa.Text)
        return (
            self._connection.execute(
                sa.select(plant.assets.c.key).where(text.contains(f'"{key}"', autoescape=True)).limit(1)
            ).first()
            is not None
        )
