"""The same image for the signatures of two people: what who signs, who verifies and who inspects is told."""

from pathlib import Path

import pytest

from maintenance.operations import SyncEffects
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
from maintenance.records import model
from maintenance.sync import apply_operations
from maintenance.transitions import apply_transition
from maintenance.work.bookkeeping import Books
from maintenance.work.records import Signatory
from maintenance.work_orders import ChecklistItem, Kind, OperationResult, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.reporting import HALF_MONTH, furnish, kept
from tests.contract.maintenance.tablet import op, stored
from tests.contract.maintenance.test_pack_gaps import pack
from tests.contract.maintenance.test_pack_unverified import records_of

Store = Ledger[MaintenanceTx]
ITEM = ChecklistItem("A-1", "signature", LocalName("层门", "Landing doors"))


@pytest.fixture
def lived(any_ledger: Store, tmp_path: Path) -> Store:
    furnish(any_ledger, FolderFiles(tmp_path), [])
    return any_ledger


@pytest.fixture
def order(lived: Store) -> WorkOrder:
    with lived.begin() as tx:
        return create_order(
            tx, site="demo", kind=Kind.STATUTORY, origin=Origin.PLAN, title=HALF_MONTH.name, by="system:planner",
            now=NOW, asset="lift-1", template=(ITEM,),
        )  # fmt: skip


def image(ledger: Store, folder: Path, what: bytes = b"a signature") -> str:
    with ledger.begin() as tx:
        return kept(tx, FolderFiles(folder), what, "image/png").sha256


def signed(ledger: Store, folder: Path, order: WorkOrder, by: str, sha256: str, *more: str) -> list[OperationResult]:
    """By an account's own tablet."""
    user = User(by, by, "", (Grant(Role.TECHNICIAN, "demo"),), by)
    file = {"sha256": sha256, "bytes": 11, "mime": "image/png"}
    told = [op(order, "start"), op(order, "signature", "A-1" if by == "li" else None, value=file)]
    told += [op(order, kind) for kind in more]
    told = [one | {"user": by} for one in told]
    return apply_operations(ledger, user, f"tab-{by}", NOW, told, NOW, SyncEffects(FolderFiles(folder).has))


def sign_again(ledger: Store, folder: Path, order: WorkOrder, role: Signatory, name: str) -> None:
    """At a desk, by own hand."""
    own = image(ledger, folder, f"by the hand of {name}".encode())
    with ledger.begin() as tx:
        done = tx.orders.lock(order.id)
        Books(tx, done, "zhao", NOW).sign(role, name, own, done.version)


def refused(ledger: Store, order: WorkOrder, words: str) -> None:
    with pytest.raises(BadData, match=words), ledger.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao", person=True)


def test_at_a_desk_nobody_signs_with_the_image_of_somebody_else(lived: Store, order: WorkOrder, tmp_path: Path) -> None:
    one = image(lived, tmp_path)
    signed(lived, tmp_path, order, "li", one, "complete")
    version = stored(lived, order).version
    with pytest.raises(BadData) as found, lived.begin() as tx:
        Books(tx, tx.orders.lock(order.id), "wang", NOW).sign(Signatory.SAFETY_MANAGER, "王安全", one, version)
    (problem,) = found.value.problems
    assert (problem.field, problem.code) == ("sha256", "same_image")
    assert "检查项A-1 层门（李工）与安全管理员（王安全）的签名是同一张图片" in problem.message
    assert (
        "item A-1 Landing doors (李工) and that of the safety manager (王安全) are one and the same" in problem.message
    )
    with lived.begin() as tx:
        done = tx.orders.lock(order.id)
        Books(tx, done, "wang", NOW).sign(Signatory.TECHNICIAN, "李工", one, done.version)
        own = kept(tx, FolderFiles(tmp_path), b"another", "image/png").sha256
        Books(tx, done, "wang", NOW).sign(Signatory.SAFETY_MANAGER, "王安全", own, done.version)
        assert tx.records.of_order(order.id) is not None


def test_what_tablets_bring_is_kept_told_and_not_verified_until_one_signs_again(
    lived: Store, order: WorkOrder, tmp_path: Path
) -> None:
    one = image(lived, tmp_path)
    assert signed(lived, tmp_path, order, "li", one)[-1].code is None
    sent = signed(lived, tmp_path, order, "wang", one, "complete")
    assert [(result.status, result.code) for result in sent[1:]] == [("applied", "same_image"), ("applied", None)]
    with lived.read() as tx:
        assert tx.records.of_order(order.id) is None, "both have not signed"
    refused(lived, order, r"A-1 层门（李工）与整张工单（(.*)）的签名是同一张图片.*请李工、\1本人重新签名")
    sign_again(lived, tmp_path, order, Signatory.TECHNICIAN, "李工")
    refused(lived, order, "请王经理.*本人重新签名")
    with lived.read() as tx:
        assert tx.records.of_order(order.id) is None, "the only signature of wang's is the image of li"
    assert "签名为同一张图片：李工、王经理" in records_of(pack(lived, tmp_path))
    sign_again(lived, tmp_path, order, Signatory.SAFETY_MANAGER, "wang")
    with lived.read() as tx:
        assert tx.records.of_order(order.id) is not None
    assert "签名为同一张图片" not in records_of(pack(lived, tmp_path))
    with lived.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao", person=True)
    assert stored(lived, order).state is State.VERIFIED


def test_the_pack_names_both_on_the_record_s_line(lived: Store, order: WorkOrder, tmp_path: Path) -> None:
    one = image(lived, tmp_path)
    signed(lived, tmp_path, order, "li", one)
    signed(lived, tmp_path, order, "wang", one, "complete")
    assert "签名为同一张图片：李工、王经理" in records_of(pack(lived, tmp_path))
    assert "signatures that are one and the same image: 李工, 王经理" in records_of(pack(lived, tmp_path, "en"))


def test_a_record_that_was_frozen_with_it_stays_is_verified_and_named(
    lived: Store, order: WorkOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = image(lived, tmp_path)
    monkeypatch.setattr(model, "shared_images", lambda _: [])
    signed(lived, tmp_path, order, "li", one)
    signed(lived, tmp_path, order, "wang", one, "complete")
    monkeypatch.undo()
    with lived.begin() as tx:
        assert tx.records.of_order(order.id) is not None
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao", person=True)
    assert stored(lived, order).state is State.VERIFIED, "nobody can sign again what is frozen"
    assert "签名为同一张图片：李工、王经理" in records_of(pack(lived, tmp_path))
