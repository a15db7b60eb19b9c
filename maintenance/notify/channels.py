"""Channels: ways to people, and to other programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from plantroom.domain.assets import Severity
from plantroom.errors import BadData, FieldProblem


class ChannelKind(StrEnum):
    """By what way. ``webhook`` is our own signed one (docs/notifications.md), ``apprise`` any other address that
    Apprise knows."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


class Goes(StrEnum):
    """How a channel goes, by the last message that it carried or did not; ``broken``: one was given up."""

    WORKS = "works"
    FAILING = "failing"
    BROKEN = "broken"
    UNTRIED = "untried"
    OFF = "off"


LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to a group of people, or (``user``) to one. ``site`` and ``department`` of ``None`` mean every one.

    ``sealed`` is the address, encrypted; ``shown`` what may be seen of it. From ``quiet_from`` to ``quiet_to`` (local
    time of the site, ``HH:MM``) what is not urgent waits. ``failures`` counts those in a row; ``broken_since``: since a
    message was given up, until one arrives again; ``ticket``: who is to mend it.
    """

    id: str
    name: str
    kind: ChannelKind
    sealed: str
    shown: str
    created_at: datetime
    created_by: str
    site: str | None = None
    department: str | None = None
    user: str | None = None
    language: str = "zh"
    min_severity: Severity = Severity.GENERAL
    quiet_from: str | None = None
    quiet_to: str | None = None
    active: bool = True
    version: int = 1
    failures: int = 0
    last_ok_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_error: str | None = None
    broken_since: datetime | None = None
    ticket: str | None = None
    digest_at: datetime | None = None
    resting_until: datetime | None = None

    @property
    def goes(self) -> Goes:
        """How it goes."""
        if not self.active:
            return Goes.OFF
        if self.broken_since is not None:
            return Goes.BROKEN
        if self.failures:
            return Goes.FAILING
        return Goes.UNTRIED if self.last_ok_at is None else Goes.WORKS


def check_channel(channel: Channel) -> None:
    """Raises ``BadData`` that names every field that is wrong."""
    found: list[FieldProblem] = []
    if not channel.name.strip() or len(channel.name) > 80:
        found.append(FieldProblem("name", "required", "填写名称，最多80字 / needs a name, 80 characters at most"))
    if channel.language not in LANGUAGES:
        found.append(FieldProblem("language", "unknown", "zh 或 en / should be zh or en"))
    if (channel.quiet_from is None) != (channel.quiet_to is None):
        found.append(FieldProblem("quiet_to", "required", "免打扰须有起止时间 / quiet hours need both ends"))
    for field in ("quiet_from", "quiet_to"):
        text = getattr(channel, field)
        if text is not None and not _is_time(text):
            found.append(FieldProblem(field, "malformed", "时间如 22:00 / a time such as 22:00"))
    if found:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in found), found)


def _is_time(text: str) -> bool:
    try:
        return len(text) == 5 and time.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def quiet_until(channel: Channel, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the quiet hours end in which ``now`` lies; ``None``: it lies in none. A local time that DST leaves out
    counts as the one after the gap, one that comes twice as the first."""
    if channel.quiet_from is None or channel.quiet_to is None or channel.quiet_from == channel.quiet_to:
        return None
    begins, ends = time.fromisoformat(channel.quiet_from), time.fromisoformat(channel.quiet_to)
    local = now.astimezone(zone)
    for day in (local.date() - timedelta(days=1), local.date()):
        last = day + timedelta(days=1) if ends <= begins else day
        first, until = (
            datetime.combine(on, at, zone).astimezone(now.tzinfo) for on, at in ((day, begins), (last, ends))
        )
        if first <= now < until:
            return until
    return None


def reaches(channel: Channel, site: str, department: str | None) -> bool:
    """Whether a channel is for a site and department."""
    here = channel.site is None or channel.site == site
    return here and (channel.department is None or department is None or channel.department == department)


def severe_enough(channel: Channel, severity: Severity) -> bool:
    """Whether a channel wants to hear of that severity."""
    order: Sequence[Severity] = list(Severity)
    return order.index(severity) <= order.index(channel.min_severity)
