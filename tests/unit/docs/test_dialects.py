"""Every dialect has a heading in docs/dialects.md, a README that names its reasons, and golden cases."""

from pathlib import Path

import pytest

from ingest.dialects import DIALECTS

ROOT = Path(__file__).resolve().parents[3]


def test_every_dialect_has_a_heading() -> None:
    text = (ROOT / "docs" / "dialects.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("## ").strip("`") for line in text.splitlines() if line.startswith("## ")]
    assert headings == sorted(DIALECTS)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_is_a_folder_with_decoder_readme_and_golden_cases(name: str) -> None:
    folder = ROOT / "ingest" / "dialects" / name
    assert (folder / "decoder.py").is_file()
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# Dialect `{name}`")
    cases = list((ROOT / "tests" / "testcases" / name).iterdir())
    assert cases
    assert all({"config.json", "input", "expected.json"} <= {f.name for f in case.iterdir()} for case in cases)
