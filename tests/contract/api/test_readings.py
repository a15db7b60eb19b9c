"""Readings over time: rows, pages, aggregates."""

import pytest

from plantroom.domain.quality import Reason
from tests.contract.api.world import HOME, NOW, World

MS = round(NOW.timestamp() * 1000)
HOUR = 3_600_000


def pages(world: World, **query: object) -> list[dict]:
    found, cursor = [], None
    while True:
        params = {"asset": world.keys[HOME], "cursor": cursor, **query}
        answer = world.admin.get("/api/v1/readings", params={k: v for k, v in params.items() if v is not None})
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


def rows_of(answers: list[dict], point: str) -> list[list]:
    return [row for page in answers for s in page["series"] if s["point"] == point for row in s["rows"]]


def test_without_a_span_the_last_hour_is_shown_of_all_points(world: World) -> None:
    world.store(world.keys[HOME], {"vibration": [(MS - 2 * HOUR, 1.0, 0), (MS - HOUR, 2.0, 0), (MS - 1, 3.0, 0)]})
    (page,) = pages(world)
    assert rows_of([page], "vibration") == [[MS - HOUR, 2.0, 0], [MS - 1, 3.0, 0]]
    assert len(page["series"]) > 1
    unit = {s["point"]: s["unit"] for s in page["series"]}
    assert unit["vibration"] == "mm/s"


def test_the_span_holds_its_beginning_and_not_its_end(world: World) -> None:
    world.store(world.keys[HOME], {"vibration": [(MS + n * 1000, float(n), 0) for n in range(4)]})
    span = {"from": "2026-03-02T08:00:01Z", "to": "2026-03-02T16:00:03+08:00", "points": "vibration"}
    assert rows_of(pages(world, **span), "vibration") == [[MS + 1000, 1.0, 0], [MS + 2000, 2.0, 0]]


def test_quality_is_good_uncertain_or_bad(world: World) -> None:
    reasons = [Reason.GOOD, Reason.RECEIVE_TIME, Reason.OUT_OF_RANGE]
    rows = [(MS - 10 + n, 1.5, int(r)) for n, r in enumerate(reasons)]
    world.store(world.keys[HOME], {"vibration": rows})
    assert [r[2] for r in rows_of(pages(world, points="vibration"), "vibration")] == [0, 1, 2]


def test_a_page_spans_the_same_instants_in_every_series_and_nothing_is_lost_between_pages(world: World) -> None:
    a = [(MS - 1000 + n, float(n), 0) for n in range(0, 100, 2)]
    b = [(MS - 1000 + n, float(-n), 0) for n in range(0, 100, 3)]
    world.store(world.keys[HOME], {"vibration": a, "flow": b})
    found = pages(world, points="vibration,flow", limit=7)
    assert len(found) == 10
    for page in found:
        instants = {row[0] for s in page["series"] for row in s["rows"]}
        assert len(instants) <= 7
    assert rows_of(found, "vibration") == [[t, v, 0] for t, v, _ in a]
    assert rows_of(found, "flow") == [[t, v, 0] for t, v, _ in b]


def test_the_last_page_says_so_when_it_is_just_full(world: World) -> None:
    world.store(world.keys[HOME], {"flow": [(MS - 10 + n, 1.0, 0) for n in range(6)]})
    assert [len(rows_of([p], "flow")) for p in pages(world, points="flow", limit=3)] == [3, 3]


def test_aggregates_are_over_whole_windows(world: World) -> None:
    start = MS - MS % HOUR
    world.store(
        world.keys[HOME],
        {"flow": [(start + 1, 1.0, 0), (start + 2, 3.0, 0), (start + 3, 99.0, 100), (start + 700_000, 5.0, 0)]},
    )
    span = {"from": "2026-03-02T08:00:00.002Z", "to": "2026-03-02T08:59:00Z", "points": "flow"}
    assert rows_of(pages(world, agg="10m", **span), "flow") == [
        [start, 2.0, 1.0, 3.0, 2],
        [start + 600_000, 5.0, 5.0, 5.0, 1],
    ]
    assert rows_of(pages(world, agg="1h", **span), "flow") == [[start, 3.0, 1.0, 5.0, 3]]


def test_aggregates_page_over_long_and_empty_spans(world: World) -> None:
    year = 365 * 24 * HOUR
    start = MS - MS % HOUR
    instants = [start - 3 * year, start - 3 * year + HOUR, start - year, start - HOUR, start]
    world.store(world.keys[HOME], {"flow": [(t, 1.0, 0) for t in instants]})
    span = {"from": "2020-01-01T00:00:00Z", "to": "2035-01-01T00:00:00Z", "points": "flow", "agg": "1h"}
    found = pages(world, limit=2, **span)
    assert [row[0] for row in rows_of(found, "flow")] == instants
    assert [len(rows_of([p], "flow")) for p in found] == [2, 2, 1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-03-02T08:00:00"}, "from"),
        ({"from": "1772438400"}, "from"),
        ({"from": "2026-03-02T08:00:00Z", "to": "2026-03-02T08:00:00Z"}, "from"),
        ({"to": "0001-01-01T00:10:00Z"}, "to"),
        ({"points": "vibration,nonsense"}, "points"),
        ({"points": "x,\"y'; drop"}, "points"),
        ({"agg": "5m"}, "agg"),
        ({"limit": 0}, "limit"),
        ({"limit": 50_001}, "limit"),
        ({"cursor": "%%%"}, "cursor"),
        ({"cursor": "eHh4"}, "cursor"),
        ({"point": "flow"}, "point"),
    ],
)
def test_wrong_questions_name_the_parameter(world: World, query: dict, field: str) -> None:
    answer = world.admin.get("/api/v1/readings", params={"asset": world.keys[HOME]} | query)
    assert answer.status_code == 422, answer.text
    assert field in {e["field"] for e in answer.json()["errors"]}


def test_an_unknown_asset_is_not_found(world: World) -> None:
    assert world.admin.get("/api/v1/readings?asset=nope").status_code == 404


def test_an_asset_without_points_has_no_series(world: World) -> None:
    key = world.admin.post("/api/v1/assets", json={"site": HOME, "code": "G-1", "class": "generic"}).json()["key"]
    answer = world.admin.get(f"/api/v1/readings?asset={key}")
    assert answer.json() == {"series": [], "next_cursor": None}
