"""Shapes of assets."""

from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, FiniteFloat, model_validator

from api.shapes import Instant, ListQuery, Name, NameIn, NewName, Payload, Shape, one_or_more
from ingest.clock_effects import ClockEffect, effect_of
from plantroom.domain import papers
from plantroom.domain.assets import AssetStatus, DutyRole, Health, Presence
from plantroom.ports.clock import to_ms
from plantroom.ports.device_clocks import DeviceClock, DeviceTimes
from plantroom.ports.ledger import AssetView
from plantroom.ports.readings import Retention

Criticality = Literal["A", "B", "C"]
AssetDay = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
"""A day in an asset's life. The plan's dates count from the day it went into service."""

ShortText = Annotated[str, Field(max_length=200)]
Money = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
"""An amount in CNY."""


class Licence(Payload):
    """A licence or certificate; of several of one kind the one that expires last counts."""

    kind: Annotated[str, Field(min_length=1, max_length=100)]
    number: ShortText = ""
    issued_on: AssetDay | None = None
    expires_on: AssetDay | None = None
    issuer: ShortText = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.issued_on and self.expires_on and self.expires_on < self.issued_on:
            raise ValueError("expires_on早于issued_on / expires_on lies before issued_on")
        return self


class MakerLimit(Payload):
    """What the maker allows the whole machine, such as an ambient temperature; ``unit`` is UCUM."""

    quantity: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    unit: Annotated[str, Field(max_length=40)]
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("low与high至少填一个 / needs low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low不得大于high / low lies above high")
        return self


class Document(Payload):
    """A paper of the machine: a file that was uploaded (``sha256``) or a ``url`` elsewhere."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Annotated[str, Field(min_length=1, max_length=60)] = "other"
    sha256: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$")] = None
    url: Annotated[str | None, Field(pattern=r"^https?://\S+$", max_length=2000)] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.sha256 is None) == (self.url is None):
            raise ValueError("sha256与url须填且只填一个 / needs sha256 or url, one of the two")
        return self


class Asset(Shape):
    """One machine, with what is known of it just now. ``version`` is its ETag. ``clock_offset_ms``: how far its
    device's clock is ahead of ours (negative: behind); ``clock_times``: what times it says (`standing`: they do not go
    on; `before_2000`, `far_ahead`: the offset says nothing); ``clock_effect``: what a wrong one costs."""

    key: str
    code: str
    name: Name
    equipment_class: Annotated[str, Field(serialization_alias="class")]
    site: str
    location: str | None
    department: str | None
    status: AssetStatus
    criticality: str
    manufacturer: str
    model: str
    serial: str
    installed_on: date | None
    in_service_on: date | None
    presence: Presence
    presence_since: Instant | None
    last_seen: Instant | None
    clock_offset_ms: int | None
    clock_measured_at: Instant | None
    clock_wrong: bool
    clock_times: DeviceTimes | None
    clock_effect: ClockEffect
    health: Health
    health_reason: dict[str, Any] | None
    version: int
    custom: dict[str, Any]
    parent: str | None
    duty_partner: str | None
    duty_role: DutyRole | None
    design_life_years: float | None
    purchase_cost: float | None
    replacement_cost: float | None
    warranty_until: date | None
    licences: list[Licence]
    maker_limits: list[MakerLimit]
    documents: list[Document]

    @classmethod
    def of(cls, view: AssetView, retention: Retention) -> "Asset":
        """From the ledger's view, which is sound: nothing is checked again, since a page has a hundred of them.
        ``retention``: what is refused as too old."""
        asset = view.asset
        return cls.model_construct(
            key=asset.key,
            code=asset.code,
            name=Name.model_construct(zh=asset.name.zh, en=asset.name.en),
            equipment_class=asset.equipment_class,
            site=asset.site,
            location=asset.location,
            department=asset.department,
            status=asset.status,
            criticality=asset.criticality,
            manufacturer=asset.manufacturer,
            model=asset.model,
            serial=asset.serial,
            installed_on=asset.installed_on,
            in_service_on=asset.in_service_on,
            presence=view.presence,
            presence_since=view.presence_since,
            last_seen=view.last_seen,
            clock_offset_ms=view.clock.offset_ms if view.clock else None,
            clock_measured_at=view.clock.measured_at if view.clock else None,
            clock_wrong=view.clock is not None and view.clock.wrong_since is not None,
            clock_times=view.clock.times if view.clock else None,
            clock_effect=_clock_effect(view.clock, retention),
            health=view.health,
            health_reason=None if view.health_reason is None else dict(view.health_reason),
            version=asset.version,
            custom=dict(asset.custom),
            parent=asset.parent,
            duty_partner=asset.duty_partner,
            duty_role=asset.duty_role,
            design_life_years=asset.design_life_years,
            purchase_cost=asset.purchase_cost,
            replacement_cost=asset.replacement_cost,
            warranty_until=asset.warranty_until,
            licences=[Licence.model_construct(**fields_of(one)) for one in asset.licences],
            maker_limits=[MakerLimit.model_construct(**fields_of(one)) for one in asset.maker_limits],
            documents=[Document.model_construct(**fields_of(one)) for one in asset.documents],
        )


def fields_of(record: papers.Licence | papers.MakerLimit | papers.Document) -> dict[str, Any]:
    """The fields of a flat record by name."""
    return {name: getattr(record, name) for name in record.__slots__}


def _clock_effect(clock: DeviceClock | None, retention: Retention) -> ClockEffect:
    if clock is None or clock.wrong_since is None:
        return ClockEffect.NONE
    return effect_of(clock.offset_ms, to_ms(clock.measured_at), retention)


class AssetList(Shape):
    """A page of assets."""

    items: list[Asset]
    next_cursor: str | None


class AssetQuery(ListQuery):
    """Filters of assets; those given must all hold. ``text``: every word of it is somewhere in the asset's codes
    (former ones, too), names, maker, model, serial number, custom fields, licences or the names of its places.
    ``location``: a place with all that stands in it; ``keys``: several with commas between."""

    code: str | None = None
    equipment_class: Annotated[str | None, Field(alias="class")] = None
    site: str | None = None
    status: Annotated[str | None, one_or_more(AssetStatus)] = None
    text: str | None = None
    location: str | None = None
    department: str | None = None
    criticality: Annotated[str | None, Field(pattern=r"^[ABC](,[ABC])*$")] = None
    parent: str | None = None
    keys: Annotated[str | None, Field(max_length=40_000)] = None


class AssetFields(Payload):
    """What may be said of an asset when it is made and changed later."""

    location: ShortText | None = None
    department: ShortText | None = None
    status: AssetStatus = AssetStatus.IN_SERVICE
    criticality: Criticality = "B"
    manufacturer: ShortText = ""
    model: ShortText = ""
    serial: ShortText = ""
    installed_on: AssetDay | None = None
    in_service_on: AssetDay | None = None
    custom: Annotated[dict[str, str | FiniteFloat | bool | None], Field(max_length=100, default_factory=dict)]
    parent: ShortText | None = None
    duty_partner: ShortText | None = None
    duty_role: DutyRole | None = None
    design_life_years: Annotated[float | None, Field(gt=0, le=200)] = None
    purchase_cost: Money | None = None
    replacement_cost: Money | None = None
    warranty_until: AssetDay | None = None
    licences: Annotated[list[Licence], Field(max_length=100, default_factory=list)]
    maker_limits: Annotated[list[MakerLimit], Field(max_length=100, default_factory=list)]
    documents: Annotated[list[Document], Field(max_length=100, default_factory=list)]

    def to_domain(self, names: Collection[str]) -> dict[str, Any]:
        """The fields of the domain's record that are named."""
        given = {name: getattr(self, name) for name in names}
        for name, kind in _RECORDS.items():
            if name in given:
                given[name] = tuple(kind(**one.model_dump()) for one in given[name])
        return given


_RECORDS: dict[str, type] = {
    "licences": papers.Licence,
    "maker_limits": papers.MakerLimit,
    "documents": papers.Document,
}


class AssetCreate(AssetFields):
    """A new asset; its points are made from its class."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"site": "demo", "code": "P-201", "class": "pump"},
                {
                    "site": "demo",
                    "code": "EL-1",
                    "class": "elevator",
                    "name": {"zh": "1号电梯", "en": "Elevator 1"},
                    "installed_on": "2016-05-01",
                    "design_life_years": 15,
                    "licences": [{"kind": "periodic_inspection", "number": "T-2026-118", "expires_on": "2026-11-30"}],
                },
            ]
        }
    )

    site: ShortText
    code: Annotated[str, Field(min_length=1, max_length=200)]
    equipment_class: Annotated[str, Field(alias="class", max_length=200)]
    name: NameIn = NameIn()


class AssetChange(AssetFields):
    """What is to change; fields that are left out stay as they are. A new `status` holds from the moment at which it
    is recorded."""

    code: Annotated[str, Field(min_length=1, max_length=200)] = ""
    name: NewName = NameIn()
