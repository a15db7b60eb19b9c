"""The whole history looked at: the chain, the heads inside and outside the ledger, the frozen records."""

from collections.abc import Sequence
from dataclasses import dataclass

from maintenance.ports import MaintenanceTx
from plantroom.domain.audit import Head
from plantroom.domain.audit_verify import Broken, Examined, Place, Tampering, examine
from plantroom.ports.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it. ``broken``: the first place where the history is not as it was, ``None``: there is none.
    ``seen`` is what was looked at (up to that place). ``heads``: how many were given from outside."""

    broken: Place | None
    seen: Examined | None
    heads: int


def verify(ledger: Ledger[MaintenanceTx], heads: Sequence[Head] = ()) -> Verdict:
    """Look at everything in one state of the ledger, while others go on writing. ``heads`` are those kept outside."""
    with ledger.read() as tx:
        return verify_in(tx, heads)


def verify_in(tx: MaintenanceTx, heads: Sequence[Head]) -> Verdict:
    """As ``verify``, of what a transaction sees."""
    try:
        seen = _examined(tx, heads)
    except Broken as broken:
        return Verdict(broken.place, None, len(heads))
    return Verdict(None, seen, len(heads))


def _examined(tx: MaintenanceTx, heads: Sequence[Head]) -> Examined:
    seen = examine(tx.audit.ledger_id(), tx.audit.seals(), tx.audit.entries(), heads)
    _own_heads(tx, seen, heads)
    return seen


def _own_heads(tx: MaintenanceTx, seen: Examined, outside: Sequence[Head]) -> None:
    """The heads that the ledger itself holds must be those outside, and of its chain."""
    own = tx.audit.heads()
    lost = [head for head in outside if head not in own]
    if lost:
        detail = f"the ledger does not hold the head that was published on {lost[0].date}"
        raise Broken(Place(Tampering.HEAD_CHANGED, lost[0].position, lost[0].seal, lost[0].sealed_at, detail))
    for head in own:
        if (
            seen.ends.get(head.seal) != (head.position, head.sealed_at, head.digest)
            or head.ledger != tx.audit.ledger_id()
        ):
            detail = f"the head of {head.date} in the ledger is not of its chain"
            raise Broken(Place(Tampering.HEAD_CHANGED, head.position, head.seal, head.sealed_at, detail))
