"""Which rows stand for which, by their codes alone, and how deep a row is. Pure."""

from collections.abc import Mapping

from maintenance.intervals import Interval
from maintenance.plan import PlanRow
from maintenance.recurrence import effective_interval, longest_days


def fulfilled(row: PlanRow, by_code: Mapping[str, PlanRow]) -> set[str]:
    """Codes of the rows that a row fulfils, also by way of others; never its own."""
    found: set[str] = set()
    left = list(row.fulfils)
    while left:
        code = left.pop()
        if code not in found:
            found.add(code)
            left += by_code[code].fulfils if code in by_code else ()
    return found - {row.code}


def stood_for(row: PlanRow, by_code: Mapping[str, PlanRow]) -> set[str]:
    """As ``fulfilled``, without those that fulfil the row as well: they all stay."""
    return {
        code
        for code in fulfilled(row, by_code)
        if code not in by_code or row.code not in fulfilled(by_code[code], by_code)
    }


def depth_days(row: PlanRow, floor: int | None) -> int:
    """The days of a row's interval, which say how deep it is. One that stands for others comes as often as the law has
    it, whatever it says itself: ``floor`` is the longest gap that holds for it."""
    return longest_days(goes_by(row, effective_interval(row.interval, floor)))


def goes_by(row: PlanRow, effective: Interval) -> Interval:
    """As ``depth_days``, of a row with its effective interval."""
    return effective if row.fulfils else row.interval
