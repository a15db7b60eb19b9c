"""A ledger as an older Plantroom left it: what later migrations have added is taken away again."""

import sqlalchemy as sa

SINCE_0014 = (
    "DROP TABLE letters_let_go",
    "DROP TABLE broker_files",
    "ALTER TABLE asset_clocks DROP COLUMN stands",
    *(
        f"DROP TABLE {name}"
        for name in (
            "assignments", "on_call_covers", "on_call_rotas", "absences", "shift_changes", "shifts", "certificates",
            "memberships", "staff", "contractors", "departments",
        )
    ),
    "DROP INDEX ix_work_orders_assignee_ended_due_order_number",
    "DROP INDEX ix_work_orders_contractor_due_order_number",
    "ALTER TABLE work_orders DROP COLUMN contractor",
)  # fmt: skip
"""Undoes the migrations after 0014, as far as a test's ledger notices."""


def back_to_0014(connection: sa.Connection) -> None:
    """Make the ledger one of the migration 0014."""
    for statement in (*SINCE_0014, "UPDATE alembic_version SET version_num = '0014'"):
        connection.execute(sa.text(statement))
