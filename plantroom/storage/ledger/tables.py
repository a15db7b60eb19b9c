"""The ledger's schema: every table of every part, and the counters.

The schema is made by the migrations in ``plantroom.migrations``; these tables are what the statements are
written with. A test compares the two on both backends.
"""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import unaudited
from plantroom.storage.ledger.columns import Word

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

PLANT_REVISION = "plant_revision"
PLANT_REBUILT = "plant_rebuilt"
"""Revision at which assets last vanished: what was read before it has to be read anew as a whole."""

SOURCES_CHANGED = "sources_changed"
"""Revision at which a topic source last changed."""

PLACES_CHANGED = "places_changed"
"""Revision at which a location last changed."""

WORK_ORDER_NUMBER = "work_order_number"
"""Both a counter (SQLite) and a sequence (PostgreSQL, where a counter would make writers wait)."""

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", Word, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    info=unaudited("counts"),
)
