"""Tables of leases. Instants are whole milliseconds since 1970 by the database's own clock."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import unaudited
from plantroom.storage.ledger.columns import Word
from plantroom.storage.ledger.tables import metadata

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("partition", Word, primary_key=True),
    sa.Column("holder", Word, index=True),
    sa.Column("last_holder", Word),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("renewed_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False),
    sa.Column("ready", sa.Boolean, nullable=False),
    comment="Which collector holds which partition; the epoch rises with every take-over",
    info=unaudited("which process does what"),
)

lease_members = sa.Table(
    "lease_members",
    metadata,
    sa.Column("holder", Word, primary_key=True),
    sa.Column("since_ms", sa.BigInteger, nullable=False),
    sa.Column("seen_ms", sa.BigInteger, nullable=False),
    comment="Collectors that share the partitions",
    info=unaudited("which process does what"),
)

lease_states = sa.Table(
    "lease_states",
    metadata,
    sa.Column("partition", Word, primary_key=True),
    sa.Column("lane", Word, primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),
    comment="State of alarms and models for the next holder",
    info=unaudited("which process does what"),
)
