"""What completed work still owes: photos that are on their way, or were never taken."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from maintenance.materialise import materialise
from maintenance.operations import SyncEffects
from maintenance.orders import last_completed_by
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition, evidence_arrived
from maintenance.work.bookkeeping import Books
from maintenance.work.records import Signatory
from maintenance.work_orders import State, WorkOrder
from plantroom.errors import BadData, IllegalTransition
from plantroom.ports.equipment import FileEntry
from tests.contract.maintenance.conftest import LI, NOW, SYSTEMS, orders
from tests.contract.maintenance.tablet import PHOTO, Store, answer, codes, op, send, stored
from tests.unit.maintenance.rows import row


def test_completion_waits_for_a_photo_that_was_taken_and_has_not_arrived(ledger: Store, order: WorkOrder) -> None:
    round_done = [answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3")]
    results = send(ledger, *round_done, op(order, "photo", "S3", value=PHOTO), op(order, "complete"))
    assert codes(results)[-1] == ("applied", "evidence_pending")
    assert stored(ledger, order).state is State.EVIDENCE_PENDING
    with ledger.begin() as tx:
        assert evidence_arrived(tx, "cd" * 32, NOW + timedelta(hours=1)) == 0
        assert evidence_arrived(tx, PHOTO["sha256"], NOW + timedelta(hours=1)) == 1
    done = stored(ledger, order)
    assert (done.state, done.completed_at, "incomplete" in done.tags) == (State.COMPLETED, NOW, False)
    with ledger.read() as tx:
        assert last_completed_by(tx, order.id) == "li", "a second person verifies, whoever stored the photo"


def test_an_order_waits_for_the_last_of_its_photos(ledger: Store, order: WorkOrder) -> None:
    other = PHOTO | {"sha256": "cd" * 32}
    photos = [op(order, "photo", "S3", value=value) for value in (PHOTO, other)]
    there = SyncEffects(file_arrived={PHOTO["sha256"]}.__contains__)
    answers = [answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3")]
    send(ledger, *answers, *photos, op(order, "complete"), effects=there)
    assert stored(ledger, order).state is State.EVIDENCE_PENDING
    with ledger.begin() as tx:
        assert evidence_arrived(tx, other["sha256"], NOW) == 1
    assert stored(ledger, order).state is State.COMPLETED


def test_a_photo_that_was_never_taken_makes_the_completion_incomplete(ledger: Store, order: WorkOrder) -> None:
    results = send(
        ledger, answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3"), op(order, "complete")
    )
    assert codes(results)[-1] == ("applied", "incomplete")
    done = stored(ledger, order)
    assert (done.state, "incomplete" in done.tags) == (State.COMPLETED, True)


def test_a_supervisors_step_to_completed_obeys_the_same_rule(ledger: Store, order: WorkOrder) -> None:
    with ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, order.id, to, NOW, "wang")
    done = stored(ledger, order)
    assert (done.state, "incomplete" in done.tags) == (State.COMPLETED, True)
    with pytest.raises(BadData) as refused, ledger.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao")
    (problem,) = refused.value.problems
    assert problem.message.startswith("未答 3 项（S1, S2, S3）；缺照片 1 项（S3）：")
    assert "items without an answer: 3 (S1, S2, S3); items without photo: 1 (S3): say why" in problem.message
    with ledger.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao", "paper form seen")


def test_nobody_verifies_without_what_the_row_asks_for_and_the_refusal_names_it(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        tx.plan.put_row(row("W", 1, "month", 0, 5, anchor=date(2026, 3, 3), evidence=("photo", "second_signature")))
    materialise(any_ledger, NOW, SYSTEMS, 10)
    made = orders(any_ledger, asset="pump-1")[0]
    there = SyncEffects(file_arrived=lambda _: True)
    send(any_ledger, op(made, "start"), op(made, "signature", value=PHOTO | {"sha256": "01" * 32}), effects=there)
    with any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.COMPLETED, NOW, "li", file_arrived=lambda _: True)
    with pytest.raises(BadData) as refused, any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao", "seen on the spot")
    assert [problem.field for problem in refused.value.problems] == ["evidence.photo", "evidence.second_signature"]
    assert stored(any_ledger, made).state is State.COMPLETED
    with any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.IN_PROGRESS, NOW, "zhao", "photo and second signature")
    more = [op(made, "photo", value=PHOTO), op(made, "signature", value=PHOTO | {"sha256": "02" * 32})]
    send(any_ledger, *more, effects=there)
    with any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.COMPLETED, NOW, "li", file_arrived=lambda _: True)
    with pytest.raises(BadData, match="by another person") as refused, any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao", "seen on the spot")
    assert [problem.field for problem in refused.value.problems] == ["evidence.second_signature"]
    with any_ledger.begin() as tx:
        done = tx.orders.lock(made.id)
        Books(tx, done, "li", NOW).sign(Signatory.SAFETY_MANAGER, "王经理", add_file(tx, "03" * 32), done.version)
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao", "seen on the spot")
    assert stored(any_ledger, made).state is State.VERIFIED


def test_one_person_who_signs_in_both_parts_is_not_two(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        tx.accounts.put_user(replace(LI, name="李工"))
        tx.plan.put_row(row("W", 1, "month", 0, 5, anchor=date(2026, 3, 3), kind="statutory"))
    materialise(any_ledger, NOW, SYSTEMS, 10)
    made = orders(any_ledger, asset="pump-1")[0]
    said = [*(answer(made, item.step) for item in made.template), op(made, "signature", value=PHOTO)]
    send(any_ledger, *said, effects=SyncEffects(lambda _: True))
    with any_ledger.begin() as tx:
        done = apply_transition(tx, made.id, State.COMPLETED, NOW, "li", file_arrived=lambda _: True)
        books = Books(tx, done, "li", NOW)
        books.sign(Signatory.TECHNICIAN, "李工", add_file(tx, "01" * 32), done.version)
        books.sign(Signatory.SAFETY_MANAGER, "李工", add_file(tx, "02" * 32), done.version)
        assert tx.records.of_order(made.id) is None, "one person has signed"
    with pytest.raises(BadData, match="one person") as refused, any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao", "seen on the spot")
    assert [problem.code for problem in refused.value.problems] == ["same_person"]
    with any_ledger.begin() as tx:
        done = tx.orders.lock(made.id)
        Books(tx, done, "zhao", NOW).sign(Signatory.SAFETY_MANAGER, "王安全", add_file(tx, "03" * 32), done.version)
        assert tx.records.of_order(made.id) is not None
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao", "seen on the spot")


def add_file(tx: MaintenanceTx, digest: str) -> str:
    tx.files.add(FileEntry(digest, "demo", "file", "image/png", 3, "li", NOW))
    return digest


def done_and_signed(ledger: Store, order_id: str, digests: list[str]) -> None:
    """Work that is completed and signed by whoever did it and the safety manager, beside its checklist."""
    with ledger.begin() as tx:
        begun = apply_transition(tx, order_id, State.IN_PROGRESS, NOW, "li")
        answers = {item.step: {"outcome": "ok", "by": "li", "at": NOW.isoformat()} for item in begun.template}
        tx.orders.update(replace(begun, answers=answers), begun.version)
        done = apply_transition(tx, order_id, State.COMPLETED, NOW, "li")
        books = Books(tx, done, "li", NOW)
        books.sign(Signatory.TECHNICIAN, "李工", add_file(tx, digests[0]), done.version)
        books.sign(Signatory.SAFETY_MANAGER, "王经理", add_file(tx, digests[1]), done.version)


def test_what_both_have_signed_is_not_frozen_without_what_its_row_asks_for(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        asks = row("W", 1, "month", 0, 5, anchor=date(2026, 3, 3), evidence=("report",), kind="statutory")
        tx.plan.put_row(asks)
    materialise(any_ledger, NOW, SYSTEMS, 10)
    made = orders(any_ledger, asset="pump-1")[0]
    done_and_signed(any_ledger, made.id, ["01" * 32, "02" * 32])
    with any_ledger.begin() as tx:
        assert tx.records.of_order(made.id) is None, "frozen, nobody could add the report any more"
        Books(tx, tx.orders.lock(made.id), "li", NOW).attach("report", add_file(tx, "03" * 32))
        assert tx.records.of_order(made.id) is not None
    with any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao")
    assert stored(any_ledger, made).state is State.VERIFIED


def test_what_is_kept_beside_the_checklist_is_proof_too_and_papers_are_asked_for(any_ledger: Store) -> None:
    wanted = ("photo", "signature", "second_signature", "certificate")
    with any_ledger.begin() as tx:
        tx.plan.put_row(row("W", 1, "month", 0, 5, anchor=date(2026, 3, 3), evidence=wanted))
    materialise(any_ledger, NOW, SYSTEMS, 10)
    made = orders(any_ledger, asset="pump-1")[0]
    digests = [f"{n:02d}" * 32 for n in range(4)]
    done_and_signed(any_ledger, made.id, digests[1:3])
    with any_ledger.begin() as tx:
        Books(tx, tx.orders.lock(made.id), "li", NOW).attach("photo", add_file(tx, digests[0]))
    with pytest.raises(BadData) as refused, any_ledger.begin() as tx:
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao")
    assert [problem.field for problem in refused.value.problems] == ["evidence.certificate"]
    with any_ledger.begin() as tx:
        Books(tx, tx.orders.lock(made.id), "li", NOW).attach("certificate", add_file(tx, digests[3]))
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao", "all there")
    assert stored(any_ledger, made).state is State.VERIFIED


def test_an_order_cannot_be_made_to_wait_for_photos_that_nobody_took(ledger: Store, order: WorkOrder) -> None:
    send(ledger, op(order, "start"))
    with pytest.raises(IllegalTransition), ledger.begin() as tx:
        apply_transition(tx, order.id, State.EVIDENCE_PENDING, NOW, "li")
    assert stored(ledger, order).state is State.IN_PROGRESS


def test_giving_up_on_a_photo_is_an_incomplete_completion(ledger: Store, order: WorkOrder) -> None:
    answers = [answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3")]
    send(ledger, *answers, op(order, "photo", "S3", value=PHOTO), op(order, "complete"))
    with ledger.begin() as tx:
        apply_transition(tx, order.id, State.COMPLETED, NOW, "wang")
    done = stored(ledger, order)
    assert (done.state, "incomplete" in done.tags) == (State.COMPLETED, True)


def test_completion_with_open_steps_is_taken_and_says_so(ledger: Store, order: WorkOrder) -> None:
    assert codes(send(ledger, answer(order, "S3", "na"), op(order, "complete")))[-1] == ("applied", "incomplete")
    assert "incomplete" in stored(ledger, order).tags


def test_a_signature_of_former_answers_makes_nobody_two_people(ledger: Store) -> None:
    """The manager signed what was then sent back; whoever answered anew signed for both."""
    signed = ("signature", "second_signature")
    with ledger.begin() as tx:
        tx.plan.put_row(row("W", 1, "month", 0, 5, anchor=date(2026, 3, 3), kind="statutory", evidence=signed))
    materialise(ledger, NOW, SYSTEMS, 10)
    made = orders(ledger, asset="pump-1")[0]
    with ledger.begin() as tx:
        apply_transition(tx, made.id, State.IN_PROGRESS, NOW, "li")
        done = apply_transition(tx, made.id, State.COMPLETED, NOW, "li")
        manager = Books(tx, done, "zhao", NOW)
        manager.sign(Signatory.SAFETY_MANAGER, "王经理", add_file(tx, "01" * 32), done.version)
    with ledger.begin() as tx:
        back = apply_transition(tx, made.id, State.IN_PROGRESS, NOW, "zhao", "again")
        answers = {"S9": {"outcome": "not_ok", "by": "li", "at": NOW.isoformat()}}
        tx.orders.update(replace(back, answers=answers), back.version)
        done = apply_transition(tx, made.id, State.COMPLETED, NOW, "li")
        books = Books(tx, done, "li", NOW)
        books.sign(Signatory.TECHNICIAN, "李工", add_file(tx, "02" * 32), done.version)
        books.sign(Signatory.SAFETY_MANAGER, "李工", add_file(tx, "03" * 32), done.version)
    with ledger.begin() as tx, pytest.raises(BadData, match="by another person"):
        apply_transition(tx, made.id, State.VERIFIED, NOW, "zhao", "seen")
