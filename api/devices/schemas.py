"""Shapes of publishers' credentials."""

from typing import Annotated

from pydantic import Field

from api.shapes import Instant, ListQuery, Payload, Shape

Code = Annotated[str, Field(min_length=1, max_length=200)]


class Device(Shape):
    """A publisher's credential. ``assets``: the codes that it speaks for (empty: every asset of its site);
    ``topics``: further topic filters of a foreign dialect."""

    id: str
    site: str
    client: str
    username: str
    assets: list[str]
    topics: list[str]
    created_at: Instant
    revoked_at: Instant | None


class NewDevice(Device):
    """A new credential. Its password is shown this once and cannot be read again; ``broker`` says in one sentence
    whether the broker knows it already."""

    password: str
    broker: str


class DeviceList(Shape):
    """A page of credentials, those that were revoked included."""

    items: list[Device]
    next_cursor: str | None


class DeviceQuery(ListQuery):
    """Filters of credentials."""

    site: str | None = None


class DeviceCreate(Payload):
    """A credential for a publisher: ``client`` is its name within the site."""

    site: Code
    client: Code
    assets: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
