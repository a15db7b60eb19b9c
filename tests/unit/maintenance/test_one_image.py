"""Signatures of two people that are one and the same image."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maintenance.records.model import Sealing, becomes_record
from maintenance.work.records import Signatory, Signature, answers_digest
from maintenance.work.signers import Shared, hands, shared_images, words_of
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


def one_image(of: WorkOrder, *signed: Signature) -> Shared | None:
    """The first image that stands for two people."""
    return next(iter(shared_images(hands(of, signed, CALLED))), None)


def test_one_image_of_two_people_is_found_and_both_are_named() -> None:
    done = order(("A-1", "li", ONE))
    found = one_image(done, beside(done, Signatory.SAFETY_MANAGER, "王经理", ONE))
    assert found is not None
    words = words_of(found)
    assert words.zh.startswith("检查项A-1 层门（李工）与安全管理员（王经理）的签名是同一张图片")
    assert words.zh.endswith("请李工、王经理本人重新签名")
    assert words.en.endswith("let 李工 and 王经理 sign again by own hand")
    assert words.en.startswith(
        "the signature of item A-1 Landing doors (李工) and that of the safety manager (王经理) are one and the"
    )


def test_one_person_may_use_an_image_twice_by_whatever_name() -> None:
    done = order(("A-1", "li", ONE), ("_order", "li", ONE))
    assert one_image(done, beside(done, Signatory.TECHNICIAN, "李工", ONE)) is None


def test_whoever_signs_anew_settles_nothing_for_the_other() -> None:
    done = order(("A-1", "li", ONE), ("_order", "wang", ONE))
    li, wang = beside(done, Signatory.TECHNICIAN, "李工", TWO), beside(done, Signatory.SAFETY_MANAGER, "王经理", THREE)
    found = one_image(done, li)
    assert found is not None
    assert found.again == ("王经理",), "the only signature of wang's is the image of li"
    assert words_of(found).zh.endswith("请王经理本人重新签名")
    assert words_of(found).en.endswith("let 王经理 sign again by own hand")
    assert becomes_record(done, [li], CALLED) is None
    assert one_image(done, li, wang) is None
    assert becomes_record(done, [li, wang], CALLED) is Sealing.SIGNED


def test_the_latest_signature_of_each_is_what_counts() -> None:
    done = order(("A-1", "li", ONE), ("A-1", "li", TWO), ("_order", "wang", THREE), ("_order", "wang", ONE))
    found = one_image(done)
    assert found is not None
    assert found.again == ("王经理",)
    own = replace(beside(done, Signatory.SAFETY_MANAGER, "王经理", THREE), at=AT - timedelta(hours=1))
    assert one_image(done, own) is not None, "it was made before"
    assert one_image(done, replace(own, at=AT + timedelta(hours=1))) is None


def test_two_who_share_one_are_not_helped_by_what_a_third_has() -> None:
    done = order(("A-1", "li", ONE), ("_order", "wang", ONE), ("_order", "zhao", ONE), ("_order", "zhao", THREE))
    found = one_image(done)
    assert found is not None
    assert set(found.again) == {"李工", "王经理"}


def test_one_image_of_two_people_freezes_nothing() -> None:
    done = order(("A-1", "li", ONE))
    assert becomes_record(done, [beside(done, Signatory.SAFETY_MANAGER, "王经理", TWO)], CALLED) is Sealing.SIGNED
    assert becomes_record(done, [beside(done, Signatory.SAFETY_MANAGER, "王经理", ONE)], CALLED) is None
