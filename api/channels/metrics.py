"""Figures of the notifications for Prometheus: what this process has sent, and what the ledger says waits."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from api.services import Services
from plantroom.errors import Unreachable


def families(services: Services) -> Iterable[Metric]:
    """All of them; those of the ledger are left out while it is away."""
    done = services.delivered()
    for name, words, value in (
        ("plantroom_notifications_sent", "Messages that arrived, sent by this process", done.sent),
        ("plantroom_notifications_failed", "Attempts that failed", done.failed),
        ("plantroom_notifications_given_up", "Messages given up", done.given_up),
    ):
        yield CounterMetricFamily(name, words, value=value)
    try:
        with services.ledger.read() as tx:
            waiting, channels = tx.notifications.waiting(), tx.channels.list()
    except Unreachable:
        return
    yield GaugeMetricFamily("plantroom_notifications_waiting", "Messages that wait, for all processes", value=waiting)
    states = Counter(one.goes.value for one in channels)
    family = GaugeMetricFamily("plantroom_notification_channels", "Channels by how they go", labels=["state"])
    for state in ("works", "failing", "broken", "untried", "off"):
        family.add_metric([state], states[state])
    yield family
