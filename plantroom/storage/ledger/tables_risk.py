"""Tables of the machines' risks: where they stand, reports, policies."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Text, Word
from plantroom.storage.ledger.tables import metadata

risk_standings = sa.Table(
    "risk_standings",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("site", Word, nullable=False),
    sa.Column("likelihood", sa.Integer, nullable=False),
    sa.Column("consequence", sa.Integer, nullable=False),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("parts", Text, nullable=False, comment="Every step of the assessment, JSON"),
    sa.Column("since", Instant, nullable=False),
    sa.Column("assessed_at", Instant, nullable=False),
    sa.Column("above", sa.Boolean, nullable=False, comment="A warning stands"),
    sa.Column("below_since", Instant),
    sa.Index(None, "score", "asset"),
    sa.Index(None, "site", "score", "asset"),
    info=unaudited("computed from the ledger"),
)

risk_reports = sa.Table(
    "risk_reports",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False),
    sa.Column("crossing", sa.Integer, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("likelihood", sa.Integer, nullable=False),
    sa.Column("consequence", sa.Integer, nullable=False),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("warning_value", sa.Integer, nullable=False),
    sa.Column("title_zh", Text, nullable=False),
    sa.Column("title_en", Text, nullable=False),
    *[sa.Column(name, Text, nullable=False) for name in ("parts", "overview", "impact", "measures", "advice")],
    sa.Column("acknowledged_at", Instant),
    sa.Column("acknowledged_by", Text),
    sa.Column("taken", Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("asset", "crossing"),
    sa.Index(None, "made_at", "id"),
    sa.Index(None, "site", "made_at", "id"),
    info=audited(
        "risk_report",
        "id",
        site="site",
        asset="asset",
        label="title_zh",
        parsed=["parts", "overview", "impact", "measures", "advice"],
    ),
)

risk_policies = sa.Table(
    "risk_policies",
    metadata,
    sa.Column("site", Word, sa.ForeignKey("sites.code"), primary_key=True),
    sa.Column("warning_value", sa.Integer, nullable=False),
    sa.Column("clear_value", sa.Integer, nullable=False),
    sa.Column("clear_after_days", sa.Integer, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    info=audited("risk_policy", "site", site="site", label="site"),
)
