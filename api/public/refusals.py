"""Why the pages for owners refuse something, in Chinese and in English: whoever reports a fault has no account, and no
language that we know."""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from api.problems import DEFAULT_RETRY_S, status_of
from api.public.page import POLICY, told_page
from api.retrying import BeginAgain
from plantroom.errors import BadData, PlantroomError

log = structlog.get_logger()

BOTH = " / "
"""Between the two languages of a sentence."""

OF_STATUS: Mapping[int, str] = {
    404: "没有找到，请检查地址。/ There is nothing at this address.",
    405: "此处不能这样操作。/ Not possible here.",
    413: "内容太大。/ Too large.",
    429: "请求过于频繁，请稍后再试。/ Too many requests: try again later.",
    503: (
        "系统暂时不可用，请稍后再试；情况紧急请直接致电物业。"
        "/ Not available just now: try again later; if it is urgent, call the property office."
    ),
}
_OTHERS = "无法处理，请检查后重试。/ This cannot be done: check it and try again."

_FIELDS: Mapping[str, str] = {
    "site": "项目 / site",
    "code": "设备编号 / machine",
    "place": "位置 / where",
    "category": "什么问题 / what it is",
    "text": "描述 / description",
    "name": "称呼 / your name",
    "phone": "电话 / telephone",
    "stars": "评价 / mark",
    "comment": "意见 / comment",
    "file": "照片 / photo",
}


def field_words(error: ErrorDetails) -> str:
    """What is wrong with the first field that is; the page's own words where the shape has them in both languages."""
    kind, limits = str(error["type"]), error.get("ctx", {})
    if kind == "value_error" and BOTH in error["msg"]:
        zh, en = error["msg"].removeprefix("Value error, ").split(BOTH, 1)
    elif kind == "string_too_long":
        zh, en = f"最多{limits['max_length']}个字", f"at most {limits['max_length']} characters"
    elif kind in {"missing", "string_too_short"}:
        zh, en = "请填写", "is empty"
    elif kind in {"greater_than_equal", "less_than_equal", "int_parsing", "int_from_float"}:
        zh, en = "请填1到5", "should be 1 to 5"
    else:
        zh, en = "填写有误", "is not valid"
    where = _FIELDS.get(str(error["loc"][0])) if error["loc"] else None
    if where is None:
        return f"{zh}{BOTH}{en}"
    where_zh, where_en = where.split(BOTH)
    return f"{where_zh}：{zh}{BOTH}{where_en}: {en}"


def words(error: PlantroomError) -> str:
    """An error's own words where they are there in both languages, else those of its status."""
    if isinstance(error, BadData) and error.problems and BOTH in error.problems[0].message:
        return error.problems[0].message
    status = status_of(error)
    own = str(error)
    return own if status not in {404, 503} and BOTH in own else OF_STATUS.get(status, _OTHERS)


def page(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """Never kept, and its address, which is a secret, told to nobody."""
    own = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(html, status_code=status, headers=own | dict(headers or {}))


def refused(error: PlantroomError) -> HTMLResponse:
    """A page that says why."""
    status = status_of(error)
    if status >= 500:
        log.warning("request_failed", status=status, problem=str(error))
    again = {"Retry-After": str(ceil(error.retry_after_s or DEFAULT_RETRY_S))} if error.retryable else {}
    return page(told_page(words(error)), status, again)


def refused_with(status: int) -> HTMLResponse:
    """A page for what the frame of the application refuses."""
    return page(told_page(OF_STATUS.get(status, _OTHERS)), HTTPStatus(status))


class PublicPages(BeginAgain):
    """Routes whose refusals are pages, whoever refuses."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint's handler, with pages for errors."""
        handle = super().get_route_handler()

        async def in_words(request: Request) -> Response:
            try:
                return await handle(request)
            except PlantroomError as error:
                return refused(error)
            except RequestValidationError:
                return refused_with(422)
            except HTTPException as error:
                return refused_with(error.status_code)

        return in_words
