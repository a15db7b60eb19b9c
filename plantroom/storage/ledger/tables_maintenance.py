"""Tables of maintenance: the plan table, occurrences, work orders with their history, operations, episodes.

An order, its occurrences and its episode refer to each other and are written in one transaction in either
order; those references are plain keys.
"""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Json, Position, Text, Word
from plantroom.storage.ledger.tables import metadata

plan_rows = sa.Table(
    "plan_rows",
    metadata,
    sa.Column("lineage", Word, primary_key=True),
    sa.Column("profile", Word, nullable=False, comment="The site's code, empty for the default profile"),
    sa.Column("code", Word, nullable=False),
    sa.Column("site", Word, sa.ForeignKey("sites.code")),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("layer", Word, nullable=False),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("document", Text, nullable=False, comment="The whole row as JSON"),
    sa.UniqueConstraint("profile", "code"),
    info=audited("plan_row", "lineage", site="site", label="code", document="document"),
)

plan_row_versions = sa.Table(
    "plan_row_versions",
    metadata,
    sa.Column("lineage", Word, sa.ForeignKey("plan_rows.lineage"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("effective_from", sa.Date, nullable=False),
    sa.Column("document", Text, nullable=False),
    info=unaudited("the plan row's entries have each; they are compared with those"),
)

checklists = sa.Table(
    "checklists",
    metadata,
    sa.Column("code", Word, primary_key=True),
    sa.Column("items", Text, nullable=False),
    info=audited("checklist", "code"),
)

occurrences = sa.Table(
    "occurrences",
    metadata,
    sa.Column("lineage", Word, nullable=False),
    sa.Column("subject", Word, nullable=False),
    sa.Column("cycle", sa.Integer, nullable=False),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("plan_row", Word, nullable=False),
    sa.Column("nominal_date", sa.Date, nullable=False),
    sa.Column("earliest", sa.Date, nullable=False),
    sa.Column("latest", sa.Date, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("completed_at", Instant),
    sa.Column("work_order", Word),
    sa.Column("nominal_at", Instant, comment="Of rows by the hour: when it is to be done"),
    sa.Column("due_at", Instant, comment="Of rows by the hour: the last moment"),
    sa.Column("evidence", Json, comment="The reading that credited it"),
    # By subject first: that is how they are read and added, and its rows lie together.
    sa.PrimaryKeyConstraint("subject", "lineage", "cycle"),
    sa.Index(None, "site", "nominal_date"),
    sqlite_with_rowid=False,
    # What is only due is made from the plan, and made again: a million rows that say nothing yet.
    info=audited(
        "closed_occurrence", "subject", "lineage", "cycle", site="site", label="plan_row", unless=("state", "due")
    ),
)

work_orders = sa.Table(
    "work_orders",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("origin", Word, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("ended", sa.Boolean, nullable=False, comment="The state is an ending"),
    sa.Column("title_zh", Text, nullable=False),
    sa.Column("title_en", Text, nullable=False),
    sa.Column("severity", Word, nullable=False),
    sa.Column("safety", sa.Boolean, nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key")),
    sa.Column("department", Word),
    sa.Column("assignee", Word),
    sa.Column("contractor", Word),
    sa.Column("due", Instant),
    sa.Column("due_order", Instant, nullable=False, comment="due, or the far future: what lists are ordered by"),
    sa.Column("earliest", sa.Date),
    sa.Column("opened_at", Instant),
    sa.Column("acknowledged_at", Instant),
    sa.Column("arrived_at", Instant),
    sa.Column("completed_at", Instant),
    sa.Column("verified_at", Instant),
    sa.Column("hold_reason", Text),
    sa.Column("hold_code", Word),
    sa.Column("end_reason", Text),
    sa.Column("reopened", sa.Integer, nullable=False),
    sa.Column("episode", Word),
    sa.Column("reason_zh", Text, nullable=False),
    sa.Column("reason_en", Text, nullable=False),
    sa.Column("first_checks", Json, nullable=False),
    sa.Column("tags", Json, nullable=False),
    sa.Column("occurrences", Json, nullable=False),
    sa.Column(
        "template",
        Word,
        nullable=False,
        comment="SHA-256 of the checklist as it was when the order was made (checklist_templates)",
    ),
    sa.Column("answers", Json, nullable=False),
    sa.Column("verdict", Json),
    sa.Column("gathered", Json),
    sa.Column("version", sa.Integer, nullable=False),
    # When the first of its clocks runs out, else the far future; 1970: not looked at yet. Never NULL.
    sa.Column("next_limit", Instant),
    sa.Column("risk_at", Instant),  # From when on one of its clocks is at risk
    sa.Index(None, "due_order", "number"),
    sa.Index(None, "ended", "next_limit", "number"),
    sa.Index(None, "ended", "due_order", "number"),
    sa.Index(None, "site", "ended", "due_order", "number"),
    sa.Index(None, "asset", "due_order", "number"),
    # What the plan and findings make of it, at the pace of the data, is left out.
    info=audited(
        "work_order",
        "id",
        site="site",
        asset="asset",
        label="number",
        derived=["due_order", "ended", "template", "occurrences"],
        people_only=True,
        # Of what has ended all is kept, whoever has done it.
        also=audited(
            "closed_work_order",
            "id",
            site="site",
            asset="asset",
            label="number",
            derived=["due_order", "next_limit", "risk_at"],
            unless=("ended", False),
        ),
    ),
)

# What a million planned occurrences and orders do not have is left out of these.
sa.Index(
    "ix_occurrences_site_completed_at",
    occurrences.c.site,
    occurrences.c.completed_at,
    sqlite_where=occurrences.c.completed_at.is_not(None),
    postgresql_where=occurrences.c.completed_at.is_not(None),
)
sa.Index(
    "ix_work_orders_episode",
    work_orders.c.episode,
    sqlite_where=work_orders.c.episode.is_not(None),
    postgresql_where=work_orders.c.episode.is_not(None),
)


def _without_planned(where: sa.ColumnElement[bool], *columns: str) -> None:
    """An index of orders that leaves out what most planned ones are: it would have to take in each of a million."""
    name = f"ix_work_orders_{'_'.join(columns)}"
    sa.Index(name, *[work_orders.c[column] for column in columns], sqlite_where=where, postgresql_where=where)


NOT_SCHEDULED: sa.ColumnElement[bool] = work_orders.c.state != sa.literal_column("'scheduled'")
"""What a query says that asks for orders by a state, so that the databases see that the index of states will do."""

_without_planned(work_orders.c.assignee.is_not(None), "assignee", "ended", "due_order", "number")
_without_planned(work_orders.c.contractor.is_not(None), "contractor", "due_order", "number")
_without_planned(work_orders.c.risk_at.is_not(None), "ended", "risk_at")
_without_planned(NOT_SCHEDULED, "state", "due_order", "number")

work_order_transitions = sa.Table(
    "work_order_transitions",
    metadata,
    sa.Column("position", Position, primary_key=True),
    sa.Column("work_order", Word, sa.ForeignKey("work_orders.id"), nullable=False, index=True),
    sa.Column("to", Word, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("person", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("code", Word, nullable=False, server_default=sa.text("''")),  # Of a hold: why
    sqlite_autoincrement=True,
    info=audited("work_step", "position", label="work_order"),
)

maintenance_spells = sa.Table(
    "maintenance_spells",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("found", Word, nullable=False, comment="The status that the asset goes back to"),
    sa.Column("ended_at", Instant),
    sa.Column("ended_by", Text),
    sa.Index(None, "asset", "at", "id"),
    comment="Maintenance by hand; kept when it is over",
    info=audited("maintenance", "id", site="site", asset="asset"),
)

sa.Index(
    "uq_maintenance_spells_standing",
    maintenance_spells.c.asset,
    unique=True,
    sqlite_where=maintenance_spells.c.ended_at.is_(None),
    postgresql_where=maintenance_spells.c.ended_at.is_(None),
)

asset_rests = sa.Table(
    "asset_rests",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False, index=True),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, comment="When it came back; NULL: it is out of use still"),
    sa.Column("scrapped", Instant, comment="Since when it has been scrapped; NULL: it is not"),
    sa.Index(None, "asset", "since"),
    comment="When machines were out of service or scrapped",
    info=audited("rest", "id", site="site", asset="asset"),
)

sa.Index(
    "uq_asset_rests_going_on",
    asset_rests.c.asset,
    unique=True,
    sqlite_where=asset_rests.c.until.is_(None),
    postgresql_where=asset_rests.c.until.is_(None),
)

operations = sa.Table(
    "operations",
    metadata,
    sa.Column("position", Position, primary_key=True),
    sa.Column("op_id", Word, nullable=False, unique=True),
    sa.Column("fingerprint", Word, nullable=False),
    sa.Column("device", Text, nullable=False),
    sa.Column("user", Text, nullable=False),
    sa.Column("type", Text, nullable=False),
    sa.Column("work_order", Word),
    sa.Column("step", Text),
    sa.Column("base_version", sa.BigInteger),
    sa.Column("captured_at", Instant, nullable=False),
    sa.Column("done_at", Instant),
    sa.Column("value", Json, nullable=False),
    sa.Column("status", Word, nullable=False),
    sa.Column("code", Text),
    sa.Column("version", sa.BigInteger),
    sa.Index(None, "work_order", "captured_at", "position"),
    sqlite_autoincrement=True,
    info=audited("operation", "position", label="op_id"),
)

episodes = sa.Table(
    "episodes",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False),
    sa.Column("failure_mode", Word, nullable=False),
    sa.Column("source", Word, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("severity", Word, nullable=False),
    sa.Column("safety", sa.Boolean, nullable=False),
    sa.Column("opened_observed_at", Instant, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("last_observed_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("closed_observed_at", Instant),
    sa.Column("work_order", Word, index=True),
    sa.Column("open_subjects", Json, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    sa.Column("tags", Json, nullable=False),
    sa.Column("detail", Json),
    sa.Column("findings", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("acknowledged_at", Instant),
    sa.Column("acknowledged_by", Text),
    sa.Index(None, "opened_at", "id"),
    sa.Index(None, "closed_at"),
    sa.Index(None, "asset", "failure_mode", "opened_at", "id"),
    sa.Index(None, "asset", "opened_at", "id"),
    sa.Index(None, "site", "opened_at", "id"),
    sa.Index(None, "state", "opened_at", "id"),
    info=unaudited("findings, at the pace of the data"),
)
