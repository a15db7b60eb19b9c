"""How often, in the words of plan tables: Simplified, Traditional, English, ISO 8601. Generous where there is one
meaning, strict where there are two. Pure.

Half a month, or twice a month, is 15 days, the law's count. What is no whole number of days or months (three times a
week) is refused, as are weekdays and dates, which say when and not how often. A remark in brackets or behind a comma
that is no frequency is left out, and that is said.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from maintenance.frequencies import canonical, parse_frequency
from maintenance.imports.cells import fold
from maintenance.imports.frequency_intervals import UNITS, interval_of, times_of
from maintenance.imports.frequency_months import UNEVEN, evenly, months_of
from maintenance.imports.frequency_plain import often_in, plain_of, without_work
from maintenance.imports.frequency_refusals import (
    NO_WHOLE,
    WHICH_HOURS,
    refusal,
    refuse_at_most,
    refuse_below_one,
    refuse_early,
    several,
)
from maintenance.imports.frequency_seasons import other_kind, within
from maintenance.imports.problems import CellProblem
from maintenance.imports.rule_words import MANY_HOURS, read_rule, says_how_often
from maintenance.intervals import Interval, IntervalUnit
from maintenance.schedule_words import often_in_words
from maintenance.schedules import (
    BY_INTERVAL,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
    SeasonSchedule,
    implied_interval,
)
from plantroom.domain.assets import LocalName


@dataclass(frozen=True, slots=True)
class Frequency:
    """What a cell means: an interval, or a schedule of another kind with the interval that stands for its depth.
    ``read_as``: not word for word, so that a warning says how it was read; ``left_out``: what was not taken over."""

    interval: Interval
    schedule: Schedule = BY_INTERVAL
    read_as: bool = False
    left_out: str = ""
    months: Sequence[int] = ()
    """The months in which it falls, where the text names them."""
    times_of_day: bool = False
    """So many times a day, which hours it does not say."""
    doubt: LocalName | None = None
    """What it may mean as well."""


LONGEST = 80
"""Characters that a frequency has at most."""

_MANY_HOURS = re.compile(r"[0-9]{3,}个?(?:小时|钟头|h(?![a-z])|hrs?|hours?)")
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|【([^【】]*)】")
_PARTS = re.compile("[,;、/]")
_SAYS_OFTEN = re.compile("每|次|[0-9]|[二两三四五六七八九十]|per|every|week|month|year|day|ly")
"""What a remark that is left out must not say."""

_HOW_LONG = re.compile(
    "(?:每次|单次|时长|历时|耗时|用时|持续|(?:每次)?运行|each(?:time)?|for|duration)?(?:时间|时长)?(?:为|约)?[0-9.]+"
    "(?:分钟|分|mins?|minutes?|小时|h|hrs?|hours?|人|名|台)(?:/次|每次|以上|左右|each)?"
)
"""How long the work takes: 每次不少于30min."""

_HOURS = re.compile("时|钟头|(?<![a-z])h(?![a-z])|hour|hr|pt")

_DAYS = {
    IntervalUnit.HOUR: Fraction(1, 24), IntervalUnit.DAY: Fraction(1), IntervalUnit.WEEK: Fraction(7),
    IntervalUnit.MONTH: Fraction(365, 12), IntervalUnit.YEAR: Fraction(365),
}  # fmt: skip
_ALIKE = Fraction(11, 10)
"""How far apart two intervals that mean one may be: 每月（4周）, 每季度（90天） (D)."""

_ODD_OR_EVEN = re.compile(
    "(?P<which>每?逢双[月周]|(?:每?逢|每|按)?(?:单|奇数|偶数)月|(?:每?逢|每|按)?单周)份?(?:※|一次|1次)*"
)


_PARTED_UNIT = re.compile("每?([0-9]+[.][0-9]+)个?(月|年|周|months?|years?|yrs?)(?:一次|1次|/次)?")
_WHICHEVER = re.compile("[,(]?以?先到者?为准[)]?|[,(]?whichever(?:comes|is|occurs)?(?:first|sooner|earlier)[)]?")


def read_frequency(text: str, unit: str = "") -> Frequency:
    """What a cell means. ``unit``: what the heading says in brackets, for plain numbers. Raises ``CellProblem``."""
    rule = read_rule(text)
    if rule is not None and says_how_often(rule):
        return Frequency(implied_interval(rule), rule)
    if len(fold(text)) > LONGEST:
        raise CellProblem("unknown_frequency")
    refuse_at_most(fold(text))
    refuse_below_one(fold(text))
    plain = _WHICHEVER.sub("", plain_of(text))
    if not plain.strip("()[]【】"):
        raise CellProblem("missing_value")
    number = _BRACKETS.sub("", plain)
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", number):
        return _numbered(number, plain_of(unit) or plain.removeprefix(number).strip("()"))
    found = _BRACKETS.search(plain)
    joined = plain.replace("(", "").replace(")", "")
    for part in within(joined):
        inner = _or_none(part.rest)
        if inner is not None and inner.schedule == BY_INTERVAL:
            return replace(inner, schedule=part.schedule, read_as=True)
    if found is not None:
        return _bracketed(plain, found)
    return _parted(plain)


def frequency_or_none(text: str) -> Frequency | None:
    """As ``read_frequency``; ``None`` for what is refused."""
    try:
        return read_frequency(text)
    except CellProblem:
        return None


def _one(plain: str) -> Frequency:
    """A text without brackets, as a whole. Raises ``CellProblem``."""
    said = without_work(plain)
    named = _named(plain, said)
    if named is not None:
        return named
    refuse_early(said)
    capped = _capped(plain)
    if capped is not None:
        return capped
    other = other_kind(said)
    if other is None and _MANY_HOURS.search(plain) and not plain.startswith("pt"):
        raise CellProblem("ambiguous_frequency", WHICH_HOURS)
    known = parse_frequency(plain)
    if known is not None:
        return Frequency(known)
    if other is not None:
        return Frequency(implied_interval(other), other, read_as=True)
    iso = re.sub("^r[0-9]*/(?=p)", "", plain)
    interval = (parse_frequency(iso) if iso != plain else None) or interval_of(plain, said)
    if interval is None:
        raise _several_inside(plain) or refusal(said, plain)
    if interval.unit is IntervalUnit.HOUR and interval.every >= MANY_HOURS and not plain.isascii():
        raise CellProblem("ambiguous_frequency", WHICH_HOURS)
    of_a_day = interval.unit is IntervalUnit.HOUR and _HOURS.search(plain) is None
    return Frequency(interval, read_as=of_a_day or _is_odd(plain, interval), times_of_day=of_a_day)


def _several_inside(plain: str) -> CellProblem | None:
    """What is wrong with a text in which several frequencies stand one after the other (每月检查和每年试验)."""
    words = often_in(plain)
    read = [_or_none(one) for one in words] if len(words) > 1 else []
    known = {canonical(one.interval): one for one in read if one is not None}
    if len(known) < len(read) or len(known) < 2:
        return None
    return several([often_in_words(one.interval, one.schedule) for one in known.values()])


def _named(plain: str, said: str) -> Frequency | None:
    """Parts of a unit, odd or even months, months by their names; ``None``: none of these."""
    parted = _PARTED_UNIT.fullmatch(plain)
    if parted is not None:
        return _parts_of(Fraction(parted[1]), UNITS.get(parted[2]) or UNITS[parted[2].removesuffix("s")])
    odd = _ODD_OR_EVEN.fullmatch(said)
    if odd is not None:
        unit = IntervalUnit.WEEK if "周" in odd["which"] else IntervalUnit.MONTH
        return Frequency(Interval(2, unit), read_as=True, left_out=odd["which"])
    months = months_of(said)
    return None if months is None else _in_months(months)


def _in_months(months: Sequence[int]) -> Frequency:
    """Work that falls in months of each year. Raises ``CellProblem`` where these are not equally far apart."""
    interval = evenly(months)
    if interval is None:
        raise CellProblem("frequency_is_a_date", UNEVEN)
    return Frequency(interval, read_as=True, months=months)


def _capped(plain: str) -> Frequency | None:
    """Running hours or starts, but no longer than an interval: 每运行500小时或每3个月（先到为准）."""
    parts = re.split("或者?|(?<=[a-z])or(?=every|each|[0-9])", plain)
    if len(parts) != 2:
        return None
    read = [_or_none(one.strip(",")) for one in parts]
    meter = next((one for one in read if one is not None and isinstance(one.schedule, MeterSchedule)), None)
    interval = next((one for one in read if one is not None and one.schedule == BY_INTERVAL), None)
    if meter is None or interval is None:
        return None
    return Frequency(interval.interval, meter.schedule, read_as=True)


def _parts_of(count: Fraction, unit: tuple[int, IntervalUnit]) -> Frequency:
    """Half a month, half a year, a year and a half. Raises ``CellProblem`` for what is no whole number of days."""
    every, of = count * unit[0], unit[1]
    if of is IntervalUnit.YEAR:
        every, of = every * 12, IntervalUnit.MONTH
    if of is IntervalUnit.MONTH and every == Fraction(1, 2):
        every, of = Fraction(15), IntervalUnit.DAY
    if of is IntervalUnit.WEEK:
        every, of = every * 7, IntervalUnit.DAY
    if every.denominator > 1 or every < 1:
        raise CellProblem("unknown_frequency", NO_WHOLE)
    return Frequency(Interval(int(every), of), read_as=True)


def _or_none(plain: str) -> Frequency | None:
    try:
        return _one(plain)
    except CellProblem:
        return None


def _is_odd(bare: str, interval: Interval) -> bool:
    """Whether a reader may have meant something else: a code of letters, twice a month as 15 days, one left out."""
    if (bare.isascii() and len(bare) <= 3) or re.search("隔|四季|春", bare) is not None:
        return True
    by_day = interval.unit in (IntervalUnit.DAY, IntervalUnit.HOUR)
    shared = interval.unit is not IntervalUnit.YEAR and re.search("次/?年|年.*次|year|annu", bare) is not None
    return (by_day and re.search("月|month|周|week|daily", bare) is not None) or (
        shared and interval.unit is not IntervalUnit.MONTH
    )


def _bracketed(plain: str, found: re.Match[str]) -> Frequency:
    """A frequency with a remark: one that says the same, or before which season, or what is left out."""
    rest = plain[: found.start()] + plain[found.end() :]
    inside = next((one for one in found.groups() if one is not None), "")
    inner = _or_none(inside) if inside else None
    joined = other_kind(without_work(rest + inside)) if inner is None else None
    if joined is not None and other_kind(without_work(rest)) is None and _or_none(rest) is None:
        return Frequency(implied_interval(joined), joined, read_as=True)
    capped = _capped(rest + inside)
    if capped is not None:
        return capped
    try:
        outer = read_frequency(rest)
    except CellProblem as problem:
        if inner is None or problem.code not in ("unknown_frequency", "missing_value"):
            raise
        return replace(inner, read_as=True)
    return _beside(outer, inner, inside)


def _parted(plain: str) -> Frequency:
    """A text that may have parts: a frequency beside a season, or beside remarks that are left out."""
    try:
        return _one(plain)
    except CellProblem as problem:
        first, *remarks = re.split("[,;]", plain)
        known_first = _or_none(first) if remarks and all(_HOW_LONG.fullmatch(one) for one in remarks) else None
        if known_first is not None:
            return _beside(known_first, None, "，".join(remarks))
        parts = [one for one in _PARTS.split(plain) if one]
        read = [(one, _or_none(one)) for one in parts]
        known = [found for _, found in read if found is not None]
        if problem.code != "unknown_frequency" or len(parts) < 2 or not known:
            raise
        if len(known) == 1:
            remarks = [one for one, found in read if found is None]
            if any(_SAYS_OFTEN.search(one) for one in remarks) or "/" in plain:
                raise
            return _beside(known[0], None, "，".join(remarks))
        seasons = [one for one in known if one.schedule != BY_INTERVAL]
        intervals = [one for one in known if one.schedule == BY_INTERVAL]
        if len(parts) == len(known) == 2 and len(seasons) == len(intervals) == 1:
            return _beside(intervals[0], seasons[0], "")
        if len({canonical(one.interval) for one in known}) > 1:
            raise several([often_in_words(one.interval, one.schedule) for one in known]) from problem
        raise


def _beside(outer: Frequency, inner: Frequency | None, remark: str) -> Frequency:
    """A frequency with what stands beside it. Raises ``CellProblem`` where the two say different things."""
    if inner is None:
        for said in often_in(remark):
            inside = _or_none(said)
            if inside is not None:
                _beside(outer, inside, remark)
        months = months_of(remark, alone=True)
        if months is not None and _is_every(outer, months):
            return replace(outer, read_as=True, months=months)
        return replace(outer, read_as=True, left_out=remark)
    if outer.schedule == inner.schedule and canonical(outer.interval) == canonical(inner.interval):
        return replace(outer, read_as=True, months=outer.months or inner.months)
    season, plain = (inner, outer) if isinstance(inner.schedule, SeasonSchedule) else (outer, inner)
    if isinstance(season.schedule, SeasonSchedule) and plain.schedule == BY_INTERVAL:
        if canonical(plain.interval) != (12 // len(season.schedule.seasons), "month"):
            raise CellProblem("ambiguous_frequency", _TWO_SAID)
        return replace(season, read_as=True)
    if _are_one(outer, inner):
        return replace(outer, read_as=True, left_out=remark)
    raise several([often_in_words(one.interval, one.schedule) for one in (outer, inner)])


def _is_every(outer: Frequency, months: Sequence[int]) -> bool:
    every = evenly(months)
    return every is not None and outer.schedule == BY_INTERVAL and canonical(every) == canonical(outer.interval)


def _are_one(outer: Frequency, inner: Frequency) -> bool:
    """Whether two intervals beside each other may well mean the same."""
    if not isinstance(outer.schedule, IntervalSchedule) or inner.schedule not in (outer.schedule, BY_INTERVAL):
        return False
    shorter, longer = sorted(one.interval.every * _DAYS[one.interval.unit] for one in (outer, inner))
    return longer <= shorter * _ALIKE


_TWO_SAID = LocalName(
    "周期与季节不一致：季节前的工作每季节一次",
    "how often and the season do not go together: what is done before a season is done once for each",
)


def _numbered(number: str, unit: str) -> Frequency:
    """A plain number by the unit that its heading says: 3 (月), 0.5 (年), 4 (次/年)."""
    if re.match(r"次|次数|times?|x(?![a-z])", unit):
        return _one(number.removesuffix(".0") + re.sub("^次数?", "次", unit))
    known = UNITS.get(unit) or UNITS.get(unit.removesuffix("s")) or UNITS.get(unit.removeprefix("个"))
    if known is None:
        raise CellProblem("frequency_without_unit")
    parts = Fraction(number)
    if parts.denominator > 1:
        return _parts_of(parts, known)
    count = int(parts)
    if known[1] is IntervalUnit.HOUR and count >= MANY_HOURS:
        raise CellProblem("ambiguous_frequency", WHICH_HOURS)
    interval = times_of(count, known)
    if interval is None:
        raise CellProblem("unknown_frequency")
    return Frequency(interval)
