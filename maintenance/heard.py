"""What a ticket without asset has heard: every device and event on it, how often, and when last. Pure.

The list stands among what the ticket gathers; the reason is written from it. It is bounded, whatever is sent:
``SHOWN`` entries stand in the reason in full, those after them by device and event, the newest first, and of these the
one that was silent longest gives way when there are ``KEPT``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.episode_rules import PAUSE, REPEATED
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted

HEARD = "heard"
"""Key of the list among what the ticket gathers."""

SHOWN = 20
KEPT = 200
_SHORT = 40
"""How many of the entries that are not shown in full the reason names."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of one device: ``name`` is the event's in words, ``last`` when it was heard last (aware UTC).
    ``elsewhere``: of a site that the ledger does not have, which stands in ``code`` before the device's own.

    ``ticket`` is the number of the ticket that the event got once its device was known; 0: none yet.
    """

    code: str
    event: str
    name: LocalName
    last: datetime
    times: int = 1
    scrapped: bool = False
    ticket: int = 0
    elsewhere: bool = False


def heard(order: WorkOrder) -> list[Heard]:
    """The ticket's list, in the order of the first hearing."""
    listed = _of(order).get("list")
    return [_read(one) for one in listed if isinstance(one, Mapping)] if isinstance(listed, (list, tuple)) else []


def _of(order: WorkOrder) -> Mapping[str, object]:
    found = (order.gathered or {}).get(HEARD)
    return found if isinstance(found, Mapping) else {}


def first_heard(one: Heard, intro: LocalName, zone: ZoneInfo) -> tuple[dict[str, object], LocalName]:
    """What a new ticket gathers, and its reason, for one hearing; the reason begins with ``intro``."""
    return {HEARD: _document(intro, [one], 0)}, _reason(intro, [one], 0, zone)


def with_heard(order: WorkOrder, one: Heard, zone: ZoneInfo) -> WorkOrder:
    """The ticket with one more hearing in its list and its reason; tagged ``repeated`` when it had been heard before.
    Moments in the reason are local to ``zone``."""
    known = heard(order)
    place = next((i for i, old in enumerate(known) if (old.code, old.event) == (one.code, one.event)), None)
    if place is None:
        known.append(one)
    else:
        before = known[place]
        known[place] = replace(one, times=before.times + one.times, last=max(before.last, one.last))
    forgotten = _forgotten(order)
    if len(known) > KEPT:
        # The one that came just now is no candidate: it would never be named.
        known.remove(min(known[SHOWN:-1], key=lambda old: old.last))
        forgotten += 1
    intro = _intro(order)
    tags = order.tags if place is None else tuple(dict.fromkeys((*order.tags, REPEATED)))
    gathered = {**(order.gathered or {}), HEARD: _document(intro, known, forgotten)}
    return replace(order, gathered=gathered, reason=_reason(intro, known, forgotten, zone), tags=tags)


def is_news(order: WorkOrder, one: Heard) -> bool:
    """Whether people have to be told of a hearing: what is said over and over is none."""
    last = max((old.last for old in heard(order) if (old.code, old.event) == (one.code, one.event)), default=None)
    return last is None or one.last - last >= PAUSE


def with_known(order: WorkOrder, codes: Collection[str], event: str, ticket: int, zone: ZoneInfo) -> WorkOrder:
    """The ticket with the word that the event of a device, which is in the ledger now, has the ticket of that number;
    the same object when the event is not on it."""
    known = heard(order)
    if not any(_waits(one, codes, event) for one in known):
        return order
    known = [replace(one, ticket=ticket) if _waits(one, codes, event) else one for one in known]
    intro, forgotten = _intro(order), _forgotten(order)
    gathered = {**(order.gathered or {}), HEARD: _document(intro, known, forgotten)}
    return replace(order, gathered=gathered, reason=_reason(intro, known, forgotten, zone))


def all_known(order: WorkOrder) -> bool:
    """Whether every event that the ticket stands for has a ticket of its device."""
    return not _forgotten(order) and all(one.ticket for one in heard(order))


def _waits(one: Heard, codes: Collection[str], event: str) -> bool:
    return one.code in codes and one.event == event and not one.ticket


def _document(intro: LocalName, known: list[Heard], forgotten: int) -> dict[str, object]:
    begins = {"zh": intro.zh, "en": intro.en}
    return {"intro": begins, "list": [_written(one) for one in known], "forgotten": forgotten}


def _reason(intro: LocalName, known: list[Heard], forgotten: int, zone: ZoneInfo) -> LocalName:
    full = [_full(one, zone) for one in known[:SHOWN]]
    rest = sorted(known[SHOWN:], key=lambda one: one.last, reverse=True)
    if rest:
        named = [_plain(one) for one in rest[:_SHORT]]
        more = "…" if len(rest) > _SHORT else ""
        zh, en = "、".join(one.zh for one in named), ", ".join(one.en for one in named)
        full.append(LocalName(f"另有{len(rest)}项：{zh}{more}", f"and {len(rest)} more: {en}{more}"))
    if forgotten:
        full.append(LocalName(f"更早的{forgotten}项不再列出", f"{forgotten} older ones are no longer listed"))
    return LocalName(
        f"{intro.zh}{'；'.join(one.zh for one in full)}。", f"{intro.en}{'; '.join(one.en for one in full)}."
    )


def _full(one: Heard, zone: ZoneInfo) -> LocalName:
    plain = _plain(one)
    if one.times == 1:
        return plain
    last = one.last.astimezone(zone).strftime("%m-%d %H:%M")
    return LocalName(
        f"{plain.zh}（{one.times}次，最近{last}）", f"{plain.en} ({counted(one.times, 'time')}, last {last})"
    )


def _plain(one: Heard) -> LocalName:
    zh, en = ("（已报废）", " (scrapped)") if one.scrapped else ("", "")
    if one.ticket:
        zh, en = f"（已登记，见工单#{one.ticket}）", f" (registered, see #{one.ticket})"
    return LocalName(f"{one.code}{zh}：{one.name.zh}", f"{one.code}{en}: {one.name.en}")


def _intro(order: WorkOrder) -> LocalName:
    """What the reason begins with; for a ticket without a list all that it says."""
    said = _of(order).get("intro")
    if isinstance(said, Mapping):
        return LocalName(str(said.get("zh", "")), str(said.get("en", "")))
    zh, en = order.reason.zh.rstrip("。"), order.reason.en.rstrip(".")
    return LocalName(f"{zh}；" if zh else "", f"{en}; " if en else "")


def _forgotten(order: WorkOrder) -> int:
    count = _of(order).get("forgotten")
    return count if isinstance(count, int) else 0


def _written(one: Heard) -> dict[str, object]:
    said: dict[str, object] = {"code": one.code, "event": one.event, "zh": one.name.zh, "en": one.name.en}
    said |= {"times": one.times, "last": one.last.isoformat(), "scrapped": one.scrapped, "ticket": one.ticket}
    return said | {"elsewhere": one.elsewhere}


def _read(said: Mapping[str, object]) -> Heard:
    return Heard(
        code=str(said["code"]),
        event=str(said["event"]),
        name=LocalName(str(said["zh"]), str(said["en"])),
        last=datetime.fromisoformat(str(said["last"])),
        times=int(str(said["times"])),
        scrapped=bool(said["scrapped"]),
        ticket=int(str(said.get("ticket", 0))),
        # Lists from before the word have no other sign of it.
        elsewhere=bool(said.get("elsewhere", "/" in str(said["code"]))),
    )
