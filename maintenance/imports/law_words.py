"""Which of the law's rows a line of a table is about: by what it is for, and by the words of its task. Pure.

Two characters that stand in both are a word in common, but for those that every plan is full of.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from maintenance.imports.traditional import simplified
from maintenance.plan import PlanRow
from maintenance.seed.lists import seed_checklists
from plantroom.catalogue.systems import systems

_EVERYWHERE = re.compile(
    "检查|维护|维保|保养|巡检|巡查|测试|试验|检测|检验|定期|全面|年度|季度|半年|月度|半月|每年|每月|每周|每日|[年季月周日]检|系统|设备|设施|情况|"
    "状态|是否|正常|完好|记录|清洁|清洗|消防|电梯|功能|运行|进行|一次|核对|更换|内容|外观|综合|专项|例行|日常|工作|压力|"
    "check|test|maintenance|inspection|service|visit"
)
"""Words that say nothing of what a job is about."""

_LATIN = re.compile("[a-z]{4,}")


def classes_of(row: PlanRow) -> tuple[str, ...]:
    """The classes that a row applies to, those of its system among them."""
    named = row.applies_to.system
    return (*row.applies_to.classes, *(systems()[named].classes if named in systems() and named else ()))


def meant(row: PlanRow, law: Sequence[PlanRow], classes: frozenset[str], *, plain: bool) -> list[PlanRow]:
    """Those of the law's rows that a line's row is about, the nearest first: all of its classes where it is ``plain``
    (no task of its own) or its task says nothing, else those that it names or has a word in common with (in the name,
    else in the checklist)."""
    subject = str(row.custom.get("subject", ""))
    text = subject if plain else f"{subject} {row.name.zh}"
    words = _words(text)
    scored = [(one.name.zh in text, *_in_common(words, one), one) for one in law]
    near = [found for found in scored if any(found[:3]) and _same_subject(found[3], classes, words)]
    if near:
        by_name = [found for found in near if found[0]] or [found for found in near if found[1]] or near
        return [found[3] for found in sorted(by_name, key=lambda found: found[:3], reverse=True)]
    if words and not plain:
        return []
    return [one for one in law if classes.intersection(classes_of(one))]


def _same_subject(one: PlanRow, classes: frozenset[str], words: frozenset[str]) -> bool:
    """Whether a row of the law is for one of the classes, or for the site and named by one of the words."""
    return bool(classes.intersection(classes_of(one))) or (one.applies_to.site and bool(words & _words(one.name.zh)))


def _in_common(words: frozenset[str], one: PlanRow) -> tuple[int, int]:
    """How many words the row's name has in common, and how many its checklist."""
    codes = (one.checklist or "").split("+")
    lists = [seed_checklists()[code] for code in codes if code in seed_checklists()]
    items = " ".join(item.name.zh for made in lists for item in made.items)
    return len(words & _words(f"{one.name.zh} {one.name.en}")), len(words & _words(items))


def _words(text: str) -> frozenset[str]:
    plain = _EVERYWHERE.sub(" ", simplified(text.casefold()))
    pairs = {a + b for a, b in pairwise(plain) if _is_chinese(a) and _is_chinese(b)}
    return frozenset(pairs | set(_LATIN.findall(plain)))


def _is_chinese(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"
