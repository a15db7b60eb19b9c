"""A closed incident as its frozen record says it, as plain JSON. Pure."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from maintenance.incidents.model import Incident, figures, timeline
from maintenance.records.document import plain
from maintenance.views import instant_json, name_json
from plantroom.domain.assets import Asset, Site

SCHEMA = "plantroom.incident/1"


def incident_document(
    incident: Incident, site: Site, asset: Asset | None, place: str, frozen_at: datetime, frozen_by: str
) -> dict[str, Any]:
    """The record as plain JSON. ``place``: where it was, in words, from the building down."""
    took = figures(incident)
    return {
        "schema": SCHEMA,
        "incident": {
            "id": incident.id,
            "code": incident.code,
            "kind": incident.kind.value,
            "severity": incident.severity.value,
            "title": name_json(incident.title),
            "work_order": incident.work_order,
            "version": incident.version,
        },
        "site": {"code": site.code, "name": name_json(site.name), "time_zone": site.time_zone},
        "asset": None if asset is None else {"key": asset.key, "code": asset.code, "name": name_json(asset.name)},
        "place": place,
        "plan": plain(None if incident.plan is None else asdict(incident.plan)),
        "stages": [plain(asdict(entry)) | {"late": entry.late} for entry in incident.stages],
        "items": [plain(asdict(item)) for item in incident.items],
        "corrections": [plain(asdict(one)) for one in incident.corrections],
        "timeline": [plain(asdict(line)) for line in timeline(incident)],
        "figures": asdict(took),
        "lessons": plain(None if incident.lessons is None else asdict(incident.lessons)),
        "frozen": {"at": instant_json(frozen_at), "by": frozen_by, "cause": "closed"},
    }
