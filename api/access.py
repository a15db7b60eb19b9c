"""Who is calling and what they may do. Everything is denied unless an endpoint's permission grants it.

Grants are (role, site, department). The site decides what can be seen; the department narrows what can be
changed: a grant for one department changes what belongs to it or to none. A grant that is limited to a contractor's
orders opens those orders and nothing else.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.services import Services, services_of
from plantroom.domain.authorship import AuthorKind, identified
from plantroom.errors import Forbidden, NotFound, NotSignedIn
from plantroom.ports.accounts import Grant, Role
from plantroom.ports.paging import EVERYTHING, Scope

COOKIE = "plantroom_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
RANK = {Role.VIEWER: 0, Role.TECHNICIAN: 1, Role.SUPERVISOR: 2, Role.ADMIN: 3}


def digest(secret: str) -> str:
    """SHA-256 of a cookie's or token's value; only this is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Principal:
    """A person with a session, or a machine with a token (``csrf_token`` empty)."""

    id: str
    name: str
    display_name: str
    language: str
    kind: str
    grants: Sequence[Grant]
    csrf_token: str = ""

    def scope(self, role: Role) -> Scope:
        """The sites on which the caller holds the role or more."""
        sites = [g.site for g in self.grants if RANK[g.role] >= RANK[role] and g.contractor is None]
        return EVERYTHING if None in sites else Scope(frozenset(s for s in sites if s is not None))

    def contractors(self, role: Role) -> frozenset[str]:
        """The contractors to whose orders grants of the role or more are limited."""
        return frozenset(g.contractor for g in self.grants if g.contractor is not None and RANK[g.role] >= RANK[role])

    def holds(self, role: Role) -> bool:
        """Whether there is any site on which the caller holds the role or more."""
        return any(RANK[g.role] >= RANK[role] for g in self.grants)


@dataclass(frozen=True, slots=True)
class Access:
    """A caller at an endpoint that needs ``role``; ``scope`` are the sites on which they hold it."""

    principal: Principal
    role: Role
    scope: Scope

    def raised(self, role: Role) -> "Access":
        """The same caller where more is needed than the endpoint asks for."""
        return Access(self.principal, role, self.principal.scope(role))

    def require_sight(self, site: str) -> None:
        """``NotFound`` for a site without any grant: to the caller it does not exist."""
        if not self.principal.scope(Role.VIEWER).allows(site):
            raise NotFound("there is nothing by that name")

    def require_change(self, site: str, departments: Iterable[str | None] = ()) -> None:
        """``NotFound`` for what the caller cannot see, ``Forbidden`` for what they see but may not change.

        A department of ``None`` belongs to nobody in particular: any grant on the site will do."""
        self.require_sight(site)
        self.require_site(site, departments)

    def require_site(self, site: str, departments: Iterable[str | None] = ()) -> None:
        """``Forbidden`` unless the caller holds the role on a site that they named themselves."""
        fitting = [g for g in self.principal.grants if self._reaches(g, site)]
        if not fitting:
            raise Forbidden(f"needs the role {self.role.value} on site {site}")
        own = {g.department for g in fitting}
        for department in departments:
            if department is not None and None not in own and department not in own:
                raise Forbidden(f"needs the role {self.role.value} in department {department}")

    def _reaches(self, grant: Grant, site: str, contractor: str | None = None) -> bool:
        return RANK[grant.role] >= RANK[self.role] and grant.opens(site, contractor)

    def sees_order(self, site: str, contractor: str | None) -> bool:
        """Whether a work order can be seen: by its site, or by the contractor that it belongs to."""
        viewer = Access(self.principal, Role.VIEWER, self.scope)
        return any(viewer._reaches(grant, site, contractor) for grant in self.principal.grants)

    def require_order_sight(self, site: str, contractor: str | None) -> None:
        """``NotFound`` for an order that the caller cannot see."""
        if not self.sees_order(site, contractor):
            raise NotFound("there is nothing by that name")

    def require_order_change(self, site: str, department: str | None, contractor: str | None) -> None:
        """As ``require_change`` for a work order, which may belong to a contractor of the caller's."""
        self.require_order_sight(site, contractor)
        own = [g for g in self.principal.grants if g.contractor is not None and self._reaches(g, site, contractor)]
        if not any(g.department in {None, department} or department is None for g in own):
            self.require_site(site, [department])

    def require_grant(self, wanted: Grant) -> None:
        """``Forbidden`` unless one grant of the caller covers what they want to give: role, site and department."""
        for own in self.principal.grants:
            if (
                RANK[own.role] >= max(RANK[self.role], RANK[wanted.role])
                and own.site in {None, wanted.site}
                and own.department in {None, wanted.department}
                and own.contractor in {None, wanted.contractor}
            ):
                return
        where = wanted.site or "every site"
        whose = f", department {wanted.department}" if wanted.department is not None else ""
        raise Forbidden(f"nobody gives more than they have: needs the role {self.role.value} on {where}{whose}")

    def require_everywhere(self) -> None:
        """``Forbidden`` unless the caller holds the role on every site and in every department."""
        if not any(
            RANK[g.role] >= RANK[self.role] and g.site is None and g.department is None and g.contractor is None
            for g in self.principal.grants
        ):
            raise Forbidden(f"needs the role {self.role.value} on every site")


def sees_money(caller: Access, site: str) -> bool:
    """Whether the caller sees what things cost on a site: its supervisors do, as they see its budgets."""
    return caller.principal.scope(Role.SUPERVISOR).allows(site)


def sees_money_of_row(caller: Access, site: str | None) -> bool:
    """As ``sees_money`` of a plan row of a site; of one of every site whoever sees the budgets of some."""
    return (
        sees_money(caller, site) if site is not None else caller.principal.scope(Role.SUPERVISOR).sites != frozenset()
    )


def _bearer(services: Services, secret: str) -> Principal:
    with services.ledger.read() as tx:
        token = tx.accounts.token(digest(secret))
    if token is None or (token.expires_at is not None and token.expires_at <= services.clock.now()):
        raise NotSignedIn("this token is unknown or has expired")
    return Principal(token.id, token.name, token.name, "en", "token", token.grants)


def _cookie(services: Services, secret: str) -> Principal:
    with services.ledger.read() as tx:
        session = tx.accounts.session(digest(secret))
        if session is None or session.expires_at <= services.clock.now():
            raise NotSignedIn("the session has ended: sign in again")
        try:
            user = tx.accounts.user(session.user)
        except NotFound:
            raise NotSignedIn("this user is gone") from None
    if not user.active:
        raise NotSignedIn("this user is switched off")
    return Principal(
        user.id, user.username, user.name or user.username, user.language, "person", user.grants, session.csrf_token
    )


def authenticate(request: Request) -> Principal:
    """The caller of a request, who is the author of what it changes from here on. ``NotSignedIn`` without one,
    ``Forbidden`` for a change that comes with a cookie but without its CSRF token. A token in ``Authorization`` counts
    before a cookie."""
    principal = _caller(request)
    route = getattr(request.scope.get("route"), "path", "")
    via = f"{request.method} {route}" if route else ""
    identified(principal.name, AuthorKind(principal.kind), principal.id, via)
    return principal


def _caller(request: Request) -> Principal:
    services = services_of(request)
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise NotSignedIn("Authorization should be: Bearer TOKEN")
        return _bearer(services, secret.strip())
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        raise NotSignedIn("sign in, or send a token")
    principal = _cookie(services, secret)
    if request.method not in SAFE_METHODS:
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), principal.csrf_token.encode()):
            raise Forbidden(f"the header {CSRF_HEADER} is missing or not this session's")
    return principal


@dataclass(frozen=True, slots=True)
class Permission:
    """Dependency that lets callers with a role (or a higher one) on any site through."""

    role: Role

    def __call__(self, request: Request) -> Access:
        """The caller's access; ``NotSignedIn`` or ``Forbidden``."""
        principal = authenticate(request)
        if not principal.holds(self.role):
            raise Forbidden(f"needs the role {self.role.value}")
        return Access(principal, self.role, principal.scope(self.role))


Viewer = Annotated[Access, Depends(Permission(Role.VIEWER))]
Technician = Annotated[Access, Depends(Permission(Role.TECHNICIAN))]
Supervisor = Annotated[Access, Depends(Permission(Role.SUPERVISOR))]
Admin = Annotated[Access, Depends(Permission(Role.ADMIN))]
