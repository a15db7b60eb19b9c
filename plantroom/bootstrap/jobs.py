"""What every ``serve`` process does again and again, by name. Parts add their jobs here."""

from collections.abc import Sequence

from maintenance.budget.checking import budget_job
from maintenance.deadlines.looking import deadlines_job
from maintenance.notify.forgetting import notices_job
from maintenance.people.duty import called
from maintenance.reading_port import PointReadings
from maintenance.reports.monthly_job import reports_job
from maintenance.risk.watching import risk_job
from maintenance.scheduler import Job, materialise_job
from maintenance.sla.escalation import sla_job
from maintenance.work.reporting import contacts_job
from plantroom.bootstrap.parts import Parts


def scheduled_jobs(parts: Parts, readings: PointReadings) -> Sequence[Job]:
    """The jobs of the scheduler. Each is idempotent on the ledger and safe with several processes at once. ``readings``
    are what the plan goes by."""
    return [
        materialise_job(parts.ledger, parts.systems, readings=readings),
        risk_job(parts.ledger, parts.classes, parts.settings.public_url or ""),
        budget_job(parts.ledger, parts.systems, parts.classes, readings),
        deadlines_job(parts.ledger, parts.settings.public_url or ""),
        reports_job(parts.ledger, parts.systems),
        contacts_job(parts.ledger, parts.clock),
        notices_job(parts.ledger, parts.clock, parts.settings.retention_notices_days),
        sla_job(parts.ledger, parts.clock, called, parts.settings.public_url or ""),
    ]
