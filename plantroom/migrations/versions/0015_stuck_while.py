"""Points of classes that have to move only while their machine runs, as the classes say by now."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

RUNNING = {
    "pump": {"discharge_pressure": 3600, "vibration": 3600},
    "ahu": {"supply_temp": 7200, "filter_dp": 7200, "vibration": 7200},
}
NEVER = {"fire_pump_set": {"main_pressure": 7200}}
"""Points with the time that their class gave them."""


def upgrade() -> None:
    """Write it into the points that were made with the classes as they were; others stay as they are."""
    assets = sa.table("assets", sa.column("key"), sa.column("equipment_class"))
    points = sa.table("points", sa.column("asset"), sa.column("key"), sa.column("template"))
    connection = op.get_bind()
    for change, classes in (({"stuck_while": "running"}, RUNNING), ({"stuck_after_s": None}, NEVER)):
        for equipment_class, known in classes.items():
            of_class = sa.select(assets.c.key).where(assets.c.equipment_class == equipment_class)
            found = sa.select(points).where(points.c.key.in_(list(known)), points.c.asset.in_(of_class))
            for asset, key, text in connection.execute(found).all():
                template = json.loads(text)
                if template.get("stuck_after_s") != known[key] or template.get("stuck_while"):
                    continue
                written = json.dumps(template | change, ensure_ascii=False, separators=(",", ":"))
                here = points.c.asset == asset, points.c.key == key
                connection.execute(sa.update(points).where(*here).values(template=written))
