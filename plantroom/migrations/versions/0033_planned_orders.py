"""Indexes of orders leave out what most planned ones are, so that adding a year's plan costs less; what a site has, for
the conditions of checklists."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

OPTIONS = "What it has that not every site does; NULL: nobody has said"
INDEXES = (
    (("assignee", "ended", "due_order", "number"), "assignee IS NOT NULL"),
    (("contractor", "due_order", "number"), "contractor IS NOT NULL"),
    (("ended", "risk_at"), "risk_at IS NOT NULL"),
    (("state", "due_order", "number"), "state != 'scheduled'"),
)


def upgrade() -> None:
    """Make the indexes anew, and the column."""
    op.add_column("sites", sa.Column("options", sa.JSON, comment=OPTIONS))
    for columns, where in INDEXES:
        name = f"ix_work_orders_{'_'.join(columns)}"
        op.drop_index(name, table_name="work_orders")
        op.create_index(
            name, "work_orders", list(columns), sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
