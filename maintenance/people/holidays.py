"""Public holidays, for on-call rosters whose holidays are somebody else's.

Those of the library ``holidays``, which knows the country's swapped days off, too; of a year that the country has not
published yet it knows the fixed holidays alone.
"""

from datetime import date
from functools import lru_cache

from maintenance.people.on_call import IsHoliday, no_holiday

ZONE_COUNTRIES = {
    "Asia/Shanghai": "CN",
    "Asia/Urumqi": "CN",
    "Asia/Hong_Kong": "HK",
    "Asia/Macau": "MO",
    "Asia/Taipei": "TW",
    "Asia/Singapore": "SG",
}
"""Countries that a time zone is certain of."""


def holidays_in(time_zone: str) -> IsHoliday:
    """Whether a local day is a public holiday where a time zone is; no day is where the country is not certain."""
    country = ZONE_COUNTRIES.get(time_zone)
    return no_holiday if country is None else lambda day: day in _of_year(country, day.year)


@lru_cache(maxsize=64)
def _of_year(country: str, year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays(country, years=year))
