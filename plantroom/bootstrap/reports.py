"""What makes reports, on the parts of a process."""

from collections.abc import Sequence

from maintenance.records.heads import read_heads
from maintenance.reports.incidents import incidents_of
from maintenance.reports.making import Names, ReportMaker
from plantroom.bootstrap.parts import Parts
from plantroom.catalogue.systems import systems
from plantroom.domain.audit import Head
from plantroom.ports.files import FileStore


def report_maker(parts: Parts, files: FileStore) -> ReportMaker:
    """The maker of reports, which compares the history with the heads in this host's folder."""
    folder = parts.settings.data_dir / "audit" / "heads"

    def heads() -> Sequence[Head]:
        return read_heads(folder) if any(folder.glob("*.txt")) else ()

    names = Names(parts.systems, parts.classes, {key: one.name for key, one in systems().items()})
    return ReportMaker(
        parts.ledger,
        files,
        parts.planning_clock,
        names,
        parts.settings.public_url or "",
        heads,
        incidents=incidents_of,
    )
