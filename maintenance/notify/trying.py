"""Trying a channel, and sending a message once more."""

from dataclasses import replace
from datetime import datetime

from maintenance.notify.broken import arrived_again
from maintenance.notify.channels import Channel
from maintenance.notify.messages import Message, Notice, in_language, payload_of
from maintenance.notify.ports import NotSent, Outgoing, Post
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName, Severity
from plantroom.domain.keys import new_key
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger


def try_channel(ledger: Ledger[MaintenanceTx], post: Post, channel: Channel, clock: Clock, by: str) -> str | None:
    """Send a test message, past the outbox; gives why it did not arrive, ``None`` when it has. How the channel goes is
    noted."""
    now, key = clock.now(), new_key()
    title = LocalName("测试：设备房通知", "Test: a notification from Plantroom")
    text = LocalName(
        f"由{by}发送。收到此消息说明渠道可用。", f"Sent by {by}. Who reads this is reached by this channel."
    )
    notice = Notice("test", channel.site, title, (text,), key, Severity.INFO)
    words = in_language(title, channel.language), in_language(text, channel.language)
    problem: str | None = None
    try:
        post(channel, Outgoing(key, *words, payload_of(notice, key, now)))
    except NotSent as error:
        problem = str(error)
    now = clock.now()
    with ledger.begin() as tx:
        known = tx.channels.get(channel.id)
        if problem is None:
            arrived_again(tx, known, now)
            after = replace(known, failures=0, last_ok_at=now, broken_since=None, resting_until=None)
        else:
            after = replace(known, failures=known.failures + 1, last_failed_at=now, last_error=problem)
        tx.channels.note(after)
    return problem


def replayed(message: Message, now: datetime) -> Message:
    """The message, to be sent once more as if it never had been."""
    return replace(
        message,
        attempts=0,
        next_try=now,
        delivered_at=None,
        given_up_at=None,
        withdrawn_at=None,
        error=None,
        digest=None,
        replays=message.replays + 1,
    )
