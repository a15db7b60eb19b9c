"""Critical work is verified by a second person: not by whoever did it, under whatever name. Inside the caller's
transaction."""

from collections.abc import Iterable

from maintenance.ports import MaintenanceTx
from maintenance.work_orders import State, Transition, WorkOrder
from plantroom.domain.assets import Severity
from plantroom.errors import IllegalTransition

_DONE = (State.EVIDENCE_PENDING, State.COMPLETED)


def require_second_person(
    tx: MaintenanceTx, order: WorkOrder, steps: Iterable[Transition], by: str, *, person: bool
) -> None:
    """``IllegalTransition`` when critical work is verified by a machine's token, or by somebody who completed it, who
    answered its checklist, or who made a token under whose name that was done. ``steps`` are those taken."""
    if order.severity is not Severity.CRITICAL:
        return
    said = f"work order #{order.number}: {order.state.value} > verified"
    if not person:
        words = "紧急工单须由登录的人员复核 / critical work is verified by a person who has signed in, not by a token"
        raise IllegalTransition(f"{said}: {words}")
    last = next((step for step in reversed(list(steps)) if step.to in _DONE), None)
    names = {str(answer["by"]) for answer in order.answers.values() if answer.get("by")}
    doers = set(names)
    if last is not None:
        doers.add(last.by)
        if not last.person:
            names.add(last.by)
    for name in sorted(names):
        doers.update(tx.accounts.makers_of_tokens(name))
    if by.casefold() in {one.casefold() for one in doers}:
        words = "紧急工单须由第二人复核 / critical work is verified by a second person"
        raise IllegalTransition(f"{said}: {words}")
