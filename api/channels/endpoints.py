"""Notification channels. Addresses are taken in, encrypted, and never shown again."""

from dataclasses import replace
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Access, Admin, Supervisor
from api.channels.schemas import (
    Channel,
    ChannelChange,
    ChannelCreate,
    ChannelList,
    ChannelQuery,
    ChannelTest,
)
from api.paging import bad_field, cut
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts
from maintenance.notify.channels import Channel as DomainChannel
from maintenance.notify.channels import check_channel
from maintenance.notify.senders import check_address, sealed_address
from maintenance.notify.trying import try_channel
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role

router = APIRouter(prefix="/api/v1/channels", tags=["channels"], route_class=BeginAgain)


@router.get("", operation_id="listChannels")
def list_channels(query: Annotated[ChannelQuery, Query()], caller: Supervisor, services: Parts) -> ChannelList:
    """Channels by name, with how they go. Those of every site are for who supervises every site."""
    with services.ledger.read() as tx:
        found = tx.channels.list(caller.scope, query.site)
    page = cut(found, query, lambda one: one.name)
    return ChannelList(items=[Channel.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", operation_id="createChannel", status_code=201)
def post_channel(form: ChannelCreate, caller: Admin, services: Parts, response: Response) -> Channel:
    """A new channel. 422 says what is wrong with an address, without repeating it."""
    if form.site is None:
        caller.require_everywhere()
    else:
        caller.require_change(form.site)
    kind, shown = check_address(form.url, form.secret, form.kind)
    more = form.model_dump(exclude={"url", "secret", "kind"}) | {"name": form.name.strip()}
    channel = DomainChannel(
        id=new_key(),
        kind=kind,
        sealed=sealed_address(services.vault, form.url, form.secret),
        shown=shown,
        created_at=services.clock.now(),
        created_by=caller.principal.name,
        **more,
    )
    check_channel(channel)
    with services.ledger.begin() as tx:
        _check_user(tx, channel.user)
        tx.channels.add(channel)
        tx.live.note("channel", channel.site, {"id": channel.id})
    response.headers["ETag"] = etag(channel.version)
    response.headers["Location"] = f"/api/v1/channels/{channel.id}"
    return Channel.of(channel)


@router.get("/{channel_id}", operation_id="getChannel")
def get_channel(channel_id: str, caller: Supervisor, services: Parts, response: Response) -> Channel:
    """One channel."""
    with services.ledger.read() as tx:
        channel = visible_channel(tx, caller, channel_id)
    response.headers["ETag"] = etag(channel.version)
    return Channel.of(channel)


@router.patch("/{channel_id}", operation_id="changeChannel")
def patch_channel(
    channel_id: str,
    form: ChannelChange,
    caller: Admin,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> Channel:
    """Change what people set. 412 when somebody else has changed it since you read it."""
    sent = form.model_dump(exclude_unset=True)
    url, secret = sent.pop("url", None), sent.pop("secret", None)
    with services.ledger.begin() as tx:
        channel = visible_channel(tx, caller, channel_id)
        expected = expected_version(if_match)
        if expected is not None and expected != channel.version:
            current = Channel.of(channel).model_dump(mode="json")
            raise StaleVersion("the channel has changed since you read it", current, channel.version, sorted(sent))
        for field in ("name", "language", "min_severity", "active"):
            if field in sent and sent[field] is None:
                raise bad_field(field, "required", "不能为空 / cannot be empty")
        changed = replace(channel, **sent)
        if url is not None:
            kind, shown = check_address(url, secret, None)
            changed = replace(changed, kind=kind, shown=shown, sealed=sealed_address(services.vault, url, secret))
        elif secret is not None:
            raise bad_field("secret", "not_used", "与地址一起发送 / is sent together with the url")
        check_channel(changed)
        _check_user(tx, changed.user)
        stored = tx.channels.update(changed, channel.version)
        if not stored.active:
            tx.notifications.withdraw_of(stored.id, services.clock.now())
        tx.live.note("channel", stored.site, {"id": stored.id})
    response.headers["ETag"] = etag(stored.version)
    return Channel.of(stored)


@router.delete("/{channel_id}", operation_id="removeChannel", status_code=204)
def delete_channel(channel_id: str, caller: Admin, services: Parts) -> None:
    """Remove a channel, with the record of what went out by it. To keep that, switch it off instead."""
    with services.ledger.begin() as tx:
        channel = visible_channel(tx, caller, channel_id)
        tx.channels.remove(channel.id)
        tx.live.note("channel", channel.site, {"id": channel.id, "removed": True})


@router.post("/{channel_id}/test", operation_id="testChannel")
def test_channel(channel_id: str, caller: Admin, services: Parts) -> ChannelTest:
    """Send a test message now, and say what became of it."""
    with services.ledger.read() as tx:
        channel = visible_channel(tx, caller, channel_id)
    begun = monotonic()
    problem = try_channel(services.ledger, services.post, channel, services.clock, caller.principal.name)
    return ChannelTest(delivered=problem is None, problem=problem, took_s=round(monotonic() - begun, 3))


def visible_channel(tx: MaintenanceTx, caller: Access, channel_id: str) -> DomainChannel:
    """A channel that the caller has the endpoint's role for. ``NotFound`` for what they cannot see."""
    channel = tx.channels.get(channel_id)
    if channel.site is not None:
        caller.require_change(channel.site)
    elif caller.principal.scope(Role.VIEWER).sites is not None:
        raise NotFound("there is nothing by that name")
    else:
        caller.require_everywhere()
    return channel


def _check_user(tx: MaintenanceTx, user: str | None) -> None:
    if user is not None and tx.accounts.user_by_name(user) is None:
        raise bad_field("user", "unknown_user", "没有此用户 / there is no such user")
