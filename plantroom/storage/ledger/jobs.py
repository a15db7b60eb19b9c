"""When the scheduler's jobs last ran."""

from collections.abc import Mapping

from maintenance.job_ports import JobRepository
from maintenance.scheduled import JobRun
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_standings import scheduled_jobs
from plantroom.storage.ledger.work import Work

JOBS = Record(JobRun, scheduled_jobs)


class SqlJobs(JobRepository):
    """``JobRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def runs(self) -> Mapping[str, JobRun]:
        found = map(JOBS.item, self._connection.execute(JOBS.select()))
        return {run.name: run for run in found}

    def put(self, run: JobRun) -> None:
        insert = self._work.backend.insert(scheduled_jobs)
        values = JOBS.row(run)
        known = {name: insert.excluded[name] for name in values if name != "name"}
        self._connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=known), values)
