"""Shapes of what is written down about a work order."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.access import Access, sees_money
from api.shapes import Instant, Key, Name, Payload, Shape, ShortText
from maintenance.work.ports import FoundOn as DomainFound
from maintenance.work.records import CommentKind, PartUse, Signatory
from maintenance.work.repairs import Repair
from maintenance.work_orders import WorkOrder as DomainOrder

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Amount = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class CommentIn(Payload):
    """What somebody says, in whatever language. `call_back`: the owner has been called back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "机封已换，运行两小时无滴漏"}]})

    text: Text
    kind: Literal["comment", "call_back"] = "comment"
    at: Instant | None = None


class CommentOut(Shape):
    """A comment; never edited. `kind`: comment, owner (came with a report), call_back."""

    id: str
    kind: CommentKind
    text: str
    by: str
    at: Instant
    recorded_at: Instant


class AttachmentIn(Payload):
    """A file that was uploaded before (`POST /api/v1/files`), of one step or of the whole order. `report`,
    `certificate` and `lab_report` are what plan rows ask for before their work is verified; `document` is any other
    paper."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "photo", "sha256": "0" * 64, "note": "更换后"}]})

    kind: Literal["photo", "document", "report", "certificate", "lab_report"]
    sha256: Sha256
    step: Key | None = None
    note: ShortText = ""
    at: Instant | None = None


class AttachmentOut(Shape):
    """A file of an order; `GET /api/v1/files/{sha256}` gives its bytes. `size` in bytes."""

    id: str
    kind: str
    sha256: str
    name: str
    mime: str
    size: int
    step: str | None
    note: str
    by: str
    at: Instant
    recorded_at: Instant


class SignatureIn(Payload):
    """Who signs in what role, with the file of the signature, and the `version` of the order that they have seen."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "safety_manager", "name": "王安全", "sha256": "0" * 64, "version": 7}]}
    )

    role: Signatory
    name: Line
    sha256: Sha256
    version: Annotated[int, Field(ge=1, le=1 << 31)]
    at: Instant | None = None


class SignatureOut(Shape):
    """A signature; `answers_sha256` is over the answers as they were signed (canonical JSON)."""

    id: str
    role: Signatory
    name: str
    sha256: str
    order_version: int
    answers_sha256: str
    by: str
    at: Instant
    recorded_at: Instant


class LabourIn(Payload):
    """Time of a person (default: the caller): `from` and `to`, or `minutes`."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {"from": "2026-03-02T08:00:00Z", "to": "2026-03-02T09:30:00Z"},
                {"person": "li", "minutes": 45, "note": "巡检"},
            ]
        },
    )

    person: Key | None = None
    minutes: Annotated[int | None, Field(ge=1, le=1440)] = None
    starts_at: Annotated[Instant | None, Field(alias="from")] = None
    ends_at: Annotated[Instant | None, Field(alias="to")] = None
    note: ShortText = ""
    at: Instant | None = None


class Removable(Shape):
    """An entry that can be taken back; it stays and says so."""

    id: str
    by: str
    at: Instant
    recorded_at: Instant
    removed_at: Instant | None
    removed_by: str | None
    removed_why: str | None


class LabourOut(Removable):
    """Time of a person."""

    person: str
    minutes: int
    starts_at: Annotated[Instant | None, Field(serialization_alias="from")]
    ends_at: Annotated[Instant | None, Field(serialization_alias="to")]
    note: str


class PartUseIn(Payload):
    """Parts taken out of the store of the order's site. `although_short`: they were used whatever the stock says."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"part": "0190b6a0-...", "quantity": 2}]})

    part: Key
    quantity: Amount
    although_short: bool = False
    at: Instant | None = None


class PartUseOut(Removable):
    """Parts that the order used. `unit_cost` and `amount` in CNY, `null` where nobody knows them and for those who may
    not see the site's budgets; `stock_after` below 0: more was used than had been counted."""

    part: str
    number: str
    name_zh: str
    name_en: str
    unit: str
    quantity: float
    unit_cost: float | None
    amount: float | None
    stock_after: float

    @classmethod
    def of(cls, use: PartUse, caller: Access, site: str) -> Self:
        """From the ledger's record, as the caller may see it."""
        shown = cls.model_validate(use)
        return shown if sees_money(caller, site) else shown.model_copy(update={"unit_cost": None, "amount": None})


class CostIn(Payload):
    """What a contractor charges, in CNY."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"invoice": "FP-2026-0311", "amount": 1280.5}]})

    invoice: Line
    amount: Amount
    contractor: Key | None = None
    note: ShortText = ""
    at: Instant | None = None


class CostOut(Removable):
    """What somebody else charges."""

    contractor: str | None
    invoice: str
    amount: float
    note: str


class CodingIn(Payload):
    """What was wrong and what was done: codes of `GET /api/v1/seed/codes` and of the class's failure modes; `item` is
    the maintainable item, `note` words beside the codes. Replaces what was said before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"failure_mode": "bearing", "cause": "wear", "action": "replace", "item": "驱动端轴承"}]
        }
    )

    failure_mode: Key | None = None
    cause: Key | None = None
    action: Key | None = None
    item: ShortText = ""
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] = ""


class CodingOut(Shape):
    """The codes of a repair ticket's present attempt. `confirmed`: closed, and there was a fault."""

    attempt: int
    failure_mode: str | None
    cause: str | None
    action: str | None
    item: str
    note: str
    confirmed: bool
    coded_by: str | None
    coded_at: Instant | None

    @classmethod
    def of(cls, repair: Repair) -> Self:
        """From the ledger's record."""
        return cls.model_validate(repair)


class TotalsOut(Shape):
    """What an order took so far; cost in CNY, `null` for whoever may not see the site's budgets. `unpriced_parts`
    counts entries of parts whose cost nobody knows."""

    labour_minutes: int
    parts_cost: float | None
    external_cost: float | None
    total_cost: float | None
    unpriced_parts: int


class FoundOut(Shape):
    """What a ticket was found on: order and step, remark, number with its limits; or, on that order, the ticket."""

    ticket: str
    ticket_number: int
    work_order: str
    work_order_number: int
    step: str
    item: Name
    remark: str
    number: float | None
    unit: str
    low: float | None
    high: float | None
    severity: str
    by: str
    at: Instant

    @classmethod
    def of(cls, found: DomainFound, ticket: DomainOrder, order: DomainOrder) -> Self:
        """From the ledger's records."""
        own = {name: getattr(found, name) for name in cls.model_fields if hasattr(found, name)}
        more = {
            "item": Name(zh=found.item_zh, en=found.item_en),
            "ticket_number": ticket.number,
            "work_order_number": order.number,
        }
        return cls.model_validate(own | more)


class RecordsOut(Shape):
    """What `GET /work-orders/{id}` shows beside the order itself."""

    coding: CodingOut | None
    totals: TotalsOut
    found_on: FoundOut | None
    found: list[FoundOut]
    comments: int
    attachments: int
    signatures: list[SignatureOut]
    call_back: bool


class Deferral(Payload):
    """To which local day, with a reason code of the use `defer` (`GET /api/v1/seed/codes`) and words."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "2026-04-15", "code": "waiting_part"}]})

    to: date
    code: Key
    reason: ShortText = ""


class CommentList(Shape):
    """Comments, oldest first."""

    items: list[CommentOut]
    next_cursor: str | None = None


class AttachmentList(Shape):
    """Files, oldest first."""

    items: list[AttachmentOut]
    next_cursor: str | None = None


class SignatureList(Shape):
    """Signatures, oldest first."""

    items: list[SignatureOut]
    next_cursor: str | None = None


class LabourList(Shape):
    """Labour, oldest first; what was taken back too."""

    items: list[LabourOut]
    next_cursor: str | None = None


class PartUseList(Shape):
    """Parts used, oldest first; what was returned too."""

    items: list[PartUseOut]
    next_cursor: str | None = None


class CostList(Shape):
    """External cost, oldest first; what was taken back too."""

    items: list[CostOut]
    next_cursor: str | None = None


class BatchItem(Payload):
    """An order, with its `version` where the step depends on it."""

    id: Key
    version: int | None = None


class BatchRequest(Payload):
    """One step for many orders: `assign` (to `assignee` or `contractor`, both left out: back to the departments) or
    `defer` (to `to` with `code`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "assign", "items": [{"id": "0190b6a0-..."}], "assignee": "li", "reason": "换班"},
                {"action": "defer", "items": [{"id": "0190b6a0-..."}], "to": "2026-04-15", "code": "weather"},
            ]
        }
    )

    action: Literal["assign", "defer"]
    items: Annotated[list[BatchItem], Field(min_length=1, max_length=200)]
    assignee: Key | None = None
    contractor: Key | None = None
    to: date | None = None
    code: Key | None = None
    reason: ShortText = ""


class BatchResult(Shape):
    """What became of one order: `status` as a request of its own would have answered; `follows` is the order that
    carries deferred work on."""

    id: str
    ok: bool
    status: int
    code: str | None
    detail: str
    version: int | None
    follows: str | None


class BatchAnswer(Shape):
    """Results in the order of the request."""

    results: list[BatchResult]
