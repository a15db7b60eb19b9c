"""Writing down what belongs to a work order. Inside the caller's transaction, on an order that the caller has locked.

Nothing here changes the order itself, so that cost can be booked on work that is signed and frozen; the live view is
told. Instants are aware UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from maintenance.lifecycle import EARLIEST
from maintenance.ports import MaintenanceTx
from maintenance.records.freezing import frozen
from maintenance.records.model import RECORD_KINDS, frozen_error
from maintenance.views import note_order
from maintenance.work.records import (
    BUDGET_LINES,
    Attachment,
    Comment,
    CommentKind,
    CostBooking,
    ExternalCost,
    Labour,
    PartUse,
    Signatory,
    Signature,
    Totals,
    answers_digest,
    overlapping,
    totals,
)
from maintenance.work.two_people import require_own_image
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound, VersionConflict
from plantroom.ports.equipment import FileEntry

LONGEST = timedelta(hours=24)
"""Labour of one entry at most."""


class StockTooLow(Conflict):
    """The store has not got so many, and nobody said that they were used all the same."""

    code = "stock_too_low"


class TimeOverlaps(Conflict):
    """Somebody would have been in two places at once."""

    code = "time_overlaps"


@dataclass(frozen=True, slots=True)
class Books:
    """What one person (``by``) writes about a locked order at ``now``."""

    tx: MaintenanceTx
    order: WorkOrder
    by: str
    now: datetime

    def comment(self, text: str, at: datetime | None = None, kind: CommentKind = CommentKind.COMMENT) -> Comment:
        """Add a comment."""
        o = self.order
        made = Comment(new_key(), o.id, o.site, kind, text, self.by, self._moment(at), self.now)
        self.tx.work_records.add_comment(made)
        note_order(self.tx, o)
        return made

    def attach(
        self, kind: str, sha256: str, step: str | None = None, note: str = "", at: datetime | None = None
    ) -> Attachment:
        """Add a file that the site has. ``BadData`` for a file or step that there is not, ``Conflict`` on verified
        or frozen work. Work that both sides have signed is frozen with the last proof that its rows ask for."""
        self._not_signed_off()
        o = self.order
        file = self._file(sha256)
        if step is not None and step not in {item.step for item in o.template}:
            raise _wrong("step", "unknown_step", "工单没有此项 / the order's checklist has no such step")
        made = Attachment(
            id=new_key(), work_order=o.id, site=o.site, kind=kind, sha256=sha256, name=file.name, mime=file.mime,
            size=file.size, step=step, note=note, by=self.by, at=self._moment(at), recorded_at=self.now,
        )  # fmt: skip
        self.tx.work_records.add_attachment(made)
        note_order(self.tx, o)
        frozen(self.tx, o, self.by, self.now)
        return made

    def sign(self, role: Signatory, name: str, sha256: str, version: int, at: datetime | None = None) -> Signature:
        """Sign the order as it stands at ``version``: whoever signs has seen it. Statutory work that is complete and
        signed by both sides is frozen with it. ``VersionConflict`` when the order is another by now, ``BadData`` for
        the image of somebody else's signature there."""
        self._not_signed_off()
        o = self.order
        if version != o.version:
            raise VersionConflict(
                f"#{o.number}: 内容已更新，请重新查看后签名 / is at version {o.version} by now, not {version}: "
                "look at it again and sign that"
            )
        self._file(sha256)
        made = Signature(
            id=new_key(), work_order=o.id, site=o.site, role=role, name=name, sha256=sha256, order_version=version,
            answers_sha256=answers_digest(o), by=self.by, at=self._moment(at), recorded_at=self.now,
        )  # fmt: skip
        require_own_image(self.tx, o, made)
        self.tx.work_records.add_signature(made)
        note_order(self.tx, o)
        frozen(self.tx, o, self.by, self.now)
        return made

    def labour(
        self,
        person: str,
        minutes: int | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        note: str = "",
        at: datetime | None = None,
    ) -> Labour:
        """Add time of a person: from and to, or minutes. ``BadData`` for neither, for an unknown person and for times
        that cannot be; ``TimeOverlaps`` where the same person was at work on something else."""
        o = self.order
        user = self.tx.accounts.user_by_name(person)
        if user is None:
            raise _wrong("person", "unknown_person", f"没有用户“{person}” / there is no user {person!r}")
        length = _minutes(minutes, starts_at, ends_at, self.now)
        when = self._moment(at or ends_at)
        made = Labour(
            id=new_key(), work_order=o.id, site=o.site, person=user.username, minutes=length, starts_at=starts_at,
            ends_at=ends_at, note=note, by=self.by, at=when, recorded_at=self.now,
        )  # fmt: skip
        if starts_at is not None and ends_at is not None:
            other = overlapping(made, self.tx.work_records.labour_of(user.username, starts_at, ends_at))
            if other is not None:
                raise TimeOverlaps(self._overlap(other))
        self.tx.work_records.put_labour(made)
        note_order(self.tx, o)
        return made

    def use_part(
        self, part: str, quantity: float, *, although_short: bool = False, at: datetime | None = None
    ) -> PartUse:
        """Take parts out of the store for the order and book what they cost. ``StockTooLow`` when the store has fewer,
        unless ``although_short`` says that they were used all the same; the stock then falls below 0."""
        o = self.order
        try:
            found = self.tx.parts.get(part)
        except NotFound:
            found = None
        if found is None or found.site != o.site:
            raise _wrong("part", "unknown_part", "本项目没有此备件 / there is no such part in the store of the site")
        if found.stock < quantity and not although_short:
            raise StockTooLow(
                f"{found.number}: 库存只有{found.stock:g}{found.unit} / the stock is {found.stock:g} {found.unit}; "
                "send although_short if they were used all the same"
            )
        left = self.tx.parts.book(part, -quantity)
        amount = None if found.unit_cost is None else round(found.unit_cost * quantity, 2)
        made = PartUse(
            id=new_key(), work_order=o.id, site=o.site, part=part, number=found.number, name_zh=found.name.zh,
            name_en=found.name.en, unit=found.unit, quantity=quantity, unit_cost=found.unit_cost, amount=amount,
            stock_after=left.stock, by=self.by, at=self._moment(at), recorded_at=self.now,
        )  # fmt: skip
        self.tx.work_records.put_part_use(made)
        self._book("part", made.id, amount)
        self.tx.live.note("part", o.site, {"key": part, "change": "booked", "quantity": -quantity, "by": self.by})
        note_order(self.tx, o)
        return made

    def charge(
        self, amount: float, invoice: str, contractor: str | None = None, note: str = "", at: datetime | None = None
    ) -> ExternalCost:
        """Add what somebody else charges and book it. ``BadData`` for an unknown contractor, ``Conflict`` for an
        invoice number of the same contractor that the order has already."""
        o = self.order
        if contractor is not None:
            try:
                self.tx.people.contractor(contractor)
            except NotFound:
                raise _wrong("contractor", "unknown_contractor", "没有此单位 / there is no such contractor") from None
        for one in self.tx.work_records.costs(o.id):
            if one.removed_at is None and (one.contractor, one.invoice) == (contractor, invoice):
                raise Conflict(f"发票{invoice}已登记 / the order has the invoice {invoice} already")
        made = ExternalCost(
            id=new_key(), work_order=o.id, site=o.site, contractor=contractor, invoice=invoice,
            amount=round(amount, 2), note=note, by=self.by, at=self._moment(at), recorded_at=self.now,
        )  # fmt: skip
        self.tx.work_records.put_cost(made)
        self._book("external", made.id, made.amount)
        note_order(self.tx, o)
        return made

    def take_back_labour(self, entry_id: str, why: str) -> Labour:
        """Take an entry back. ``NotFound``, ``Conflict`` when it has been taken back before; so are the others."""
        entry = _standing(self.tx.work_records.labour(self.order.id), entry_id)
        taken = replace(entry, removed_at=self.now, removed_by=self.by, removed_why=why)
        self.tx.work_records.put_labour(taken)
        note_order(self.tx, self.order)
        return taken

    def return_part(self, entry_id: str, why: str) -> PartUse:
        """Put the parts of an entry back into the store; their cost is booked back."""
        entry = _standing(self.tx.work_records.part_uses(self.order.id), entry_id)
        try:
            left = self.tx.parts.book(entry.part, entry.quantity)
        except NotFound:
            raise Conflict(f"{entry.number}: 备件已删除 / the store does not keep this part any more") from None
        taken = replace(entry, removed_at=self.now, removed_by=self.by, removed_why=why)
        self.tx.work_records.put_part_use(taken)
        self._reverse("part", entry.id)
        noted = {"key": entry.part, "change": "booked", "quantity": entry.quantity, "by": self.by}
        self.tx.live.note("part", left.site, noted)
        note_order(self.tx, self.order)
        return taken

    def take_back_cost(self, entry_id: str, why: str) -> ExternalCost:
        """Take an external cost back; it is booked back."""
        entry = _standing(self.tx.work_records.costs(self.order.id), entry_id)
        taken = replace(entry, removed_at=self.now, removed_by=self.by, removed_why=why)
        self.tx.work_records.put_cost(taken)
        self._reverse("external", entry.id)
        note_order(self.tx, self.order)
        return taken

    def _moment(self, at: datetime | None) -> datetime:
        when = self.now if at is None else min(at, self.now)
        if when < EARLIEST:
            raise _wrong("at", "too_early", "时间早于2000年 / earlier than the year 2000")
        return when

    def _not_signed_off(self) -> None:
        if self.order.kind in RECORD_KINDS and self.tx.records.of_order(self.order.id) is not None:
            raise frozen_error(self.order.number)
        if self.order.state is State.VERIFIED:
            words = "已复核，只能加备注 / has been verified: add a comment"
            raise Conflict(f"#{self.order.number}: {words}")

    def _file(self, sha256: str) -> FileEntry:
        found = next((one for one in self.tx.files.of(sha256) if one.site == self.order.site), None)
        if found is None:
            raise _wrong("sha256", "unknown_file", "先上传文件 / upload the file first (POST /api/v1/files)")
        return found

    def _overlap(self, other: Labour) -> str:
        there = self.tx.orders.get(other.work_order)
        starts, ends = other.starts_at or other.at, other.ends_at or other.at
        span = f"{starts:%Y-%m-%d %H:%M}-{ends:%H:%M} UTC"
        if there.site != self.order.site:  # which is perhaps not for the caller to see
            return f"{other.person}: 与其他项目的工时重叠 / was at work on another site then ({span})"
        return f"{other.person}: 与工单#{there.number}的工时重叠 / was at work on #{there.number} then ({span})"

    def _book(self, kind: str, source: str, amount: float | None) -> None:
        if amount:
            self.tx.work_records.book(self._booking(kind, source, amount))

    def _reverse(self, kind: str, source: str) -> None:
        self.tx.work_records.reverse(source, self._booking(kind, source, 0.0))

    def _booking(self, kind: str, source: str, amount: float) -> CostBooking:
        o = self.order
        return CostBooking(
            new_key(), o.site, line_of(self.tx, o), o.id, o.asset, kind, source, amount, self.now, self.by
        )


def line_of(tx: MaintenanceTx, order: WorkOrder) -> str:
    """The budget line of an order's cost: that of its plan row (the deepest one's), else of its kind."""
    for shown in order.occurrences[:1]:
        row = tx.plan.row(shown.plan_row, order.site)
        if row is not None and row.budget_line:
            return row.budget_line
    return BUDGET_LINES[order.kind]


def totals_of(tx: MaintenanceTx, order_id: str) -> Totals:
    """What an order took so far."""
    records = tx.work_records
    return totals(records.labour(order_id), records.part_uses(order_id), records.costs(order_id))


def _minutes(minutes: int | None, starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> int:
    if starts_at is None and ends_at is None:
        if minutes is None:
            raise _wrong("minutes", "required", "填写起止时间或分钟数 / give from and to, or minutes")
        return minutes
    if starts_at is None or ends_at is None:
        field = "from" if starts_at is None else "to"
        raise _wrong(field, "required", "起止时间都要填写 / from and to belong together")
    if minutes is not None:
        raise _wrong("minutes", "not_both", "已有起止时间 / from and to say the minutes")
    if starts_at < EARLIEST or not timedelta(0) < ends_at - starts_at <= LONGEST:
        raise _wrong("to", "bad_span", "结束应在开始之后24小时内 / should be after from, by 24 hours at most")
    if ends_at > now + timedelta(minutes=5):
        raise _wrong("to", "in_the_future", "不能填写未来的工时 / is in the future")
    return max(1, round((ends_at - starts_at) / timedelta(minutes=1)))


Entry = TypeVar("Entry", Labour, PartUse, ExternalCost)


def _standing(entries: Sequence[Entry], entry_id: str) -> Entry:
    found = next((one for one in entries if one.id == entry_id), None)
    if found is None:
        raise NotFound(f"there is no entry {entry_id!r}")
    if found.removed_at is not None:
        raise Conflict("已撤销 / has been taken back already")
    return found


def _wrong(field: str, code: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])
