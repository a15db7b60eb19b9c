"""Shapes that every resource shares: names, instants, lists, problems."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Response
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from plantroom.domain.assets import LocalName


class Shape(BaseModel):
    """Base of everything that is answered."""

    model_config = ConfigDict(from_attributes=True, frozen=True, defer_build=True)


def as_json(shape: Shape) -> Response:
    """The answer as its shape writes it: the framework would make a document of it first, which takes longer than all
    the rest where an answer is large."""
    return Response(shape.model_dump_json(by_alias=True), media_type="application/json")


class Payload(BaseModel):
    """Base of everything that is taken in: an unknown field is an error, not noise."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=10_000)

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: object) -> object:
        if has_nul(value):
            raise ValueError("文本不得含字符U+0000 / text must not contain the character U+0000")
        return value


def has_nul(value: object) -> bool:
    """Whether any text inside a JSON value holds U+0000, which PostgreSQL cannot store."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str) and "\x00" in part:
            return True
        if isinstance(part, dict):
            left += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            left += part
    return False


class Name(Shape):
    """A text in the two languages of the interface."""

    zh: str
    en: str


class NameIn(Payload):
    """A text in the two languages; one of them may be missing, the other then stands for both."""

    zh: Annotated[str, Field(max_length=500)] = ""
    en: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="before")
    @classmethod
    def _of_two_languages(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        shape = '{"zh": "...", "en": "..."}'
        raise ValueError(f"应为{shape}，至少一种语言 / should be {shape}, with one of the two languages at least")

    def to_domain(self) -> LocalName:
        """Both languages, filled from each other; both empty stay empty."""
        return LocalName(self.zh.strip() or self.en.strip(), self.en.strip() or self.zh.strip())


FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9001, 1, 1, tzinfo=UTC)
"""Instants that are sent lie between them, so that no span that is added to or taken from one leaves the calendar."""


def _said(name: NameIn) -> NameIn:
    if not name.to_domain().zh:
        raise ValueError("至少填一种语言的文字 / needs a text in one language at least")
    return name


NewName = Annotated[NameIn, AfterValidator(_said)]
"""A name instead of another: nothing but blanks is none."""

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""A reason that somebody gives: blanks are none."""


def parse_instant(value: object) -> datetime:
    """An aware instant in UTC out of RFC 3339 text; raises ``ValueError`` for anything else."""
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        en = "should be an instant in RFC 3339, such as 2026-01-15T08:00:00Z"
        raise ValueError(f"应为RFC 3339时刻，如2026-01-15T08:00:00Z / {en}") from None
    if instant.tzinfo is None:
        en = "should say its time zone, such as the Z in 2026-01-15T08:00:00Z"
        raise ValueError(f"应写明时区，如2026-01-15T08:00:00Z中的Z / {en}")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("超出日历范围 / is outside the calendar") from None


def parse_bounded(value: object) -> datetime:
    """As ``parse_instant``, and of text only the years 1970 to 9000. Our own instants are shown whatever they are."""
    instant = parse_instant(value)
    if not isinstance(value, datetime) and not FIRST <= instant < END:
        raise ValueError("应在1970年至9000年之间 / should lie in the years 1970 to 9000")
    return instant


def show_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_SHOWN = PlainSerializer(show_instant, return_type=str)
_SCHEMA = WithJsonSchema({"type": "string", "format": "date-time"})

Instant = Annotated[datetime, BeforeValidator(parse_bounded), _SHOWN, _SCHEMA]
"""An instant as it goes over the wire: RFC 3339, shown in UTC with milliseconds."""

DeviceInstant = Annotated[datetime, BeforeValidator(parse_instant), _SHOWN, _SCHEMA]
"""An instant by the clock of a device, which may stand anywhere in the calendar."""


class AssetRef(Shape):
    """What people need to recognise an asset."""

    key: str
    code: str
    name: Name
    equipment_class: Annotated[str, Field(serialization_alias="class")]


Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A key, code or name that something is known by."""

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
"""A line of text; blanks at its ends are none of it."""


class ProblemField(Shape):
    """One thing that is wrong with one field of what was sent."""

    field: str
    code: str
    message: str


class Problem(Shape):
    """RFC 9457 problem details; ``errors`` names the fields. Some problems carry more (``current``)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemField]


def one_or_more(words: type[StrEnum]) -> AfterValidator:
    """Check of a filter that takes one of the words, or several with commas between."""

    def check(text: str | None) -> str | None:
        known = [w.value for w in words]
        for part in [] if text is None else text.split(","):
            if part.strip() not in known:
                said = f"{part!r} should be one of {', '.join(known)}; several with commas between"
                raise ValueError(f"应为{'、'.join(known)}之一，多个以逗号分隔 / {said}")
        return text

    return AfterValidator(check)


class ListQuery(BaseModel):
    """What every list takes. A parameter that the list does not know is an error."""

    model_config = ConfigDict(extra="forbid", str_max_length=1000)

    limit: Annotated[int, Field(ge=1, le=1000, description="at most this many items")] = 100
    cursor: Annotated[str | None, Field(description="`next_cursor` of the page before")] = None
    sort: Annotated[str | None, Field(description="a field's name, `-` before it for falling order")] = None
