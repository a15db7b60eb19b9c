"""One word of a panel for many detectors: each of them stands until it is over itself."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.events import EventRules
from ingest.origins import MAX_ORIGINS, MAX_VALUE, origin_of, text_of
from plantroom.domain.findings import FindingCleared, FindingRaised
from tests.examples import examples
from tests.unit.ingest.plants import CLASSES, NOON_MS
from tests.unit.ingest.test_events import Bench, tags


class Panel(Bench):
    """``tripped``, which ``trip_reset`` ends, of several inputs."""

    def tell(self, event: str, s: float | None = None, **data: object) -> list[str]:
        """What people hear of it: ``raised`` with its origin, ``cleared``."""
        message: dict[str, object] = {"event": event, "data": data}
        if s is not None:
            message["ts"] = NOON_MS + round(1000 * s)
        out = self.send(message, NOON_MS + 1000 * 3600)
        return [
            f"raised {one.detail.get('origin', '-')}" if isinstance(one, FindingRaised) else "cleared"
            for one in out.findings
        ]

    def restart(self) -> None:
        state = self.rules.hand_over()
        self.rules = EventRules("demo", "safety", CLASSES)
        self.rules.restore(state)


def test_the_reset_of_one_leaves_the_other_standing() -> None:
    panel = Panel()
    assert panel.tell("tripped", 0, zone=7) == ["raised zone 7"]
    assert panel.tell("tripped", 30, zone=9) == ["raised zone 9"]
    assert panel.tell("trip_reset", 60, zone=7) == []
    assert panel.tell("trip_reset", 90, zone=9) == ["cleared"]


def test_a_reset_that_names_none_is_the_end_of_all() -> None:
    panel = Panel()
    panel.tell("tripped", 0, zone=7)
    panel.tell("tripped", 1, zone=9)
    assert panel.tell("trip_reset", 60) == ["cleared"]


def test_the_reset_of_one_that_does_not_stand_ends_nothing_while_others_do() -> None:
    panel = Panel()
    panel.tell("tripped", 0, zone=7)
    assert panel.tell("trip_reset", 60, zone=8) == []
    assert panel.tell("trip_reset", 61, zone=7) == ["cleared"]
    assert panel.tell("trip_reset", 62, zone=8) == ["cleared"], "nothing that we know of stands: an end is told on"


def test_one_that_names_no_origin_is_one_of_its_own() -> None:
    panel = Panel()
    panel.tell("tripped", 0)
    panel.tell("tripped", 1, zone=7)
    assert panel.tell("trip_reset", 60, zone=7) == []
    assert panel.tell("trip_reset", 61) == ["cleared"]


def test_a_zone_that_is_reset_is_so_with_all_its_detectors() -> None:
    panel = Panel()
    panel.tell("tripped", 0, zone=7, detector=1)
    panel.tell("tripped", 1, zone=7, detector=2)
    panel.tell("tripped", 2, zone=9, detector=1)
    assert panel.tell("trip_reset", 60, zone=7) == []
    assert panel.tell("trip_reset", 61, detector=1, zone=9) == ["cleared"]


def test_a_detector_that_is_reset_does_not_end_what_its_zone_told() -> None:
    panel = Panel()
    panel.tell("tripped", 0, zone=7)
    assert panel.tell("trip_reset", 60, zone=7, detector=2) == []


def test_the_second_is_no_repetition_of_the_first() -> None:
    panel = Bench()
    assert tags(panel.raised({"event": "tripped", "data": {"zone": 7}})) == []
    assert tags(panel.raised({"event": "tripped", "data": {"zone": 9}})) == []
    assert tags(panel.raised({"event": "tripped", "data": {"zone": 7}})) == ["repeated"]


def test_ends_that_come_in_another_order_end_it_behind_the_newest() -> None:
    panel = Bench()
    for s, event, zone in ((0, "tripped", 7), (30, "tripped", 9), (60, "trip_reset", 9)):
        out = panel.send({"event": event, "ts": NOON_MS + 1000 * s, "data": {"zone": zone}}, NOON_MS + 100_000)
    assert out.findings == []
    late = panel.send({"event": "trip_reset", "ts": NOON_MS + 20_000, "data": {"zone": 7}}, NOON_MS + 100_000)
    (cleared,) = late.findings
    assert isinstance(cleared, FindingCleared)
    assert cleared.observed_at.timestamp() * 1000 == NOON_MS + 60_000, "no ledger takes an end for older than its event"


def test_an_end_proves_nothing_of_another_origin() -> None:
    """Numbered, and in another order: the reset of zone 7 is no proof that zone 9 is over."""
    panel = Bench()
    numbered = {"boot": "b", "ts": NOON_MS}
    panel.send(numbered | {"event": "trip_reset", "seq": 5, "data": {"zone": 7}})
    out = panel.send(numbered | {"event": "tripped", "seq": 4, "data": {"zone": 9}})
    assert [type(one) for one in out.findings] == [FindingRaised]
    over = panel.send(numbered | {"event": "tripped", "seq": 3, "data": {"zone": 7}})
    assert [type(one) for one in over.findings] == [FindingRaised], "zone 9 stands: nothing is cleared"
    out = panel.send(numbered | {"event": "trip_reset", "seq": 6, "data": {"zone": 9}})
    assert [type(one) for one in out.findings] == [FindingCleared]


def test_of_more_than_are_known_apart_only_the_end_of_all_is_the_end() -> None:
    panel = Panel()
    for zone in range(MAX_ORIGINS + 1):
        panel.tell("tripped", zone, zone=zone)
    for zone in range(MAX_ORIGINS + 1):
        assert panel.tell("trip_reset", 1000, zone=zone) == []
    panel.restart()
    assert panel.tell("trip_reset", 1001) == ["cleared"]


def test_what_an_earlier_version_kept_ends_with_any_end() -> None:
    panel = Panel()
    panel.tell("tripped", 0)
    state = json.loads(panel.rules.snapshot())
    state["standing"] = [["key-P-1", "tripped", NOON_MS]]
    state["ends"] = [["key-P-1", "flooded", NOON_MS, "b", 1]]
    panel.rules.restore(json.dumps(state).encode())
    assert panel.tell("trip_reset", 60, zone=7) == ["cleared"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"zone": 7, "floor": 2}, "zone 7"),
        ({"input": "DI-3", "zone": 7.0}, "zone 7, input DI-3"),
        ({"zone": True, "loop": None, "point": [1], "address": {"a": 1}, "detector": "  "}, ""),
        ({"zone": "a\nb\u202ec"}, "zone a\ufffdb\ufffdc"),
        ({"zone": "x" * 1000}, "zone " + "x" * MAX_VALUE),
        ({"zone": 0}, "zone 0"),
        ({"zone": 1e300}, f"zone {str(int(1e300))[:MAX_VALUE]}"),
    ],
)
def test_an_origin_is_of_known_words_in_plain_text(data: dict[str, object], text: str) -> None:
    assert text_of(origin_of(data)) == text


ORIGINS = st.sampled_from([{}, {"zone": 1}, {"zone": 2}, {"loop": 1, "zone": 1}, {"loop": 2, "zone": 1}])


@settings(max_examples=examples(150), deadline=timedelta(seconds=5))
@given(st.lists(st.tuples(st.sampled_from(["tripped", "trip_reset", "restart"]), ORIGINS), max_size=25))
def test_it_is_over_when_none_of_its_origins_stands(told: list[tuple[str, dict[str, int]]]) -> None:
    panel = Panel()
    standing: set[frozenset[tuple[str, int]]] = set()
    for s, (word, data) in enumerate(told):
        if word == "restart":
            panel.restart()
            continue
        heard = panel.tell(word, s, **data)
        one = frozenset(data.items())
        if word == "tripped":
            standing.add(one)
            assert len(heard) == 1
        else:
            standing = {other for other in standing if not one <= other}
            assert heard == ([] if standing else ["cleared"])
