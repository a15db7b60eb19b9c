"""Which files belong to which sites."""

from collections.abc import Sequence

import sqlalchemy as sa

from plantroom.ports.equipment import FileEntry, FileRepository
from plantroom.storage.ledger.asset_rows import need_sites
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_equipment import files
from plantroom.storage.ledger.work import Work

FILES = Record(FileEntry, files)


class SqlFiles(FileRepository):
    """``FileRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, entry: FileEntry) -> None:
        need_sites(self._work, [entry.site])
        insert = self._work.backend.insert(files).on_conflict_do_nothing()
        self._connection.execute(insert, FILES.row(entry))

    def of(self, sha256: str) -> Sequence[FileEntry]:
        rows = self._connection.execute(FILES.select().where(files.c.sha256 == sha256).order_by(files.c.site))
        return [FILES.item(row) for row in rows]

    def known(self, sha256: str) -> bool:
        return self._connection.execute(sa.select(files.c.site).where(files.c.sha256 == sha256)).first() is not None
