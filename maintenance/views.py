"""How work orders and episodes look from outside (JSON), and the notes for the live view."""

from datetime import date, datetime

from maintenance.episodes import Episode
from maintenance.ports import MaintenanceTx
from maintenance.sources import cited
from maintenance.work_orders import ChecklistItem, WorkOrder
from plantroom.domain.assets import LocalName


def name_json(name: LocalName) -> dict[str, str]:
    """``{"zh", "en"}``."""
    return {"zh": name.zh, "en": name.en}


def instant_json(instant: datetime | None) -> str | None:
    """RFC 3339 UTC with ``Z``."""
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def day_json(day: date | None) -> str | None:
    """``YYYY-MM-DD``."""
    return None if day is None else day.isoformat()


def item_json(item: ChecklistItem) -> dict[str, object]:
    """One line of a checklist."""
    return {
        "step": item.step,
        "type": item.type,
        "name": name_json(item.name),
        "requirement": name_json(item.requirement),
        "point": item.point,
        "unit": item.unit,
        "low": item.low,
        "high": item.high,
        "choices": [name_json(choice) for choice in item.choices],
        "evidence": list(item.evidence),
        "section": name_json(item.section),
        "guidance": name_json(item.guidance),
        "conditions": list(item.conditions),
        "batch_ok": item.batch_ok,
        "signal": item.signal,
        "basis": name_json(cited(item.basis)),
        "status": item.status,
        "limits_status": item.limits_status,
    }


def order_json(order: WorkOrder) -> dict[str, object]:
    """A work order with its frozen template and answers."""
    return {
        "id": order.id,
        "number": order.number,
        "site": order.site,
        "kind": order.kind.value,
        "origin": order.origin.value,
        "state": order.state.value,
        "severity": order.severity.value,
        "safety": order.safety,
        "title": name_json(order.title),
        "asset": order.asset,
        "department": order.department,
        "assignee": order.assignee,
        "contractor": order.contractor,
        "version": order.version,
        "opened_at": instant_json(order.opened_at),
        "acknowledged_at": instant_json(order.acknowledged_at),
        "arrived_at": instant_json(order.arrived_at),
        "completed_at": instant_json(order.completed_at),
        "due": instant_json(order.due),
        "earliest": day_json(order.earliest),
        "episode": order.episode,
        "reason": name_json(order.reason),
        "first_checks": [name_json(check) for check in order.first_checks],
        "tags": list(order.tags),
        "occurrences": [
            {
                "plan_row": o.plan_row,
                "cycle": o.key.cycle,
                "nominal_date": o.nominal_date.isoformat(),
                "due": o.due.isoformat(),
            }
            for o in order.occurrences
        ],
        "template": [item_json(item) for item in order.template],
        "answers": {step: dict(answer) for step, answer in order.answers.items()},
        "verdict": None if order.verdict is None else dict(order.verdict),
    }


def note_order(tx: MaintenanceTx, order: WorkOrder) -> None:
    """Tell the live view that a work order changed."""
    data = {
        "id": order.id,
        "number": order.number,
        "kind": order.kind.value,
        "state": order.state.value,
        "severity": order.severity.value,
        "safety": order.safety,
        "asset": order.asset,
    }
    tx.live.note("work_order", order.site, data)


def note_episode(tx: MaintenanceTx, episode: Episode) -> None:
    """Tell the live view that an episode changed."""
    data = {
        "id": episode.id,
        "asset": episode.asset,
        "failure_mode": episode.failure_mode,
        "state": episode.state.value,
        "work_order": episode.work_order,
    }
    tx.live.note("episode", episode.site, data)
