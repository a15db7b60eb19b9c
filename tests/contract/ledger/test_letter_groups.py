"""Dead letters in groups, on both databases, however many there are."""

import time
from datetime import timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plantroom.ports.letters import LETTERS_LOOKED_AT, DeadLetter, LetterSummary
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.tables_collect import dead_letters
from tests.contract.ledger.given import MINUTE, NOW
from tests.contract.ledger.test_collect import letter
from tests.examples import examples

EVERYWHERE = Scope()
DEMO = Scope(frozenset({"demo"}))


def groups(ledger: SqlLedger, scope: Scope = EVERYWHERE, limit: int = 100, **more: object) -> LetterSummary:
    with ledger.read() as tx:
        return tx.collect.dead_letter_groups(scope, limit, **more)  # type: ignore[arg-type]


def test_letters_of_one_site_topic_and_code_are_one_group_with_the_newest_of_them(ledger: SqlLedger) -> None:
    given_letters = [
        letter(1, reason="not_json: line 1"),
        letter(2, reason="not_json: line 7", part="a"),
        letter(3, reason="not_json", site="north"),
        letter(4, reason="not_json", topic="other"),
        letter(5, reason="unknown_point"),
    ]
    with ledger.begin() as tx:
        tx.collect.add_dead_letters(given_letters)
    found = groups(ledger)
    assert (found.total, found.looked_at, found.groups_left_out) == (5, 5, 0)
    assert [(g.site, g.topic, g.reason, g.count) for g in found.groups] == [
        ("demo", "plantroom/demo/x/telemetry", "not_json", 2),
        ("demo", "plantroom/demo/x/telemetry", "unknown_point", 1),
        ("demo", "other", "not_json", 1),
        ("north", "plantroom/demo/x/telemetry", "not_json", 1),
    ]
    first = found.groups[0]
    assert (first.first_at, first.last_at) == (NOW + MINUTE, NOW + 2 * MINUTE)
    assert first.newest == given_letters[1]


def test_a_scope_a_site_and_a_beginning_narrow_what_is_counted(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(1), letter(2), letter(3, site="north"), letter(4, site="west")])
    assert groups(ledger, DEMO).total == 2
    assert groups(ledger, DEMO, site="north") == LetterSummary([], 0, 0)
    assert groups(ledger, Scope(frozenset())) == LetterSummary([], 0, 0)
    both = groups(ledger, Scope(frozenset({"demo", "west"})))
    assert [(g.site, g.count) for g in both.groups] == [("demo", 2), ("west", 1)]
    assert [(g.site, g.count) for g in groups(ledger, site="north").groups] == [("north", 1)]
    late = groups(ledger, since=NOW + 2 * MINUTE)
    assert [(g.site, g.count) for g in late.groups] == [("west", 1), ("north", 1), ("demo", 1)]


def test_what_does_not_fit_is_counted(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n, topic=f"t/{n % 7}") for n in range(21)])
    found = groups(ledger, limit=3)
    assert [g.count for g in found.groups] == [3, 3, 3]
    assert (found.total, found.looked_at, found.groups_left_out) == (21, 21, 4)


def test_topics_and_reasons_that_somebody_made_up_are_told_apart(ledger: SqlLedger) -> None:
    odd = ["", "%", "_", "a:b", ":", "不是 JSON: 第一行", "x" * 3000, "'; drop table dead_letters; --"]
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n, topic=text, reason=text) for n, text in enumerate(odd)])
    found = groups(ledger)
    assert {(g.topic, g.reason) for g in found.groups} == {(text, text.partition(":")[0]) for text in odd}


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["t", "u"]), st.sampled_from(["c", "c: x", "d"])), max_size=30
    )
)
def test_no_letter_is_lost_or_counted_twice(ledger: SqlLedger, made: list[tuple[str, str, str]]) -> None:
    letters = [letter(n, site=site, topic=topic, reason=reason) for n, (site, topic, reason) in enumerate(made)]
    with ledger.begin() as tx:
        tx.collect.discard_dead_letters([f"d{n:03d}" for n in range(30)])
        tx.collect.add_dead_letters(letters)
    found = groups(ledger)
    expected: dict[tuple[str, str, str], list[DeadLetter]] = {}
    for one in letters:
        expected.setdefault((one.site, one.topic, one.reason.partition(":")[0]), []).append(one)
    assert {(g.site, g.topic, g.reason): (g.count, g.first_at, g.newest) for g in found.groups} == {
        key: (len(some), some[0].received_at, some[-1]) for key, some in expected.items()
    }


MANY = 500_000
QUICK_S = 1.0
TRIES = 5


def row(n: int) -> dict[str, object]:
    return {
        "id": f"{n:08d}",
        "site": "demo" if n % 50 == 0 else "north",
        "received_at": NOW + timedelta(milliseconds=n),
        "topic": f"plantroom/demo/P-{n % 200}/telemetry",
        "reason": ("unknown_asset", f"not_json: line {n % 90}")[n % 2],
        "payload": b"x" * 100,
        "part": "",
    }


DISTINCT = 10_000
"""So many letters are made one by one; the others are copies of them."""


def test_half_a_million_letters_take_less_than_a_second(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        work = tx.collect._work  # type: ignore[attr-defined]
        work.backend.insert_many(work.connection, dead_letters, [row(n) for n in range(DISTINCT)])
        numbers = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
        numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < MANY // DISTINCT - 1))
        others = [c for c in dead_letters.c if c.name != "id"]
        named = dead_letters.c.id + "-" + sa.cast(numbers.c.n, sa.Text)
        copies = sa.select(named, *others).select_from(dead_letters.join(numbers, sa.true()))
        columns = ["id", *(c.name for c in others)]
        work.connection.execute(dead_letters.insert().from_select(columns, copies))
        work.connection.execute(sa.text("ANALYZE"))
    for total, scope in ((MANY, EVERYWHERE), (MANY // 50, DEMO)):
        took: list[float] = []
        # The best of some: what else the machine does is not what is asked.
        while len(took) < TRIES and (not took or took[-1] >= QUICK_S):
            begun = time.perf_counter()
            found = groups(ledger, scope)
            took.append(time.perf_counter() - begun)
            assert (found.total, found.looked_at) == (total, min(total, LETTERS_LOOKED_AT))
        assert min(took) < QUICK_S, took


def test_a_group_names_a_few_of_the_parts_that_its_letters_name(ledger: SqlLedger) -> None:
    named = ["temperature", "", "振动", "timestamp", "振动"]
    some = [letter(n, reason="unknown_point", part=part) for n, part in enumerate(named)]
    more = [letter(n, topic="other", part=f"p{n % 7}") for n in range(10, 30)]
    none = [letter(40, topic="plain"), letter(41, topic="plain")]
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([*some, *more, *none])
    assert {g.topic: (list(g.parts), g.part_count) for g in groups(ledger).groups} == {
        "plantroom/demo/x/telemetry": (["振动", "timestamp", "temperature"], 3),
        "other": (["p1", "p0", "p6"], 7),
        "plain": ([], 0),
    }
