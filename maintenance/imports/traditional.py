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


@cache
def _table() -> dict[int, str]:
    return {ord(pair[0]): pair[1] for pair in FILE.read_text(encoding="utf-8").split()}
