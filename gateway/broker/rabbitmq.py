"""What a RabbitMQ's management says of the queues behind our sessions: MQTT itself does not tell of what kind they are.

A classic queue lives on one node and is gone with it; a quorum queue has a copy on several. The kind is fixed when a
queue is made: after a change of the setting the old ones stay as they were.
"""

import json
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from plantroom.errors import PlantroomError, Unreachable
from plantroom.settings import VOUCHED

OURS = "mqtt-subscription-plantroom"
"""How the queues of sessions whose client id begins with ``plantroom`` are called."""

NODES = 3
MIN_TTL_MS = 3_600_000
TIMEOUT_S = 10.0
PAGE = 500


class LosesMessages(PlantroomError):
    """The broker takes messages and does not keep them; ``advice`` says what to set there."""

    code = "broker_loses_messages"

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.advice = advice


def require_quorum(admin: str | None, client_id: str) -> str:
    """Say in a few words how the queues of our sessions are kept; the session ``client_id`` has one at this moment.

    Raises ``LosesMessages`` for classic queues, copies on fewer than three nodes and sessions that expire within the
    hour, ``Unreachable`` when the management does not answer.
    """
    if admin is None:
        raise LosesMessages(
            "is a RabbitMQ, whose MQTT queues are classic unless set otherwise: those are lost with their node, and"
            " over MQTT nobody can tell",
            "set PLANTROOM_BROKER_ADMIN_URL to its management (http://user:password@host:15672) so that this can be"
            " looked up, or to the word quorum if mqtt.durable_queue_type = quorum has been set from the start",
        )
    if admin == VOUCHED:
        return "quorum queues, as PLANTROOM_BROKER_ADMIN_URL says (not looked up)"
    queues = _queues(admin)
    if not any(client_id in str(queue.get("name")) for queue in queues):
        raise LosesMessages(
            "does not belong to the management of PLANTROOM_BROKER_ADMIN_URL, or that user may not see its queues",
            "set PLANTROOM_BROKER_ADMIN_URL to this cluster's, with a user tagged monitoring that may read its vhost",
        )
    judge(queues)
    return f"quorum queues on {min(len(queue['members']) for queue in queues)} nodes"


def judge(queues: Sequence[dict[str, Any]]) -> None:
    """Raise ``LosesMessages`` for the first queue that would lose what it was given."""
    for queue in queues:
        name = queue.get("name")
        if queue.get("type") != "quorum":
            raise LosesMessages(
                f"the queue {name} is {queue.get('type')}: it lives on one node and is lost with it",
                "set mqtt.durable_queue_type = quorum in rabbitmq.conf of every node, restart them, and delete the old"
                " queues while no collector runs and they are empty",
            )
        if len(queue.get("members") or ()) < NODES:
            raise LosesMessages(
                f"the queue {name} has copies on {len(queue.get('members') or ())} node(s): one that dies stops it",
                "run three nodes; `rabbitmq-queues grow NODE all` gives old queues their copies",
            )
        expires = (queue.get("arguments") or {}).get("x-expires")
        if expires is not None and expires < MIN_TTL_MS:
            raise LosesMessages(
                f"the queue {name} is thrown away after {expires / 1000:.0f} s without a connection",
                "set mqtt.subscription_ttl = 86400000 (a day) or more",
            )


def _queues(admin: str) -> list[dict[str, Any]]:
    """Our sessions' queues, whatever their vhost. One that is not durable is left out: it holds a subscription with
    QoS 0 (the telemetry of unknown sites), which nobody relies on, and is classic everywhere."""
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        document = _get(admin, f"/api/queues?page={page}&page_size={PAGE}&name={quote(OURS)}&use_regex=false")
        found += [queue for queue in document["items"] if queue.get("durable", True)]
        if page >= document["page_count"]:
            return found
        page += 1


def _get(admin: str, path: str) -> Any:
    parts = urlsplit(admin)
    port = "" if parts.port is None else f":{parts.port}"
    request = urllib.request.Request(f"{parts.scheme}://{parts.hostname}{port}{path}")  # noqa: S310 - the setting allows http[s] alone
    who = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
    # Not carried along should the server send us elsewhere.
    request.add_unredirected_header("Authorization", f"Basic {b64encode(who.encode()).decode()}")
    where = f"RabbitMQ's management {parts.hostname}{port}"
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        words = "does not take the user and password" if error.code in (401, 403) else f"answers {error.code}"
        raise Unreachable(where, f"{words} (PLANTROOM_BROKER_ADMIN_URL)") from error
    except (OSError, ValueError) as error:
        raise Unreachable(where, f"{error} (PLANTROOM_BROKER_ADMIN_URL)") from error
