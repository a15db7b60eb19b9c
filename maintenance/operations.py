"""What each operation of a tablet does, inside one transaction.

Different steps always merge. Two devices' answers to one step are both kept: the first stays the accepted one, the
second is listed under its ``conflicts`` and the order is tagged ``conflict``. An answer that replaces an earlier one
keeps it under ``earlier``.

Work on an ended order is checked like other work and kept as an operation (``late_evidence``); a signed record stays as
it was and gets an addendum, but what is not OK gets its ticket, and a verdict is a label for other orders whenever it
comes. Work done before its order was recorded as missed, or withdrawn by the planner, goes on as if it had come in
time. What was said before its ticket was opened again takes no step (``maintenance.late_words``). Numbers become
readings afterwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maintenance.answers import Answer, Refused, read_answer, with_limits_of
from maintenance.evidence import FILE_KINDS, FileArrived, files_of, no_file
from maintenance.late_words import OPENED_AGAIN, in_history, opened_again, overtaken
from maintenance.lifecycle import EARLIEST, ENDED, accepted, arrived
from maintenance.operation_words import (
    MAX_TEXT,
    cut,
    held_since,
    hold_of,
    lacks,
    merged,
    note_word,
    verdict_of,
    worked_after,
)
from maintenance.orders import create_order, keep, pages, retimed
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.records.freezing import add_late_evidence
from maintenance.records.model import RECORD_KINDS
from maintenance.ticket_lock import lock_ticket
from maintenance.transitions import apply_transition, settled
from maintenance.verdicts import given_at
from maintenance.waiving import withdrawn
from maintenance.work.found import add_evidence, found_title, open_found
from maintenance.work.two_people import SAME_IMAGE, of_several
from maintenance.work_orders import ChecklistItem, Kind, Operation, OperationResult, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role, User

WHOLE_ORDER = "_order"
"""Key among the answers for files that belong to no step (the signature at the end)."""

LATE_EVIDENCE = "late_evidence"
"""Tag of ended orders on which more operations came in, and the code of those."""

MAX_FAULT_TITLE = 80
"""Characters of a reported fault's first line in its ticket's title; its reason has all of the text (``MAX_TEXT``)."""

_WORK = ("start", "resume", "answer", "photo", "signature", "complete")
_IN_TIME = "done in time, heard of later / 按时完成，事后上传"
_WITHDRAWN = "done before the plan withdrew it, heard of later / 计划取消前已完成，事后上传"
_BEFORE_WORK = (State.SCHEDULED, State.OPEN, State.ACKNOWLEDGED)
_UNDER_WAY: tuple[State, ...] = (State.ACKNOWLEDGED, State.IN_PROGRESS, State.ON_HOLD, State.EVIDENCE_PENDING)

_BEING_DONE: tuple[State, ...] = (State.IN_PROGRESS, State.EVIDENCE_PENDING)

Outcome = tuple[str, str | None, WorkOrder]
"""Status, code, the order as it is stored after it."""


@dataclass(frozen=True, slots=True)
class SyncEffects:
    """What sync needs from outside: whether a file (by SHA-256) has arrived."""

    file_arrived: FileArrived = no_file


class OperationApplier:
    """Applies operations of one user in one transaction."""

    def __init__(self, tx: MaintenanceTx, user: User, now: datetime, offset: timedelta, effects: SyncEffects) -> None:
        self._tx, self._user, self._now, self._offset, self._effects = tx, user, now, offset, effects

    def apply(self, op: Operation) -> OperationResult:
        """Apply one operation. Raises ``Refused``, ``IllegalTransition``, ``BadData``, ``NotFound``, ``Conflict``."""
        if op.user not in (self._user.id, self._user.username):
            raise Refused("wrong_user")
        at = self._at(op)
        if op.type == "report_fault":
            return self._report_fault(op, at)
        if op.work_order is None:
            raise Refused("unknown_work_order")
        order = lock_ticket(self._tx, op.work_order)
        self._may(order.site, order.department, order.contractor)
        why = self._goes_on(order, op, at)
        if why is not None:
            order = self._moved(order, State.IN_PROGRESS, at, why, in_time=True)
        noted = note_word(self._tx, order, op, at, self._now, self._user.username)
        if order.state in ENDED:
            result = self._late(op, order, at)
        else:
            status, code, changed = self._step(op, order, at)
            result = OperationResult(op.op_id, status, code, changed.version)
        return replace(result, version=retimed(self._tx, order.id).version) if noted else result

    def _goes_on(self, order: WorkOrder, op: Operation, at: datetime) -> str | None:
        """Why an ended order goes on with work that was done before it ended; ``None``: it does not."""
        if op.type not in _WORK or order.state not in (State.MISSED, State.CANCELLED) or at > self._ended_at(order):
            return None
        if order.state is State.MISSED:
            return _IN_TIME
        return _WITHDRAWN if withdrawn(self._tx, order) else None

    def _ended_at(self, order: WorkOrder) -> datetime:
        """When an ended order was ended."""
        return max(step.at for step in self._tx.orders.transitions(order.id) if step.to is order.state)

    def _step(self, op: Operation, order: WorkOrder, at: datetime) -> Outcome:
        if op.type == "answer":
            return self._answer(op, order, at)
        before = overtaken(self._tx, order, op.type, at)
        if before is not None:
            return "applied", OPENED_AGAIN, self._said_before(op, order, before, at)
        if op.type == "complete":
            return self._complete(op, order, at)
        if op.type == "signature":
            signed = self._file(op, order, at)
            return "applied", SAME_IMAGE if of_several(self._tx, signed, _digest(op, signed)) else None, signed
        steps: Mapping[str, Callable[[Operation, WorkOrder, datetime], WorkOrder]] = {
            "photo": self._file,
            "verdict": self._judged,
            "hold": self._hold,
            "arrive": lambda _, current, when: self._save(current, arrived(current, when)),
            "interim": lambda _, current, __: current,
        }
        return "applied", None, steps.get(op.type, self._go_on)(op, order, at)

    def _save(self, order: WorkOrder, changed: WorkOrder) -> WorkOrder:
        """Write what has changed, if anything has."""
        if changed is order:
            return order
        return keep(self._tx, replace(changed, version=order.version))

    def _hold(self, op: Operation, order: WorkOrder, at: datetime) -> WorkOrder:
        reason, code = hold_of(self._tx, order, op, self._now)
        if order.state is State.ON_HOLD or worked_after(self._tx, order, at):
            return order
        order = self._moved(order, State.IN_PROGRESS, at) if order.state is State.SCHEDULED else order
        return self._moved(order, State.ON_HOLD, at, reason, code=code)

    def _said_before(self, op: Operation, order: WorkOrder, before: LocalName, at: datetime) -> WorkOrder:
        """A word that something new has overtaken: the history has it. ``Refused`` as in time."""
        if op.type == "verdict":
            verdict_of(op, self._user.username, at)
        if op.type == "hold":
            hold_of(self._tx, order, op, self._now)
        self._tx.orders.add_transition(in_history(order, op, before, at, self._now, self._user.username))
        return keep(self._tx, order)

    def _judged(self, op: Operation, order: WorkOrder, at: datetime) -> WorkOrder:
        """The newest verdict counts, whichever comes first; one that was signed stays."""
        verdict, known = verdict_of(op, self._user.username, at), given_at(order.verdict)
        stays = (order.verdict is not None and order.state is State.VERIFIED) or (known is not None and at < known)
        return order if stays else self._save(order, replace(order, verdict=verdict))

    def _go_on(self, op: Operation, order: WorkOrder, at: datetime) -> WorkOrder:
        """Acknowledge, start or resume; what another device has done already stands, and so does a hold from after
        it."""
        if op.type == "acknowledge":
            if order.state not in _UNDER_WAY:
                return self._moved(order, State.ACKNOWLEDGED, at)
            return self._save(order, accepted(order, at))
        if order.state is State.ON_HOLD and at < (held_since(self._tx, order) or at):
            return order
        return order if order.state in _BEING_DONE else self._moved(order, State.IN_PROGRESS, at)

    def _is_person(self) -> bool:
        """A machine's token may be named as a user is."""
        known = self._tx.accounts.user_by_name(self._user.username)
        return known is not None and known.id == self._user.id

    def _moved(
        self, order: WorkOrder, to: State, at: datetime, reason: str = "", *, in_time: bool = False, code: str = ""
    ) -> WorkOrder:
        return apply_transition(
            self._tx,
            order.id,
            to,
            at,
            self._user.username,
            reason,
            now=self._now,
            in_time=in_time,
            changes=order,
            file_arrived=self._effects.file_arrived,
            person=self._is_person(),
            code=code,
        )

    def _judging(self, op: Operation, order: WorkOrder) -> ChecklistItem:
        """The item of an answer, with the limits that its point has on the machine."""
        item = _item(order, op.step)
        if item.point is None or order.asset is None or op.value.get("number") is None:
            return item
        known = next((one for one in self._tx.assets.points(order.asset) if one.key == item.point), None)
        return item if known is None else with_limits_of(item, known.template)

    def _answer(self, op: Operation, order: WorkOrder, at: datetime) -> Outcome:
        item = self._judging(op, order)
        answer = read_answer(item, op.value)
        begins = order.state in _BEFORE_WORK and not opened_again(self._tx, order, at)
        order = self._moved(order, State.IN_PROGRESS, at) if begins else order
        before = order.answers.get(item.step, {})
        entry: dict[str, object] = answer.as_json() | {
            "at": at.isoformat(),
            "by": self._user.username,
            "device": op.device,
            "op_id": op.op_id,
            "version": order.version + 1,
        }
        ticket = self._failure_ticket(order, item, answer, before, at)
        if ticket is not None:
            entry["ticket"] = ticket
        status, kept, tags = merged(before, entry, op.base_version)
        changed = replace(
            order, answers={**order.answers, item.step: kept}, tags=tuple(dict.fromkeys((*order.tags, *tags)))
        )
        code = "step_changed" if status == "conflict" else ("outside_limits" if answer.outside else None)
        return status, code, self._save(order, changed)

    def _failure_ticket(
        self, order: WorkOrder, item: ChecklistItem, answer: Answer, before: Mapping[str, object], at: datetime
    ) -> str | None:
        """A ticket for an item that is not as it should be; one for each step as long as it is open."""
        earlier = before.get("ticket")
        if not answer.failed:
            return None if earlier is None else str(earlier)
        if earlier is not None and self._tx.orders.get(str(earlier)).state not in ENDED:
            return str(earlier)
        return self._new_ticket(order, item, answer, before, at).id

    def _new_ticket(
        self, order: WorkOrder, item: ChecklistItem, answer: Answer, before: Mapping[str, object], at: datetime
    ) -> WorkOrder:
        photos = files_of(before)
        return open_found(self._tx, order, item, answer, self._user.username, at, self._now, photos)

    def _file(self, op: Operation, order: WorkOrder, at: datetime) -> WorkOrder:
        digest = _digest(op, order)
        step = op.step or WHOLE_ORDER
        entry = dict(order.answers.get(step, {}))
        file = {
            "kind": op.type,
            "sha256": digest,
            "bytes": op.value.get("bytes"),
            "mime": op.value.get("mime"),
            "by": self._user.username,
            "at": at.isoformat(),
        }
        entry["files"] = [*files_of(entry), file]
        if entry.get("ticket") is not None:
            add_evidence(self._tx, str(entry["ticket"]), step, file, self._now)
        stored = self._save(order, replace(order, answers={**order.answers, step: entry}))
        return settled(self._tx, stored, self._effects.file_arrived, self._now)

    def _complete(self, op: Operation, order: WorkOrder, at: datetime) -> Outcome:
        note = str(op.value.get("note") or "").strip()
        if order.state is State.EVIDENCE_PENDING:
            order = settled(self._tx, order, self._effects.file_arrived, self._now)
            return "applied", lacks(order), order
        order = self._moved(order, State.IN_PROGRESS, at) if order.state is not State.IN_PROGRESS else order
        verdict = order.verdict or {}
        if order.kind is Kind.CORRECTIVE and verdict.get("verdict") == "false_alarm":
            said = verdict.get("cause") or note or "误报 / false alarm"
            return "applied", None, self._moved(order, State.REJECTED, at, str(said))
        order = self._moved(order, State.COMPLETED, at, note)
        return "applied", lacks(order), order

    def _report_fault(self, op: Operation, at: datetime) -> OperationResult:
        text = str(op.value.get("text") or "").strip()
        if not text:
            raise Refused("text_required")
        try:
            asset = self._tx.assets.get(str(op.value.get("asset") or "")).asset
        except NotFound:
            raise Refused("unknown_asset") from None
        self._may(asset.site, None)
        try:
            severity = Severity(str(op.value.get("severity") or Severity.GENERAL.value))
        except ValueError:
            raise Refused("unknown_severity") from None
        short, text = cut(text.splitlines()[0].strip(), MAX_FAULT_TITLE), cut(text, MAX_TEXT)
        order = create_order(
            self._tx,
            site=asset.site,
            kind=Kind.CORRECTIVE,
            origin=Origin.STAFF,
            title=LocalName(f"{asset.name.zh}：{short}", f"{asset.name.en}: {short}"),
            by=self._user.username,
            now=self._now,
            opened_at=at,
            asset=asset.key,
            severity=severity,
            reason=LocalName(f"现场报修：{text}", f"Reported on the spot: {text}"),
        )
        return OperationResult(op.op_id, "applied", None, order.version)

    def _late(self, op: Operation, order: WorkOrder, at: datetime) -> OperationResult:
        """Work that came after the order's end: the operation is the evidence."""
        record = self._tx.records.of_order(order.id) if order.kind in RECORD_KINDS else None
        if op.type == "answer":
            item = self._judging(op, order)
            answer = read_answer(item, op.value)
            if answer.failed and not self._is_known(order, item):
                self._new_ticket(order, item, answer, {}, at)
        elif op.type in FILE_KINDS:
            _digest(op, order)
        elif op.type == "hold":
            hold_of(self._tx, order, op, self._now)
        elif op.type == "verdict" and verdict_of(op, self._user.username, at) and record is None:
            before = overtaken(self._tx, order, op.type, at)
            order = self._judged(op, order, at) if before is None else self._said_before(op, order, before, at)
        if record is not None:
            add_late_evidence(self._tx, record, op, self._user.username, at, self._now)
        if LATE_EVIDENCE not in order.tags:
            order = self._save(order, replace(order, tags=(*order.tags, LATE_EVIDENCE)))
        return OperationResult(op.op_id, "applied", LATE_EVIDENCE, order.version)

    def _is_known(self, order: WorkOrder, item: ChecklistItem) -> bool:
        """Whether the step has an open ticket, of its accepted answer or of other late ones."""
        earlier = order.answers.get(item.step, {}).get("ticket")
        if earlier is not None and self._tx.orders.get(str(earlier)).state not in ENDED:
            return True
        asset = None if order.asset is None else self._tx.assets.get(order.asset).asset
        wanted = found_title(asset, item)
        filters = OrderFilter(site=order.site, asset=order.asset, origin=Origin.CHECKLIST.value, open_only=True)
        return any(ticket.title == wanted and ticket.asset == order.asset for ticket in pages(self._tx, filters))

    def _at(self, op: Operation) -> datetime:
        """When it was done, by our clock: never later than now. ``Refused`` for what no clock can have meant."""
        try:
            at = op.captured_at + self._offset
        except OverflowError:
            raise Refused("malformed") from None
        if at < EARLIEST:
            raise Refused("malformed")
        return min(at, self._now)

    def _may(self, site: str, department: str | None, contractor: str | None = None) -> None:
        for grant in self._user.grants:
            here = grant.site is None or grant.site == site
            ours = grant.department is None or department is None or grant.department == department
            theirs = grant.contractor is None or grant.contractor == contractor
            if here and ours and theirs and grant.role is not Role.VIEWER:
                return
        raise Refused("forbidden")


def _item(order: WorkOrder, step: str | None) -> ChecklistItem:
    item = next((i for i in order.template if i.step == step), None)
    if item is None:
        raise Refused("unknown_step")
    return item


def _digest(op: Operation, order: WorkOrder) -> str:
    """The SHA-256 of the file that an operation speaks of."""
    digest = str(op.value.get("sha256") or "")
    if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
        raise Refused("malformed")
    if op.step is not None:
        _item(order, op.step)
    return digest
