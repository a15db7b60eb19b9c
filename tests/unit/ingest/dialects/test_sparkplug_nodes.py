"""What is remembered of Sparkplug nodes: numbers out of order, births that end a hole, and no more than fits."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dialects.dialect import Message
from ingest.dialects.sparkplug_b import nodes
from ingest.dialects.sparkplug_b.decoder import SparkplugDialect
from ingest.dialects.sparkplug_b.nodes import MAX_DEVICES, MODULUS, REORDERED, Known, Node, Nodes
from ingest.dialects.sparkplug_b.wire import Payload
from ingest.rejections import TOO_MANY_VALUES, UNKNOWN_METRIC
from tests.unit.ingest.plants import NOON_MS


def test_a_message_that_comes_after_its_successor_fills_the_hole_it_left() -> None:
    node = Node()
    node.born(0, 0)

    assert [(node.follows(seq), node.missing) for seq in (1, 3, 2, 4)] == [(True, 0), (False, 1), (True, 0), (True, 0)]


@given(count=st.integers(1, 700), reach=st.integers(1, REORDERED // 2), seed=st.integers())
def test_nothing_is_missing_in_the_end_when_all_came_in_whatever_order_nearby(
    count: int, reach: int, seed: int
) -> None:
    node, rng = Node(), random.Random(seed)
    node.born(0, 0)

    for number in sorted(range(1, count + 1), key=lambda n: (n + rng.uniform(0, reach), n)):
        node.follows(number % MODULUS)

    assert node.missing == 0


@given(lost=st.sets(st.integers(1, 600), max_size=40), seed=st.integers())
def test_what_never_came_is_counted_once(lost: set[int], seed: int) -> None:
    node, rng = Node(), random.Random(seed)
    node.born(0, 0)

    for number in sorted(set(range(1, 602)) - lost, key=lambda n: n + rng.uniform(0, 20)):
        node.follows(number % MODULUS)
    for number in range(602, 640):
        node.follows(number % MODULUS)

    assert node.missing == len(lost)


def test_a_birth_ends_what_was_missing() -> None:
    node = Node()
    node.born(0, 0)
    node.follows(9)
    assert node.missing == 8
    node.born(0, 1)
    node.follows(1)

    assert (node.missing, node.holes) == (0, set())


def test_a_late_message_is_known_as_such_after_a_restart() -> None:
    before, after = Nodes(), Nodes()
    node = before.at("g/n")
    node.born(0, 0)
    node.follows(2)
    after.restore(before.snapshot())

    assert after.at("g/n").follows(1)
    assert after.at("g/n").missing == 0


def birth(topic: str, metrics: int, seq: int = 0) -> Message:
    payload = Payload(seq=seq, timestamp=NOON_MS)
    for n in range(metrics):
        payload.metrics.add(name=b"metric-%d" % n, alias=n, datatype=10, double_value=1.0)
    return Message(topic, NOON_MS, payload.SerializeToString())


def test_the_nodes_that_were_silent_longest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    dialect = SparkplugDialect()
    monkeypatch.setattr(nodes, "MAX_BYTES", 240_000)
    for name in ("a", "b", "c"):
        dialect.decode([birth(f"spBv1.0/g/NBIRTH/{name}", 100)])
    dialect.decode([birth("spBv1.0/g/NDATA/a", 0, 1)])
    dialect.decode([birth("spBv1.0/g/NBIRTH/d", 100)])
    data = Payload(seq=2)
    data.metrics.add(alias=1, double_value=2.0)

    def reasons(name: str) -> list[str]:
        heard = dialect.decode([Message(f"spBv1.0/g/NDATA/{name}", NOON_MS, data.SerializeToString())])
        return [one.reason for one in heard.rejections]

    assert reasons("a") == []
    assert reasons("d") == []
    assert reasons("b") == [UNKNOWN_METRIC]


@given(st.lists(st.tuples(st.sampled_from(["", "d", "e"]), st.integers(0, 4), st.booleans()), max_size=20))
def test_what_a_node_takes_is_what_its_tables_hold(births: list[tuple[str, int, bool]]) -> None:
    held, fresh = Nodes(), Nodes()
    node = held.at("g/n")
    for device, count, anew in births:
        if anew:
            node.born(0, 0)
        node.begin_device(device, NOON_MS)
        for n in range(count):
            node.learn(Known(device, f"m{n % 3}", 10), n)

    assert node.count == sum(map(len, node.metrics.values()))
    assert node.characters == sum(len(k.device) + len(k.name) for of in node.metrics.values() for k in of.values())
    fresh.restore(held.snapshot())
    assert fresh.at("g/n").count == node.count
    assert fresh.at("g/n").characters == node.characters


def test_a_node_has_so_many_devices_and_no_more() -> None:
    node = Node()
    for n in range(MAX_DEVICES):
        assert node.begin_device(str(n), NOON_MS)
    assert node.begin_device("0", NOON_MS)
    assert not node.begin_device("one more", NOON_MS)

    dialect = SparkplugDialect()
    for n in range(MAX_DEVICES):
        dialect.decode([birth(f"spBv1.0/g/DBIRTH/n/{n}", 0)])
    heard = dialect.decode([birth("spBv1.0/g/DBIRTH/n/more", 1)])
    assert [one.reason for one in heard.rejections] == [TOO_MANY_VALUES]
