"""The reference reader of ``bench fuzz`` says of the golden cases what the cases say themselves."""

import json

import pytest

from plantroom.cli.fuzz_oracle import UNTIMED, judge

NOW_MS = 1_780_000_000_000
POINTS = frozenset(("flow", "running"))
SOUND = b'{"ts": 1780000000000, "values": {"flow": 1.5, "running": true}}'


@pytest.mark.parametrize(
    ("payload", "values", "bad"),
    [
        (SOUND, [(NOW_MS, "flow", 1.5), (NOW_MS, "running", 1.0)], False),
        (b"\xef\xbb\xbf" + SOUND, [(NOW_MS, "flow", 1.5), (NOW_MS, "running", 1.0)], False),
        (b'{"flow": 2}', [(UNTIMED, "flow", 2.0)], False),
        (b'{"ts": 1780000000000, "flow": 1, "flow": 2}', [(NOW_MS, "flow", 2.0)], False),
        (b'[{"flow": 1}, 7]', [(UNTIMED, "flow", 1.0)], True),
        (b'{"flow": NaN, "running": 0}', [(UNTIMED, "running", 0.0)], True),
        (b'{"flow": 1e999}', [], True),
        (b'{"flow": "\\ud800"}', [], True),
        (b'{"flow": "1.5"}', [], True),
        (b'{"depth": 1}', [], True),
        (b'{"ts": 5, "flow": 1}', [], True),
        (b'{"ts": 1790000000000, "flow": 1}', [], True),
        (b'{"ts": true, "flow": 1}', [], True),
        (b'{"values": []}', [], True),
        (b"[]", [], True),
        (b"", [], True),
        (SOUND[:-1], [], True),
        (b"\xff", [], True),
    ],
)
def test_a_verdict(payload: bytes, values: list[tuple[int, str, float]], bad: bool) -> None:
    verdict = judge(payload, POINTS, NOW_MS)
    assert (verdict.values, verdict.bad) == (values, bad)


def test_what_the_rules_leave_open_is_said() -> None:
    assert judge(b'{"event": "x", "values": {"flow": 1}}', POINTS, NOW_MS).open
    assert judge(json.dumps({"ts": "2026-05-01 10:00:00.5+01:00", "flow": 1}).encode(), POINTS, NOW_MS).open
