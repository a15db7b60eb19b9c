"""Publisher credentials."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from plantroom.errors import Conflict, NotFound
from plantroom.ports.devices import BrokerFiles, Device, DeviceRepository
from plantroom.storage.ledger import tables_devices as t
from plantroom.storage.ledger import tables_plant
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, clean

DEVICES = Record(Device, t.devices)
FILES = Record(BrokerFiles, t.broker_files)


class SqlDevices(DeviceRepository):
    """``DeviceRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, device: Device) -> None:
        sites = tables_plant.sites
        if self._connection.execute(sites.select().where(sites.c.code == device.site)).first() is None:
            raise NotFound(f"there is no site {device.site!r}")
        if self.in_force(device.username) is not None:
            raise Conflict(f"there is a device {device.username!r} already; revoke it to give it a new password")
        self._connection.execute(t.devices.insert(), DEVICES.row(device))

    def get(self, device_id: str) -> Device:
        statement = self._work.locking(DEVICES.select().where(t.devices.c.id == clean(device_id)))
        row = self._connection.execute(statement).first()
        if row is None:
            raise NotFound(f"there is no device {device_id!r}")
        return DEVICES.item(row)

    def in_force(self, username: str) -> Device | None:
        columns = t.devices.c
        statement = DEVICES.select().where(columns.username == clean(username), columns.revoked_at.is_(None))
        row = self._connection.execute(statement).first()
        return None if row is None else DEVICES.item(row)

    def list(self) -> Sequence[Device]:
        statement = DEVICES.select().order_by(t.devices.c.username, t.devices.c.created_at, t.devices.c.id)
        return [DEVICES.item(row) for row in self._connection.execute(statement)]

    def revoke(self, device_id: str, at: datetime, by: str) -> Device:
        if self.get(device_id).revoked_at is None:
            statement = t.devices.update().where(t.devices.c.id == device_id)
            self._connection.execute(statement.values(revoked_at=at, revoked_by=by))
        return self.get(device_id)

    def changes(self) -> int:
        columns = t.devices.c
        return int(
            self._connection.scalar(sa.select(sa.func.count(columns.id) + sa.func.count(columns.revoked_at))) or 0
        )

    def put_files(self, files: BrokerFiles) -> None:
        c = t.broker_files.c
        place = sa.and_(c.folder == files.folder, c.host == files.host)
        self._connection.execute(t.broker_files.delete().where(place, c.id != files.id))
        row = FILES.row(files)
        insert = self._work.backend.insert(t.broker_files).values(row)
        self._connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=row))

    def files(self) -> Sequence[BrokerFiles]:
        c = t.broker_files.c
        return [FILES.item(row) for row in self._connection.execute(FILES.select().order_by(c.folder, c.host, c.id))]

    def forget_files(self, folder: str) -> int:
        c = t.broker_files.c
        return self._connection.execute(t.broker_files.delete().where(c.folder == clean(folder))).rowcount
