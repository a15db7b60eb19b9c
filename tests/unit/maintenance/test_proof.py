"""What a row asks to be there before its order is verified."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maintenance.proof import PAPERS, WORDS, Given, given_by, lacking
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName

ALL = set(WORDS)
NO_PAPERS: frozenset[str] = frozenset()


def order(answers: Mapping[str, Any]) -> WorkOrder:
    title = LocalName("检查", "Round")
    return WorkOrder("w1", 1, "demo", Kind.INSPECTION, Origin.PLAN, State.COMPLETED, title, answers=answers)


def file(kind: str, digest: str, *, arrived: bool = True) -> dict[str, object]:
    return {"kind": kind, "sha256": digest, "arrived": arrived}


def test_files_that_have_arrived_count_once_wherever_they_are_kept() -> None:
    steps = {
        "X-1": {"outcome": "ok", "files": [file("photo", "a"), file("photo", "a"), file("signature", "s")]},
        "X-2": {"outcome": "ok", "files": [file("photo", "b", arrived=False), file("signature", "s")]},
        "X-3": {"outcome": "ok"},
    }
    assert given_by(order(steps)) == Given(photos=1, signatures=1, papers=None)
    kept = given_by(order(steps), photos=["a", "c"], signatures=["s", "t"], papers=frozenset({"report"}))
    assert kept == Given(photos=2, signatures=2, papers=frozenset({"report"}))


def test_a_second_signature_is_another_one() -> None:
    wanted = {"signature", "second_signature"}
    assert lacking(wanted, Given()) == ["signature", "second_signature"]
    assert lacking(wanted, Given(signatures=1)) == ["second_signature"]
    assert lacking(wanted, Given(signatures=2)) == []


def test_papers_are_asked_for_where_somebody_keeps_them() -> None:
    assert lacking({"certificate"}, Given()) == []
    assert lacking({"certificate"}, Given(papers=NO_PAPERS)) == ["certificate"]
    assert lacking({"certificate", "report"}, Given(papers=frozenset({"certificate"}))) == ["report"]


papers = st.none() | st.frozensets(st.sampled_from(PAPERS))
things = st.builds(Given, st.integers(0, 2), st.integers(0, 3), papers)


@given(st.sets(st.sampled_from(sorted(WORDS))), things)
def test_nothing_lacks_that_is_not_asked_for_and_more_never_lacks_more(wanted: set[str], has: Given) -> None:
    missing = lacking(wanted, has)
    assert set(missing) <= wanted
    assert missing == [kind for kind in lacking(ALL, has) if kind in wanted]
    more = Given(has.photos + 1, has.signatures + 1, None if has.papers is None else has.papers | {"report"})
    assert set(lacking(wanted, more)) <= set(missing)
    assert lacking(wanted, Given(1, 2, frozenset(PAPERS))) == []
