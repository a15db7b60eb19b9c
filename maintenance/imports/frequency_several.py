"""Several frequencies in one text, each with the work that is done then: 每月检查，每年预防性试验. Pure.

Only what is sure is taken apart: every frequency is a plain interval, and nothing else in the text says how often.
Alternatives (每月或每季度), seasons (冬季每周一次), work within other work (包括每月清洗) and dates are not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from maintenance.frequencies import canonical
from maintenance.imports.cells import fold
from maintenance.imports.frequency_plain import BY_UNIT, NUMBER, WITHIN
from maintenance.imports.frequency_words import Frequency, frequency_or_none
from maintenance.schedules import BY_INTERVAL


@dataclass(frozen=True, slots=True)
class Said:
    """One frequency of several: its words (``often``), what they mean, what is done then (``work``, empty where the
    text does not say it) and the part of the text that says both."""

    often: str
    found: Frequency
    work: str
    text: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a text: ``found`` is ``None`` where it says only what is done. ``before`` and ``after``: the words on
    either side of those that say how often."""

    text: str
    often: str = ""
    found: Frequency | None = None
    before: str = ""
    after: str = ""

    @property
    def work(self) -> str:
        return _trimmed(f"{self.before}{_joint(self.before, self.after)}{self.after}")


class _Unsure(Exception):
    """The text may mean something else."""


_UNIT = "[个個]?(?:小[时時]|日|天|[周週]|星期|[礼禮]拜|月|季度?|年)度?"
_EN_UNIT = "(?:hours?|days?|weeks?|fortnights?|months?|quarters?|years?)"
_EN_LY = "(?:hourly|daily|weekly|fortnightly|monthly|quarterly|yearly|annually|annual)"
_PER = (
    f"(?<!间)每?隔(?:{NUMBER})?半?{_UNIT}|每(?:{NUMBER})?半?{_UNIT}|(?:{NUMBER})次/(?:{NUMBER})?半?{_UNIT}|{WITHIN}|{BY_UNIT}|"
    rf"\b(?:[0-9]+-|semi-?|half-?|bi-?)?{_EN_LY}\b|\b(?:bi|tri|quinqu)ennial(?:ly)?\b|\bper\s+annum\b|"
    rf"\bevery\s*(?:[0-9]+(?:st|nd|rd|th)?|other|second|third|fourth|two|three|four|five|six)?\s*{_EN_UNIT}\b|"
    rf"\b(?:once|twice|[0-9]+\s*(?:times|x))\s*(?:a|per|every|/)?\s*(?:{_EN_UNIT}|{_EN_LY})\b"
)
_OFTEN = re.compile(_PER, re.IGNORECASE)
_TIMES = re.compile(f"(?:{NUMBER})次")
_BARE = re.compile("(?:半年|半月|日|天|[周週]|月|季|年)度?(?=.)")
"""A unit that begins a part: 季检, 年度检修."""

_DEEP = f"(?:{_PER}|(?:半年|半月|日|[周週]|月|季|年)度?[检檢保修])"
_AND = rf"\s*(?:以及|[和及与與]|[并並]且?|且|\band\b)\s*(?={_DEEP})"
_LEVELS = tuple(re.compile(one, re.IGNORECASE) for one in (r"[;；。\n]+", "[,，]+", rf"[、+＋&＆]+|{_AND}", "[/／]+"))
"""What stands between the parts of a text, the widest first."""

_MAY_BE = re.compile(rf"[;；。\n,，、+＋&＆/／]|{_AND}", re.IGNORECASE)
_BRACKETS = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]")
_LABEL = re.compile(r"[^:：]{1,30}[:：]\s*(?=.)", re.DOTALL)
_ALTERNATIVE = re.compile(
    rf"(?:或者?|\bor\b|至|到|~|～)\s*{_DEEP}|(?:^|[;；。\n,，、/])\s*(?:或|\bor\b)|"
    rf"(?:{NUMBER})\s*[-–—~～至到]\s*(?:{NUMBER})\s*(?:次|{_UNIT}|times|{_EN_UNIT})",
    re.IGNORECASE,
)
"""Either of two, or from one to another."""

_DEPENDS = re.compile(
    "[春夏秋冬]|[雨汛旺淡]季|汛期|[供采]暖[季期]|[供制]冷[季期]|高温|寒|期间|必要|按需|视情|如有|若有|否则|日常|经常|随时|"
    r"\b(?:winter|summer|spring|autumn|fall|season\w*|during|if|when|otherwise|unless|as needed|as required)\b",
    re.IGNORECASE,
)
"""What makes a frequency hold at times only."""

_WITHIN = re.compile(r"包括|包含|含|其中|除|\b(?:including|with|of which|except|but)\b", re.IGNORECASE)
_STILL = re.compile(
    f"每|(?:{NUMBER})(?:次|遍|个?(?:日|天|周|星期|月|季度?|年|小时))|半[年月]|[月季年]度|隔[日天周月年]|定期|"
    "every|times|twice|hourly|daily|weekly|monthly|quarterly|yearly|annual"
)
"""What says how often in the words of the work, folded: then not all of it has been read."""

_A_DAY_OF = re.compile(
    r"[周週期拜][一二三四五六日天]|[月年季度](?:[初底末]|[上中下]旬|[首第]|(?:[0-9]+|[一二三四五六七八九十]+)[日号號月])|"
    r".*\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|.*\bon\s+the\b",
    re.IGNORECASE,
)
"""A weekday, or a day of the month, behind the unit."""

_BEFORE_WORK = re.compile(
    r"^(?:[\s:：,，、;；·-]|至少|不少于|各|[应需须要再另还](?=\S)|进行|开展|实施|组织|安排|做(?!好)|的)+"
)
_AFTER_WORK = re.compile(r"(?:[\s:：,，、;；。·-]|至少|各|应|进行|的)+$")
_LEAST = 2
_LONGEST = 500
"""Characters of a text that is taken apart: as many as a task has at most."""

_MOST = 12
"""Frequencies of a text that is taken apart."""


def several_in(text: str, *, alone: bool) -> Sequence[Said]:
    """The frequencies of a text, the same one once; empty where there is one at most, or it is not sure which work each
    is for. ``alone``: the text says only how often, so that a lone 月 counts. A text that says frequencies without
    work gives each with none."""
    if len(text) > _LONGEST or len(_OFTEN.findall(text)) > _MOST:
        return ()
    if _MAY_BE.search(text) is None or _ALTERNATIVE.search(text) or _DEPENDS.search(text):
        return ()
    label = _LABEL.match(text)
    context = label[0] if label is not None and re.search("[:：]", text[label.end() :]) is None else ""
    if context and _count(context.strip(" :："), 0, alone=alone):
        context = ""
    try:
        parts = _parts(text[len(context) :], 0, alone=alone)
        found = _together(context, parts)
    except _Unsure:
        return ()
    return found if len(found) > 1 else ()


def _parts(text: str, level: int, *, alone: bool) -> list[_Part]:
    if _count(text, level, alone=alone) <= 1:
        return [_part(text.strip(), alone=alone)] if text.strip() else []
    if level == len(_LEVELS):
        raise _Unsure
    return [part for one in _split(text, level) for part in _parts(one, level + 1, alone=alone)]


def _count(text: str, level: int, *, alone: bool) -> int:
    """How many frequencies a text has."""
    if _or_none(text, alone=alone) is not None:
        return 1
    for at in range(level, len(_LEVELS)):
        parts = _split(text, at)
        if len(parts) > 1:
            return sum(_count(one, at + 1, alone=alone) for one in parts)
    return len(_OFTEN.findall(text))


def _split(text: str, level: int) -> list[str]:
    """The parts of a text, not within brackets."""
    kept = [found.span() for found in _BRACKETS.finditer(text)]
    parts, start = [], 0
    for found in _LEVELS[level].finditer(text):
        if not any(first < found.start() < last for first, last in kept):
            parts.append(text[start : found.start()])
            start = found.end()
    return [one for one in (*parts, text[start:]) if one.strip()]


def _part(text: str, *, alone: bool) -> _Part:
    """One part, which has one frequency at most. Raises ``_Unsure``."""
    whole = _or_none(text, alone=alone)
    per = _OFTEN.search(text)
    if per is None and whole is None:
        if _STILL.search(fold(text)) or (len(text) == 1 and _or_none(text, alone=True) is not None):
            raise _Unsure
        return _Part(text)
    if per is None:
        assert whole is not None
        return _by_unit(text, whole)
    before, after = text[: per.start()], text[per.end() :]
    times = _TIMES.search(after)
    if times is not None:
        after = after[: times.start()] + after[times.end() :]
    elif after.startswith("内"):
        raise _Unsure  # a time limit: 每2小时内上报
    often = per[0] + (times[0] if times is not None else "")
    found = _sure(_or_none(often, alone=True))
    if whole is not None and not whole.left_out and _key(whole) != _key(found):
        raise _Unsure
    if _A_DAY_OF.match(f"{per[0][-1]}{after}") or _WITHIN.search(before) or _STILL.search(fold(f"{before} {after}")):
        raise _Unsure
    return _Part(text, often, found, _trimmed(before), _trimmed(after))


def _by_unit(text: str, whole: Frequency) -> _Part:
    """A part that is a frequency without 每: 季度检修 is quarterly, what is done then 检修; 季检 says no work."""
    bare = _BARE.match(text)
    found = _or_none(bare[0], alone=True) if bare is not None else None
    if bare is None or found is None or _key(found) != _key(whole):
        return _Part(text, text, _sure(whole))
    times = _TIMES.search(text, bare.end())
    rest = text[bare.end() :] if times is None else text[bare.end() : times.start()] + text[times.end() :]
    work = _trimmed(rest)
    if _STILL.search(fold(work)):
        raise _Unsure
    return _Part(text, bare[0], _sure(found), "", work if len(work) >= _LEAST else "")


def _together(context: str, parts: Sequence[_Part]) -> Sequence[Said]:
    """The parts that say how often, each with the parts beside it that say what is done."""
    kinds = "".join("w" if one.found is None else "F" if one.work else "f" for one in parts)
    lead = len(kinds) - len(kinds.lstrip("w"))
    first = parts[lead] if lead < len(parts) else None
    shared = context
    if re.fullmatch("(?:wf){2,}", kinds):
        groups = [list(parts[at : at + 2]) for at in range(0, len(parts), 2)]
    elif re.fullmatch("(?:fw){2,}", kinds):
        groups = [[parts[at + 1], parts[at]] for at in range(0, len(parts), 2)]
    elif re.fullmatch("f{2,}w+", kinds):
        shared += "".join(f"{one.text}{_comma(one.text)}" for one in parts if one.found is None)
        groups = [[one] for one in parts if one.found is not None]
    elif re.fullmatch("w*(?:f|Fw*)+", kinds):
        shared += "".join(f"{one.text}{_comma(one.text)}" for one in parts[:lead])
        groups = _groups(parts[lead:])
        elliptic = first is not None and first.before and first.after and not any(g[0].before for g in groups[1:])
        if first is not None and elliptic:
            shared += first.before + (" " if first.before.isascii() else "")
            groups[0][0] = replace(first, before="", text=first.text.removeprefix(first.before).strip())
    else:
        raise _Unsure
    return _merged([_said(shared, group) for group in groups])


def _groups(parts: Sequence[_Part]) -> list[list[_Part]]:
    groups: list[list[_Part]] = []
    for one in parts:
        if one.found is not None:
            groups.append([one])
        else:
            groups[-1].append(one)
    return groups


def _said(shared: str, group: Sequence[_Part]) -> Said:
    (of,) = [one for one in group if one.found is not None]
    assert of.found is not None
    words = [one.text if one.found is None else one.work for one in group]
    own = _joined([one for one in words if one])
    about = _trimmed(shared)
    work = f"{about}{': ' if f'{about}{own}'.isascii() else '：'}{own}" if about and own else about or own
    return Said(of.often, of.found, work, shared + _joined([one.text for one in group]))


def _merged(said: Sequence[Said]) -> Sequence[Said]:
    """One for each frequency: what is done as often is done together."""
    found: dict[object, Said] = {}
    for one in said:
        key = _key(one.found)
        known = found.get(key)
        if known is None:
            found[key] = one
            continue
        works = list(dict.fromkeys(work for work in (known.work, one.work) if work))
        found[key] = replace(known, work=_joined(works), text=_joined([known.text, one.text]))
    return list(found.values())


def _joined(texts: Sequence[str]) -> str:
    return (", " if all(one.isascii() for one in texts) else "，").join(texts)


def _comma(text: str) -> str:
    return ", " if text.isascii() else "，"


def _joint(before: str, after: str) -> str:
    return " " if before and after and before.isascii() and after.isascii() else ""


def _trimmed(text: str) -> str:
    return _AFTER_WORK.sub("", _BEFORE_WORK.sub("", text.strip()))


def _sure(found: Frequency | None) -> Frequency:
    if found is None or found.schedule != BY_INTERVAL or found.months or found.left_out or found.doubt is not None:
        raise _Unsure
    return found


def _key(found: Frequency) -> object:
    return canonical(found.interval), found.schedule


def _or_none(text: str, *, alone: bool) -> Frequency | None:
    if not alone and len(text.strip()) == 1:
        return None
    return frequency_or_none(text)
