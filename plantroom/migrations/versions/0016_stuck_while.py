"""Points of classes that have to move only while their machine runs, as the classes say by now."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

DAY_S = 86400
EARLIER: dict[str, dict[str, tuple[float, dict[str, object]]]] = {
    "pump": {"discharge_pressure": (3600, {"stuck_after_s": DAY_S}), "vibration": (3600, {})},
    "ahu": {
        "supply_temp": (7200, {"stuck_after_s": DAY_S}),
        "filter_dp": (7200, {"stuck_after_s": DAY_S}),
        "vibration": (7200, {}),
    },
    "fire_pump_set": {"main_pressure": (7200, {"stuck_after_s": None, "stuck_while": None})},
}
"""Points with the time that their class gave them, and what it says now besides that they move while it runs."""

_TOLD = sa.text("UPDATE counters SET value = value + 1 WHERE name = 'plant_revision'")


def upgrade() -> None:
    """Write it into the points that were made with the classes as they were; others stay as they are."""
    assets = sa.table("assets", sa.column("key"), sa.column("equipment_class"))
    points = sa.table("points", sa.column("asset"), sa.column("key"), sa.column("template"))
    connection = op.get_bind()
    changed = False
    for equipment_class, known in EARLIER.items():
        of_class = sa.select(assets.c.key).where(assets.c.equipment_class == equipment_class)
        found = sa.select(points).where(points.c.key.in_(list(known)), points.c.asset.in_(of_class))
        for asset, key, text in connection.execute(found).all():
            template, (earlier_s, says) = json.loads(text), known[key]
            if template.get("stuck_after_s") != earlier_s or template.get("stuck_while"):
                continue
            now = template | {"stuck_while": "running"} | says
            written = json.dumps(now, ensure_ascii=False, separators=(",", ":"))
            here = points.c.asset == asset, points.c.key == key
            connection.execute(sa.update(points).where(*here).values(template=written))
            changed = True
    if changed:
        connection.execute(_TOLD)
