"""The ledger's migrations: run by ``SqlLedger.open``, one file a revision in ``versions``.

A new one: add ``versions/NNNN_<what>.py``, set ``plantroom.storage.ledger.schema.HEAD`` to its revision, run ``python
-m plantroom.migrations.fresh``. The contract suite compares the migrated schema with the tables on both databases.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from alembic.config import Config


def config(connection: Connection | None = None) -> "Config":
    """Alembic's configuration; migrations run on the connection, inside its transaction."""
    from alembic.config import Config

    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "newline")
    return settings
