"""Tables of the notification channels and of what goes out by them."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Json, Text, Word
from plantroom.storage.ledger.tables import metadata

channels = sa.Table(
    "channels",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("name", Text, nullable=False, unique=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code")),  # NULL: every site
    sa.Column("department", Text),
    sa.Column("user", Text),  # The user name of the one person whom it reaches
    sa.Column("kind", Word, nullable=False),
    sa.Column("language", Word, nullable=False),
    sa.Column("min_severity", Word, nullable=False),
    sa.Column("quiet_from", Word),
    sa.Column("quiet_to", Word),
    sa.Column("sealed", Text, nullable=False),  # The address, encrypted with the key of PLANTROOM_SECRETS_KEY
    sa.Column("shown", Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("created_by", Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),  # In a row
    sa.Column("last_ok_at", Instant),
    sa.Column("last_failed_at", Instant),
    sa.Column("last_error", Text),
    sa.Column("broken_since", Instant),
    sa.Column("ticket", Word),
    sa.Column("digest_at", Instant),  # When it last carried a digest
    sa.Column("resting_until", Instant),  # It failed: nothing is tried before
    sa.Column("claimed_by", Word),
    sa.Column("claimed_until", Instant),
    info=audited(
        "channel",
        "id",
        site="site",
        label="name",
        secret=["sealed"],
        derived=[
            "failures",
            "last_ok_at",
            "last_failed_at",
            "last_error",
            "broken_since",
            "ticket",
            "digest_at",
            "resting_until",
            "claimed_by",
            "claimed_until",
        ],
        people_only=True,
    ),
)

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("channel", Word, sa.ForeignKey("channels.id", ondelete="CASCADE"), nullable=False),
    sa.Column("dedup", Text, nullable=False),
    sa.Column("topic", Word, nullable=False),
    sa.Column("site", Word),
    sa.Column("work_order", Word, index=True),
    sa.Column("clock", Word),
    sa.Column("severity", Word, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("body", Text, nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_try", Instant),  # NULL: nothing is left to do
    sa.Column("delivered_at", Instant),
    sa.Column("given_up_at", Instant),
    sa.Column("withdrawn_at", Instant),
    sa.Column("error", Text),
    sa.Column("digest", Word),  # What it went out in together with others
    sa.Column("replays", sa.Integer, nullable=False),
    sa.UniqueConstraint("channel", "dedup"),
    sa.Index(None, "next_try", "channel"),
    sa.Index(None, "channel", "delivered_at"),
    sa.Index(None, "created_at", "id"),
    info=unaudited("the outbox of messages: each row tells its own story"),
)
