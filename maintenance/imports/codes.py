"""The codes of errors and warnings of imports: what each means and what to do (``data/codes.toml``)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plantroom.domain.assets import LocalName

FILE = Path(__file__).parent / "data" / "codes.toml"


@dataclass(frozen=True, slots=True)
class Code:
    """A code's meaning and remedy; ``warns``: the import goes on."""

    meaning: LocalName
    remedy: LocalName
    warns: bool = False


def _read() -> Mapping[str, Code]:
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Code(LocalName(one["zh"], one["en"]), LocalName(one["do_zh"], one["do_en"]), one.get("warns", False))
        for name, one in data.items()
    }


CODES = _read()
"""Every code, in the order of the documentation."""
