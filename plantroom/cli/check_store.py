"""What ``check`` says of the readings store, at which it only looks: a bucket that it made for a mistyped name would
hide the mistake for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plantroom.cli.check_flow import STORE, Look
from plantroom.cli.check_ledger import fresh_reports
from plantroom.errors import PlantroomError
from plantroom.settings import Settings

KEPT, ELSEWHERE = "readings kept", "stores elsewhere"
OTHER_RULE = (
    "set the rule with `influx bucket update --id ID --retention 91d` (a day more than PLANTROOM_RETENTION_RAW_DAYS or"
    " PLANTROOM_RETENTION_10M_DAYS), or have Plantroom set it: `influx bucket update --id ID --description 'made by"
    " Plantroom'`"
)
OWN_RULE = (
    "give this shell the collector's settings; where it has the same ones and has run for minutes, its token may not"
    " change the rule"
)
NOT_SET = "PLANTROOM_READINGS_URL is not set here"


@dataclass(frozen=True, slots=True)
class StoreLine:
    """A line of the report on the store."""

    part: str
    look: Look
    words: str
    advice: str = ""


def stores_elsewhere(settings: Settings) -> Mapping[str, str]:
    """The collectors that write to another store than the one of our setting, as far as the ledger knows, each with
    that store's address."""
    from plantroom.bootstrap.parts import make_readings

    try:
        own = make_readings(settings).address
        return {one.collector: one.store for one in fresh_reports(settings) if one.store not in ("", own)}
    except PlantroomError:  # the store's or the ledger's own line says so
        return {}


def store_lines(settings: Settings, *, alone: bool) -> list[StoreLine]:
    """What is to be said, the store's own line first. ``alone``: no collector is known to write to another one.

    Raises ``SettingError`` for a wrong address, ``Unreachable`` when the store does not answer."""
    from plantroom.bootstrap.parts import make_readings, require_folder

    store = make_readings(settings)
    require_folder("PLANTROOM_READINGS_URL", settings.readings, settings.data_dir, make=False)
    seen = store.look()
    lines = [_store_line(settings, store.address, seen.missing, alone=alone)]
    lines += [StoreLine(STORE, Look.WARN, f"aggregates cannot be used: {words}") for words in seen.out_of_reach]
    lines += [StoreLine(KEPT, Look.FAIL, words, OTHER_RULE) for words in seen.other_rules]
    lines += [
        StoreLine(KEPT, Look.WARN, f"{words}: a collector sets it as its own settings say", OWN_RULE)
        for words in seen.own_rules
    ]
    return lines


def elsewhere_line(settings: Settings, elsewhere: Mapping[str, str]) -> StoreLine:
    """That collectors write to another store."""
    from plantroom.bootstrap.parts import make_readings

    told = ", ".join(f"{collector} writes to {address}" for collector, address in sorted(elsewhere.items()))
    ours = NOT_SET if settings.readings_url is None else "this shell's PLANTROOM_READINGS_URL names another one"
    words = f"{told}; {ours}: {make_readings(settings).address}"
    advice = "set PLANTROOM_READINGS_URL as the collector has it, unless both are one"
    return StoreLine(ELSEWHERE, Look.WARN, words, advice)


def _store_line(settings: Settings, address: str, missing: Sequence[str], *, alone: bool) -> StoreLine:
    if not missing:
        return StoreLine(STORE, Look.OK, f"{address} answers")
    words = "" if address.startswith("sqlite:") else f"{address} answers, but "
    words += f"{missing[0]} is not there"  # of its aggregates nothing is said where all is missing
    if not alone:
        return StoreLine(STORE, Look.WARN, words)
    question = "is the name right?" if settings.readings_url is not None else NOT_SET
    return StoreLine(STORE, Look.WARN, f"{words}; the collector makes it at its start: {question}")
