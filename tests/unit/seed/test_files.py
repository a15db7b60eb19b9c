"""The files of the seed, read as a whole, and what the loader says of wrong ones."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maintenance.seed import codes, strict
from maintenance.seed import lists as lists_module
from maintenance.seed import rows as rows_module
from maintenance.seed.budgets import budget_lines
from maintenance.seed.departments import departments
from maintenance.seed.lists import UNITS, checklist_files, seed_checklists
from maintenance.seed.loader import check_everything, checklists, plan_rows
from maintenance.seed.options import options
from maintenance.seed.profiles import jurisdictions, profiles
from maintenance.seed.rows import seed_rows
from maintenance.seed.shipped import is_as_shipped, shipped_lists, text_with
from maintenance.seed.to_verify import left_out, verify_first
from plantroom.catalogue.classes import equipment_classes
from plantroom.errors import BadData
from plantroom.units import check_unit

CACHED = (
    strict.document, checklist_files, seed_checklists, checklists, seed_rows, plan_rows, departments, budget_lines,
    options, profiles, jurisdictions, codes.causes, codes.actions, codes.reasons, codes.severities, codes.targets,
    codes.risk_matrix, codes.owner_faults, left_out, verify_first, shipped_lists,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the files, to be spoiled; what was read of the true ones is forgotten, before and after."""
    for path in strict.FOLDER.iterdir():
        if path.suffix in {".toml", ".csv"}:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    for module in (strict, lists_module, rows_module):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    for function in CACHED:
        function.cache_clear()


def test_every_file_is_sound() -> None:
    check_everything()


WRONG = [
    # (file, what stands there, what is put in its place, what the message names)
    ("causes.toml", 'code = "design"\n', 'code = "design"\ncolour = "red"\n', ["causes.toml: design", "colour"]),
    ("causes.toml", 'en = "Design or wrong choice of type"\n', "", ["causes.toml: design", "en is missing"]),
    ("causes.toml", 'zh = "设计不当、选型不合适"\n', 'zh = " "\n', ["causes.toml: design", "zh is missing"]),
    ("causes.toml", 'group = "design"\nzh = "材', 'group = "luck"\nzh = "材', ["causes.toml: material", "luck"]),
    ("causes.toml", 'code = "material"', 'code = "design"', ["causes.toml", "design is there twice"]),
    ("causes.toml", 'classes = ["chiller"]', 'classes = ["spaceship"]', ["causes.toml: refrigerant", "spaceship"]),
    ("causes.toml", 'status = "from_memory"', "", ["causes.toml", "status is missing"]),
    ("actions.toml", 'basis = "ISO 14224; 用词为项目默认值"', "", ["actions.toml", "basis is missing"]),
    ("reasons.toml", 'for = ["defer", "miss"]', 'for = ["nap"]', ["reasons.toml: machine_needed", "nap"]),
    ("severities.toml", 'key = "info"', 'key = "huge"', ["severities.toml: huge", "huge"]),
    ("risk.toml", "to = 12", "to = 11", ["risk.toml", "without a gap"]),
    ("owner_faults.toml", 'department = "water"', 'department = "magic"', ["owner_faults.toml: flooding", "magic"]),
    ("budget_lines.toml", 'as_written_en = "as needed"\n', "", ["budget_lines.toml: replacement", "as_written_en"]),
    ("departments.toml", 'key = "water"', 'key = "Water"', ["departments.toml: Water", "lower case"]),
    ("profiles.toml", 'from = "10:00"', 'from = "ten"', ["profiles.toml: commercial", "ten"]),
    ("profiles.toml", 'code = "FI-PAT", every = 2', 'code = "NO-ROW", every = 2', ["profiles.toml", "NO-ROW"]),
    ("profiles.toml", 'code = "FI-EXT", every = 15', 'code = "FI-EXT", every = 40', ["FI-EXT", "laxer than the row"]),
    ("jurisdictions.toml", 'base = "cn"', 'base = "xx"', ["jurisdictions.toml: cn-beijing", "xx"]),
    ("jurisdictions.toml", 'from = "11-15"', 'from = "11-31"', ["jurisdictions.toml: cn", "11-15"]),
    ("jurisdictions.toml", "gap = 92", "gap = 400", ["cn-hubei-xianning", "WA-TANK", "gap is laxer"]),
    ("jurisdictions.toml", 'records = "elevator"', 'records = "gossip"', ["jurisdictions.toml: cn", "gossip"]),
    ("to_verify.toml", 'rows = ["WA-M"]', 'rows = ["WA-X"]', ["to_verify.toml", "WA-X"]),
    ("checklists_water.toml", 'unit = "[NTU]"', 'unit = "NTU"', ["WA-TANK-04", "NTU"]),
    ("checklists_water.toml", "low = 6.5, high = 8.5", "low = 8.5, high = 6.5", ["WA-TANK-05", "low is above high"]),
    ("checklists_water.toml", 'point = "turbidity"', 'point = "murk"', ["WA-TANK", "WA-TANK-04", "murk"]),
    ("checklists_water.toml", 'when = ["class:pump"]', 'when = ["class:boat"]', ["WA-Q-03", "boat"]),
    ("checklists_water.toml", 'when = ["class:pump"]', 'when = ["moon"]', ["WA-Q-03", "moon"]),
    ("checklists_water.toml", 'step = "WA-D-02"', 'step = "WA-D-01"', ["WA-D", "there twice"]),
    ("checklists_water.toml", 'step = "WA-D-02"', 'step = "XX-D-02"', ["XX-D-02", "begins with WA-D-"]),
    ("checklists_water.toml", 'limits = "from_memory", point = "ph"', 'point = "ph"', ["WA-TANK-05", "limits"]),
    ("checklists_water.toml", 'limits = "from_memory", point = "ph"', 'limits = "sure", point = "ph"', ["sure"]),
    ("checklists_water.toml", 'code = "WA-TM"', 'code = "WA-D"', ["checklists_water.toml"]),
    ("checklists_elevator.toml", '{ ref = "A-4-06" }', '{ ref = "A-4-99" }', ["EL-GOV", "A-4-99"]),
    ("checklists_elevator.toml", 'req_en = "clean, fixed"', 'req_fr = "propre"', ["A-1-07", "req_en is missing"]),
    ("plan_rows.csv", "class:elevator,半月", "class:rocket,半月", ["plan_rows.csv: EL-HM", "class:rocket"]),
    ("plan_rows.csv", "contractor,elevator,A-1,", "contractor,elevator,A-9,", ["EL-HM", "A-9"]),
    ("plan_rows.csv", "contractor,elevator,A-1,", "contractor,magic,A-1,", ["EL-HM", "magic"]),
    ("plan_rows.csv", "statutory,15,day", "statutory,half,day", ["EL-HM", "every", "half"]),
    ("plan_rows.csv", "EL-Q EL-HM,,law", "EL-X,,law", ["plan_rows.csv: EL-HY", "EL-X"]),
    ("plan_rows.csv", "0,92,EL-HM,", "0,92,EL-Y,", ["EL-Q cannot contain EL-Y"]),
    ("plan_rows.csv", "meter:run_hours every=1500", "meter:vibration every=1500", ["WA-GRE", "vibration"]),
    ("plan_rows.csv", "season:rain lead=14", "season:monsoon lead=14", ["ES-FLOOD", "season:monsoon"]),
    ("plan_rows.csv", "before:EL-INSP lead=30", "before:EL-OLD lead=30", ["EL-SELF", "EL-OLD"]),
    ("plan_rows.csv", "then=1year", "then=soon", ["EL-INSP", "soon"]),
    ("plan_rows.csv", "jockey_running starts 1", "jockey_starts starts 1", ["FI-JOC", "jockey_starts"]),
    ("plan_rows.csv", "TSG T5002-2017,from_memory", ",from_memory", ["EL-HM", "basis is missing"]),
    ("plan_rows.csv", "TSG T5002-2017,from_memory", "TSG T5002-2017,perhaps", ["EL-HM", "perhaps"]),
    ("plan_rows.csv", "EL-HM,,default,,cn", "EL-HM,,default,,", ["EL-HM", "law"]),
    ("plan_rows.csv", "\nEL-M,", "\nEL-HM,", ["plan_rows.csv", "EL-HM is there twice"]),
]  # fmt: skip


@pytest.mark.parametrize(("file", "there", "wrong", "named"), WRONG)
def test_what_is_wrong_is_refused_with_file_and_entry(
    folder: Path, file: str, there: str, wrong: str, named: list[str]
) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert there in text, "the test has to spoil something"
    (folder / file).write_text(text.replace(there, wrong, 1), encoding="utf-8")
    with pytest.raises(BadData) as refused:
        check_everything()
    assert all(word in str(refused.value) for word in named), str(refused.value)


def test_a_test_without_evidence_is_refused(folder: Path) -> None:
    file = folder / "checklists_power.toml"
    line = next(one for one in file.read_text(encoding="utf-8").splitlines() if '"PW-YT-01"' in one)
    file.write_text(file.read_text(encoding="utf-8").replace(line, line.replace('ev = "K"', 'ev = "T"')), "utf-8")
    with pytest.raises(BadData, match="PW-YT-01: a test has evidence"):
        check_everything()


def test_every_unit_is_ucum_or_that_of_a_point() -> None:
    of_points = {point.unit for one in equipment_classes().values() for point in one.points}
    for unit in UNITS - of_points:
        check_unit(unit)


def test_nothing_of_the_seed_is_read_before_it_is_asked_for() -> None:
    script = (
        "import sys, plantroom.cli.main, maintenance.imports.plan_kind, maintenance.seed\n"
        "from maintenance.seed.strict import document\n"
        "assert document.cache_info().currsize == 0, document.cache_info()\n"
        "print([name for name in sys.modules if name.startswith('maintenance.seed')])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_present_checklist_is_among_those_ever_shipped() -> None:
    missing = [code for code, items in checklists().items() if not is_as_shipped(code, items)]
    assert not missing, "run `python -m maintenance.seed.shipped` and commit shipped.toml"


def test_adding_to_what_was_shipped_takes_nothing_away() -> None:
    known = {"OLD": ("aa",), "A-1": shipped_lists()["A-1"]}
    text = text_with(known, {"A-1": checklists()["A-1"]})
    assert '"OLD" = ["aa"]' in text
    assert all(one in text for one in shipped_lists()["A-1"])
