"""The broker's address: one host, or all nodes of a cluster."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plantroom.errors import Unreachable
from plantroom.settings import BrokerAddress, parse_broker_url
from plantroom.wire_tls import first_that_answers

PORTS = st.integers(1, 65535)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z]{2,5})?", fullmatch=True)


def test_one_host_is_read_as_ever() -> None:
    address = parse_broker_url("mqtts://collector:p%40s%3As@mosquitto")
    assert address == BrokerAddress(host="mosquitto", port=8883, tls=True, username="collector", password="p@s:s")
    assert address.nodes == (("mosquitto", 8883),)
    assert parse_broker_url("mqtt://[::1]:1884/").nodes == (("::1", 1884),)


def test_the_nodes_of_a_cluster_are_taken_in_turn() -> None:
    address = parse_broker_url("mqtt://u:p@one:1,two,[::1]:3")
    assert address.nodes == (("one", 1), ("two", 1883), ("::1", 3))
    assert [address.at(n).host for n in range(5)] == ["one", "two", "::1", "one", "two"]
    assert address.at(1).nodes == (("two", 1883),)
    assert address.at(1).username == "u"


@given(st.lists(st.tuples(NAMES, PORTS), min_size=1, max_size=8, unique=True))
def test_what_is_written_is_read(nodes: list[tuple[str, int]]) -> None:
    url = "mqtt://" + ",".join(f"{host}:{port}" for host, port in nodes)
    assert list(parse_broker_url(url).nodes) == nodes


@given(st.text(max_size=60))
def test_anything_else_is_refused_in_words(text: str) -> None:
    try:
        address = parse_broker_url(f"mqtt://{text}")
    except ValueError:
        return
    assert all(host and 0 < port <= 65535 for host, port in address.nodes)


@pytest.mark.parametrize("url", ["mqtt://a,,b", "mqtt://a/b,c", "mqtt://a?x,b", "mqtt://a b", "mqtt://a,a"])
def test_odd_lists_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_broker_url(url)


def test_the_first_node_that_answers_is_used_and_all_are_named_when_none_does() -> None:
    address = parse_broker_url("mqtt://one:1,two:2")
    asked: list[str] = []

    def connect(host: str, port: int) -> None:
        asked.append(host)
        if port == 1:
            raise ConnectionRefusedError(111, "Connection refused")

    first_that_answers(address, connect)
    assert asked == ["one", "two"]

    def nobody(host: str, port: int) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(Unreachable, match=r"one:1: .*refused; broker two:2: .*refused"):
        first_that_answers(address, nobody)
