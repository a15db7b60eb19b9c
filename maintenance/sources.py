"""Laws, standards and plans as texts cite them, in Chinese and English. Pure.

A plan row keeps what it is based on as one text (公安部令第61号 art. 25; 物业计划 CY-06). Numbers of standards are the
same in both languages; names are given by their official English titles, or translated where there is none. A name
that is not listed stays as its author wrote it.
"""

import re

from plantroom.domain.assets import LocalName

_NAMES = {
    "公共场所集中空调通风系统卫生管理办法": (
        "Measures for the Hygiene of Central Air-Conditioning and Ventilation Systems in Public Places"
    ),
    "公安部令第61号": "Ministry of Public Security Order No. 61",
    "泵房日常养护（地方标准）": "daily care of pump rooms (local standard)",
    "地方规定": "local rules",
    "消防法": "Fire Protection Law",
    "物业计划": "property plan",
    "项目默认值": "project default",
}
_ARTICLE = re.compile(r"\s*\bart\. ?(\d+)(?:\((\d+)\))?")


def cited(basis: str) -> LocalName:
    """What a row is based on, in both languages: 公安部令第61号第25条 / Ministry of Public Security Order No. 61
    art. 25."""
    english = basis
    for zh, en in _NAMES.items():
        english = english.replace(zh, en)
    return LocalName(_ARTICLE.sub(_chinese_article, basis), english)


def _chinese_article(found: re.Match[str]) -> str:
    article, item = found.groups()
    return f"第{article}条" + (f"第{item}项" if item else "")
