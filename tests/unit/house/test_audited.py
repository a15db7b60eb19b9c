"""No table's changes are forgotten, and nothing passes the history by."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import plantroom.storage.ledger  # noqa: F401 (every table is defined with it)
from plantroom.storage.ledger.audited import Audited, rule_of
from plantroom.storage.ledger.tables import metadata

ROOT = Path(__file__).resolve().parents[3]
WRITING = re.compile(
    r"\s*(INSERT\s+(INTO|OR)|REPLACE\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|TRUNCATE|COPY\s)", re.IGNORECASE
)
COPIES = {"plantroom/storage/ledger/postgresql.py", "plantroom/storage/ledger/sqlite.py"}
"""Where rows are copied past the query language: ``note_copied`` stands beside it in ``insert_many``, and
``insert_plain`` alone writes what the plan makes; ``Drafts`` tells of what of that is closed."""

SECRET = re.compile(r"password|secret|token_hash|csrf", re.IGNORECASE)


def test_every_table_says_whether_its_changes_are_kept() -> None:
    silent = [name for name, table in metadata.tables.items() if rule_of(table) is None]
    assert not silent, "say info=audited(...) or info=unaudited('why'): docs/audit.md"


def test_what_is_said_of_a_kept_table_names_its_columns() -> None:
    for name, table in metadata.tables.items():
        rule = rule_of(table)
        if not isinstance(rule, Audited):
            assert rule, f"{name}: why are its changes not kept?"
            continue
        documents = {rule.document} if rule.document_by is None else {rule.document_by[0]}
        named = {rule.site, rule.asset, rule.label, *documents} - {None}
        named |= {*rule.key, *rule.secret, *rule.derived, *rule.parsed}
        assert named <= set(table.c.keys()), name
        assert rule.key == tuple(column.name for column in table.primary_key.columns), name
        if rule.made_with is not None:
            assert rule.asset is not None
            assert rule.made_with in metadata.tables


def test_no_secret_is_kept() -> None:
    for name, table in metadata.tables.items():
        rule = rule_of(table)
        if isinstance(rule, Audited) and rule.document is None:
            secrets = {column.name for column in table.c if SECRET.search(column.name)}
            assert secrets <= rule.secret, name


def statements() -> Iterator[tuple[str, str]]:
    """Texts in the ledger's modules that write, as far as a text shows it."""
    for path in (ROOT / "plantroom" / "storage" / "ledger").rglob("*.py"):
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            first = parts[0] if parts else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and WRITING.match(first.value):
                yield place, first.value


def test_no_repository_writes_past_the_history() -> None:
    assert {place for place, _ in statements()} <= COPIES


def test_copied_rows_are_told_to_the_history() -> None:
    for place in COPIES:
        assert "note_copied(connection, table, rows)" in (ROOT / place).read_text()
