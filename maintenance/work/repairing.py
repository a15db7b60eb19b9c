"""Keeping what came of repairs beside their tickets, and coding it. Inside the caller's transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from maintenance.lifecycle import EARLIEST
from maintenance.ports import MaintenanceTx
from maintenance.seed.codes import actions, causes
from maintenance.work.records import Coding
from maintenance.work.repairs import NEWEST, Learned, Repair, learned
from maintenance.work_orders import Kind, State, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import CLOCK, OFFLINE, SENSOR_FAULT, UNCLASSIFIED
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound
from plantroom.ports.paging import Scope

OF_EVERY_CLASS = (OFFLINE, SENSOR_FAULT, CLOCK, UNCLASSIFIED)
"""Failure modes that no class has to list."""

SHOWN_PARTS = 5

_DONE = (State.COMPLETED, State.VERIFIED)


def _nobody() -> str | None:
    return None


def note_repair(tx: MaintenanceTx, order: WorkOrder, completed_by: Callable[[], str | None] = _nobody) -> None:
    """Keep the attempt of a repair ticket as the ticket now is; nothing for other orders. A ticket that has been opened
    again begins another one."""
    if order.kind is not Kind.CORRECTIVE or order.opened_at is None:
        return
    known = tx.repairs.latest(order.id)
    mine = known
    if known is not None and known.attempt < order.reopened:
        tx.repairs.put(replace(known, again_at=order.opened_at))
        mine = replace(_begun(tx, order), failure_mode=known.failure_mode)
    after = _as_it_is(tx, order, mine or _begun(tx, order), completed_by)
    if after != known:
        tx.repairs.put(after)


def code(tx: MaintenanceTx, order: WorkOrder, coding: Coding, by: str, now: datetime) -> Repair:
    """Say in codes what a locked repair ticket was about; the newest word counts. ``BadData`` for a code that there is
    not, ``Conflict`` for planned work."""
    repair = tx.repairs.latest(order.id)
    if repair is None:
        words = "只有维修工单有故障代码 / only repair tickets have failure codes"
        raise Conflict(f"#{order.number}: {words}")
    _refuse_unknown(repair.equipment_class, coding)
    said = replace(
        repair,
        failure_mode=coding.failure_mode,
        cause=coding.cause,
        action=coding.action,
        item=coding.item,
        note=coding.note,
        coded_by=by,
        coded_at=now,
    )
    said = replace(said, confirmed=_confirmed(order, said))
    tx.repairs.put(said)
    return said


def modes_of(equipment_class: str | None) -> list[str]:
    """The failure modes that a ticket on a machine of the class can have."""
    found = equipment_classes().get(equipment_class or "")
    own = [] if found is None else [mode.key for mode in found.failure_modes]
    return [*own, *(mode for mode in OF_EVERY_CLASS if mode not in own)]


def worked_last_time(tx: MaintenanceTx, order: WorkOrder, scope: Scope, now: datetime) -> list[Learned]:
    """What helped on closed, confirmed tickets of a repair ticket's class and failure mode: on this machine, then on
    others of its model, then on others of its class, on the sites of ``scope``. Empty without a mode.

    Looks at the newest tickets of each level (``NEWEST``) only, whatever there is: four queries by index.
    """
    repair = tx.repairs.latest(order.id)
    mode = None if repair is None else repair.failure_mode or _mode_of_episode(tx, order)
    if repair is None or mode is None or repair.asset is None or repair.equipment_class is None:
        return []
    of_class, but = repair.equipment_class, order.id
    here = tx.repairs.past(scope, of_class, mode, NEWEST, asset=repair.asset, but=but)
    alike = tx.repairs.past(scope, of_class, mode, NEWEST, model=repair.model, but=but) if repair.model else ()
    others = tx.repairs.past(scope, of_class, mode, NEWEST, but=but)
    levels = {
        "asset": list(here),
        "model": [one for one in alike if one.asset != repair.asset],
        "class": [
            one for one in others if one.asset != repair.asset and (not repair.model or one.model != repair.model)
        ],
    }
    found = []
    for level, past in levels.items():
        summary = learned(level, past, now)
        if summary is not None:
            parts = tx.repairs.parts_used({one.work_order for one in past}, SHOWN_PARTS)
            found.append(replace(summary, parts=tuple(parts)))
    return found


def _begun(tx: MaintenanceTx, order: WorkOrder) -> Repair:
    card = None if order.asset is None else tx.assets.get(order.asset).asset
    return Repair(
        work_order=order.id,
        attempt=order.reopened,
        site=order.site,
        asset=order.asset,
        equipment_class=None if card is None else card.equipment_class,
        model="" if card is None else card.model,
        department=order.department,
        failure_mode=None,
        cause=None,
        action=None,
        item="",
        note="",
        verdict=None,
        state=order.state.value,
        confirmed=False,
        opened_at=order.opened_at or EARLIEST,
        completed_at=None,
        completed_by=None,
        again_at=None,
        coded_by=None,
        coded_at=None,
    )


def _as_it_is(tx: MaintenanceTx, order: WorkOrder, repair: Repair, completed_by: Callable[[], str | None]) -> Repair:
    verdict = order.verdict or {}
    said_cause, said_action = str(verdict.get("cause") or ""), str(verdict.get("action") or "")
    said_mode = str(verdict.get("failure_mode") or "")
    by = repair.completed_by
    if order.completed_at != repair.completed_at:
        by = None if order.completed_at is None else completed_by()
    after = replace(
        repair,
        department=order.department,
        failure_mode=repair.failure_mode
        or _mode_of_episode(tx, order)
        or (said_mode if said_mode in modes_of(repair.equipment_class) else None),
        cause=repair.cause or (said_cause if said_cause in causes() else None),
        action=repair.action or (said_action if said_action in actions() else None),
        verdict=None if order.verdict is None else str(verdict.get("verdict")),
        state=order.state.value,
        opened_at=order.opened_at or repair.opened_at,
        completed_at=order.completed_at,
        completed_by=by,
    )
    return replace(after, confirmed=_confirmed(order, after))


def _confirmed(order: WorkOrder, repair: Repair) -> bool:
    """Closed, and somebody said that there was a fault: by the verdict, else by a cause or an action."""
    if order.state not in _DONE:
        return False
    said = (order.verdict or {}).get("verdict")
    return said == "confirmed" if said else bool(repair.cause or repair.action)


def _mode_of_episode(tx: MaintenanceTx, order: WorkOrder) -> str | None:
    if order.episode is None:
        return None
    try:
        return tx.episodes.get(order.episode).failure_mode
    except NotFound:  # written later in the transaction that makes both
        return None


def _refuse_unknown(equipment_class: str | None, coding: Coding) -> None:
    known = (
        ("failure_mode", coding.failure_mode, modes_of(equipment_class)),
        ("cause", coding.cause, list(causes())),
        ("action", coding.action, list(actions())),
    )
    for field, said, there in known:
        if said is not None and said not in there:
            words = f"没有代码“{said}”，可用：{'、'.join(there)} / there is no {field} {said!r}"
            raise BadData(f"{field}: {words}", [FieldProblem(field, "unknown_code", words)])
