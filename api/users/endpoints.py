"""Users and tokens."""

import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Admin, Principal, Viewer, digest
from api.paging import bad_field, cut
from api.retrying import BeginAgain
from api.services import Parts
from api.session.schemas import GrantOut, User
from api.shapes import ListQuery
from api.users.schemas import Token, TokenCreate, UserList
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound
from plantroom.ports.accounts import ApiToken, Grant
from plantroom.ports.accounts import User as DomainUser

router = APIRouter(prefix="/api/v1", tags=["users"], route_class=BeginAgain)


@router.get("/users/me", operation_id="getMe")
def get_me(caller: Viewer) -> User:
    """Who is calling and what they may do."""
    return User.of(caller.principal)


@router.get("/users", operation_id="listUsers")
def list_users(query: Annotated[ListQuery, Query()], caller: Admin, services: Parts) -> UserList:
    """Everybody who can sign in."""
    caller.require_everywhere()
    with services.ledger.read() as tx:
        page = cut(tx.accounts.users(), query, lambda u: u.username, ["username"])
    return UserList(items=[_shape(u) for u in page.items], next_cursor=page.next_cursor)


def _shape(user: DomainUser) -> User:
    return User.of(Principal(user.id, user.username, user.name or user.username, user.language, "person", user.grants))


@router.post("/tokens", operation_id="createToken", status_code=201)
def create_token(form: TokenCreate, caller: Admin, services: Parts) -> Token:
    """A token for a machine. An administrator of one site or department can only give grants on that site and in
    that department, and has to name them."""
    grant = Grant(form.role, form.site, form.department)
    caller.require_grant(grant)
    secret, now = secrets.token_urlsafe(32), services.clock.now()
    token = ApiToken(
        id=new_key(),
        name=form.name,
        token_hash=digest(secret),
        grants=[grant],
        created_at=now,
        expires_at=now + timedelta(hours=form.ttl_hours),
        created_by=caller.principal.id,
    )
    with services.ledger.begin() as tx:
        if form.site is not None:
            try:
                tx.assets.site(form.site)
            except NotFound:
                raise bad_field("site", "unknown_site", f"there is no site {form.site!r}") from None
        tx.accounts.add_token(token)
    assert token.expires_at is not None
    return Token(id=token.id, token=secret, expires_at=token.expires_at, grants=[GrantOut.model_validate(grant)])
