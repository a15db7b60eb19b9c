"""Shapes of users and tokens."""

from typing import Annotated

from pydantic import Field

from api.session.schemas import GrantOut, User
from api.shapes import Instant, Payload, Shape
from plantroom.ports.accounts import Role


class UserList(Shape):
    """A page of users, by user name."""

    items: list[User]
    next_cursor: str | None


class TokenCreate(Payload):
    """A token for a machine: a role on a site and in a department, or on every one; ``ttl_hours`` until it expires."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    role: Role
    site: Annotated[str | None, Field(max_length=200)] = None
    department: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    ttl_hours: Annotated[float, Field(gt=0, le=24 * 366, allow_inf_nan=False)] = 8


class Token(Shape):
    """A new token. Its value is shown this once and cannot be read again."""

    id: str
    token: str
    expires_at: Instant
    grants: list[GrantOut]
