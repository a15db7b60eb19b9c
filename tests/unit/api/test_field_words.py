"""What is wrong with a field of a request, in both languages."""

import ast
import re
from collections.abc import Callable
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

import api
from api.assets.schemas import Document, Licence, MakerLimit
from api.field_words import words_of
from api.plan.schemas import Interval
from api.plan_changes.schemas import PlanChangeCreate
from api.shapes import NameIn, parse_bounded, parse_instant


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    n: int = 0


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=2, max_length=5, pattern="^[a-z, ]+$")] = "ab"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    cost: Annotated[float, Field(le=1e9)] = 1
    part_of: Annotated[float, Field(le=999_999_999.99)] = 1
    share: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.5
    step: Annotated[int, Field(multiple_of=5)] = 5
    some: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]
    colour: Colour = Colour.RED
    kind: Literal["a", "b"] = "a"
    on: date = date(2026, 1, 1)
    at: AwareDatetime | None = None
    clock: time = time(1)
    yes: bool = True
    part: Part = Part()
    parts: dict[str, int] = {}
    when: datetime | None = None


CASES: list[tuple[dict[str, Any], str]] = [
    ({"other": 1}, "没有此字段 / Extra inputs are not permitted"),
    ({"name": 1}, "应为文本 / Input should be a valid string"),
    ({"name": "a"}, "至少2个字符 / String should have at least 2 characters"),
    ({"name": "abcdefg"}, "最多5个字符 / String should have at most 5 characters"),
    ({"name": "ABC"}, "格式应符合^[a-z, ]+$ / String should match pattern '^[a-z, ]+$'"),
    ({"count": 0}, "不得小于1 / Input should be greater than or equal to 1"),
    ({"count": 10}, "不得大于9 / Input should be less than or equal to 9"),
    ({"count": "x"}, "应为整数 / Input should be a valid integer"),
    ({"count": 1.5}, "应为整数 / Input should be a valid integer, got a number with a fractional part"),
    ({"cost": 1e12}, "不得大于1000000000 / Input should be less than or equal to 1000000000"),
    ({"part_of": 1e12}, "不得大于999999999.99 / Input should be less than or equal to 999999999.99"),
    ({"share": 0}, "应大于0 / Input should be greater than 0"),
    ({"share": 1}, "应小于1 / Input should be less than 1"),
    ({"share": "x"}, "应为数字 / Input should be a valid number"),
    ({"share": float("nan")}, "应为有限的数 / Input should be a finite number"),
    ({"step": 3}, "应为5的倍数 / Input should be a multiple of 5"),
    ({"some": []}, "至少1项 / List should have at least 1 item after validation, not 0"),
    ({"some": [1, 2, 3]}, "最多2项 / List should have at most 2 items after validation, not 3"),
    ({"some": 1}, "应为列表[...] / Input should be a valid list"),
    ({"colour": "x"}, "应为'red'或'blue' / Input should be 'red' or 'blue'"),
    ({"kind": "x"}, "应为'a'或'b' / Input should be 'a' or 'b'"),
    ({"on": "x"}, "应为日期（YYYY-MM-DD） / Input should be a valid date or datetime"),
    ({"at": "x"}, "应为带时区的日期时间（ISO 8601） / Input should be a valid datetime"),
    ({"at": "2026-01-01T00:00:00"}, "应为带时区的日期时间（ISO 8601） / Input should have timezone info"),
    ({"clock": "x"}, "应为时刻（HH:MM） / Input should be in a valid time format"),
    ({"yes": "x"}, "应为true或false / Input should be a valid boolean"),
    ({"part": 1}, "应为对象{...} / should be an object, {...}"),
    ({"parts": 1}, "应为对象{...} / Input should be a valid dictionary"),
]


@pytest.mark.parametrize(("given", "said"), CASES)
def test_common_errors_are_told_in_both_languages(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Form.model_validate(given, from_attributes="part" in given)
    (error,) = refused.value.errors()
    assert words_of(error["type"], error["msg"], error.get("ctx", {})).startswith(said)


def test_a_missing_field_is_told_in_both_languages() -> None:
    assert words_of("missing", "Field required", {}) == "必填 / Field required"


@pytest.mark.parametrize("kind", ["too_short", "less_than_equal", "enum"])
def test_an_error_that_lacks_what_the_words_need_is_told_in_those_of_its_finder(kind: str) -> None:
    assert words_of(kind, "Too short", {}) == "Too short"


FORMS: list[tuple[type[BaseModel], dict[str, Any], str]] = [
    (Licence, {"kind": "a", "issued_on": "2026-02-01", "expires_on": "2026-01-01"}, "expires_on早于issued_on / "),
    (MakerLimit, {"quantity": "t", "unit": "Cel"}, "low与high至少填一个 / needs low"),
    (MakerLimit, {"quantity": "t", "unit": "Cel", "low": 2, "high": 1}, "low不得大于high / low lies above"),
    (Document, {"name": "a"}, "sha256与url须填且只填一个 / needs sha256"),
    (Interval, {"unit": "year", "every": 101}, "间隔最长一百年（100 year） / an interval is at most"),
    (NameIn, {"zh": "a\x00"}, "文本不得含字符U+0000 / text must not"),
    (PlanChangeCreate, {"reason": "a", "action": "create"}, "请在row中填写改后的内容 / say in row"),
    (PlanChangeCreate, {"reason": "a"}, "请用action说明做什么；只有业主建议可以只写文字 / say which action"),
]


@pytest.mark.parametrize(("form", "given", "said"), FORMS)
def test_what_a_form_finds_itself_is_told_in_both_languages(
    form: type[BaseModel], given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        form.model_validate(given)
    assert [words_of(one["type"], one["msg"], {})[: len(said)] for one in refused.value.errors()] == [said]


@pytest.mark.parametrize("check", [parse_bounded, parse_instant])
@pytest.mark.parametrize("text", ["x", "2026-01-15T08:00:00", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_instant_is_told_in_both_languages(check: Callable[[object], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"[\u4e00-\u9fff].* / [a-z]"):
        check(text)


def test_no_form_finds_anything_in_one_language_alone() -> None:
    found = [
        f"{file.parent.name}/{file.name}: {node.value!r}"
        for file in Path(api.__file__).parent.glob("*/*.py")
        for error in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(error, ast.Call) and isinstance(error.func, ast.Name) and error.func.id == "ValueError"
        for node in error.args
        if isinstance(node, ast.Constant) and not re.search("[\u4e00-\u9fff].* / ", str(node.value))
    ]
    assert found == []


def test_what_we_say_ourselves_stays_as_it_is() -> None:
    assert words_of("value_error", "Value error, 应在今天之后 / should be after today", {}) == (
        "应在今天之后 / should be after today"
    )
