"""Shapes of notification channels and of what went out by them."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field

from api.shapes import Instant, ListQuery, Payload, Shape
from maintenance.notify.channels import Channel as DomainChannel
from maintenance.notify.channels import ChannelKind, Goes
from maintenance.notify.messages import Message
from plantroom.domain.assets import Severity


class Channel(Shape):
    """A way to people or to another program. ``address`` is what may be seen of it: the whole of it is shown to nobody.

    ``goes``: `works`, `failing` (the last attempt failed), `broken` (a message was given up), `untried`, `off`."""

    id: str
    name: str
    kind: ChannelKind
    address: str
    site: str | None
    department: str | None
    user: str | None
    language: str
    min_severity: Severity
    quiet_from: str | None
    quiet_to: str | None
    active: bool
    version: int
    goes: Goes
    failures: int
    last_ok_at: Instant | None
    last_failed_at: Instant | None
    last_error: str | None
    broken_since: Instant | None
    ticket: str | None
    created_at: Instant
    created_by: str

    @classmethod
    def of(cls, one: DomainChannel) -> Self:
        """From the ledger's record."""
        own = {name: getattr(one, name) for name in cls.model_fields if name != "address"}
        return cls.model_validate(own | {"address": one.shown})


class ChannelList(Shape):
    """A page of channels."""

    items: list[Channel]
    next_cursor: str | None


class ChannelQuery(ListQuery):
    """Those of one site, and of every site. By name."""

    site: str | None = None


_QUIET = Field(max_length=5, description="local time of the site, such as 22:00")
_DEPARTMENT = Field(max_length=200, description="only tickets of this department")
_USER = Field(max_length=200, description="user name of the one person whom it reaches")


class ChannelCreate(Payload):
    """A new channel. ``url``: an Apprise address (`wecombot://KEY`, `dingtalk://SECRET@TOKEN`, `feishu://TOKEN`,
    `mailtos://USER:PASSWORD@HOST?to=...`, ...), or `http(s)://...` with a ``secret`` for our own signed webhook.
    Without a site it is for every site. Nothing is sent: use `.../test`."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_max_length=10_000,
        json_schema_extra={
            "examples": [
                {"name": "工程部企业微信群", "url": "wecombot://KEY", "site": "demo", "language": "zh"},
                {
                    "name": "CMMS",
                    "url": "https://cmms.example.com/hooks/plantroom",
                    "secret": "sixteen or more characters",
                },
            ]
        },
    )

    name: Annotated[str, Field(max_length=80)]
    url: Annotated[str, Field(max_length=2000)]
    secret: Annotated[str | None, Field(max_length=500)] = None
    kind: ChannelKind | None = None
    site: str | None = None
    department: Annotated[str | None, _DEPARTMENT] = None
    user: Annotated[str | None, _USER] = None
    language: str = "zh"
    min_severity: Severity = Severity.GENERAL
    quiet_from: Annotated[str | None, _QUIET] = None
    quiet_to: Annotated[str | None, _QUIET] = None


class ChannelChange(Payload):
    """Fields that are sent are changed, `null` clears. A new ``url`` replaces the old one whole, its secret too. What
    waits for a channel that is switched off is taken back."""

    name: Annotated[str | None, Field(max_length=80)] = None
    url: Annotated[str | None, Field(max_length=2000)] = None
    secret: Annotated[str | None, Field(max_length=500)] = None
    department: Annotated[str | None, _DEPARTMENT] = None
    user: Annotated[str | None, _USER] = None
    language: str | None = None
    min_severity: Severity | None = None
    quiet_from: Annotated[str | None, _QUIET] = None
    quiet_to: Annotated[str | None, _QUIET] = None
    active: bool | None = None


class ChannelTest(Shape):
    """What became of a test message; ``problem`` says why it did not arrive."""

    delivered: bool
    problem: str | None
    took_s: float


class Notification(Shape):
    """A message and what became of it. It is `waiting` until ``next_try``, `delivered`, `failed` (given up) or
    `withdrawn` (its clock stopped before it went out). ``digest``: what it went out in together with others."""

    id: str
    channel: str
    topic: str
    state: Literal["waiting", "delivered", "failed", "withdrawn"]
    site: str | None
    work_order: str | None
    severity: Severity
    urgent: bool
    title: str
    body: str
    created_at: Instant
    attempts: int
    next_try: Instant | None
    delivered_at: Instant | None
    given_up_at: Instant | None
    withdrawn_at: Instant | None
    error: str | None
    digest: str | None
    replays: int
    payload: dict[str, Any]

    @classmethod
    def of(cls, message: Message) -> Self:
        """From the ledger's record."""
        return cls.model_validate(message)


class NotificationList(Shape):
    """A page of messages, newest first."""

    items: list[Notification]
    next_cursor: str | None


class NotificationQuery(ListQuery):
    """Filters of messages; those given must all hold."""

    channel: str | None = None
    state: Literal["waiting", "delivered", "failed", "withdrawn"] | None = None
    site: str | None = None
    work_order: str | None = None
