"""Columns of tables: the headings that mean them, in three scripts, and what may stand in them. Pure."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from maintenance.imports.cells import fold
from plantroom.domain.assets import LocalName

FOLDER = Path(__file__).parent / "data"

LANGUAGES = ("zh", "zh-hant", "en")
"""Languages that tables are written in."""

LONGEST = 200
"""Characters that a heading has at most; what is longer is no heading, and is not looked at."""

_OPTIONS = ("needed", "width", "spreads", "ditto", "worded", "second", "titled", "part", "narrower", "free")
_REMARK = re.compile(r"[(（\[【〔][^)）\]】〕]*[)）\]】〕]")
_JOINTS = re.compile(r"[/／、|&＆及与與和]其?|\s+and\s+")
_ONE_COLUMN = (("task", "standard"),)
"""Columns whose headings may stand together: 保养内容及标准 is what is done, with what has to be met."""

_MARKS = re.compile(r"[*＊:：。.]+$|^[*＊]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``key`` names it in the differences; ``zh``, ``hant``, ``en`` are the headings that we write,
    ``also`` others that mean it. ``note`` says what to fill in, ``choices`` what a drop-down offers."""

    key: str
    zh: str
    hant: str
    en: str
    also: Sequence[str] = ()
    note: LocalName = LocalName("", "")
    needed: bool = False
    choices: Callable[[str], Sequence[str]] | None = None
    width: int = 16
    spreads: bool = True
    """Whether a cell merged over several rows means the same value in each."""
    ditto: bool = False
    """Whether 同上 means the value above."""
    worded: bool = False
    """Whether it says what is done: numbers alone do not."""
    second: Sequence[str] = ()
    """Headings that mean it where no other heading does."""
    titled: bool = False
    """Whether the titles between the rows stand for it where it has no column."""
    part: str = ""
    """The column of the narrower thing where headings of several widths mean this one (系统 and 设备名称)."""
    narrower: Sequence[Sequence[str]] = ()
    """Its headings that are narrower than every other one, each list than the one before."""
    free: Sequence[str] = ()
    """Its headings below which people also write words that it cannot take: these are told and left out, no errors."""

    def heading(self, language: str) -> str:
        """The heading in a language."""
        return {"zh": self.zh, "zh-hant": self.hant}.get(language, self.en)

    def words(self) -> Sequence[str]:
        """Every heading that means the column; Traditional ones count by their Simplified form."""
        return (self.key, self.zh, self.hant, self.en, *self.also)


def columns_of(table: str) -> dict[str, Column]:
    """The columns of a table by key, in their order (``data/<table>.toml``)."""
    data = tomllib.loads((FOLDER / f"{table}.toml").read_text(encoding="utf-8"))
    return {key: _column(key, one) for key, one in data.items()}


def _column(key: str, one: dict[str, Any]) -> Column:
    note = LocalName(one.get("note_zh", ""), one.get("note_en", ""))
    more = {name: one[name] for name in _OPTIONS if name in one}
    given = [*one.get("also", ()), *(word for words in one.get("narrower", ()) for word in words)]
    also = tuple(word for word in dict.fromkeys(given) if word not in (one["zh"], one["hant"], one["en"]))
    return Column(key, one["zh"], one["hant"], one["en"], also, note, **more)


class Headings:
    """Finds the column that a heading means. Width, case, blanks, script and remarks in brackets do not matter;
    ``A/B`` (``A及B``) is a column when both parts mean it. Raises ``ValueError`` for a word that means two columns."""

    def __init__(self, columns: Sequence[Column], is_title: Callable[[str], bool] = lambda _: False) -> None:
        """``is_title``: whether a text alone in its row is a title that stands for a column of the rows below."""
        self.is_title = is_title
        self.columns = {column.key: column for column in columns}
        self._words: dict[str, str] = {}
        for column in columns:
            for word in column.words():
                if self._words.setdefault(fold(word.replace("_", "")), column.key) != column.key:
                    raise ValueError(f"{word!r} means {column.key} and {self._words[fold(word.replace('_', ''))]}")

    def find(self, heading: str) -> str | None:
        """The key of the column; ``None`` for a heading that means none."""
        if len(heading) > LONGEST:
            return None
        bare = _bare(heading)
        found = self._words.get(fold(heading.replace("_", ""))) or self._words.get(fold(bare.replace("_", "")))
        if found is not None or not bare:
            return found
        parts = {self._words.get(fold(part)) for part in re.split(r"[/／、|]", bare)}
        joined = {self._words.get(fold(part)) for part in _JOINTS.split(bare)}
        alike = parts if len(parts) == 1 and None not in parts else joined
        if len(alike) == 1:
            return alike.pop()
        return next((key for key, beside in _ONE_COLUMN if alike == {key, beside}), None)

    def second(self, heading: str) -> str | None:
        """The key of the column that a heading means where no other heading does; ``None``: it means none so."""
        said = {fold(heading.replace("_", "")), fold(_bare(heading).replace("_", ""))}
        seconds = ((key, {fold(word) for word in one.second}) for key, one in self.columns.items() if one.second)
        return next((key for key, words in seconds if words & said), None)

    def rank(self, key: str, heading: str) -> int:
        """How near a heading is to its column: its place among the column's words."""
        words = [fold(word.replace("_", "")) for word in self.columns[key].words()]
        said = {fold(heading.replace("_", "")), fold(_bare(heading).replace("_", ""))}
        return next((place for place, word in enumerate(words) if word in said), len(words))

    def depth(self, key: str, heading: str) -> int:
        """How narrow a heading of a column is: 0 the widest."""
        said = {fold(heading), fold(_bare(heading))}
        lists = enumerate(self.columns[key].narrower, 1)
        return next((depth for depth, words in lists if said & {*map(fold, words)}), 0)

    def is_free(self, key: str, heading: str) -> bool:
        """Whether words that a column cannot take are no errors below a heading."""
        said = {fold(heading.replace("_", "")), fold(_bare(heading).replace("_", ""))}
        return bool(said & {fold(word) for word in self.columns[key].free})

    def needing(self, needed: Sequence[str]) -> "Headings":
        """The same headings, of which others are needed."""
        columns = [replace(column, needed=column.key in needed) for column in self.columns.values()]
        return Headings(columns, self.is_title)

    @property
    def needed(self) -> list[str]:
        """The columns without which there is no table."""
        return [column.key for column in self.columns.values() if column.needed]


def remark(heading: str) -> str:
    """What stands in brackets in a heading, such as the unit in 周期（天）; empty without any."""
    found = _REMARK.search(unicodedata.normalize("NFKC", heading))
    return found[0][1:-1].strip() if found else ""


def _bare(heading: str) -> str:
    plain = _REMARK.sub("", unicodedata.normalize("NFKC", heading))
    return _MARKS.sub("", plain.strip()).strip()
