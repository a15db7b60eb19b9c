"""What plan rows and checklists cite: whole in each of the two languages."""

import csv
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from maintenance.planner import asset_subject, site_subject
from maintenance.preview import Horizon, preview_all
from maintenance.schedules import AgeSchedule
from maintenance.seed.compose import compose
from maintenance.seed.loader import FOLDER, plan_rows
from maintenance.seed.options import options
from maintenance.seed.profiles import jurisdictions, profiles
from maintenance.sources import cited
from plantroom.catalogue import equipment_classes, systems
from plantroom.domain.assets import Asset, LocalName

CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""Chinese characters, radicals and punctuation, and their full-width forms."""
NOT_ENGLISH = ("zh", "aliases")
"""Fields, and ends of names of fields, that hold Chinese."""


def texts(value: object, key: str = "") -> Iterator[str]:
    """Every text below a value of a seed file that is not declared to be Chinese; of a basis its English form."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, key)
    elif isinstance(value, str) and not key.endswith(NOT_ENGLISH):
        yield cited(value).en if key == "basis" else value


@pytest.mark.parametrize(
    ("basis", "zh", "en"),
    [
        ("TSG T5002-2017", "TSG T5002-2017", "TSG T5002-2017"),
        ("TSG T5002-2017; 物业计划 CY-12", "TSG T5002-2017; 物业计划 CY-12", "TSG T5002-2017; property plan CY-12"),
        ("公安部令第61号 art. 25", "公安部令第61号第25条", "Ministry of Public Security Order No. 61 art. 25"),
        ("TSG T5002-2017 art. 5(3)", "TSG T5002-2017第5条第3项", "TSG T5002-2017 art. 5(3)"),
        ("TSG T5002-2017 annex A", "TSG T5002-2017附件A", "TSG T5002-2017 annex A"),
        ("GB 50974-2014 ch. 14", "GB 50974-2014第14章", "GB 50974-2014 ch. 14"),
        ("参照GB 50444-2008", "参照GB 50444-2008", "after GB 50444-2008"),
        ("我们自己的约定", "我们自己的约定", "我们自己的约定"),
    ],
)
def test_a_basis_is_cited_in_both_languages(basis: str, zh: str, en: str) -> None:
    assert cited(basis) == LocalName(zh, en)


IN_BOTH = {"customary.toml"}
"""Lists of what people say, in any language."""


@pytest.mark.parametrize(
    "path", sorted(one for one in FOLDER.glob("*.toml") if one.name not in IN_BOTH), ids=lambda path: path.stem
)
def test_no_english_text_of_a_seed_file_holds_chinese(path) -> None:
    found = list(texts(tomllib.loads(path.read_text(encoding="utf-8"))))
    assert found
    assert [text for text in found if CHINESE.search(text)] == []


def test_no_english_text_of_a_seed_row_holds_chinese() -> None:
    for row in plan_rows():
        for text in (row.name.en, row.department.en, row.standard.en, cited(row.basis).en):
            assert not CHINESE.search(text), (row.code, text)
    lines = [x for x in (FOLDER / "plan_rows.csv").read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    for raw in csv.DictReader(lines):
        rest = {column: text for column, text in raw.items() if column not in {"zh", "note_zh", "basis"}}
        assert not CHINESE.search(cited(raw["basis"]).en), raw["code"]
        assert not CHINESE.search("".join(rest.values())), raw["code"]


@pytest.mark.parametrize("profile", sorted(profiles()))
@pytest.mark.parametrize("jurisdiction", sorted(jurisdictions()))
def test_the_reasons_of_every_seed_row_are_whole_in_both_languages(profile: str, jurisdiction: str) -> None:
    rows = compose(profiles()[profile], jurisdictions()[jurisdiction], options()).rows
    day = date(2026, 1, 1)
    assets = [
        Asset(c, "demo", c, c, equipment_classes()[c].name, installed_on=day, in_service_on=day)
        for c in equipment_classes()
    ]
    subjects = [site_subject("demo", LocalName("演示园区", "Demo estate")), *(asset_subject(a) for a in assets)]
    classes = {key: list(system.classes) for key, system in systems().items()}
    horizon = Horizon(day, date(2028, 12, 31), day, ZoneInfo("Asia/Shanghai"))
    found = preview_all(rows, subjects, {}, horizon, classes, {})
    seen = {p.row.code for item in found.items for p in item.job.occurrences}
    undated = {one.row.code for one in found.undated}
    by_age = {row.code for row in rows if isinstance(row.schedule, AgeSchedule) and row.schedule.years[0] > 2}
    assert {row.code for row in rows} - by_age <= seen | undated
    assert undated <= {"WA-GRE", "WA-OIL"}, "only running hours that nobody has counted have no date"
    for item in found.items:
        assert not CHINESE.search(item.reason.en), item.reason.en
        assert " art. " not in item.reason.zh, item.reason.zh
