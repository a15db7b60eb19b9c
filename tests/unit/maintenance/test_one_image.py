"""Signatures of two people that are one and the same image."""

from dataclasses import replace
from datetime import UTC, datetime

from maintenance.records.model import Sealing, becomes_record
from maintenance.work.records import Signatory, Signature, answers_digest
from maintenance.work.signers import hands, one_image, words_of
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName

AT = datetime(2026, 3, 20, 3, tzinfo=UTC)
ONE, TWO, THREE = "01" * 32, "02" * 32, "03" * 32
CALLED = {"li": "李工", "wang": "王经理"}


def order(*signed: tuple[str, str, str]) -> WorkOrder:
    """With signatures of tablets: step, account, image."""
    answers: dict[str, dict[str, object]] = {}
    for step, by, image in signed:
        files = answers.setdefault(step, {"files": []})["files"]
        assert isinstance(files, list)
        files.append({"kind": "signature", "sha256": image, "by": by, "at": AT.isoformat(), "arrived": True})
    made = WorkOrder(
        id="o-1", number=12, site="demo", kind=Kind.STATUTORY, origin=Origin.PLAN, title=LocalName("维保", "Visit"),
        state=State.COMPLETED, template=(ChecklistItem("A-1", "signature", LocalName("层门", "Landing doors")),),
    )  # fmt: skip
    return replace(made, answers=answers)


def beside(of: WorkOrder, role: Signatory, name: str, image: str) -> Signature:
    return Signature("s", of.id, of.site, role, name, image, 1, answers_digest(of), "wang", AT, AT)


def test_one_image_of_two_people_is_found_and_both_are_named() -> None:
    done = order(("A-1", "li", ONE))
    found = one_image(hands(done, [beside(done, Signatory.SAFETY_MANAGER, "王经理", ONE)], CALLED))
    assert found is not None
    words = words_of(*found)
    assert words.zh.startswith("检查项A-1 层门（李工）与安全管理员（王经理）的签名是同一张图片")
    assert words.en.startswith(
        "the signature of item A-1 Landing doors (李工) and that of the safety manager (王经理) are one and the"
    )


def test_one_person_may_use_an_image_twice_by_whatever_name() -> None:
    done = order(("A-1", "li", ONE), ("_order", "li", ONE))
    assert one_image(hands(done, [beside(done, Signatory.TECHNICIAN, "李工", ONE)], CALLED)) is None


def test_whoever_has_signed_anew_has_an_image_of_their_own() -> None:
    done = order(("A-1", "li", ONE), ("_order", "wang", ONE))
    assert one_image(hands(done, (), CALLED)) is not None
    again = [beside(done, Signatory.SAFETY_MANAGER, "王经理", TWO)]
    assert one_image(hands(done, again, CALLED)) is None


def test_two_who_share_one_are_not_helped_by_what_a_third_has() -> None:
    done = order(("A-1", "li", ONE), ("_order", "wang", ONE), ("_order", "zhao", ONE), ("_order", "zhao", THREE))
    found = one_image(hands(done, (), CALLED))
    assert found is not None
    assert {one.name for one in found} == {"李工", "王经理"}


def test_one_image_of_two_people_freezes_nothing() -> None:
    done = order(("A-1", "li", ONE))
    assert becomes_record(done, [beside(done, Signatory.SAFETY_MANAGER, "王经理", TWO)], CALLED) is Sealing.SIGNED
    assert becomes_record(done, [beside(done, Signatory.SAFETY_MANAGER, "王经理", ONE)], CALLED) is None
