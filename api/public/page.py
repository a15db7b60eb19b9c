"""The page behind a QR label as HTML, for whoever has no account. It needs nothing from elsewhere and runs nothing, so
that it opens on any phone; every text is there in Chinese and in English."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from urllib.parse import quote

from api.public.schemas import ReportSeen
from maintenance.seed.codes import OwnerFault
from plantroom.domain.assets import LocalName

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
TITLE = LocalName("报修", "Report a fault")

_STYLE = """
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 34rem; padding: 1rem; font: 1.0625rem/1.5 system-ui, "Noto Sans CJK SC", sans-serif;
  color: #1a1d21; background: #fff; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: .5rem 0; }
small, .en { display: block; color: #565d66; font-size: .875rem; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input, select, textarea, button { font: inherit; width: 100%; min-height: 48px; padding: .5rem .75rem;
  border: 1px solid #8a929c; border-radius: 8px; background: #fff; color: inherit; }
button { margin-top: 1rem; border: 0; background: #0b5cad; color: #fff; font-weight: 600; }
.wrong { border-left: 4px solid #b3261e; background: #fdecea; padding: .5rem .75rem; }
.trap { position: absolute; left: -9999px; }
dt { color: #565d66; font-size: .875rem; } dd { margin: 0 0 .5rem; }
a { color: #0b5cad; }
"""


@dataclass(frozen=True, slots=True)
class About:
    """What a report is about: a machine of a label, or a site alone. ``places`` from the building inwards."""

    site: str
    code: str = ""
    name: LocalName = LocalName("", "")
    places: Sequence[LocalName] = ()
    equipment_class: str = ""


def report_page(
    about: About, categories: Iterable[OwnerFault], given: Mapping[str, str], problem: str = "", staff_link: str = ""
) -> str:
    """The form, with what was ``given`` before and what was wrong with it."""
    head = _both(about.name if about.code else TITLE)
    where = " / ".join(one.zh for one in about.places)
    parts = [f"<h1>{head}</h1>", f"<p>{escape(about.code)} <small>{escape(where)}</small></p>" if about.code else ""]
    parts.append(_wrong(problem))
    parts.append('<form method="post" action="/faults">')
    parts.append(_hidden("site", about.site) + _hidden("code", about.code) + _hidden("key", given.get("key", "")))
    parts.append(_field("category", LocalName("什么问题", "What is it"), _options(categories, given.get("category"))))
    text = (
        f'<textarea id="text" name="text" rows="4" maxlength="2000" required>{escape(given.get("text", ""))}</textarea>'
    )
    parts.append(_field("text", LocalName("请描述", "Please describe it"), text))
    place = LocalName("位置", "Where") if not about.code else LocalName("具体位置（选填）", "Where exactly (optional)")
    parts.append(_field("place", place, _input("place", given, 200, required=not about.code)))
    parts.append(_field("name", LocalName("称呼（选填）", "Your name (optional)"), _input("name", given, 100)))
    parts.append(_field("phone", LocalName("电话（选填）", "Telephone (optional)"), _input("phone", given, 40)))
    kept = LocalName(
        "称呼和电话仅供维修人员联系您，90天后删除。", "Seen only by those who do the work; deleted after 90 days."
    )
    parts.append(f"<p>{_both(kept, small=True)}</p>")
    parts.append('<p class="trap" aria-hidden="true"><input name="website" tabindex="-1" autocomplete="off"></p>')
    parts.append(f"<button>{_both(LocalName('提交', 'Send'))}</button></form>")
    if staff_link:
        staff = _both(LocalName("员工登录查看设备", "Staff: sign in and see the machine"))
        parts.append(f'<p><a href="{escape(staff_link)}">{staff}</a></p>')
    return _document("".join(parts))


def followed_page(token: str, seen: ReportSeen, zone: tzinfo, problem: str = "") -> str:
    """Where a report stands, with a form for a photo and, once the work is done, for the mark."""
    rows = [
        (LocalName("状态", "State"), f"{escape(seen.state.zh)}<span class=en lang=en>{escape(seen.state.en)}</span>"),
        (LocalName("报修时间", "Reported"), _moment(seen.reported_at, zone)),
        (LocalName("最迟答复", "Answered by"), _moment(seen.answer_by, zone)),
        (LocalName("最迟到场", "Somebody there by"), _moment(_arrival(seen), zone)),
        (LocalName("已受理", "Taken up"), _moment(seen.answered_at, zone)),
        (LocalName("预计解决", "Solved by"), _moment(seen.resolve_by if seen.done_at is None else None, zone)),
        (LocalName("处理完毕", "Done"), _moment(seen.done_at, zone)),
    ]
    listed = "".join(f"<dt>{_both(name)}</dt><dd>{shown}</dd>" for name, shown in rows if shown)
    number = _both(LocalName(f"报修单 #{seen.number}", f"Report #{seen.number}"))
    keep = LocalName(
        "请保存本页地址，凭此查看进度和评价。", "Keep this address: it is the only way to follow your report."
    )
    parts = [f"<h1>{number}</h1>", _wrong(problem), f"<dl>{listed}</dl>", f"<p>{_both(keep, small=True)}</p>"]
    action = f"/faults/{quote(token, safe='')}"
    if seen.can_rate:
        parts.append(_rating(action))
    elif seen.stars is not None:
        parts.append(f"<p>{_both(LocalName(f'已评价：{seen.stars}/5', f'Your mark: {seen.stars}/5'))}</p>")
    if not seen.photo and seen.done_at is None:
        photo = '<input id="file" name="file" type="file" accept="image/*" capture="environment" required>'
        send = _both(LocalName("上传照片", "Send the photo"))
        field = _field("file", LocalName("照片（最大5MB）", "Photo (5 MiB at most)"), photo)
        form = f'<form method="post" action="{action}/photo" enctype="multipart/form-data">'
        parts.append(f"{form}{field}<button>{send}</button></form>")
    return _document("".join(parts))


def _arrival(seen: ReportSeen) -> datetime | None:
    """When somebody is there, where that is sooner than the fault is solved."""
    if seen.arrive_by is None or seen.done_at is not None:
        return None
    return seen.arrive_by if seen.resolve_by is None or seen.arrive_by < seen.resolve_by else None


def told_page(words: str) -> str:
    """One sentence: thanks, or why there is nothing."""
    return _document(f"<h1>{_both(TITLE)}</h1><p>{escape(words)}</p>")


def _rating(action: str) -> str:
    marks = {
        5: ("很满意", "very good"),
        4: ("满意", "good"),
        3: ("一般", "fair"),
        2: ("不满意", "bad"),
        1: ("很差", "very bad"),
    }
    options = "".join(f'<option value="{n}">{n} {zh} / {en}</option>' for n, (zh, en) in marks.items())
    select = f'<select id="stars" name="stars">{options}</select>'
    words = '<input id="comment" name="comment" maxlength="1000">'
    send = _both(LocalName("提交评价", "Send"))
    return (
        f'<form method="post" action="{action}/rating">'
        f"{_field('stars', LocalName('您对处理结果满意吗', 'How was the work'), select)}"
        f"{_field('comment', LocalName('意见（选填）', 'A word (optional)'), words)}<button>{send}</button></form>"
    )


def _document(body: str) -> str:
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(TITLE.zh)} / {escape(TITLE.en)}</title><style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


def _both(name: LocalName, *, small: bool = False) -> str:
    zh, en = escape(name.zh), escape(name.en)
    first = f"<small>{zh}</small>" if small else zh
    return first if zh == en else f'{first}<span class="en" lang="en">{en}</span>'


def _wrong(problem: str) -> str:
    return f'<p class="wrong" role="alert">{escape(problem)}</p>' if problem else ""


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">' if value else ""


def _field(name: str, words: LocalName, inside: str) -> str:
    return f'<label for="{name}">{_both(words)}</label>{inside}'


def _input(name: str, given: Mapping[str, str], longest: int, *, required: bool = False) -> str:
    kind = ' type="tel"' if name == "phone" else ""
    needed = " required" if required else ""
    value = escape(given.get(name, ""))
    return f'<input id="{name}" name="{name}"{kind} maxlength="{longest}" value="{value}"{needed}>'


def _options(categories: Iterable[OwnerFault], chosen: str | None) -> str:
    listed = "".join(
        f'<option value="{one.key}"{" selected" if one.key == chosen else ""}>'
        f"{escape(one.name.zh)} / {escape(one.name.en)}</option>"
        for one in categories
    )
    return f'<select id="category" name="category" required>{listed}</select>'


def _moment(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
