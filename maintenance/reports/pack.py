"""The inspection pack of a machine or a system: all that an inspector asks for, out of one state of the ledger."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.figures.compliance import is_statutory, outcome
from maintenance.figures.groups import Catalogue, Period, period_of
from maintenance.figures.rows import standing_for_law, systems_of
from maintenance.intervals import IntervalUnit
from maintenance.plan import SITE
from maintenance.planner import asset_subject, site_subject
from maintenance.ports import MaintenanceTx
from maintenance.records.model import Addendum, Record
from maintenance.records.ports import RecordFilter
from maintenance.records.retention import Retention, laws_at, retention
from maintenance.records.verifying import Verdict, verify_in
from maintenance.recurrence import local_day
from maintenance.reports.bare import Bare, bare_of, fact_of
from maintenance.reports.model import Report
from maintenance.reports.pack_cards import Machine, machines
from maintenance.reports.pack_former import FormerLine, former_lines
from maintenance.reports.pack_lines import File, PatrolDay, RecordLine, patrol_days, record_line
from maintenance.reports.pack_pending import is_pending, pending_lines
from maintenance.reports.pack_rests import RestLine, rest_lines
from maintenance.reports.pack_rows import Asked, RowLine, row_lines
from maintenance.reports.ports import DueLine, Mended, OrderLine, Step
from maintenance.reports.rendering import Speech, render
from maintenance.reports.tally import Tally, tally
from maintenance.seed.codes import actions, causes
from maintenance.work.endings import USES
from maintenance.work_orders import Kind
from plantroom.domain.assets import Asset, Site, Status
from plantroom.domain.audit import Head
from plantroom.errors import BadData, FieldProblem
from plantroom.ports.paging import PageRequest

MOST_LINES, MOST_PRINTED = 20_000, 4_000
"""Lines of a pack at most, and of one that is printed: 4,000 take a gigabyte and two minutes. An elevator's four years
are some 700."""

_ENDINGS = frozenset(state.value for state in USES)
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Irregular:
    """An occurrence that was not done in time: what became of it, why, and by whom its order was ended without work. Of
    what is waived only what a law asks for."""

    due: DueLine
    became: str
    subject: str
    by: str


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Work that was done and is no frozen record. ``unanswered``: how many items of its checklist have no answer."""

    order: OrderLine
    done_by: tuple[str, ...]
    verified_by: tuple[str, ...]
    signed_by: tuple[str, ...]
    mended: Mended | None
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class Pack:
    """All that the pack says."""

    site: Site
    period: Period
    today: date
    made_at: datetime
    made_by: str
    about: str
    machines: Sequence[Machine]
    rows: Sequence[RowLine]
    records: Sequence[RecordLine]
    patrols: Sequence[PatrolDay]
    irregular: Sequence[Irregular]
    bare: Bare
    rests: Sequence[RestLine]
    former: Sequence[FormerLine]
    other: Sequence[WorkLine]
    repairs: Sequence[WorkLine]
    standing: Sequence[OrderLine]
    evidence: Sequence[File]
    keep: Retention
    laws: Sequence[Retention]
    verdict: Verdict
    head: Head | None
    sound: int
    frozen: int
    pending: int
    names: Mapping[str, str]
    tally: Tally

    @property
    def lines(self) -> int:
        """How many lines it has."""
        listed: tuple[Sequence[object], ...] = (
            self.machines, self.rows, self.records, self.patrols, self.irregular, self.bare.lines, self.bare.incomplete,
            self.bare.late, self.rests, self.former, self.other, self.repairs, self.standing, self.evidence,
        )  # fmt: skip
        return sum(map(len, listed))

    @property
    def unanswered(self) -> int:
        """How many items of checklists have no answer, in records and in work that is none."""
        of_records = sum(len(one.unanswered) for one in self.records) + sum(one.unanswered for one in self.patrols)
        return of_records + sum(one.unanswered for one in self.other)

    @property
    def not_ok(self) -> int:
        """How many items of its records are not OK."""
        return sum(len(one.not_ok) for one in self.records) + sum(one.not_ok for one in self.patrols)


def pack_html(
    tx: MaintenanceTx,
    report: Report,
    catalogue: Catalogue,
    now: datetime,
    heads: Sequence[Head],
    there: Callable[[str], bool],
) -> str:
    """The pack as HTML. ``heads`` are those kept outside the ledger, ``there`` says whether a file's bytes are in the
    store. Raises ``BadData`` for a pack that nobody could read (``MOST_LINES``)."""
    site = tx.assets.site(report.site)
    speech = Speech(report.language, ZoneInfo(site.time_zone))
    pack = _Gathering(tx, report, site, catalogue, now, speech, there).pack(heads)
    most = MOST_PRINTED if report.pdf else MOST_LINES
    if pack.lines > most:
        words = (
            f"共{pack.lines}行，最多{most}行：请缩短期间、选择单台设备{'，或不要PDF' if report.pdf else ''}"
            f" / it would have {pack.lines} lines, {most} at most: ask for a shorter period, for one machine"
            f"{', or without the PDF' if report.pdf else ''}"
        )
        raise BadData(words, [FieldProblem("to", "too_large", words)])
    title = f"{speech.word('title_pack')} – {pack.about}"
    return render("pack.html.j2", speech, title=title, p=pack, causes=causes(), actions=actions())


class _Gathering:
    """What a pack is about, and everything on it."""

    def __init__(
        self,
        tx: MaintenanceTx,
        report: Report,
        site: Site,
        catalogue: Catalogue,
        now: datetime,
        speech: Speech,
        there: Callable[[str], bool],
    ) -> None:
        self._tx, self._report, self._site, self._now, self._speech = tx, report, site, now, speech
        self._catalogue, self._there = catalogue, there
        self._period = period_of(site, report.first, report.last)
        self._assets = self._machines()
        self._rows = catalogue.rows
        self._lawful = standing_for_law(self._rows.values())
        self._own = {
            key
            for key, row in self._rows.items()
            if report.system is not None and row.applies_to.site and report.system in systems_of(row, catalogue.systems)
        }

    def _machines(self) -> dict[str, Asset]:
        if self._report.asset is not None:
            return dict(self._tx.assets.several([self._report.asset]))
        classes = set(self._catalogue.systems[self._report.system or ""])
        cards = self._tx.plan.cards(self._site.code)
        found = self._tx.assets.several([one.key for one in cards if one.equipment_class in classes])
        return dict(sorted(found.items(), key=lambda one: one[1].code))

    def pack(self, heads: Sequence[Head]) -> Pack:
        """Everything, in one state of the ledger."""
        period, tx = self._period, self._tx
        due = [one for one in tx.report_store.due(self._site.code, period.first, period.last) if self._is_about(one)]
        done = [one for one in tx.report_store.done(self._site.code, period.begins, period.ends) if self._is_about(one)]
        frozen = self._records()
        completed = self._completed(done, {one.order for one in frozen})
        waiting = [one for one in completed if is_pending(one)]
        pending = pending_lines(
            tx, self._site, [one.id for one in waiting], self._assets, self._rows, self._now, self._there
        )
        work = self._work([one for one in completed if not is_pending(one)])
        finished = self._in_order([*frozen, *pending])
        by_hour = frozenset(key for key, row in self._rows.items() if row.interval.unit is IntervalUnit.HOUR)
        records, patrols = patrol_days(finished, by_hour)
        other = [one for one in work if one.order.kind != Kind.CORRECTIVE.value]
        listed, keep, today = tx.audit.heads(), self._keep(), local_day(self._now, period.zone)
        return Pack(
            site=self._site,
            period=period,
            today=today,
            made_at=self._now,
            made_by=self._report.requested_by,
            about=self._about(),
            machines=machines(
                tx, self._site, list(self._assets.values()), period.begins, today,
                self._catalogue.classes, self._catalogue.systems, self._speech,
            ),
            rows=self._kept(due),
            records=records,
            patrols=patrols,
            irregular=self._irregular(due),
            bare=bare_of(tx.report_store, due, self._lawful),
            rests=rest_lines(tx, list(self._assets.values()), period.begins, period.ends),
            former=former_lines(
                tx, self._site.code, self._assets, (site_subject(self._site.code, self._site.name).key, self._own)
            ),
            other=other,
            repairs=[one for one in work if one.order.kind == Kind.CORRECTIVE.value],
            standing=[
                one for one in tx.report_store.standing(self._site.code, period.ends) if one.asset in self._assets
            ],
            evidence=[file for line in finished for file in line.files],
            keep=keep[0],
            laws=[one for one in keep if one.status is Status.VERIFIED],
            verdict=verify_in(tx, heads),
            head=listed[-1] if listed else None,
            sound=sum(one.sound for one in frozen),
            frozen=len(frozen),
            pending=len(pending),
            names={key: self._speech.name(one.name) for key, one in self._assets.items()},
            tally=self._tally(due, done, records, patrols, other),
        )  # fmt: skip

    def _tally(
        self,
        due: Sequence[DueLine],
        done: Sequence[DueLine],
        records: Sequence[RecordLine],
        patrols: Sequence[PatrolDay],
        other: Sequence[WorkLine],
    ) -> Tally:
        lists: dict[str, Collection[str | None]] = {
            "records": [one.order for one in records],
            "patrols": [order for day in patrols for order in day.orders],
            "other_work": [one.order.id for one in other],
        }
        return tally(due, done, lists, self._period, self._now, self._lawful)

    def _keep(self) -> list[Retention]:
        """What is asked for of the classes that the pack is about, where it stands: the longest first, each once."""
        of_system = self._catalogue.systems.get(self._report.system or "", ())
        classes = {one.equipment_class for one in self._assets.values()} | set(of_system)
        laws = laws_at(self._tx, self._site.code)
        found = dict.fromkeys(retention(one, laws) for one in sorted(classes))
        return sorted(found, key=lambda one: -one.years)

    def _about(self) -> str:
        if self._report.asset is not None:
            (asset,) = self._assets.values()
            return f"{self._speech.name(asset.name)} ({asset.code})"
        system = self._report.system or ""
        return f"{self._speech.name(self._site.name)} {self._speech.name(self._catalogue.system_names[system])}"

    def _is_about(self, due: DueLine) -> bool:
        return due.subject in self._assets or (due.subject.startswith(SITE) and due.lineage in self._own)

    def _kept(self, due: Sequence[DueLine]) -> list[RowLine]:
        subjects = [asset_subject(one) for one in self._assets.values()]
        systems = self._catalogue.systems
        asked = Asked(self._site, self._rows, self._lawful, self._own, subjects, due, systems, self._now)
        return row_lines(self._tx, asked)

    def _irregular(self, due: Sequence[DueLine]) -> list[Irregular]:
        told = ((one, outcome(fact_of(one), self._now, self._period.zone, self._lawful)) for one in due)
        lines = [
            (one, became)
            for one, became in told
            if became not in (None, "in_time") and (became != "waived" or is_statutory(fact_of(one), self._lawful))
        ]
        store = self._tx.report_store
        steps = store.steps({one.order for one, _ in lines if one.order is not None})
        names = store.names({step.by for found in steps.values() for step in found})
        found = []
        for one, became in lines:
            asset = self._assets.get(one.subject)
            by = _who(steps.get(one.order or "", ()), one.order_state or "", names)[-1:]
            is_ended = one.order_state in _ENDINGS
            code = "" if asset is None else asset.code
            found.append(Irregular(one, str(became), code, by[0] if by and is_ended else ""))
        return found

    def _records(self) -> list[RecordLine]:
        records = [one for one in self._listed() if self._is_ours(one)]
        addenda: defaultdict[str, list[Addendum]] = defaultdict(list)
        wanted = {one.id for one in records}
        for one in self._tx.records.all_addenda():
            if one.record in wanted:
                addenda[one.record].append(one)
        orders = [one.work_order for one in records if one.work_order]
        signed, attached = self._tx.report_store.signed(orders), self._tx.report_store.attached(orders)
        people = self._tx.report_store.names({one.by for added in addenda.values() for one in added})
        lines = [
            record_line(
                one,
                sorted(addenda.get(one.id, ()), key=lambda said: said.number),
                signed.get(one.work_order or "", ()),
                attached.get(one.work_order or "", ()),
                self._there,
                people,
            )
            for one in records
        ]
        if self._report.system is not None:
            lines = [one for one in lines if one.asset is not None or self._own & set(one.lineages)]
        return lines

    def _in_order(self, lines: Sequence[RecordLine]) -> list[RecordLine]:
        """By day, and who has commented by name."""
        names = self._tx.report_store.names({said.by for one in lines for said in one.comments})
        called = (
            replace(one, comments=tuple(replace(said, by=names.get(said.by, said.by)) for said in one.comments))
            for one in lines
        )
        return sorted(called, key=lambda one: (one.day, one.number))

    def _listed(self) -> Iterator[Record]:
        filters = RecordFilter(
            site=self._site.code, asset=self._report.asset, start=self._period.first, end=self._period.last
        )
        cursor: str | None = None
        while True:
            page = self._tx.records.list(filters, PageRequest(AT_ONCE, cursor))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _is_ours(self, record: Record) -> bool:
        return record.asset in self._assets or (record.asset is None and bool(self._own))

    def _completed(self, done: Sequence[DueLine], frozen: Collection[str | None]) -> list[OrderLine]:
        """The orders that are done and are no records."""
        ours = {one.order for one in done if one.subject.startswith(SITE)}
        return [
            one
            for one in self._tx.report_store.completed(self._site.code, self._period.begins, self._period.ends)
            if (one.asset in self._assets or one.id in ours) and one.id not in frozen
        ]

    def _work(self, orders: Sequence[OrderLine]) -> list[WorkLine]:
        store = self._tx.report_store
        ids = [one.id for one in orders]
        steps, signed, mended = store.steps(ids), store.signed(ids), store.mended(ids)
        unanswered = store.unanswered(ids)
        names = store.names({step.by for found in steps.values() for step in found})
        return [
            WorkLine(
                one,
                _who(steps.get(one.id, ()), "completed", names),
                _who(steps.get(one.id, ()), "verified", names),
                tuple(sign.name for sign in signed.get(one.id, ())),
                mended.get(one.id),
                unanswered.get(one.id, 0),
            )
            for one in orders
        ]


def _who(steps: Iterable[Step], to: str, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.get(one.by, one.by) for one in steps if one.to == to))
