"""Work orders as rows and back."""

import sqlalchemy as sa

from maintenance.work_orders import WorkOrder
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.tables_standings import checklist_templates

_FROZEN = sa.select(checklist_templates.c["items"]).where(checklist_templates.c.sha256 == work_orders.c.template)
ORDERS = Record(WorkOrder, work_orders, read_as={"template": _FROZEN.scalar_subquery().label("template")})
"""The row holds the key of the frozen checklist: read its items instead."""
