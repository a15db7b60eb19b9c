"""Writes to an SQLite store until it is killed; says each confirmed number of rows on its standard output."""

import sys
from pathlib import Path

from plantroom.storage.readings.sqlite import SqliteReadings
from tests.contract.readings.given import T0, pump, wave


def main() -> None:
    store = SqliteReadings(Path(sys.argv[1]))
    store.open()
    rows = 0
    while True:
        store.write(wave([pump("flow"), pump("head")], 200, start_ms=T0 + rows * 1000))
        rows += 200
        sys.stdout.write(f"{rows}\n")
        sys.stdout.flush()


main()
