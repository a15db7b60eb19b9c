"""The import that ``bench ledger`` measures: a table of new assets handed to a running ``serve``, as clients do it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Self

import httpx

from maintenance.imports.asset_columns import CustomColumns
from maintenance.imports.asset_places import Places
from maintenance.imports.assets_kind import asset_cells
from maintenance.imports.cells import Cell
from maintenance.imports.site_departments import departments_in
from maintenance.imports.writing import csv_bytes, xlsx_bytes
from plantroom.catalogue import equipment_classes
from plantroom.cli.bench_ledger_data import SITES, batch
from plantroom.domain.assets import Asset
from plantroom.domain.keys import new_key
from plantroom.errors import Unreachable

Say = Callable[[str], None]

FIRST = 10_000_000
"""Number of the first new asset: no code of the ledger's own."""

ASKS_EVERY_S = 0.2
LONGEST_S = 3600.0
PARTS = {"reading": "read", "comparing": "compare", "writing": "write"}


@dataclass(slots=True)
class Heard:
    """What somebody who asks for an import's progress hears: each new word with its time from the beginning, in s."""

    words: list[tuple[float, str, int]] = field(default_factory=list)

    def note(self, at: float, run: Mapping[str, Any]) -> None:
        """One answer. What says no more than the one before is no new word."""
        word = (str(run["phase"]), int(run["done"]))
        if not self.words or self.words[-1][1:] != word:
            self.words.append((at, *word))

    def parts(self, whole: float) -> dict[str, float]:
        """How long each part took; reading begins with the upload, and the last one ends with the answer."""
        begins: dict[str, float] = {}
        for at, phase, _ in self.words:
            if phase in PARTS:
                begins.setdefault(PARTS[phase], at)
        starts = [0.0, *list(begins.values())[1:], whole]
        return {name: round(starts[n + 1] - starts[n], 1) for n, name in enumerate(begins)}

    def progress(self, whole: float) -> dict[str, float | int]:
        """How many words came before the answer, and the longest time without a new one."""
        times = [at for at, phase, _ in self.words if phase != "finished"]
        silences = [after - before for before, after in zip([0.0, *times], [*times, whole], strict=True)]
        return {"words": len(times), "longest_silence_s": round(max(silences), 1)}


class _Listener:
    """Asks for the progress of one import while another thread waits for its answer."""

    def __init__(self, client: httpx.Client, import_id: str) -> None:
        self._client, self._path = client, f"/api/v1/imports/{import_id}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._begun = time.perf_counter()
        self.heard = Heard()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._over.wait(ASKS_EVERY_S):
            answer = self._client.get(self._path, timeout=LONGEST_S)
            if answer.is_success and not self._over.is_set():
                self.heard.note(time.perf_counter() - self._begun, answer.json())


@dataclass(frozen=True, slots=True)
class NewAssets:
    """The assets of the tables: one that makes them, and one in which each is of another model."""

    format: str
    assets: Sequence[Asset]
    points: int
    made: bytes
    changed: bytes


def new_assets(address: str, count: int, format_: str) -> NewAssets:
    """Tables as the product's own export writes them, of assets that the ledger does not have."""
    from plantroom.storage.ledger import SqlLedger

    with closing(SqlLedger(address)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            trees = {site: tx.places.tree(site) for site in SITES}
            custom, departments = CustomColumns(tx.custom_fields.list()), departments_in(tx)
            assets, _ = batch(FIRST, count, 0, {site: list(tree) for site, tree in trees.items()})
            places = {site: Places(tree) for site, tree in trees.items()}

            def rows(some: Sequence[Asset]) -> Iterator[Sequence[Cell]]:
                return (asset_cells(one, custom, {}, places[one.site], "zh", departments(one.site)) for one in some)

            write = xlsx_bytes if format_ == "xlsx" else csv_bytes
            made = write(custom.columns, rows(assets), "zh")
            others = [replace(one, model=f"{one.model}/2") for one in assets]
            changed = write(custom.columns, rows(others), "zh")
    classes = equipment_classes()
    points = sum(len(classes[one.equipment_class].points) for one in assets)
    return NewAssets(format_, assets, points, made, changed)


def measure_import(client: httpx.Client, computed: Callable[[], float], new: NewAssets, say: Say) -> dict[str, Any]:
    """The figures of an import: looked at in a dry run, taken in, and taken in again with each row changed.
    ``computed`` says how many seconds the server has computed so far."""
    count = len(new.assets)
    say(f"importing a table of {count} new assets ({new.format}, {len(new.made) / 1e6:.1f} MB)")
    looked_at, _ = _take(client, new, new.made, "dry_run", {"created": count})
    before = computed()
    written, heard = _take(client, new, new.made, "commit", {"created": count})
    computing = computed() - before
    updated, _ = _take(client, new, new.changed, "commit", {"updated": count})
    return {
        "import_rows": count,
        "import_s": round(written, 1),
        "import_parts": heard.parts(written),
        "import_progress": heard.progress(written),
        "import_cpu_s": round(computing, 1),
        "import_dry_run_s": round(looked_at, 1),
        "import_points": new.points,
        "import_file": {"format": new.format, "bytes": len(new.made)},
        "update_s": round(updated, 1),
    }


def _take(
    client: httpx.Client, new: NewAssets, table: bytes, mode: str, counts: Mapping[str, int]
) -> tuple[float, Heard]:
    """From the upload to the answer, in s, and the progress. Raises ``Unreachable`` for any answer but the wanted."""
    import_id = new_key()
    query = {"kind": "assets", "mode": mode, "id": import_id}
    with _Listener(client, import_id) as listener:
        begun = time.perf_counter()
        answer = client.post(
            "/api/v1/imports", params=query, files={"file": (f"assets.{new.format}", table)}, timeout=LONGEST_S
        )
        spent = time.perf_counter() - begun
    document = answer.json() if answer.is_success else {}
    if {name: document.get(name) for name in counts} != counts:
        raise Unreachable("the import", f"{answer.status_code}: {answer.text[:800]}")
    return spent, listener.heard
