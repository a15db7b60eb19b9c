"""Bringing the database's schema up to date."""

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from plantroom.errors import SettingError
from plantroom.storage.ledger.backend import Backend

HEAD = "0039"
"""The newest migration. Kept here so that a start on a current ledger does not load Alembic; a test compares."""

URL_SETTING = "PLANTROOM_LEDGER_URL"
VERSION_TABLE = "alembic_version"

log = structlog.get_logger()


def bring_up_to_date(backend: Backend) -> None:
    """Migrate if the schema is older than this program.

    Safe when several processes do it at once: one migrates, the others find it done. Raises ``SettingError``
    for a ledger of a newer Plantroom.
    """
    with backend.read() as connection:
        if stored_revision(connection) == HEAD:
            return
    with backend.begin() as connection:
        backend.prepare_migration(connection)
        stored = stored_revision(connection)
        if stored == HEAD:
            return
        log.info("ledger_migrating", stored=stored, wanted=HEAD)
        if stored is not None or not backend.make_fresh(connection):
            _upgrade(connection, stored)


def stored_revision(connection: Connection) -> str | None:
    """The schema's revision as the database states it; ``None`` for an empty database."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    revision = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608
    return None if revision is None else str(revision)


def _upgrade(connection: Connection, stored: str | None) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    from plantroom.migrations import config

    settings = config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    if stored is not None and stored not in known:
        raise SettingError(
            URL_SETTING,
            f"the ledger has schema {stored}, which this version of Plantroom (schema {HEAD}) does not know",
            "a ledger of this or an older version, or a newer Plantroom",
        )
    command.upgrade(settings, HEAD)
