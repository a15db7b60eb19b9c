"""Shapes of signing in."""

from typing import Annotated, Literal, Self

from pydantic import Field

from api.access import Principal
from api.shapes import Payload, Shape
from plantroom.ports.accounts import Role


class GrantOut(Shape):
    """A role on a site and in a department; ``null`` means every one. With ``contractor`` it reaches no further than
    that contractor's orders."""

    role: Role
    site: str | None
    department: str | None
    contractor: str | None = None


class User(Shape):
    """Who is calling: a person, or a machine with a token."""

    id: str
    username: str
    name: str
    language: Literal["zh", "en"]
    kind: Literal["person", "token"]
    grants: list[GrantOut]

    @classmethod
    def of(cls, principal: Principal) -> Self:
        """From whoever an access check has let through."""
        return cls(
            id=principal.id,
            username=principal.name,
            name=principal.display_name,
            language="en" if principal.language == "en" else "zh",
            kind="token" if principal.kind == "token" else "person",
            grants=[GrantOut.model_validate(g) for g in principal.grants],
        )


class SignIn(Payload):
    """User name and password."""

    username: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class SessionInfo(Shape):
    """Who is signed in, and the token that changes need in ``X-CSRF-Token`` (empty for machines)."""

    user: User
    csrf_token: str
