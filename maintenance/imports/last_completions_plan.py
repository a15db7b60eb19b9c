"""The plan of a site, as lines of last completions name its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Protocol
from zoneinfo import ZoneInfo

from maintenance.facts import Facts
from maintenance.former import ENTERED_ON, standing_for
from maintenance.imports.cells import fold
from maintenance.imports.kinds import Asked
from maintenance.imports.law_names import may_be
from maintenance.imports.problems import CellProblem, there_are
from maintenance.imports.values import normal_code
from maintenance.nesting import containment
from maintenance.plan import Layer, Occurrence, PlanRow
from maintenance.planner import Subject, SubjectPlan, hour_rows_for, plan_subject, rows_for, site_subject
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.schedules import ConditionSchedule, MeterSchedule
from maintenance.stand_ins import floor_of
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName, Site

_LISTED = 20


class HasDay(Protocol):
    """What is said of a completion."""

    @property
    def done_on(self) -> date:
        """The day."""
        ...


def goes_by_readings(row: PlanRow) -> bool:
    """Whether the dates of a row come from readings or what was noticed, which the planner looks up."""
    return isinstance(row.schedule, MeterSchedule | ConditionSchedule)


def is_after(coming: LocalName | date, today: date) -> bool:
    """Whether a next date is known and still to come."""
    return not isinstance(coming, LocalName) and coming > today


class SitesPlan:
    """The plan of a site, as lines name its rows."""

    def __init__(self, tx: MaintenanceTx, site: Site, asked: Asked) -> None:
        self._tx, self._site = tx, site
        self.code, self.zone = site.code, ZoneInfo(site.time_zone)
        self.today = local_day(asked.now, self.zone)
        self.itself = site_subject(site.code, site.name)
        self._classes = {key: one.classes for key, one in systems().items()}
        self._held: dict[str, tuple[Sequence[PlanRow], Sequence[PlanRow]]] = {}
        self._contains: dict[tuple[str, ...], Mapping[str, frozenset[str]]] = {}

    @cached_property
    def _rows(self) -> Sequence[PlanRow]:
        return self._tx.plan.rows(self._site.code, self.today)

    @cached_property
    def _by_code(self) -> Mapping[str, PlanRow]:
        return {row.code: row for row in self._rows}

    def _holding(self, subject: Subject) -> tuple[Sequence[PlanRow], Sequence[PlanRow]]:
        """The dated rows that hold for a subject, and those by the hour."""
        if subject.key not in self._held:
            of = (rows_for, hour_rows_for)
            dated, hourly = (found(self._rows, subject, self._classes) for found in of)
            self._held = {subject.key: (dated, hourly)}
        return self._held[subject.key]

    def row_named(self, subject: Subject, text: str) -> PlanRow:
        """The row of a subject with that code or name. Raises ``CellProblem``."""
        dated, hourly = self._holding(subject)
        codes = {text, normal_code(text)}
        found = [row for row in (*dated, *hourly) if row.code in codes] or [
            row for row in (*dated, *hourly) if fold(text) in {fold(row.name.zh), fold(row.name.en)}
        ]
        found = found or may_be(text, [row for row in dated if row.layer is Layer.LAW])
        names = [f"{row.code}（{row.name.zh}）" for row in dated][:_LISTED]
        english = [f"{row.code} ({row.name.en})" for row in dated][:_LISTED]
        if len(found) == 1:
            if found[0] in hourly:
                raise CellProblem("by_the_hour")
            return found[0]
        if found:
            said = LocalName("有几个计划项同名", "several plan rows have that name")
            raise CellProblem("unknown_row", there_are(said, [row.code for row in found]))
        elsewhere = codes & self._by_code.keys() or self._called(text)
        said = LocalName("该计划项不适用于此处", "the plan row does not hold here")
        if subject.asset is not None and any(self._by_code[code].applies_to.site for code in elsewhere):
            zh, en = "这是站点本身的计划项，设备编号请留空", "it is a row of the site itself: leave the asset blank"
            raise CellProblem("not_for_asset", LocalName(zh, en))
        if not elsewhere:
            said = LocalName("没有这个计划项目", "there is no such plan row")
        raise CellProblem("not_for_asset" if elsewhere else "unknown_row", there_are(said, names, english))

    def _called(self, text: str) -> set[str]:
        """The codes of the site's own rows of that name."""
        rows = [row for row in self._rows if row.applies_to.site]
        named = {row.code for row in rows if fold(text) in {fold(row.name.zh), fold(row.name.en)}}
        return named or {row.code for row in may_be(text, [row for row in rows if row.layer is Layer.LAW])}

    def floor(self, row: PlanRow) -> int | None:
        """The longest gap in days that holds for a row."""
        return floor_of(row, self._by_code)

    def containing(self, subject: Subject, row: PlanRow) -> frozenset[str]:
        """The codes of a subject's rows that are done with that one in it."""
        rows, _ = self._holding(subject)
        key = tuple(one.lineage for one in rows)
        if key not in self._contains:
            self._contains[key] = containment(rows, {one.code: self.floor(one) for one in rows})
        return frozenset(code for code, inside in self._contains[key].items() if row.code in inside)

    def dated(self, subject: Subject) -> Sequence[PlanRow]:
        """The dated rows that hold for a subject."""
        return self._holding(subject)[0]

    def newest_with(self, subject: Subject, row: PlanRow, said: Mapping[str, HasDay]) -> tuple[date, str]:
        """The newest day of what is said of a row and of those that contain it (by code), and the code of which."""
        with_it = [(said[code].done_on, code) for code in self.containing(subject, row) if code in said]
        newest = max(with_it, default=(date.min, row.code))
        own = said[row.code].done_on if row.code in said else date.min
        return newest if newest[0] > own else (own, row.code)

    def stood_for(self, subject: Subject, formers: Mapping[str, Occurrence]) -> Mapping[str, Occurrence]:
        """What was done of a subject's rows (by lineage), each as that of the date that it stands for."""
        as_entered = [replace(o, evidence={ENTERED_ON: o.latest.isoformat()}) for o in formers.values()]
        series = {track.row.lineage: track.series for track in self._planned(subject, as_entered).tracks}
        return {lineage: standing_for(one, series[lineage]) for lineage, one in formers.items()}

    def next_of(self, subject: Subject, formers: Mapping[str, Occurrence]) -> Mapping[str, LocalName | date]:
        """The last day of what comes next of each row (by lineage), or why nobody knows it."""
        plan = self._planned(subject, list(formers.values()))
        found: dict[str, LocalName | date] = {t.row.lineage: t.peek().window.latest for t in plan.tracks}
        return found | {one.row.lineage: one.because for one in plan.undated}

    def _planned(self, subject: Subject, history: Sequence[Occurrence]) -> SubjectPlan:
        rows, _ = self._holding(subject)
        facts = Facts(self._site.calendar)
        return plan_subject(rows, self._by_code, subject, history, self.today, self.zone, facts=facts)
