"""What Prometheus is told of the way in, out of the collectors' reports. docs/metrics.md has a row for each name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from ingest.clock_effects import ClockEffect
from ingest.picture import age_s
from ingest.stats import BAD, LETTERS, WRITE_BUCKETS_S, write_bucket
from plantroom.domain.flow import BROKER_FORGOT_MS, TroubleKind, by_lane
from plantroom.ports.ledger import CollectorReport

LABELS = ("collector", "site", "lane")
MOST_REASONS = 40
"""Reasons are a fixed set of codes; whatever a report says, no more of them become labels of a lane."""

DELAYS = {"durable_p50_ms": ("durable", "0.5"), "durable_p99_ms": ("durable", "0.99")} | {
    "stored_p50_ms": ("stored", "0.5"), "stored_p99_ms": ("stored", "0.99")
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of a lane as a metric: a counter's name ends in ``_total`` once it is told."""

    key: str
    name: str
    words: str
    counter: bool = False
    unit: float = 1.0
    """So many of the report's units are one of Prometheus'."""


FIGURES = (
    _Figure("taken", "messages_received", "Messages made durable and acknowledged", counter=True),
    _Figure(
        "received", "messages_processed", "Messages dealt with: stored, kept as dead letters or known", counter=True
    ),
    _Figure("stored", "readings_stored", "Readings that the store has confirmed", counter=True),
    _Figure("duplicates", "readings_duplicate", "Readings of messages that came before", counter=True),
    _Figure("retained", "readings_retained", "Readings without a time that the broker had retained", counter=True),
    _Figure(
        "stage_failures", "stage_failures", "Messages that an alarm or model stage did not get through", counter=True
    ),
    _Figure("spool_damaged", "spool_damaged_messages", "Records of the spool that could not be read", counter=True),
    _Figure("broker_connects", "broker_connects", "Connections made to the broker", counter=True),
    _Figure("spool_depth", "spool_depth_messages", "Messages that wait"),
    _Figure("spool_bytes", "spool_bytes", "Bytes of the spool on disk, dealt with or not"),
    _Figure("lag_s", "lag_seconds", "Age of the oldest message that waits"),
    _Figure("clocks_wrong", "clocks_wrong", "Devices whose clock is wrong"),
    _Figure(
        "clock_offset_largest_ms", "clock_offset_largest_seconds", "The largest offset of a device's clock", unit=1000
    ),
)
OF_SITES = (
    _Figure("gaps", "gaps", "Sequence numbers that are missing now"),
    _Figure("gaps_given_up", "gaps_given_up", "Sequence numbers that nobody hopes for any more"),
    _Figure(
        BROKER_FORGOT_MS,
        "broker_forgot_timestamp_seconds",
        "When the broker was last found to have forgotten",
        unit=1000,
    ),
)
PREFIX = "plantroom_ingest_"
OF_COLLECTORS = {
    "windows_rolled_up": ("plantroom_rollup_windows", "Windows that were rolled up", True),
    "partitions": ("plantroom_collector_partitions", "Sites, and the strays, that it holds a lease on", False),
    "dead_letters_let_go": ("plantroom_collector_dead_letters_let_go", "Dead letters beyond the bound", True),
    "windows_dirty": ("plantroom_rollup_windows_waiting", "Windows that wait to be rolled up", False),
    "readings_expired": ("plantroom_rollup_readings_expired", "Readings deleted beyond their retention", True),
    "roll_up_failures": ("plantroom_rollup_failures", "Turns of the roll-ups that failed", True),
    "internal_errors": ("plantroom_collector_internal_errors", "Turns that failed unexpectedly", True),
}


def families(reports: Sequence[CollectorReport], now: datetime) -> Iterable[Metric]:
    """Every metric of every collector; each is told, also when no collector has anything to say of it."""
    yield from _collectors(reports, now)
    lanes = [
        ((report.collector, site, lane), figures)
        for report in reports
        for site, whole in report.by_site.items()
        for lane, figures in by_lane(whole).items()
    ]
    for figure in FIGURES:
        family = _family(PREFIX + figure.name, figure.words, LABELS, counter=figure.counter)
        for labels, figures in lanes:
            if figure.key in figures:
                family.add_metric(labels, figures[figure.key] / figure.unit)
        yield family
    yield from _of_sites(reports)
    yield from _by_kind(lanes)
    yield _clocks(lanes)
    for key, (name, words, counter) in OF_COLLECTORS.items():
        family = _family(name, words, ("collector",), counter=counter)
        for report in reports:
            family.add_metric([report.collector], report.stats.get(key, 0))
        yield family


def _family(
    name: str, words: str, labels: Sequence[str], *, counter: bool = False
) -> CounterMetricFamily | GaugeMetricFamily:
    return (CounterMetricFamily if counter else GaugeMetricFamily)(name, words, labels=labels)


def _collectors(reports: Sequence[CollectorReport], now: datetime) -> Iterable[Metric]:
    ready = _family("plantroom_collector_ready", "1 when readings flow at every site", ("collector",))
    age = _family("plantroom_collector_report_age_seconds", "Age of the collector's last word", ("collector",))
    trouble = _family("plantroom_collector_troubles", "What is in the way now, by kind", ("collector", "kind"))
    for report in reports:
        ready.add_metric([report.collector], float(report.ready))
        age.add_metric([report.collector], age_s(report, now))
        for kind in TroubleKind:
            count = sum(one.kind is kind for one in report.troubles)
            trouble.add_metric([report.collector, kind.value], count)
    yield from (ready, age, trouble)


def _of_sites(reports: Sequence[CollectorReport]) -> Iterable[Metric]:
    """Figures of a site, whose lanes share them: gaps, and when its broker had forgotten it."""
    for figure in OF_SITES:
        family = _family(PREFIX + figure.name, figure.words, ("collector", "site"))
        for report in reports:
            for site, figures in report.by_site.items():
                if figure.key in figures:
                    family.add_metric([report.collector, site], figures[figure.key] / figure.unit)
        yield family


def _clocks(lanes: Sequence[tuple[tuple[str, str, str], Mapping[str, float]]]) -> Metric:
    """Devices whose clock is wrong, by what that costs: together ``clocks_wrong``."""
    words = "Devices whose clock is wrong, by what becomes of their messages"
    family = _family(PREFIX + "clocks_by_effect", words, (*LABELS, "effect"))
    for labels, figures in lanes:
        costly = {ClockEffect.NOT_JUDGED: "clocks_not_judged", ClockEffect.REFUSED: "clocks_refused"}
        if not figures.keys() >= {"clocks_wrong", *costly.values()}:
            continue
        told = {effect: figures[key] for effect, key in costly.items()}
        told[ClockEffect.NONE] = max(0.0, figures["clocks_wrong"] - sum(told.values()))
        for effect, count in told.items():
            family.add_metric([*labels, effect.value], count)
    return family


def _by_kind(lanes: Sequence[tuple[tuple[str, str, str], Mapping[str, float]]]) -> Iterable[Metric]:
    letters = CounterMetricFamily(PREFIX + "dead_letters", "Dead letters by reason", labels=(*LABELS, "reason"))
    bad = CounterMetricFamily(
        PREFIX + "readings_bad", "Stored readings that are bad, and so never judged", labels=(*LABELS, "reason")
    )
    delay = GaugeMetricFamily(
        PREFIX + "delay_seconds",
        "From a live reading's own time to being durable or stored, over the last minute",
        labels=(*LABELS, "until", "quantile"),
    )
    writes = HistogramMetricFamily(PREFIX + "store_write_seconds", "Time of the store's writes", labels=LABELS)
    for labels, figures in lanes:
        reasons = sorted(key for key in figures if key.startswith(LETTERS))
        for key in reasons[:MOST_REASONS]:
            letters.add_metric([*labels, key.removeprefix(LETTERS)], figures[key])
        for key in sorted(key for key in figures if key.startswith(BAD))[:MOST_REASONS]:
            bad.add_metric([*labels, key.removeprefix(BAD)], figures[key])
        for key, told in DELAYS.items():
            if figures.get(key):
                delay.add_metric([*labels, *told], figures[key] / 1000)
        if "store_writes" in figures:
            buckets = [(f"{upper:g}", figures.get(write_bucket(upper), 0)) for upper in WRITE_BUCKETS_S]
            count = figures["store_writes"]
            writes.add_metric(labels, [*buckets, ("+Inf", count)], figures.get("store_write_sum_s", 0))
    yield from (letters, bad, delay, writes)
