"""Answers that are nobody's word on what was sent: a page of a proxy in whatever encoding, a redirection, half an
answer. None of them confirms a write, and none is a reason to give a message up."""

from collections.abc import Callable

import numpy as np
import pytest

from plantroom.errors import NotAllowed, Unreachable
from plantroom.storage.readings.influx import InfluxReadings
from tests.contract.readings.doorman import Doorman
from tests.contract.readings.given import FOR_EVER, T0, batch, pump, shown
from tests.contract.readings.test_retry_classes import check_waited_out, send, stored
from tests.unit.ingest.house import House, until

FLOW = pump("flow")
GBK = "<html>服务不可用</html>".encode("gbk")
LATIN = "<html>Passerelle indisponible é</html>".encode("latin-1")
PAGE = b"<html>down for maintenance</html>"
CUT = {"Content-Length": "1000", "Connection": "close"}

STRANGE: dict[str, tuple[int, dict[str, str], bytes, str]] = {
    "502 in Latin-1": (502, {}, LATIN, "answered 502"),
    "503 in GBK": (503, {"Retry-After": "1"}, GBK, "answered 503"),
    "403 in GBK": (403, {}, GBK, "(403)"),
    "400 in GBK": (400, {}, GBK, "answered 400"),
    "400 with a page": (400, {}, PAGE, "answered 400"),
    "422 with a page": (422, {}, PAGE, "answered 422"),
    "200 with a page": (200, {}, PAGE, "answered 200"),
    "200 in GBK": (200, {}, GBK, "answered 200"),
    "200 with nothing": (200, {}, b"", "answered 200"),
    "202": (202, {}, b"{}", "answered 202"),
    "302 to a page": (302, {"Location": "/health"}, PAGE, "answered 302"),
    "303 to a page": (303, {"Location": "/health"}, b"", "answered 303"),
    "307 to itself": (307, {"Location": "/api/v2/write"}, b"", "answered 307"),
    "304": (304, {"Connection": "close"}, b"", "answered 304"),
    "503 that is cut": (503, CUT, b"{", "does not answer"),
    "400 that is cut": (400, CUT, b'{"code":', "does not answer"),
    "200 that is cut": (200, CUT, b"<ht", "does not answer"),
    "503 that is no gzip": (503, {"Content-Encoding": "gzip"}, PAGE, "does not answer"),
    "418": (418, {}, b"", "answered 418"),
}


@pytest.mark.parametrize("answer", STRANGE)
def test_a_strange_answer_to_a_write_is_waited_out(house: House, doorman: Doorman, answer: str) -> None:
    *refusal, words = STRANGE[answer]
    doorman.refusal = (refusal[0], refusal[1], refusal[2])
    check_waited_out(house, doorman, words)


def test_a_size_that_is_refused_with_a_page_in_gbk_is_a_size_all_the_same(house: House, doorman: Doorman) -> None:
    doorman.refusal = (413, {}, GBK)
    sent = send(house)
    house.start()
    until(lambda: doorman.writes >= 3, 20)
    doorman.refusal = None
    house.settle()
    assert len(stored(house, "vibration")) + len(house.letters()) == len(sent)


def test_many_writes_use_few_connections(guarded: InfluxReadings, doorman: Doorman) -> None:
    for n in range(20):
        doorman.refusal = (503, {}, GBK) if n % 2 else None
        try:
            guarded.write(batch((FLOW, T0 + n, float(n))))
        except Unreachable:
            assert n % 2
    assert doorman.connections <= 3


def read(store: InfluxReadings) -> object:
    return store.read([FLOW], *FOR_EVER, 10)


def latest(store: InfluxReadings) -> object:
    return store.latest([FLOW])


def ping(store: InfluxReadings) -> object:
    store.ping()
    return None


def delete(store: InfluxReadings) -> object:
    return store.delete_before(T0, lambda: False)


def learn_the_codes(store: InfluxReadings) -> object:
    return store.write(batch((FLOW, T0, 1.0)))


NO_ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "a page in GBK": (502, {"Content-Type": "text/html; charset=gb2312"}, GBK),
    "a page in no known encoding": (502, {"Content-Type": "text/html; charset=what"}, GBK),
    "200 with a page": (200, {}, PAGE),
    "200 with a list": (200, {}, b"[]"),
    "200 with a word": (200, {}, b'"ok"'),
    "200 with nothing": (200, {}, b""),
    "a redirection": (302, {"Location": "/health"}, PAGE),
    "half an answer": (200, CUT, b'{"results":['),
    "no gzip": (200, {"Content-Encoding": "gzip"}, PAGE),
}


@pytest.mark.parametrize("request_", [read, latest, ping, delete, learn_the_codes])
@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_a_strange_answer_to_any_other_request_is_a_server_out_of_reach(
    guarded: InfluxReadings, doorman: Doorman, request_: Callable[[InfluxReadings], object], answer: str
) -> None:
    doorman.instead = NO_ANSWERS[answer]
    with pytest.raises(Unreachable):
        request_(guarded)


DOCUMENTS = {"empty": b"{}", "null": b'{"results":null}', "an object": b'{"results":{"a":1}}', "other": b'{"ok":true}'}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_without_the_results_is_not_an_empty_answer(
    guarded: InfluxReadings, doorman: Doorman, document: str
) -> None:
    guarded.write(batch((FLOW, T0, 1.0)))
    doorman.instead = (200, {}, DOCUMENTS[document])
    with pytest.raises(Unreachable):
        read(guarded)
    doorman.instead = None
    assert shown(guarded, FLOW) == [(0, 1.0, 0)]


RESULTS = {"number": b"1", "null": b"null", "word": b'"x"', "seventh": b'{"statement_id":7}', "series": b'{"series":1}'}


@pytest.mark.parametrize("result", RESULTS)
def test_results_that_are_of_no_statement_are_no_answer(guarded: InfluxReadings, doorman: Doorman, result: str) -> None:
    doorman.instead = (200, {}, b'{"results":[' + RESULTS[result] + b"]}")
    with pytest.raises(Unreachable):
        read(guarded)


def test_a_page_that_asks_for_a_sign_in_names_the_status(guarded: InfluxReadings, doorman: Doorman) -> None:
    doorman.instead = (403, {}, GBK)
    with pytest.raises(NotAllowed, match="403"):
        guarded.ping()


def test_a_deletion_is_confirmed_by_nothing_but_204(guarded: InfluxReadings, doorman: Doorman) -> None:
    guarded._connected().delete({"start": "1970-01-01T00:00:00Z", "stop": "1970-01-02T00:00:00Z"})
    doorman.instead = (200, {}, b"{}")
    with pytest.raises(Unreachable, match="answered 200"):
        guarded._connected().delete({"start": "1970-01-01T00:00:00Z", "stop": "1970-01-02T00:00:00Z"})


def test_a_write_that_was_confirmed_is_stored(guarded: InfluxReadings) -> None:
    assert guarded.write(batch((FLOW, T0, 1.5))).written == 1
    (page,) = guarded.read([FLOW], *FOR_EVER, 10)
    assert np.array_equal(page.value, [1.5])
