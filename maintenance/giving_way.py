"""Rows that give way: which dates of a row that were made already nothing asks for any more. Pure; local days.

A row gives way from the day it ends, and while another row of its subject stands for it. Its dates before that day are
its own: they are still to be done, and what takes its place counts from them. A last day before that day, or one that
is over (of moments by the hour: a time that is over), is given to nobody: whoever changes the plan afterwards takes no
miss off the record. The same holds of what goes before a job that has been done without it (``maintenance.preceding``).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.preceding import gone_without
from maintenance.stand_ins import stand_ins


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when a row gives way, and why."""

    since: date
    until: date
    why: str


@dataclass(frozen=True, slots=True)
class GivingWay:
    """The spans by lineage, on a day. ``mine`` are the lineages of the subject's rows; ``now`` is the instant by which
    moments by the hour are over (``None``: none are before their day is). ``needless`` says of occurrences that nobody
    needs any more why, in both languages."""

    today: date
    spans: Mapping[str, Sequence[Span]]
    mine: Collection[str] = frozenset()
    now: datetime | None = None
    needless: Mapping[OccurrenceKey, str] = field(default_factory=dict)

    def why(self, one: Occurrence) -> str | None:
        """Why an occurrence that is not over is not to be done (in both languages); ``None``: it is, or was."""
        if self.is_over(one):
            return None
        return self.needless.get(one.key) or self.why_not(one.key.lineage, one.nominal_date, one.latest)

    def is_over(self, one: Occurrence) -> bool:
        """Whether its last day, or its time, is over: so it was before its row gave way."""
        if one.due_at is not None and self.now is not None:
            return one.due_at <= self.now
        return one.latest < self.today

    def why_not(self, lineage: str, nominal: date, latest: date) -> str | None:
        """As ``why``, of a row that gives way."""
        if latest < self.today:
            return None
        for one in self.spans.get(lineage, ()):
            if one.since <= min(nominal, latest) and nominal < one.until:
                return one.why
        return None

    def asks_for(self, one: Occurrence) -> bool:
        """Whether it is not over, the subject has its row, and the row asks for it. A row that the subject has no more
        asks for nothing, nor does any of a machine at rest."""
        return one.key.lineage in self.mine and not self.is_over(one) and self.why(one) is None

    def excuses(self, one: Occurrence) -> bool:
        """Whether it is waived when a person cancels it, what is dated before a span and may be done in it, too."""
        spans = self.spans.get(one.key.lineage, ())
        return any(span.since <= one.latest and one.nominal_date < span.until for span in spans)


def giving_way(
    rows: Sequence[PlanRow],
    hourly: Sequence[PlanRow],
    today: date,
    now: datetime | None = None,
    history: Sequence[Occurrence] = (),
) -> GivingWay:
    """Of a subject's rows (``rows_for``, ``hour_rows_for``) and its history. Rows by the hour end, but none stands for
    them."""
    by_code = {row.code: row for row in rows}
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for row in (*rows, *hourly):
        if row.ends is not None:
            found[row.lineage].append(Span(row.ends, date.max, _ended(row)))
    for one in stand_ins(rows, {}):
        span = Span(one.since, one.until or date.max, _taken(by_code[one.row], one.since))
        found[by_code[one.law].lineage].append(span)
    mine = frozenset(row.lineage for row in (*rows, *hourly))
    return GivingWay(today, dict(found), mine, now, gone_without(rows, history))


def by_nobody(_: Occurrence) -> bool:
    """No person has cancelled anything."""
    return False


def as_it_will_stand(
    history: Sequence[Occurrence], gone: GivingWay, by_people: Callable[[Occurrence], bool] = by_nobody
) -> Sequence[Occurrence]:
    """The history as the planner's next look leaves it, whatever has begun. ``by_people`` as for ``asked_again``."""
    known = [replace(one, state=OccurrenceState.WAIVED) if gives_way(one, gone) else one for one in history]
    again = set(asked_again(known, gone, by_people))
    return [one for one in known if one.key not in again]


def gives_way(one: Occurrence, gone: GivingWay) -> bool:
    """Whether it is due and nothing asks for it any more."""
    return one.state is OccurrenceState.DUE and gone.why(one) is not None


def asked_again(
    history: Sequence[Occurrence], gone: GivingWay, by_people: Callable[[Occurrence], bool]
) -> list[OccurrenceKey]:
    """What was waived and is asked for again. What people have cancelled (``by_people``, asked only where it matters)
    stays waived as long as that excuses it."""
    return to_be_made_again(
        history, gone.today, lambda one: gone.asks_for(one) and not (gone.excuses(one) and by_people(one))
    )


def to_be_made_again(
    history: Sequence[Occurrence], today: date, asked: Callable[[Occurrence], bool] = lambda _: True
) -> list[OccurrenceKey]:
    """What was waived and is asked for again on a local day, its last day not being over yet: its machine had been
    scrapped, or its row had given way. Of each row only the newest cycles, for the planner goes on behind the newest
    one that it finds. O(n)."""
    found: list[OccurrenceKey] = []
    behind: set[str] = set()
    for one in sorted(history, key=lambda one: one.key, reverse=True):
        again = one.state is OccurrenceState.WAIVED and one.latest >= today and asked(one)
        if again and one.key.lineage not in behind:
            found.append(one.key)
        else:
            behind.add(one.key.lineage)
    return found


def _ended(row: PlanRow) -> str:
    return f"计划项{row.code}自{row.ends}起终止，无需执行 / the plan row {row.code} ended on {row.ends}"


def _taken(row: PlanRow, since: date) -> str:
    return (
        f"自{since}起由计划项{row.code}（{row.name.zh}）代替，无需执行 / "
        f"the plan row {row.code} ({row.name.en}) stands for it from {since} on"
    )
