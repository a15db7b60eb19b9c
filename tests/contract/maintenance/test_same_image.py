"""The same image for the signatures of two people: what who signs, who verifies and who inspects is told."""

from pathlib import Path

import pytest

from maintenance.operations import SyncEffects
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
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


def test_at_a_desk_nobody_signs_with_the_image_of_somebody_else(lived: Store, order: WorkOrder, tmp_path: Path) -> None:
    one = image(lived, tmp_path)
    signed(lived, tmp_path, order, "li", one, "complete")
    version = stored(lived, order).version
    with pytest.raises(BadData) as refused, lived.begin() as tx:
        Books(tx, tx.orders.lock(order.id), "wang", NOW).sign(Signatory.SAFETY_MANAGER, "王安全", one, version)
    (problem,) = refused.value.problems
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
    with pytest.raises(BadData, match=r"A-1 层门（李工）与整张工单（.*）的签名是同一张图片"), lived.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao", person=True)
    own = image(lived, tmp_path, b"by own hand")
    with lived.begin() as tx:
        done = tx.orders.lock(order.id)
        Books(tx, done, "li", NOW).sign(Signatory.TECHNICIAN, "李工", own, done.version)
    with lived.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao", person=True)
    assert stored(lived, order).state is State.VERIFIED


def test_the_pack_names_both_on_the_record_s_line(lived: Store, order: WorkOrder, tmp_path: Path) -> None:
    one = image(lived, tmp_path)
    signed(lived, tmp_path, order, "li", one)
    signed(lived, tmp_path, order, "wang", one, "complete")
    assert "签名为同一张图片：李工、王经理" in records_of(pack(lived, tmp_path))
    assert "signatures that are one and the same image: 李工, 王经理" in records_of(pack(lived, tmp_path, "en"))
