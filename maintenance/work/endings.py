"""Coded reasons of endings: work that is missed, bypassed, deferred, cancelled or rejected. Pure.

Why work waits is coded by the pauses of the SLA (``maintenance.sla.policy``); the built-in ones are reasons of some
endings, too (``maintenance.seed.codes.reasons``).
"""

from collections.abc import Mapping

from maintenance.seed.codes import reasons
from maintenance.sla.policy import OTHER
from maintenance.work_orders import State
from plantroom.errors import BadData, FieldProblem

USES: Mapping[State, str] = {
    State.MISSED: "miss",
    State.BYPASSED: "bypass",
    State.DEFERRED: "defer",
    State.CANCELLED: "cancel",
    State.REJECTED: "reject",
}
"""What a reason is given for, by the ending."""


def reason_text(code: str, use: str, text: str) -> str:
    """What the history says of a coded reason, and of the words beside it. ``BadData`` for a code that is not for this
    use, and for ``other`` without words."""
    known = {key: one for key, one in reasons().items() if use in one.uses}
    if code not in known:
        words = f"没有此原因代码，可选 {', '.join(known)} / should be one of {', '.join(known)}"
        raise BadData(f"code: {words}", [FieldProblem("code", "unknown_code", words)])
    said = text.strip()
    if code == OTHER and not said:
        words = "请说明原因 / say why"
        raise BadData(f"reason: {words}", [FieldProblem("reason", "reason_required", words)])
    name = known[code].name
    return f"{name.zh} / {name.en}{f': {said}' if said else ''}"
