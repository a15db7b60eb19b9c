"""What the checklist of an order asks for and has not got, and who has to say why. Pure but for reading rows.

A tablet sends its answers before it says that the work is done, and what it says is never refused for what is missing:
the order is then ``incomplete`` (``maintenance.evidence``). Whoever verifies such work says why, and so does whoever
completes at a desk what a law asks for: that a contractor has brought it on paper, for one.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from maintenance.evidence import awaited, missing_evidence, unanswered
from maintenance.figures.rows import standing_for_law
from maintenance.lifecycle import INCOMPLETE
from maintenance.plan import Layer
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import Kind, State, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData, FieldProblem

NAMED = 10
"""Steps that a refusal names; of more it says how many."""

_KINDS = {"photo": LocalName("照片", "photo"), "signature": LocalName("签名", "signature")}


@dataclass(frozen=True, slots=True)
class Gaps:
    """``items`` of the checklist, ``unanswered`` steps, ``without`` (step, photo or signature) that nobody has taken,
    ``awaited`` files that were taken and have not arrived."""

    items: int
    unanswered: tuple[str, ...]
    without: tuple[tuple[str, str], ...]
    awaited: int

    @property
    def words(self) -> LocalName:
        """What is missing; empty: nothing."""
        parts = list(self._parts())
        return LocalName("；".join(one.zh for one in parts), "; ".join(one.en for one in parts))

    def _parts(self) -> Iterator[LocalName]:
        if self.unanswered:
            n, named = len(self.unanswered), _named(self.unanswered)
            yield LocalName(f"未答 {n} 项（{named}）", f"items without an answer: {n} ({named})")
        by_kind: defaultdict[str, list[str]] = defaultdict(list)
        for step, kind in self.without:
            by_kind[kind].append(step)
        for kind, steps in sorted(by_kind.items()):
            name, named = _KINDS[kind], _named(steps)
            yield LocalName(
                f"缺{name.zh} {len(steps)} 项（{named}）", f"items without {name.en}: {len(steps)} ({named})"
            )
        if self.awaited:
            yield LocalName(f"未到文件 {self.awaited} 个", f"files that have not arrived: {self.awaited}")


def gaps_of(order: WorkOrder) -> Gaps:
    """What an order's checklist has not got."""
    return Gaps(len(order.template), tuple(unanswered(order)), tuple(missing_evidence(order)), len(awaited(order)))


def require_why_verified(order: WorkOrder, to: State, reason: str) -> None:
    """``BadData`` that names what is missing, when incomplete work is verified without a word on that."""
    if to is not State.VERIFIED or order.state is not State.COMPLETED or INCOMPLETE not in order.tags or reason.strip():
        return
    found = gaps_of(order).words
    if found.zh:
        zh = f"{found.zh}：请说明为何仍可核验（reason），或退回补充"
        raise _why(
            order, "reason_required", LocalName(zh, f"{found.en}: say why it is verified all the same, or send it back")
        )


def require_why_unanswered(tx: MaintenanceTx, order: WorkOrder, to: State, reason: str) -> None:
    """``BadData`` that says how many items have no answer, when somebody completes at a desk what a law asks for and
    does not say why."""
    under_way = order.state in (State.IN_PROGRESS, State.EVIDENCE_PENDING)
    if to is not State.COMPLETED or not under_way or reason.strip() or not _is_lawful(tx, order):
        return
    n = len(gaps_of(order).unanswered)
    if n:
        zh = (
            f"法定工作还有 {n} 项未答（共 {len(order.template)} 项）：请作答（不适用答 na），"
            "或附纸质记录并说明原因（reason）"
        )
        en = (
            f"what a law asks for has {n} of {len(order.template)} items without an answer: answer them (na: not "
            "applicable), or attach the paper and say why (reason)"
        )
        raise _why(order, "items_unanswered", LocalName(zh, en))


def _is_lawful(tx: MaintenanceTx, order: WorkOrder) -> bool:
    if order.kind is Kind.STATUTORY:
        return True
    lineages = {one.key.lineage for one in order.occurrences}
    rows = tx.plan.rows(order.site) if lineages and order.template else ()
    lawful = standing_for_law(rows) | {row.lineage for row in rows if row.layer is Layer.LAW}
    return bool(lineages & lawful)


def _named(steps: list[str] | tuple[str, ...]) -> str:
    return ", ".join([*steps[:NAMED], *(["…"] if len(steps) > NAMED else [])])


def _why(order: WorkOrder, code: str, words: LocalName) -> BadData:
    said = f"{words.zh} / {words.en}"
    return BadData(f"work order #{order.number}: {said}", [FieldProblem("reason", code, said)])
