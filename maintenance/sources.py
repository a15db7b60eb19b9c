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
    "三类重点场所整治指南": "guide for the three kinds of key places",
    "公安部令第61号": "Ministry of Public Security Order No. 61",
    "应急管理部令第5号": "Ministry of Emergency Management Order No. 5",
    "市场监管总局令第74号": "State Administration for Market Regulation Order No. 74",
    "咸宁市二次供水规定（2025）": "Xianning rule on secondary water supply (2025)",
    "北京市泵房养护标准": "Beijing standard on the upkeep of pump rooms",
    "泵房日常养护（地方标准）": "daily care of pump rooms (local standard)",
    "火灾探测报警产品使用年限": "service life of fire detection products",
    "蓄电池使用年限": "service life of batteries",
    "配电室运行规程（公开版本）": "operation rules for distribution rooms (public copies)",
    "供暖试压公告（公开）": "public notices on pressure tests before heating",
    "锅炉检验（公开资料）": "boiler inspection (public source)",
    "检查项目为项目默认值": "items: project default",
    "用词为项目默认值": "words: project default",
    "分级为项目默认值": "levels: project default",
    "频次为项目默认值": "frequency: project default",
    "国家法规与标准": "national laws and standards",
    "建筑设计规范": "building code",
    "公开保养清单": "public maintenance lists",
    "公开资料": "public source",
    "厂家说明书": "maker's manual",
    "行业做法": "practice of the trade",
    "地方规定": "local rules",
    "消防法": "Fire Protection Law",
    "物业计划": "property plan",
    "项目默认值": "project default",
    "参照": "after ",
}
"""Longer names before those that they hold."""
_ARTICLE = re.compile(r"\s*\bart\. ?(\d+)(?:\((\d+)\))?")
_ANNEX = re.compile(r"\s*\bannex ([A-Z])\b")
_CHAPTER = re.compile(r"\s*\bch\. ?(\d+)")


def cited(basis: str) -> LocalName:
    """What a row is based on, in both languages: 公安部令第61号第25条 / Ministry of Public Security Order No. 61
    art. 25."""
    english = basis
    for zh, en in _NAMES.items():
        english = english.replace(zh, en)
    chinese = _ARTICLE.sub(_chinese_article, basis)
    return LocalName(_CHAPTER.sub(r"第\1章", _ANNEX.sub(r"附件\1", chinese)), english)


def _chinese_article(found: re.Match[str]) -> str:
    article, item = found.groups()
    return f"第{article}条" + (f"第{item}项" if item else "")
