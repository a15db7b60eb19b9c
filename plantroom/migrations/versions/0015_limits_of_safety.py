"""Fire alarms, fire pumps that run and machines out of AUTO are raised at once, on the machines that are there, too.

An asset's points keep the limits that its class had when it was entered. Where people have changed those of a point, or
they are not the class's earlier ones, they stay.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_NONE = ("warning_low", "warning_high", "alarm_low", "alarm_high")

_AT_ONCE = {
    ("fire_panel", "active_alarms"): ("fire", "any fire alarm at once; our own"),
    ("fire_pump_set", "pump_running"): ("pump_started", "the fire pump runs for a fire or a test; at once our own"),
}

_AUTO = {
    "fire_panel": "AUTO unless a permit says otherwise; at once our own",
    "fire_pump_set": "AUTO at all times: GB 51251 states it for fans; pumps, and at once, our own",
    "smoke_fan": "GB 51251-2017 chapter 9: AUTO, never manual or off; at once our own",
}
_EARLIER_DELAY_S = 300.0

_FOUND = sa.text(
    "SELECT p.asset, p.key, a.equipment_class, p.template FROM points p JOIN assets a ON a.key = p.asset"
    " WHERE a.equipment_class IN ('fire_panel', 'fire_pump_set', 'smoke_fan')"
    " AND p.key IN ('active_alarms', 'pump_running', 'auto_mode')"
    " AND NOT EXISTS (SELECT 1 FROM limit_changes c WHERE c.asset = p.asset AND c.point = p.key)"
)
_WRITTEN = sa.text("UPDATE points SET template = :template WHERE asset = :asset AND key = :key")
_TOLD = sa.text("UPDATE counters SET value = value + 1 WHERE name = 'plant_revision'")


def upgrade() -> None:
    """Write the limits; collectors that run see another plant."""
    connection = op.get_bind()
    changed = False
    for asset, key, equipment_class, text in connection.execute(_FOUND).all():
        template = json.loads(text)
        if _renewed(template, equipment_class, key):
            changed = True
            written = json.dumps(template, ensure_ascii=False, separators=(",", ":"))
            connection.execute(_WRITTEN, {"template": written, "asset": asset, "key": key})
    if changed:
        connection.execute(_TOLD)


def _renewed(template: dict[str, object], equipment_class: str, key: str) -> bool:
    limits = template.get("limits")
    if not isinstance(limits, dict):
        return False
    if key == "auto_mode":
        if limits.get("alarm_low") != 0.5 or limits.get("alarm_delay_s") != _EARLIER_DELAY_S:
            return False
        limits |= {"alarm_delay_s": 0.0, "off_delay_s": 0.0, "source": _AUTO[equipment_class]}
        return True
    mode, source = _AT_ONCE.get((equipment_class, key), (None, ""))
    has_own = any(limits.get(name) is not None for name in _NONE)
    if mode is None or has_own or template.get("failure_mode") not in (None, mode):
        return False
    limits |= {"normal_high": 0.0, "alarm_high": 0.5, "alarm_delay_s": 0.0, "off_delay_s": 0.0, "source": source}
    template["failure_mode"] = mode
    return True
