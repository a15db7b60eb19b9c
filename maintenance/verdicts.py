"""What people found, as they say it on a ticket. Pure."""

from collections.abc import Mapping
from datetime import datetime

from maintenance.work_orders import Transition, WorkOrder
from plantroom.domain.assets import LocalName

VERDICTS: Mapping[str, LocalName] = {
    "confirmed": LocalName("确有故障", "fault confirmed"),
    "false_alarm": LocalName("误报", "false alarm"),
    "sensor": LocalName("传感器问题", "sensor problem"),
    "nothing_found": LocalName("未发现异常", "nothing found"),
}


def named(verdict: Mapping[str, object]) -> LocalName:
    """A verdict in words."""
    name = VERDICTS.get(str(verdict.get("verdict")), LocalName("", ""))
    return LocalName(f"结论：{name.zh}", f"verdict: {name.en}")


def because(verdict: Mapping[str, object]) -> str:
    """The cause and the action that were told with a verdict."""
    return "; ".join(str(verdict[key]).strip() for key in ("cause", "action") if verdict.get(key))


def given_at(verdict: Mapping[str, object] | None) -> datetime | None:
    """When a verdict was given; ``None`` where that is not known."""
    said = (verdict or {}).get("at")
    return None if said is None else datetime.fromisoformat(str(said))


_AGAIN = LocalName("再次打开之前", "before it was opened again")


def of_before(order: WorkOrder, now: datetime, before: LocalName = _AGAIN) -> Transition | None:
    """The line in the history of a ticket that is opened again, or goes on for another reason (``before``), for the
    verdict on it that does not count any more."""
    if order.verdict is None:
        return None
    name, why = named(order.verdict), because(order.verdict)
    said = f"{name.zh}（{before.zh}） / {name.en}, {before.en}{f': {why}' if why else ''}"
    at = min(given_at(order.verdict) or now, now)
    return Transition(order.id, order.state, at, now, str(order.verdict.get("by") or ""), said)
