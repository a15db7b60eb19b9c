"""Where a row that stands for one that the law asks for (``fulfils``) asks for less than that one does. Pure.

The longest gap holds for whatever stands for the law's row (``maintenance.stand_ins.floor_of``). No gap holds a season,
another job that the work comes before, the years of a machine's age or a meter, nor who does the work and what proves
it: what is laxer there is an administrator's to decide, as it is for the law's row itself (``rules.lawful``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from maintenance.fulfilling import fulfilled
from maintenance.hours import by_the_hour
from maintenance.intervals import Interval
from maintenance.plan import Layer, PlanRow
from maintenance.plan_changes.model import Caution
from maintenance.recurrence import default_early_days, longest_between, longest_days
from maintenance.schedule_words import how_often
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from plantroom.domain.assets import LocalName

DATES, PROOF = "stand_in_dates", "stand_in_proof"

_BY_OTHERS = frozenset({"contractor", "authority"})
"""Whoever does such work is not the property itself."""


@dataclass(frozen=True, slots=True)
class Weaker:
    """That a row which stands for the law's asks for less: ``code`` is ``stand_in_dates`` or ``stand_in_proof``."""

    row: PlanRow
    law: PlanRow
    code: str

    def said(self) -> LocalName:
        """What is weakened, and by what."""
        row, law = self.row, self.law
        basis = LocalName(f"（{law.basis}）", f" ({law.basis})") if law.basis else LocalName("", "")
        if self.code == DATES:
            is_now, was = how_often(row), how_often(law)
            return LocalName(
                f"{row.code}“{row.name.zh}”（{is_now.zh}）将代替法规项目 {law.code}“{law.name.zh}”{basis.zh}，"
                f"后者依法按“{was.zh}”安排",
                f"{row.code} ({is_now.en}) is to stand for {law.code} {law.name.en}{basis.en}, which the law wants by"
                f" its own dates: {was.en}",
            )
        return LocalName(
            f"{row.code}“{row.name.zh}”将代替法规项目 {law.code}“{law.name.zh}”{basis.zh}，但其性质、实施单位、资格、"
            "检查表或凭证低于该项目的要求",
            f"{row.code} is to stand for {law.code} {law.name.en}{basis.en} with another kind, other hands, or less "
            "of a certificate, checklist or evidence than that one asks for",
        )

    def caution(self) -> Caution:
        """As whoever approves is told it."""
        said = self.said()
        return Caution(
            self.code, LocalName(f"{said.zh}：须由管理员批准", f"{said.en}: an administrator has to approve")
        )


def weakened(before: Sequence[PlanRow], after: Sequence[PlanRow], today: date = date.min) -> list[Weaker]:
    """What rows stand for the law with less than it asks for that did not so before, in any site's plan: they or the
    law's own are others now. Both are the rows of every site and of one or more sites; what is in effect ``today``
    begins then. O(rows), and O(rows of a site) for each site whose plan is another one."""
    found: dict[tuple[str, str, str], Weaker] = {}
    was, is_now = _by_site(before), _by_site(after)
    for site in _other_plans(was, is_now):
        known = {(row.code, law.code): (row, law) for row, law in _standing(_plan_of(was, site))}
        for row, law in _standing(_plan_of(is_now, site)):
            had = known.get((row.code, law.code))
            for code, is_laxer, what in ((DATES, _laxer_dates, _dates_of), (PROOF, _laxer_proof, _proof_of)):
                if is_laxer(row, law, today) and not (
                    had is not None and what(had[0]) == what(row) and is_laxer(*had, today)
                ):
                    found.setdefault((row.lineage, law.lineage, code), Weaker(row, law, code))
    return list(found.values())


_Plans = Mapping[str | None, Mapping[str, PlanRow]]


def _by_site(rows: Sequence[PlanRow]) -> _Plans:
    """The rows of each site by code; of every site under ``None``."""
    found: dict[str | None, dict[str, PlanRow]] = {None: {}}
    for row in rows:
        found.setdefault(row.site, {})[row.code] = row
    return found


def _other_plans(was: _Plans, is_now: _Plans) -> list[str | None]:
    """The sites whose plan is another one: all of them where every site's rows are."""
    sites = sorted(was.keys() | is_now.keys(), key=lambda site: site or "")
    if was[None] != is_now[None]:
        return list(sites)
    return [site for site in sites if was.get(site) != is_now.get(site)]


def _plan_of(plans: _Plans, site: str | None) -> Mapping[str, PlanRow]:
    """The rows that hold on a site, by code: its own hide every site's."""
    return {**plans[None], **plans.get(site, {})}


def _standing(plan: Mapping[str, PlanRow]) -> Iterator[tuple[PlanRow, PlanRow]]:
    """Which rows of a plan stand for which of the law's, also by way of others."""
    for row in plan.values():
        for code in sorted(fulfilled(row, plan)) if row.fulfils else ():
            law = plan.get(code)
            if law is not None and law.layer is Layer.LAW:
                yield row, law


def _dates_of(row: PlanRow) -> tuple[object, ...]:
    """What an administrator has let stand: by what dates, where, until when."""
    by = row.schedule, row.interval, row.anchor, row.early_days, row.late_days, row.before_reuse
    return *by, row.applies_to, row.ends


def _proof_of(row: PlanRow) -> tuple[object, ...]:
    """The same of who does it and what proves it."""
    proof = row.kind, row.executor, row.licence, row.checklist, row.evidence, row.fulfilled_by
    return *proof, row.applies_to, row.ends


def _laxer_dates(row: PlanRow, law: PlanRow, today: date) -> bool:
    since = max(today, row.effective_from)
    asked, has = law.before_reuse, row.before_reuse
    if asked is not None and (has is None or has.after_days > asked.after_days):
        return True
    gap = longest_between(law) if law.max_gap_days is None else law.max_gap_days
    by_gap = isinstance(row.schedule, IntervalSchedule) and isinstance(law.schedule, IntervalSchedule)
    if row.anchor is not None and row.anchor > since + timedelta(days=gap if by_gap else 0):
        return True
    return not _is_as_strict(row, law)


def _is_as_strict(row: PlanRow, law: PlanRow) -> bool:
    """Whether a row's dates are of the same kind as the law's, and as strict as far as no longest gap holds them."""
    match law.schedule, row.schedule:
        case IntervalSchedule(), IntervalSchedule():
            strict = _is_as_strict_by_interval(row, law)
        case SeasonSchedule(asked), SeasonSchedule(seasons):
            strict = set(asked) <= set(seasons) and _is_inside(row, law)
        case BeforeSchedule(asked), BeforeSchedule(code):
            strict = asked == code and _is_inside(row, law) and _is_capped(row.interval, law.interval)
        case AgeSchedule() as asked, AgeSchedule() as years:
            strict = _has_the_years(years, asked)
        case MeterSchedule(asked, most), MeterSchedule(point, every):
            strict = asked == point and every <= most and _is_capped(row.interval, law.interval)
        case ConditionSchedule(asked), ConditionSchedule(modes):
            strict = set(asked) <= set(modes)
        case _:
            strict = False
    return strict


def _is_as_strict_by_interval(row: PlanRow, law: PlanRow) -> bool:
    """The longest gap holds the days, but neither outside of a row's season nor under a day."""
    asked, has = law.schedule, row.schedule
    assert isinstance(asked, IntervalSchedule)
    assert isinstance(has, IntervalSchedule)
    if has.in_season not in (None, asked.in_season):
        return False
    if not by_the_hour(law.interval):
        return True
    fewer_hours = has.open_hours and not asked.open_hours
    return by_the_hour(row.interval) and row.interval.every <= law.interval.every and not fewer_hours


def _is_inside(row: PlanRow, law: PlanRow) -> bool:
    """Whether the day before a season (or another job) lies in the law's window, and the work is no earlier than the
    law's or than is usual for the interval."""
    has, asked = row.schedule, law.schedule
    assert isinstance(has, SeasonSchedule | BeforeSchedule)
    assert isinstance(asked, SeasonSchedule | BeforeSchedule)
    if not asked.lead_days - law.late_days <= has.lead_days <= asked.lead_days + law.early_days:
        return False
    return row.early_days <= max(law.early_days, default_early_days(row.interval, row.late_days))


def _is_capped(interval: Interval, asked: Interval) -> bool:
    """Whether an interval that stands beside another rule is as short as the law's; any, where it has none."""
    return not asked.every or 0 < longest_days(interval) <= longest_days(asked)


def _has_the_years(schedule: AgeSchedule, asked: AgeSchedule) -> bool:
    if schedule.since != asked.since or schedule.years[-1] != asked.years[-1]:
        return False
    if asked.then is not None and (schedule.then is None or longest_days(schedule.then) > longest_days(asked.then)):
        return False
    return set(asked.years) <= set(schedule.years)


def _laxer_proof(row: PlanRow, law: PlanRow, _today: date) -> bool:
    return less_proof(row, law)


def less_proof(row: PlanRow, law: PlanRow) -> bool:
    """Whether the work would be frozen, done or proved with less than the law's row asks for."""
    other_kind = row.kind not in (law.kind, "statutory")
    other_hands = row.executor != law.executor and (law.executor in _BY_OTHERS or row.executor == "automatic")
    by_itself = row.fulfilled_by is not None and row.fulfilled_by != law.fulfilled_by
    lists = _lists(law) - _lists(row)
    papers = (set(law.evidence) - set(row.evidence)) | (set(law.licence) - set(row.licence))
    return bool(other_kind or other_hands or by_itself or lists or papers)


def _lists(row: PlanRow) -> set[str]:
    return {one.strip() for one in (row.checklist or "").split("+")} - {""}
