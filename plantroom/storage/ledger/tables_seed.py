"""What the seed was asked for, and what it knows of the equipment classes."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Json, Word
from plantroom.storage.ledger.tables import metadata

seed_choices = sa.Table(
    "seed_choices",
    metadata,
    sa.Column("scope", Word, primary_key=True, comment="A site's code; empty: every site"),
    sa.Column("profile", Word, nullable=False),
    sa.Column("jurisdiction", Word, nullable=False),
    sa.Column("options", Json, nullable=False),
    info=audited("seed_choice", "scope", label="scope"),
)

class_points = sa.Table(
    "class_points",
    metadata,
    sa.Column("equipment_class", Word, primary_key=True),
    sa.Column("key", Word, primary_key=True),
    info=unaudited("a copy of the product's own class data"),
)
