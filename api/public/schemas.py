"""Shapes of what anybody may see and send."""

import unicodedata
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from api.shapes import Instant, Name, Payload, Shape
from maintenance.work.owner_reports import CLOSED, OwnerReport, in_words
from maintenance.work_orders import WorkOrder


def _readable(text: str) -> str:
    """Without what acts on a screen instead of being read: control characters, those that turn the order round."""
    return "".join(
        c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ).strip()


def _said(text: str) -> str:
    if not text:
        raise ValueError("请填写 / is empty")
    return text


Said = Annotated[str, Field(max_length=2000), AfterValidator(_readable), AfterValidator(_said)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_readable)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PublicAsset(Shape):
    """What the label's page shows: what it is and where."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": {"zh": "1号梯", "en": "Lift 1"}, "place": [{"zh": "3号楼", "en": "Building 3"}]}]
        }
    )

    name: Name
    place: list[Name]


class Category(Shape):
    """What can be reported."""

    key: str
    name: Name


class CategoryList(Shape):
    """What can be reported."""

    items: list[Category]
    next_cursor: str | None = None


class ReportIn(Payload):
    """A fault: at a machine (`code` of its label) or at a `place` in words. `name` and `phone` are kept apart from it
    and deleted after 90 days. `website` is left empty by people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "site": "demo",
                    "code": "EL-1",
                    "category": "elevator_noise",
                    "text": "电梯上行时有异响",
                    "phone": "13800000000",
                }
            ]
        }
    )

    site: Code
    code: Code | None = None
    place: Line = ""
    category: Code
    text: Said
    name: Annotated[str, Field(max_length=100), AfterValidator(_readable)] = ""
    phone: Annotated[str, Field(max_length=40), AfterValidator(_readable)] = ""
    website: Annotated[str, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.code is None and not self.place:
            raise ValueError("请说明设备或位置 / say which machine (code) or where (place)")
        return self


class ReportTaken(Shape):
    """The ticket's number, and the secret that follows it: nobody is told it again."""

    number: int | None
    token: str
    answer_by: Instant


class ReportSeen(Shape):
    """Where a report stands. `answer_by`: when it is answered at the latest (24 h; 30 minutes for what is critical,
    such as somebody trapped), `arrive_by` when somebody is there, `resolve_by` when it should be solved (3 h; 7 days
    for major faults): the ticket's own clocks. `can_rate`: it is done and has not been rated."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": 2317,
                    "state": {"zh": "正在处理", "en": "Being worked on"},
                    "reported_at": "2026-03-02T08:00:00.000Z",
                    "answer_by": "2026-03-03T08:00:00.000Z",
                    "answered_at": "2026-03-02T08:12:00.000Z",
                    "arrive_by": "2026-03-03T08:00:00.000Z",
                    "resolve_by": "2026-03-02T11:00:00.000Z",
                    "done_at": None,
                    "photo": False,
                    "stars": None,
                    "can_rate": False,
                }
            ]
        }
    )

    number: int
    state: Name
    reported_at: Instant
    answer_by: Instant
    answered_at: Instant | None
    arrive_by: Instant | None = None
    resolve_by: Instant | None
    done_at: Instant | None
    photo: bool
    stars: int | None
    can_rate: bool

    @classmethod
    def of(cls, report: OwnerReport, order: WorkOrder, answer_by: datetime, arrive_by: datetime | None) -> Self:
        """From the ledger's records: nothing of who works on it."""
        words = in_words(order.state)
        return cls(
            number=order.number,
            state=Name(zh=words.zh, en=words.en),
            reported_at=report.at,
            answer_by=answer_by,
            answered_at=order.acknowledged_at,
            arrive_by=arrive_by,
            resolve_by=order.due,
            done_at=order.completed_at,
            photo=report.photo is not None,
            stars=report.stars,
            can_rate=order.state in CLOSED and report.stars is None,
        )


class Rating(Payload):
    """1 to 5 stars for work that is done, and a word."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stars": 5, "comment": "处理及时"}]})

    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=1000), AfterValidator(_readable)] = ""


class StaffReport(Shape):
    """A report as staff see it; `name` and `phone` are `null` where nobody left any, or when they have been deleted."""

    id: str
    at: Instant
    category: str
    place: str
    text: str
    joined: bool
    photo: str | None
    name: str | None
    phone: str | None
    stars: int | None
    remark: str
    rated_at: Instant | None


class StaffReportList(Shape):
    """Reports of an order, oldest first."""

    items: list[StaffReport]
    next_cursor: str | None = None
