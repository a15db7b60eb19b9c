"""Answers that are cut off by a new beginning are sent in the end: each message, and each word on what is gone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.publisher import Publisher
from plantroom.publisher.sender import Sender
from plantroom.wire import ReplayRequest, encode_replay_request, replay_topic


class Line:
    """In place of the connection: what is handed over, all of it acknowledged when it is told to."""

    problem = None
    caught_up = True
    closings = 0

    def __init__(self) -> None:
        self.sent: list[tuple[int, str, bytes]] = []
        self.begun = 0

    def publish(self, topic: str, payload: bytes) -> int:
        self.sent.append((len(self.sent) + 1, topic, payload))
        return len(self.sent)

    publish_behind = publish

    def begin_again(self) -> None:
        self.begun += 1

    def of(self, channel: str) -> list[dict[str, object]]:
        return [json.loads(payload) for _, topic, payload in self.sent if topic.endswith(channel)]


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher("mqtt://127.0.0.1:1", "demo", "P-1", tmp_path, sync=False, window=3)
    made._outbox.open()
    yield made
    made._outbox.close()


def acknowledge(sender: Sender, line: Line, begin: int = 0) -> None:
    for packet, _, _ in line.sent[begin:]:
        sender._acknowledged(packet)
    sender._note_acks()


def test_what_a_new_beginning_cuts_off_is_answered_afterwards(publisher: Publisher) -> None:
    sender, line = publisher._sender, Line()
    sender._connection = line  # type: ignore[assignment]
    publisher.telemetry_batch([(None, {"n": n}) for n in range(3)])
    sender._turn()
    acknowledge(sender, line)
    before = len(line.sent)
    request = ReplayRequest(publisher.boot, 0, 9)
    sender._heard(replay_topic("demo", "P-1"), encode_replay_request(request))
    sender._on_the_way.size = 2
    publisher._outbox.generation += 1  # as when a message is put aside, or a damaged outbox
    sender._generation = publisher._outbox.generation
    real, calls = sender._wait, []

    def begins_anew() -> bool:
        calls.append(1)
        publisher._outbox.generation += 1
        return real()

    sender._wait = begins_anew  # type: ignore[method-assign]
    sender._turn()
    assert calls, "the window was full"
    sender._wait = real  # type: ignore[method-assign]
    cut_off = len(line.sent)
    assert len(line.of("telemetry")) == 3 + 2
    sender._turn()
    acknowledge(sender, line, cut_off)
    sender._turn()
    after = [json.loads(payload) for _, topic, payload in line.sent[cut_off:]]
    assert {one["seq"] for one in after if "seq" in one} == {0, 1, 2}, "nobody has acknowledged those two"
    assert [[3, 9]] in [one.get("gone") for one in after]
    assert line.begun == 1
    assert before == 3
