"""Traditional characters as Simplified ones, for comparing words: headings, systems, departments, frequencies. Pure.

Texts that are stored stay as they were written. The table has the characters of facilities management and of everyday
tables; characters that are the same in both scripts, and rare ones, are left as they are.
"""

from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "traditional.txt"


def simplified(text: str) -> str:
    """The text with its Traditional characters as Simplified ones, one for one."""
    return text.translate(_table())


def traditional(text: str) -> str:
    """Words of ours (frequencies, systems, classes) in Traditional characters, for tables that are headed so. What
    comes of it is read back as the same, for ``simplified`` undoes it. Not for people's own texts: characters that
    stand for several Traditional ones stay as they are, but for those of our words."""
    return text.replace("制冷", "製冷").translate(_back())


@cache
def _back() -> dict[int, str]:
    """The other way: where a character has one Traditional form only and is none itself."""
    pairs = [(pair[1], pair[0]) for pair in FILE.read_text(encoding="utf-8").split()]
    forms: dict[str, list[str]] = {}
    for one, other in pairs:
        forms.setdefault(one, []).append(other)
    alone = {ord(one): found[0] for one, found in forms.items() if len(found) == 1 and one not in _BOTH}
    return alone | {ord(one): other for one, other in _OURS.items()}


_BOTH = frozenset("系制台干里面板表准采松出只家于云范回向注并志征余冲舍谷仆升占布托杯周后借暖")
"""Characters of both scripts, whose other forms mean something else."""

_OURS = {"后": "後", "周": "週", "启": "啟", "备": "備", "发": "發", "墙": "牆", "风": "風", "报": "報", "烟": "煙"}


@cache
def _table() -> dict[int, str]:
    return {ord(pair[0]): pair[1] for pair in FILE.read_text(encoding="utf-8").split()}
