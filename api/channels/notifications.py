"""What went out, or is to go out, by the channels."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Access, Supervisor
from api.channels.schemas import Notification, NotificationList, NotificationQuery
from api.paging import page_request
from api.retrying import BeginAgain
from api.services import Parts
from maintenance.notify.messages import Message
from maintenance.notify.ports import MessageFilter
from maintenance.notify.trying import replayed
from maintenance.ports import MaintenanceTx
from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import Role

router = APIRouter(prefix="/api/v1/notifications", tags=["channels"], route_class=BeginAgain)


@router.get("", operation_id="listNotifications")
def list_notifications(
    query: Annotated[NotificationQuery, Query()], caller: Supervisor, services: Parts
) -> NotificationList:
    """Messages, newest first."""
    filters = MessageFilter(caller.scope, query.channel, query.state, query.site, query.work_order)
    with services.ledger.read() as tx:
        page = tx.notifications.list(filters, page_request(query))
    return NotificationList(items=[Notification.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{notification_id}", operation_id="getNotification")
def get_notification(notification_id: str, caller: Supervisor, services: Parts) -> Notification:
    """One message."""
    with services.ledger.read() as tx:
        return Notification.of(_visible(tx, caller, notification_id))


@router.post("/{notification_id}/replay", operation_id="replayNotification")
def replay_notification(notification_id: str, caller: Supervisor, services: Parts) -> Notification:
    """Send a message once more, under the same id; receivers know it by that. 409 while its channel is switched off,
    and when its text is not kept any more."""
    now = services.clock.now()
    with services.ledger.begin() as tx:
        message = _visible(tx, caller, notification_id)
        channel = tx.channels.get(message.channel)
        if not channel.active:
            raise Conflict(f"the channel {channel.name!r} is switched off")
        if not message.payload:
            raise Conflict("消息已过保存期，只剩标题 / only the title of this message is kept by now")
        again = replayed(message, now)
        tx.notifications.note([again])
        tx.channels.note(replace(channel, resting_until=None))
        tx.live.note("notification", message.site, {"id": message.id})
    return Notification.of(again)


def _visible(tx: MaintenanceTx, caller: Access, notification_id: str) -> Message:
    message = tx.notifications.get(notification_id)
    if message.site is not None:
        caller.require_change(message.site)
    elif caller.principal.scope(Role.VIEWER).sites is not None:
        raise NotFound("there is nothing by that name")
    else:
        caller.require_everywhere()
    return message
