"""Brokers of a few lines."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.publisher.plain_broker import AtSubscribe, PlainBroker


@pytest.fixture
def start() -> Iterator[Callable[[AtSubscribe], PlainBroker]]:
    """Starts one."""
    started: list[PlainBroker] = []

    def make(at_subscribe: AtSubscribe = AtSubscribe.GRANTS) -> PlainBroker:
        started.append(PlainBroker(at_subscribe))
        return started[-1]

    yield make
    for one in started:
        one.close()
