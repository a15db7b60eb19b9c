"""The role ``collect``: gateway, ingest, alarms and models for every site of the ledger."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from gateway.requests import BrokerRequests
from gateway.strays import StrayGateway
from ingest.asking import GapAsker
from ingest.letter_bound import LetterBound
from ingest.rates import Rates, Since
from ingest.rollup_worker import RollUpWorker
from ingest.rollups import RollUps
from ingest.strays import LANE, StrayWorker
from models.fitting_apart import FittingApart
from plantroom.bootstrap.draining import Drains
from plantroom.bootstrap.endings import Endings
from plantroom.bootstrap.leasing import REST_S, Held, LeaseKeeper, holder_id
from plantroom.bootstrap.parts import Parts
from plantroom.bootstrap.site_parts import TOGETHER_S, SiteParts, SiteStarter, StrayParts, together_all, wait_empty
from plantroom.domain.assets import Plant
from plantroom.domain.flow import STRAYS, Trouble, TroubleKind, summed_figures, together, with_lanes
from plantroom.errors import Unreachable
from plantroom.ports.gaps import GapState
from plantroom.ports.ledger import CollectorReport, Contended
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.wire import ROOT, shadowing

log = structlog.get_logger()

FOLLOW_S = 0.25
REPORT_S = 1.0
WARM_UP_AFTER_S = 2.0
SITE_RETRY_S = 5.0
HAND_OVER_S = 5.0
"""How long what was received of a site is processed before another collector may go on with it."""

LAST_S = 2.0
"""The same for a collector that ends."""

END_S = 4.0
"""How long its workers may then take over what they have begun. What a store that hangs keeps longer is processed again
by the next start."""


FAILED_SHOWN_S = 10.0
"""How long an unexpected error is shown after it, in order that one that comes now and then is seen."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An unexpected error in words, and when it was (monotonic)."""

    words: str
    at: float


class Collector:
    """Runs the way in of every site; takes up new sites and changed sources within a second."""

    def __init__(self, parts: Parts, broker: BrokerAddress) -> None:
        self._parts = parts
        self._broker = broker
        self._requests = BrokerRequests(broker)
        self._sites: dict[str, SiteParts] = {}
        self._strays: StrayParts | None = None
        self._stop = threading.Event()
        self._revision = -1
        self._unstarted: dict[str, str] = {}
        self._shadowing: Mapping[str, str] = {}
        """Sites of an earlier version's ledger that cannot be taken in beside another, and which."""
        self._since = Since(parts.clock)
        self._rates: dict[tuple[str, str], Rates] = {}
        self._measured = 0.0
        self._retry_at = 0.0
        self._reported = 0.0
        self._look_at = 0.0
        self._failures = 0
        self._failed: Failed | None = None
        self._warming: threading.Timer | None = None
        self._fitting = FittingApart()
        self._ledger_problem: str | None = None
        self._leases = LeaseKeeper(
            parts.ledger, holder_id(parts.settings.data_dir), parts.settings.lease_s, self._listens
        )
        self._starter = SiteStarter(parts, broker, self._requests, self._fitting, self._leases.overtaken)
        self._lease_changes = -1
        self._drains = Drains(parts)
        self._endings = Endings()
        self._postponed = False
        self._roll_ups = RollUpWorker(
            RollUps(parts.ledger, parts.readings, parts.clock), lambda: list(self._sites.copy())
        )
        self._gaps = GapAsker(parts.ledger, self._requests, parts.clock, self._horizons)
        limits = parts.settings
        self._letter_bound = LetterBound(parts.ledger, limits.dead_letters_max, limits.dead_letters_mb << 20)
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)

    def start(self) -> None:
        """Start every site, go on in a thread. The data folder must be held by this process already."""
        try:
            with self._parts.ledger.read() as tx:
                self._leases.want([*(site.code for site in tx.assets.sites()), STRAYS])
            self._leases.turn()
            self._follow()
        except (Unreachable, Contended) as error:
            self._ledger_problem = str(error)
        self._leases.start()
        self._thread.start()
        self._roll_ups.start()
        self._gaps.start()

    def _horizons(self) -> Mapping[str, int]:
        return {code: site.shared.numbers.horizon_ms() for code, site in self._sites.copy().items()}

    @property
    def holder(self) -> str:
        """Its name, by which leases, reports, metrics and words all call it."""
        return self._leases.holder

    def stop(self) -> None:
        """Stop taking messages, let each worker finish its batch, close the spools. What others give back meanwhile is
        left to those who go on."""
        self._leases.take_no_more()
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        sites = list(self._sites.values())
        strays = [self._strays] if self._strays is not None else []
        if self._leases.others():
            together_all([site.gateway.end_sessions for site in sites])
            wait_empty([spool for site in sites for spool in site.gateway.spools.values()], LAST_S)
        workers = [worker.stop for site in sites for worker in site.workers.values()]
        others = [self._roll_ups.stop, self._gaps.stop, self._drains.stop, self._fitting.close]
        others.append(partial(self._endings.wait, self._endings.under_way(), END_S))
        together_all([*workers, *(one.worker.stop for one in strays), *others], END_S)
        together_all([*(site.gateway.stop for site in sites), *(one.gateway.stop for one in strays)])
        self._requests.stop()
        self._leases.stop()

    def problems(self) -> list[str]:
        """Why readings are not flowing now, in plain words."""
        return [str(trouble) for trouble in self._troubles()]

    def _troubles(self) -> list[Trouble]:
        sites = list(self._sites.values())
        found = [trouble for site in sites for trouble in site.gateway.troubles()]
        found += [trouble for site in sites for worker in site.workers.values() for trouble in worker.troubles()]
        if self._strays is not None:
            found += self._strays.troubles()
        found += self._drains.troubles()
        found += [Trouble(TroubleKind.SPOOL_UNUSABLE, words, site) for site, words in list(self._unstarted.items())]
        for site, other in self._shadowing.items():
            words = f"not taken in: it would take the messages of site {other}'s safety lane; enter it by another code"
            found.append(Trouble(TroubleKind.CLIENT_ID_SHARED, words, site))
        found += [Trouble(TroubleKind.INTERNAL, words) for words in self._internal_problems()]
        if self._ledger_problem:
            found.append(Trouble(TroubleKind.LEDGER_AWAY, self._ledger_problem))
        return found

    def _run(self) -> None:
        steps = (
            self._note_links,
            self._measure,
            self._follow_strays,
            self._drains.turn,
            self._follow,
            self._look_for_old_spools,
            self._report_when_due,
            self._letter_bound.turn,
        )
        while not self._stop.wait(FOLLOW_S):
            self._ledger_problem = self._turn(steps)

    def _turn(self, steps: Sequence[Callable[[], None]]) -> str | None:
        """Every step once, whatever becomes of another; gives what is away, which ends the turn."""
        for step in steps:
            try:
                step()
            except (Unreachable, Contended) as error:
                return str(error)
            except Exception as error:  # outermost loop of the thread: counted, the next turn tries again
                log.exception("collector_turn_failed", step=step.__name__)
                self._failures += 1
                self._failed = Failed(f"internal error {type(error).__name__}: {error}; trying again", time.monotonic())
        return None

    def _follow_strays(self) -> None:
        if self._strays is not None:
            own = {code: site.gateway for code, site in self._sites.items()}
            self._strays.gateway.follow(own, self._leases.elsewhere())

    def _look_for_old_spools(self) -> None:
        """What another collector is shown to hold, and what is no site any more. What nobody holds may be ours in a
        moment: its own workers go on with its spools then."""
        if self._revision < 0 or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + REPORT_S
        foreign, known, ending = self._leases.of_others(), self._leases.wanted, self._endings.under_way()
        old = [p for p in self._drains.known() if p in foreign or p not in known]
        self._drains.look(p for p in old if p not in ending)

    def _internal_problems(self) -> list[str]:
        """Unexpected errors of the threads that belong to no site: those of now, and of the last seconds."""
        found = [words for words in (self._leases.problem, self._gaps.problem) if words]
        if self._failed is not None and time.monotonic() - self._failed.at < FAILED_SHOWN_S:
            found.append(self._failed.words)
        return found

    def _measure(self) -> None:
        self._since.told(self._troubles())
        if time.monotonic() - self._measured < REPORT_S:
            return
        self._measured = time.monotonic()
        lanes = [((code, lane), own) for code, site in self._sites.items() for lane, own in site.lanes().items()]
        if self._strays is not None and (own := self._strays.figures()):
            lanes.append(((STRAYS, LANE), own))
        for key, own in lanes:
            self._rates.setdefault(key, Rates()).note(own)

    def _note_links(self) -> None:
        """While a broker is away nobody can be heard: silence then says nothing of the devices."""
        now_ms = int(self._parts.clock.now().timestamp() * 1000)
        for site in list(self._sites.values()):
            site.note_link(now_ms)

    def _follow(self) -> None:
        self._try_unstarted()
        with self._parts.ledger.read() as tx:
            retry = bool(self._unstarted) and time.monotonic() >= self._retry_at
            retry |= self._postponed or bool(self._endings.under_way())
            changes = self._leases.changes
            if tx.assets.revision() == self._revision and changes == self._lease_changes and not retry:
                return
            plant = tx.assets.plant()
        self._leases.want([*plant.sites, STRAYS])
        self._let_go()
        held, self._postponed = self._leases.held(), False
        self._shadowing = shadowing(plant.sites)
        for site in self._shadowing.keys() & self._sites.keys():
            self._end(site, 0.0)
        for site in plant.sites:
            if (
                site in held
                and site not in self._shadowing
                and (site in self._sites or self._try_site(site, plant, held[site]))
            ):
                self._sites[site].follow(plant)
        if STRAYS in held:
            self._listen_for_strays()
        self._revision, self._lease_changes = plant.revision, changes
        self._warm_up(plant)

    def _warm_up(self, plant: Plant) -> None:
        """Have the libraries that fit models loaded (a second's work) once there is something to learn: not while the
        page is waited for, and not when a lane comes to the end of the window."""
        if plant.learn_windows and self._warming is None:
            self._warming = threading.Timer(WARM_UP_AFTER_S, self._fitting.warm_up)
            self._warming.daemon = True
            self._warming.start()

    def _listens(self, site: str) -> bool:
        """Whether the broker has confirmed that the site's messages come to this collector."""
        one = self._sites.get(site)
        return one is not None and f"{ROOT}/{site}/#" in one.gateway.sessions[Lane.NORMAL].granted()

    def _let_go(self) -> None:
        """Stop what has gone to another collector, and come back since; hand over what one is short of."""
        held, leaving = self._leases.held(), self._leases.to_release()
        there = [*self._sites, *([STRAYS] if self._strays else [])]
        going = [one for one in there if one in leaving or not self._is_under(one, held.get(one))]
        for partition in going:
            self._end(partition, HAND_OVER_S if partition in leaving else 0.0)
        self._endings.wait(going, TOGETHER_S)
        for partition in leaving & held.keys():
            if self._endings.silent(partition):
                self._leases.release(partition, REST_S)

    def _is_under(self, partition: str, held: Held | None) -> bool:
        """Whether what runs of a partition runs under this lease; one that was lost and taken again is another."""
        return held is not None and (partition == STRAYS or self._sites[partition].shared.held.epoch == held.epoch)

    def _end(self, partition: str, seconds: float) -> None:
        """Begin to stop a partition's sessions and workers, these after at most ``seconds`` in which what came is still
        processed."""
        if partition == STRAYS:
            if self._strays is not None:
                self._endings.begin(STRAYS, self._strays.end, lambda: None)
            self._strays = None
            return
        site = self._sites.pop(partition)
        self._endings.begin(partition, site.gateway.end_sessions, partial(site.end, seconds))
        log.info("site_let_go", site=partition)

    def _is_free(self, partition: str) -> bool:
        """Whether nobody here has to do with its spools any more; else its start is put off."""
        free = partition not in self._endings and self._drains.end(partition)
        self._postponed |= not free
        return free

    def _listen_for_strays(self) -> None:
        """Once the sites are started: what comes for any other is kept from now on."""
        if self._strays is not None or not self._is_free(STRAYS):
            return
        spools, connect_gate = self._parts.settings.data_dir / "spool", self._leases.gate(STRAYS)
        gateway = StrayGateway(
            self._broker, spools, connect_gate=connect_gate, requests=self._requests, clock=self._parts.clock
        )
        try:
            gateway.start({code: site.gateway for code, site in self._sites.items()})
        except Unreachable as error:
            self._not_started(STRAYS, error)
            return
        parts = self._parts
        worker = StrayWorker(gateway.spool, parts.ledger, parts.classes, parts.clock)
        worker.start()
        self._strays = StrayParts(gateway, worker)
        self._unstarted.pop(STRAYS, None)

    def _not_started(self, site: str, error: Unreachable) -> None:
        """Until its spool can be used this collector is none of those that want a share: what it cannot start others
        keep, in place of handing it over again and again."""
        log.error("site_not_started", site=site, problem=str(error), retry_s=SITE_RETRY_S)
        self._unstarted[site] = str(error)
        self._retry_at = time.monotonic() + SITE_RETRY_S
        self._leases.able = False
        if self._leases.others():
            self._leases.release(site, SITE_RETRY_S)

    def _try_unstarted(self) -> None:
        """Of what others hold now: whether its spool could be used again."""
        if self._unstarted and time.monotonic() >= self._retry_at:
            for site in self._unstarted.keys() - self._leases.held().keys():
                if self._drains.usable(site):
                    del self._unstarted[site]
                else:
                    self._retry_at = time.monotonic() + SITE_RETRY_S
        self._leases.able = not self._unstarted

    def _try_site(self, site: str, plant: Plant, held: Held) -> bool:
        """Start a site; one whose spool cannot be used is tried again later and keeps no other from starting. Another
        collector may try, too."""
        if not self._is_free(site):
            return False
        try:
            self._sites[site] = self._starter.start(site, plant, held, lambda: self._leases.gate(site))
        except Unreachable as error:
            self._not_started(site, error)
            return False
        log.info("site_taken_up", site=site)
        self._unstarted.pop(site, None)
        return True

    def report(self) -> CollectorReport:
        """What this collector says of itself now: sums over its sites and lanes, the largest lag."""
        by_site = {code: self._figures_of(code, site) for code, site in list(self._sites.items())}
        for code, old in self._drains.figures().items():
            by_site[code] = summed_figures([*([by_site[code]] if code in by_site else []), *old])
        if self._strays is not None and (own := self._strays.figures()):
            by_site[STRAYS] = with_lanes(self._with_rates(STRAYS, {LANE: own}))
        troubles = self._since.told(self._troubles())
        problems = [str(trouble) for trouble in troubles]
        figures = summed_figures([together(site) for site in by_site.values()])
        figures |= {**self._roll_ups.figures(), "partitions": float(len(self._leases.held()))}
        failures = sum(site.gateway.failures for site in list(self._sites.values()))
        figures["internal_errors"] = self._failures + self._leases.failures + self._gaps.failures + failures
        figures["dead_letters_let_go"] = self._letter_bound.let_go
        store, now = self._parts.readings.address, self._parts.clock.now()
        return CollectorReport(self.holder, now, not problems, problems, figures, by_site, troubles, store)

    def _figures_of(self, code: str, site: SiteParts) -> dict[str, float]:
        return self._with_gaps(code, self._with_rates(code, site.lanes()))

    def _with_rates(self, code: str, lanes: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
        none = Rates()
        return {lane: {**own, **self._rates.get((code, lane), none).figures()} for lane, own in lanes.items()}

    def _with_gaps(self, site: str, lanes: Mapping[str, dict[str, float]]) -> dict[str, float]:
        """``gaps`` of the site as the list of gaps has them, and what no list has. No lane has a figure of its own:
        while both take a topic each has but fragments of its numbers."""
        unlisted = sum(own.pop("unlisted_gaps", 0) for own in lanes.values())
        open_, given_up = (self._gaps.missing(site, state) or 0 for state in (GapState.OPEN, GapState.GIVEN_UP))
        return with_lanes(lanes) | {"gaps": open_ + unlisted, "gaps_given_up": given_up}

    def _report_when_due(self) -> None:
        if time.monotonic() - self._reported < REPORT_S:
            return
        self._reported = time.monotonic()
        report = self.report()
        with self._parts.ledger.begin() as tx:
            tx.collect.report_collector(replace(report, reported_at=tx.collect.now()))
