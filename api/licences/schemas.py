"""Shapes of what comes due in the ledger: licences, calibrations, renewals."""

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from api.assets.schemas import AssetDay, Licence
from api.shapes import AssetRef, ListQuery, Shape
from plantroom.domain.assets import Status


class DueQuery(ListQuery):
    """Which sites; and the day that counts."""

    site: str | None = None


class LicenceQuery(DueQuery):
    """Licences that expire before a day; left out: within 60 days."""

    expiring_before: AssetDay | None = None


class CalibrationQuery(DueQuery):
    """Calibrations that are due by a day; left out: within 30 days."""

    due_by: AssetDay | None = None


class RenewalQuery(DueQuery):
    """Machines that have at least ``from_share`` of their design life behind them on a day (left out: today)."""

    on: AssetDay | None = None
    from_share: Annotated[float, Field(ge=0, le=10)] = 0.9


class DueLicence(Shape):
    """A licence that expires, with its asset. ``expired``: its last day is over."""

    asset: AssetRef
    site: str
    department: str | None
    licence: Licence
    expired: bool


class DueLicenceList(Shape):
    """Licences in force that expire, the first to expire first."""

    items: list[DueLicence]
    next_cursor: str | None


class Renewal(Shape):
    """The age of a machine against its design life (its own, or its class's with ``basis`` and ``status``)."""

    asset: AssetRef
    site: str
    criticality: str
    since: date
    age_years: float
    life_years: float
    share: float
    ends_on: date
    basis: str
    status: Status
    replacement_cost: float | None


class RenewalList(Shape):
    """Machines near the end of their life or beyond it, the oldest by their life first."""

    items: list[Renewal]
    next_cursor: str | None


LICENCES_WITHIN = timedelta(days=60)
CALIBRATIONS_WITHIN = timedelta(days=30)
