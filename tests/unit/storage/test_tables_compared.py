"""No table is forgotten: each is compared by `plantroom audit verify`, or named with the reason why not."""

import plantroom.storage.ledger  # noqa: F401 (every table is defined with it)
from plantroom.storage.ledger.audit_rows import COMPARED_OTHERWISE, kept_tables, not_compared
from plantroom.storage.ledger.tables import metadata
from plantroom.storage.ledger.tables_audit import APPEND_ONLY
from plantroom.storage.ledger.tables_records import FROZEN

HALF = {"work_orders", "occurrences"}
"""Compared from their end on, and named for what they are before it."""


def test_every_table_is_compared_or_named_with_the_reason() -> None:
    compared = {one.name for one in kept_tables()} | COMPARED_OTHERWISE
    compared |= {table.name for table in (*APPEND_ONLY, *FROZEN)} | {"occurrences"}
    named = not_compared()
    assert compared | named.keys() == set(metadata.tables)
    assert compared & named.keys() == HALF
    assert all(len(why) > 5 for why in named.values())
