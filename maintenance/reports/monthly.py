"""The monthly report to the owners: what was done, what the law asked for, how owners were answered; without names."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from maintenance.budget.costing import system_of_class
from maintenance.budget.measuring import Line, measure
from maintenance.figures.figure import DEFINITIONS
from maintenance.figures.groups import By, Catalogue, Group, Period, grouped, period_of
from maintenance.figures.rows import standing_for_law
from maintenance.lifecycle import ENDED
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.reports.bare import Bare, bare_of
from maintenance.reports.coming import Coming, coming_of
from maintenance.reports.model import Report
from maintenance.reports.owners_words import in_owners_words, kinds_of_fault
from maintenance.reports.ports import DueLine, OrderLine
from maintenance.reports.rendering import Speech, render
from maintenance.reports.tally import Tally, tally
from maintenance.seed.budgets import budget_lines
from maintenance.seed.codes import targets
from maintenance.sla.figures import Compliance, compliance
from maintenance.work.owner_reports import Satisfaction, satisfaction
from maintenance.work.repairs import repeat_rates
from maintenance.work_orders import State
from plantroom.domain.assets import LocalName, Severity, Site
from plantroom.ports.equipment import DueLicence
from plantroom.ports.paging import Scope

SHOWN_TICKETS = 100
LICENCES_AHEAD = timedelta(days=60)


class IncidentLine(NamedTuple):
    """An incident as owners hear of it."""

    code: str
    title: LocalName
    severity: str
    at: datetime
    stage: LocalName


Incidents = Callable[[MaintenanceTx, str, Period], Sequence[IncidentLine] | None]
"""The incidents of a site's period; ``None``: none are kept, and the report says nothing of them."""


def no_incidents(_tx: MaintenanceTx, _site: str, _period: Period) -> Sequence[IncidentLine] | None:
    """Where incidents are not kept."""
    return None


@dataclass(frozen=True, slots=True)
class Month:
    """All that the report says. ``machines`` are names by key in the report's language; ``budget`` is ``None`` where
    money is not shown."""

    site: Site
    period: Period
    made_at: datetime
    today: date
    whole: Group
    systems: Sequence[Group]
    bare: Bare
    bare_shown: Sequence[DueLine]
    incomplete_shown: Sequence[DueLine]
    late_shown: Sequence[DueLine]
    done: int
    tally: Tally
    tickets: Sequence[OrderLine]
    shown: Sequence[OrderLine]
    still_open: int
    answers: Sequence[Compliance]
    satisfaction: Satisfaction
    target_percent: float
    repairs: int
    repeated: int
    licences: Sequence[DueLicence]
    incidents: Sequence[IncidentLine] | None
    budget: Sequence[Line] | None
    line_names: Mapping[str, LocalName]
    system_names: Mapping[str, LocalName]
    coming: Coming
    machines: Mapping[str, str]


def monthly_html(
    tx: MaintenanceTx,
    report: Report,
    catalogue: Catalogue,
    now: datetime,
    incidents: Incidents = no_incidents,
) -> str:
    """The report as HTML."""
    site = tx.assets.site(report.site)
    period = period_of(site, report.first, report.last)
    speech = Speech(report.language, period.zone)
    month = _month(tx, report, site, period, catalogue, now, speech, incidents)
    title = f"{speech.name(site.name)} {speech.word('title_monthly')} {report.first:%Y-%m}"
    return render("monthly.html.j2", speech, title=title, m=month, definitions=DEFINITIONS)


def _month(
    tx: MaintenanceTx,
    report: Report,
    site: Site,
    period: Period,
    catalogue: Catalogue,
    now: datetime,
    speech: Speech,
    incidents: Incidents,
) -> Month:
    facts = tx.figures.facts(site.code, period.first, period.last, period.begins, period.ends, now)
    (whole,) = grouped(facts, site, period, By.SITE, now, catalogue)
    due = tx.report_store.due(site.code, period.first, period.last)
    lawful = standing_for_law(catalogue.rows.values())
    bare = bare_of(tx.report_store, due, lawful)
    done = tx.report_store.completed(site.code, period.begins, period.ends)
    jobs = tx.report_store.done(site.code, period.begins, period.ends)
    tickets = tx.report_store.opened(site.code, period.begins, period.ends)
    after = _month_after(period.last)
    next_period = period_of(site, *after)
    planned = tx.report_store.planned(site.code, next_period.begins, next_period.ends)
    scope, today = Scope(frozenset({site.code})), local_day(now, period.zone)
    past = tx.repairs.completed(scope, period.begins, period.ends, site.code)
    rates = repeat_rates(past, "month", lambda _: period.zone)
    budget = measure(tx, site, period.last.year, now, catalogue.systems).lines if report.costs else None
    return Month(
        site=site,
        period=period,
        made_at=now,
        today=today,
        whole=whole,
        bare=bare,
        bare_shown=bare.lines[:SHOWN_TICKETS],
        incomplete_shown=bare.incomplete[:SHOWN_TICKETS],
        late_shown=bare.late[:SHOWN_TICKETS],
        systems=grouped(facts, site, period, By.SYSTEM, now, _apart(catalogue)),
        done=len(done),
        tally=tally(due, jobs, {"orders_done": [one.id for one in done]}, period, now, lawful),
        tickets=tickets,
        shown=_named(tx, _worst_first(tickets)[:SHOWN_TICKETS]),
        still_open=sum(State(one.state) not in ENDED for one in tickets),
        answers=compliance(tx, period.begins, period.ends, now, site.code, scope),
        satisfaction=satisfaction(tx.owner_reports.stars(scope, period.begins, period.ends, site.code)),
        target_percent=targets()["satisfaction_percent"].value,
        repairs=sum(one.repairs for one in rates),
        repeated=sum(one.reopened for one in rates),
        licences=tx.assets.licences_due(scope, today + LICENCES_AHEAD, site.code),
        incidents=incidents(tx, site.code, period),
        budget=None if budget is None else [one for one in budget if one.budget is not None or one.figures.outlook],
        line_names={key: line.name for key, line in budget_lines().items()},
        system_names=catalogue.system_names,
        coming=coming_of(planned, catalogue.rows, lawful, period.zone),
        machines={one.key: speech.name(LocalName(one.zh, one.en)) for one in facts.machines},
    )


def _apart(catalogue: Catalogue) -> Catalogue:
    """Each class in one system, so that nothing is shown twice."""
    systems: defaultdict[str, list[str]] = defaultdict(list)
    for equipment_class, system in system_of_class(catalogue.systems).items():
        systems[system].append(equipment_class)
    return replace(catalogue, systems=systems)


def _named(tx: MaintenanceTx, tickets: Sequence[OrderLine]) -> list[OrderLine]:
    """The tickets, without what owners called them."""
    kinds = kinds_of_fault(tx, [one.id for one in tickets if in_owners_words(one)])
    return [
        one._replace(title_zh=kinds[one.id].zh, title_en=kinds[one.id].en) if one.id in kinds else one
        for one in tickets
    ]


def _worst_first(tickets: Sequence[OrderLine]) -> list[OrderLine]:
    order = list(Severity)
    return sorted(tickets, key=lambda one: (order.index(Severity(one.severity)), one.number))


def _month_after(last: date) -> tuple[date, date]:
    """First and last day of the month behind a day's."""
    first = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
