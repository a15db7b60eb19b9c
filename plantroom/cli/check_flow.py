"""What ``check`` says of the way in: the conditions of the page on the health of the data, in the same words."""

from enum import StrEnum
from typing import TYPE_CHECKING

from plantroom.domain.flow import TroubleKind
from plantroom.errors import PlantroomError, Unreachable
from plantroom.settings import Settings

if TYPE_CHECKING:
    from ingest.conditions import Condition

STORE, LEDGER = "readings store", "ledger"
OLD_S = 5.0
"""A collector reports once a second; what an older report says need not be so any more."""


class Look(StrEnum):
    """How a line of the report looks."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


def trouble_advice(what: str, error: PlantroomError) -> str:
    """What to do about a store or ledger that raises ``error``."""
    from ingest.patience import kind_of
    from ingest.trouble_words import TROUBLES

    return TROUBLES[kind_of(what, error if isinstance(error, Unreachable) else str(error))].advice.en


def broker_advice(error: PlantroomError) -> str:
    """What to do about a broker at which we do not get in."""
    from gateway.broker.probe import RefusesUs
    from ingest.trouble_words import TROUBLES

    if isinstance(error, RefusesUs):
        return TROUBLES[TroubleKind.BROKER_REFUSES].advice.en
    return "start the broker, or mend PLANTROOM_BROKER_URL"


def way_in(settings: Settings, *, ready: bool = True, unwritable: str = "") -> list[tuple[Look, str, str]]:
    """A line for each condition: how it looks, what it is, what to do. Raises ``Unreachable`` without a ledger.

    ``unwritable``: what to say in place of a collector's silence while the ledger takes nobody's word.

    ``ready``: what runs on this data folder says so of itself; what it last reported is not believed otherwise. The
    collector of this very data folder is not missed while nobody runs it: that is no fault."""
    from ingest.conditions import GIVEN_UP_RECENTLY, RECENT, conditions
    from ingest.picture import age_s, fresh, picture_of
    from plantroom.bootstrap.folder import is_held
    from plantroom.bootstrap.leasing import known_holder
    from plantroom.bootstrap.parts import make_ledger
    from plantroom.ports.clock import SystemClock
    from plantroom.ports.gaps import GapState
    from plantroom.ports.paging import EVERYTHING

    now = SystemClock().now()
    own = known_holder(settings.data_dir)
    ledger = make_ledger(settings)
    ledger.open()
    try:
        with ledger.read() as tx:
            reports, ledger_now = tx.collect.collectors(), tx.collect.now()
            recent = tx.collect.dead_letter_groups(EVERYTHING, 200, since=now - RECENT)
            kept = recent.total or tx.collect.dead_letter_groups(EVERYTHING, 0).total
            given_up = tx.gaps.missing(GapState.GIVEN_UP, now - GIVEN_UP_RECENTLY)
            let_go = tx.collect.letters_let_go(ledger_now - GIVEN_UP_RECENTLY)
    finally:
        ledger.close()
    running = is_held(settings.data_dir)
    told = [report for report in reports if running or report.collector != own]
    found = []
    for one in conditions(picture_of(told, ledger_now, recent.groups, kept, given_up, let_go)):
        if one.code == "collector_missing" or (unwritable and one.code == "collector_silent"):
            continue
        named = [site for site in one.sites if site]
        where = f" (site {', '.join(named)})" if named else ""
        since = f" since {one.since.isoformat(timespec='seconds')}" if one.since else ""
        detail = f" [{one.detail}]" if one.detail else ""
        words = f"{one.title.en}{where}{since}. {one.text.en} {one.loss.en}{detail}"
        found.append((look_of(one), words, one.advice.en))
    if unwritable and len(fresh(told, ledger_now)) < max(1, len(told)):
        found.append((Look.WARN, unwritable, ""))
    elif not told:
        found.append((Look.WARN, "no collector is running, so nothing comes in", ""))
    elif not found:
        ages = [age_s(report, ledger_now) for report in fresh(told, ledger_now)]
        found.append(_flowing(max(ages, default=0.0), ready=ready))
    return found


def look_of(condition: "Condition") -> Look:
    """As much as the condition weighs on the page. What publishers sent wrongly or too little of is no fault of ours,
    but somebody has to look at it."""
    from ingest.conditions import Help, Level

    if condition.level is Level.INFO:
        return Look.OK
    return Look.FAIL if condition.help is Help.NONE else Look.WARN


def _flowing(oldest_s: float, *, ready: bool) -> tuple[Look, str, str]:
    if not ready:
        return Look.WARN, "not known: what runs here is not ready", ""
    if oldest_s > OLD_S:
        words = f"not known: a collector's last word is {oldest_s:.0f} seconds old"
        return Look.WARN, words, "look at its log, and run this again"
    return Look.OK, "all is flowing", ""
