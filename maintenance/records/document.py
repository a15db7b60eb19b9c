"""What a frozen record says: everything that the law asks of a maintenance record, as plain JSON. Pure.

TSG T5002-2017 art. 7 (V(S2)): the elevator's data, the using unit, the maintenance unit, the date, the staff with their
signatures, the items with what was done; requirements.md RC-01: date, problems found, result of handling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from maintenance.answers import result_of
from maintenance.evidence import files_of, missing_evidence, unanswered
from maintenance.incidents.drills import DrillRecord
from maintenance.plan import PlanRow
from maintenance.views import instant_json, item_json, name_json
from maintenance.work.ports import FoundOn
from maintenance.work.records import Attachment, Comment, Labour, PartUse, Signature
from maintenance.work_orders import Transition, WorkOrder
from plantroom.domain.assets import Asset, LocalName, Site
from plantroom.ports.accounts import User

SCHEMA = "plantroom.record/1"
USING_UNIT, MAINTENANCE_UNIT = "using_unit", "maintenance_unit"
"""Keys among an asset's custom fields: whose machine it is, and who maintains it by contract."""


@dataclass(frozen=True, slots=True)
class Work:
    """What was written down beside the order when it was frozen; invoices come later and are not part of it."""

    comments: Sequence[Comment] = ()
    attachments: Sequence[Attachment] = ()
    signatures: Sequence[Signature] = ()
    labour: Sequence[Labour] = ()
    parts: Sequence[PartUse] = ()
    found: Sequence[FoundOn] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """What a record is made of. ``people``: by user name, those that are known; ``rows``: the plan's, by lineage;
    ``drill``: the record of one that was held; ``contractor``: what the organisation is called that the work was given
    to."""

    order: WorkOrder
    site: Site
    asset: Asset | None
    place: str
    rows: Mapping[str, PlanRow]
    steps: Sequence[Transition]
    people: Mapping[str, User]
    work: Work = Work()
    drill: DrillRecord | None = None
    contractor: LocalName | None = None


def record_document(sources: Sources, frozen_at: datetime, frozen_by: str, cause: str) -> dict[str, Any]:
    """The record as plain JSON."""
    order = sources.order
    zone = ZoneInfo(sources.site.time_zone)
    done = order.completed_at or frozen_at
    said = {} if sources.drill is None else {"drill": plain(asdict(sources.drill))}
    return said | {
        "schema": SCHEMA,
        "work_order": {
            "id": order.id,
            "number": order.number,
            "kind": order.kind.value,
            "origin": order.origin.value,
            "title": name_json(order.title),
            "reason": name_json(order.reason),
            "department": order.department,
            "assignee": order.assignee,
            "tags": list(order.tags),
            "version": order.version,
        },
        "site": {"code": sources.site.code, "name": name_json(sources.site.name), "time_zone": sources.site.time_zone},
        "asset": None if sources.asset is None else plain(asdict(sources.asset)) | {"place": sources.place},
        "using_unit": _unit(sources.asset, USING_UNIT) or name_json(sources.site.name),
        "maintenance_unit": _unit(sources.asset, MAINTENANCE_UNIT)
        or (None if sources.contractor is None else name_json(sources.contractor)),
        "date": done.astimezone(zone).date().isoformat(),
        "times": {
            name: instant_json(getattr(order, name))
            for name in ("opened_at", "acknowledged_at", "arrived_at", "completed_at", "verified_at")
        },
        "plan": [_occurrence(shown, sources.rows.get(shown.key.lineage)) for shown in order.occurrences],
        "items": [
            item_json(item)
            | {
                "evidence_required": list(item.evidence),
                "result": result_of(order.answers.get(item.step)),
                "answer": plain(order.answers.get(item.step)),
            }
            for item in order.template
        ],
        "incomplete": _incomplete(order),
        "other_answers": _beyond_template(order),
        "readings": _readings(order),
        "files": _files(order),
        "signatures": [file for file in _files(order) if file["kind"] == "signature"]
        + [_written(one, "role", "name", "sha256", "answers_sha256", "by", "at") for one in sources.work.signatures],
        "work": _work(sources.work),
        "staff": _staff(sources),
        "steps": [_step(step) for step in sources.steps],
        "verdict": plain(order.verdict),
        "frozen": {"at": instant_json(frozen_at), "by": frozen_by, "cause": cause},
    }


def _work(work: Work) -> dict[str, Any]:
    """What was said, spent and found beside the checklist."""
    return {
        "comments": [_written(one, "kind", "text", "by", "at") for one in work.comments],
        "files": [_written(one, "kind", "sha256", "name", "step", "note", "by", "at") for one in work.attachments],
        "labour": [_written(one, "person", "minutes", "starts_at", "ends_at", "note") for one in work.labour],
        "parts": [_written(one, "number", "name_zh", "name_en", "unit", "quantity") for one in work.parts],
        "found": [
            _written(one, "step", "ticket", "remark", "number", "unit", "low", "high", "severity") for one in work.found
        ],
    }


def _incomplete(order: WorkOrder) -> dict[str, Any]:
    """What the checklist asks for and the record has not got: steps without an answer, photos and signatures that
    nobody has taken."""
    return {
        "items": len(order.template),
        "unanswered": unanswered(order),
        "without": [{"step": step, "kind": kind} for step, kind in missing_evidence(order)],
    }


def _written(entry: object, *names: str) -> dict[str, Any]:
    return {name: plain(getattr(entry, name)) for name in names}


def _unit(asset: Asset | None, name: str) -> Any:
    return None if asset is None else plain(asset.custom.get(name))


def _occurrence(shown: Any, row: PlanRow | None) -> dict[str, Any]:
    said = {
        "row": shown.plan_row,
        "lineage": shown.key.lineage,
        "cycle": shown.key.cycle,
        "nominal_date": shown.nominal_date.isoformat(),
        "due": shown.due.isoformat(),
    }
    if row is None:
        return said
    return said | {
        "name": name_json(row.name),
        "layer": row.layer.value,
        "basis": row.basis,
        "basis_status": row.status,
        "executor": row.executor,
        "checklist": row.checklist,
        "row_version": row.version,
    }


def _beyond_template(order: WorkOrder) -> dict[str, Any]:
    steps = {item.step for item in order.template}
    return {step: plain(answer) for step, answer in order.answers.items() if step not in steps}


def _readings(order: WorkOrder) -> list[dict[str, Any]]:
    """Numbers that were taken, with the point that they are readings of."""
    found = []
    for item in order.template:
        answer = order.answers.get(item.step, {})
        if answer.get("number") is not None:
            found.append(
                {
                    "step": item.step,
                    "point": item.point,
                    "value": answer.get("number"),
                    "unit": item.unit,
                    "low": item.low,
                    "high": item.high,
                    "at": answer.get("at"),
                    "by": answer.get("by"),
                }
            )
    return found


def _files(order: WorkOrder) -> list[dict[str, Any]]:
    return [
        {"step": step} | {name: plain(file.get(name)) for name in ("kind", "sha256", "bytes", "mime", "by", "at")}
        for step, answer in sorted(order.answers.items())
        for file in files_of(answer)
    ]


def _staff(sources: Sources) -> list[dict[str, Any]]:
    """Everybody who had a hand in it, and how."""
    roles: dict[str, set[str]] = {}
    for answer in sources.order.answers.values():
        if answer.get("by"):
            roles.setdefault(str(answer["by"]), set()).add("answered")
        for file in files_of(answer):
            roles.setdefault(str(file.get("by")), set()).add("signed" if file.get("kind") == "signature" else "photo")
    for step in sources.steps:
        if not step.by.startswith("system:"):
            roles.setdefault(step.by, set()).add(step.to.value)
    return [
        {"username": by, "name": known.name if (known := sources.people.get(by)) else by, "roles": sorted(roles[by])}
        for by in sorted(roles)
    ]


def people_in(order: WorkOrder, steps: Sequence[Transition]) -> frozenset[str]:
    """User names that a record mentions."""
    named = {str(answer["by"]) for answer in order.answers.values() if answer.get("by")}
    named |= {str(file.get("by")) for answer in order.answers.values() for file in files_of(answer)}
    return frozenset(named | {step.by for step in steps})


def _step(step: Transition) -> dict[str, Any]:
    return {
        "to": step.to.value,
        "at": instant_json(step.at),
        "recorded_at": instant_json(step.recorded_at),
        "by": step.by,
        "reason": step.reason,
        "person": step.person,
    }


def plain(value: Any) -> Any:
    """Values of the domain as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return instant_json(value)
    return value.isoformat() if isinstance(value, date) else value
