"""Tables of the documentation are whole: a line that a blank line cuts off is shown as plain text with bars."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCS = sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("path", [*DOCS, ROOT / "README.md", ROOT / "CHANGELOG.md"], ids=lambda path: path.name)
def test_every_table_has_its_heading(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    begins = [n for n, line in enumerate(lines) if line.startswith("|") and not (n and lines[n - 1].startswith("|"))]
    assert [f"{path.name}:{n + 1}" for n in begins if not lines[n + 1].startswith(("|--", "| --", "|:-", "| :-"))] == []
