"""How far a running import is, as somebody sees it who looks it up meanwhile."""

import io
from collections.abc import Callable
from dataclasses import replace

from maintenance.imports.kinds import Asked
from maintenance.imports.ports import Mode, Phase
from maintenance.imports.running import Wanted, run_import
from plantroom.ports.clock import FixedClock
from tests.contract.imports.importing import Store
from tests.contract.maintenance.conftest import NOW

ROWS = 4_100
TABLE = "设备编号,设备类别,型号\nX-1,,M-1\n" + "".join(f"N-{number},水泵,\n" for number in range(ROWS - 1))
Word = tuple[Phase, int, int]


def looked_up(ledger: Store, meanwhile: Callable[[Word], None] = lambda _: None) -> list[Word]:
    """What is on record while the table is read, compared and written, without what says the same again."""
    seen: list[Word] = []

    def look(phase: Phase, done: int, total: int) -> None:
        if phase is Phase.FINISHED:
            return
        meanwhile((phase, done, total))
        with ledger.read() as tx:
            run = tx.imports.find("progress-1")
        assert run is not None
        if not seen or seen[-1] != (run.phase, run.done, run.total):
            seen.append((run.phase, run.done, run.total))

    wanted = Wanted("assets", "t.csv", Mode.COMMIT, Asked("somebody", NOW, "demo"), "progress-1")
    document = run_import(ledger, wanted, io.BytesIO(TABLE.encode()), FixedClock(NOW), look)
    assert (document["errors"], document["created"], document["updated"]) == ([], ROWS - 1, 1)
    return seen


def test_reading_and_comparing_are_told_by_the_thousand(ledger: Store) -> None:
    assert looked_up(ledger) == [
        (Phase.READING, 0, 0),
        (Phase.READING, 2000, 0),
        (Phase.READING, 4000, 0),
        (Phase.COMPARING, 0, ROWS),
        (Phase.COMPARING, 2000, ROWS),
        (Phase.COMPARING, 4000, ROWS),
        (Phase.WRITING, 0, ROWS),
    ]


def test_what_is_compared_again_while_it_is_written_is_not_told(ledger: Store) -> None:
    """The run's own entry would wait for the transaction that compares."""
    heard: list[Word] = []

    def somebody_else(word: Word) -> None:
        heard.append(word)
        if word != (Phase.COMPARING, 2000, ROWS) or heard.count(word) > 1:
            return
        with ledger.begin() as tx:
            asset = tx.assets.find("demo", "X-1")
            assert asset is not None
            tx.assets.update(replace(asset, serial="changed meanwhile"), None)

    seen = looked_up(ledger, somebody_else)
    assert heard.count((Phase.COMPARING, 2000, ROWS)) == 2
    assert seen[-2:] == [(Phase.COMPARING, 4000, ROWS), (Phase.WRITING, 0, ROWS)]
    with ledger.read() as tx:
        asset = tx.assets.find("demo", "X-1")
    assert asset is not None
    assert (asset.serial, asset.model) == ("changed meanwhile", "M-1")
