"""What a row asks to be there before its order is verified."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.proof import PAPERS, WORDS, Given, given_by, lacking
from maintenance.work.records import Signatory, Signature
from maintenance.work.signers import signers
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ALL = set(WORDS)
NO_PAPERS: frozenset[str] = frozenset()


def order(answers: Mapping[str, Any]) -> WorkOrder:
    title = LocalName("检查", "Round")
    return WorkOrder("w1", 1, "demo", Kind.INSPECTION, Origin.PLAN, State.COMPLETED, title, answers=answers)


def file(kind: str, digest: str, *, arrived: bool = True, by: str = "li") -> dict[str, object]:
    return {"kind": kind, "sha256": digest, "arrived": arrived, "by": by}


def signed(name: str, digest: str, role: Signatory = Signatory.SAFETY_MANAGER, by: str = "li") -> Signature:
    return Signature(f"s-{digest}", "w1", "demo", role, name, digest, 1, "", by, NOW, NOW)


def test_files_that_have_arrived_count_once_wherever_they_are_kept() -> None:
    steps = {
        "X-1": {"outcome": "ok", "files": [file("photo", "a"), file("photo", "a"), file("signature", "s")]},
        "X-2": {"outcome": "ok", "files": [file("photo", "b", arrived=False), file("signature", "s")]},
        "X-3": {"outcome": "ok"},
    }
    assert given_by(order(steps)) == Given(photos=1, signatures=1, papers=None)
    beside = [signed("王安全", "s"), signed("王安全", "t")]
    kept = given_by(order(steps), photos=["a", "c"], signatures=beside, papers=frozenset({"report"}))
    assert kept == Given(photos=2, signatures=2, papers=frozenset({"report"}))


def test_a_second_signature_is_another_one() -> None:
    wanted = {"signature", "second_signature"}
    assert lacking(wanted, Given()) == ["signature", "second_signature"]
    assert lacking(wanted, Given(signatures=1)) == ["second_signature"]
    assert lacking(wanted, Given(signatures=2)) == []


def test_two_signatures_of_one_person_are_one() -> None:
    same = [signed("李工", "s", Signatory.TECHNICIAN), signed("李工 ", "t")]
    assert given_by(order({}), signatures=same).signatures == 1
    on_tablet = order({"X-1": {"files": [file("signature", "u")]}})
    for name in ("li", "LI", "李工"):
        assert given_by(on_tablet, signatures=[signed(name, "t")], called={"li": "李工"}).signatures == 1, name
    assert given_by(on_tablet, signatures=[signed("王安全", "t")], called={"li": "李工"}).signatures == 2
    waiting = order({"X-1": {"files": [file("signature", "u", arrived=False)]}})
    assert given_by(waiting, signatures=[signed("王安全", "t")]).signatures == 1


@pytest.mark.parametrize(
    ("tablet", "beside", "both", "one"),
    [
        ((), (("李工", "technician"), ("李工", "safety_manager")), False, True),
        ((), (("李工", "technician"), ("王安全", "safety_manager")), True, False),
        (("li",), (("李工", "safety_manager"),), False, True),
        (("li",), (("li", "safety_manager"),), False, True),
        (("li",), (("王安全", "safety_manager"),), True, False),
        (("li", "wang"), (), True, False),
        (("li", "li2"), (), False, False),
        ((), (("王安全", "safety_manager"),), False, False),
    ],
)
def test_both_have_signed_when_they_are_two_people(
    tablet: tuple[str, ...], beside: tuple[tuple[str, str], ...], both: bool, one: bool
) -> None:
    files = [file("signature", by, by=by) for by in tablet]
    sheets = [signed(name, role, Signatory(role)) for name, role in beside]
    names = {"li": "李工", "li2": "李工", "wang": "王经理"}
    found = signers(order({"X-1": {"files": files}}), sheets, names)
    assert (found.both, found.one_for_both) == (both, one)


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
