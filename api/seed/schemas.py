"""Shapes of the seed: profiles, jurisdictions, coded words, what has to be verified."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.shapes import Name, Shape

_TRUST = "verified: a public source states it; from_memory: to be verified before it is shown as law; default: our own"
Trust = Annotated[str, Field(description=_TRUST, examples=["verified"])]


class SeedProfile(Shape):
    """A sort of building. `overrides` are the codes of rows that it makes stricter."""

    key: str
    name: Name
    meaning: Name
    basis: Name
    status: Trust
    satisfaction_percent: int
    survey_months: int
    overrides: list[str]


class SeasonDays(Shape):
    """First and last day (`MM-DD`) of a season of every year."""

    model_config = ConfigDict(populate_by_name=True)

    name: str
    start: Annotated[str, Field(alias="from")]
    to: str
    status: Trust


class TrappedArrival(Shape):
    """Minutes until help is with trapped passengers."""

    minutes: int
    status: Trust


class Retention(Shape):
    """How many years some records are kept."""

    records: str
    years: int
    status: Trust


class SeedJurisdiction(Shape):
    """Whose law holds. `overrides` are the codes of rows that it makes stricter than the national ones."""

    key: str
    name: Name
    basis: Name
    status: Trust
    holidays: str | None
    seasons: list[SeasonDays]
    trapped_arrival: TrappedArrival
    retention: list[Retention]
    overrides: list[str]


class SeedOption(Shape):
    """What a site may have."""

    key: str
    name: Name


class SeedProfiles(Shape):
    """What `plantroom seed` can be told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "profiles": [
                        {
                            "key": "residential",
                            "name": {"zh": "住宅", "en": "Residential"},
                            "meaning": {"zh": "全天开放", "en": "open day and night"},
                            "basis": {"zh": "物业计划 CR-13", "en": "property plan CR-13"},
                            "status": "default",
                            "satisfaction_percent": 90,
                            "survey_months": 3,
                            "overrides": [],
                        }
                    ],
                    "jurisdictions": [],
                    "options": [{"key": "diesel_pump", "name": {"zh": "柴油机消防泵", "en": "Diesel fire pump"}}],
                }
            ]
        }
    )

    profiles: list[SeedProfile]
    jurisdictions: list[SeedJurisdiction]
    options: list[SeedOption]


class Code(Shape):
    """A coded word for closing a ticket: those of the machine's class come first."""

    code: str
    name: Name
    group: str
    classes: list[str]
    resets_model: bool
    status: Trust


class ReasonCode(Shape):
    """Why an order waits or ends without being done. `uses`: hold, bypass, defer, miss, cancel, reject. `pauses`: the
    resolve clock of the SLA stands still meanwhile."""

    code: str
    name: Name
    uses: list[str]
    pauses: bool
    status: Trust


class OwnerFault(Shape):
    """What an owner reports; `severity` is what the ticket starts with, `safety` whether people may be hurt."""

    key: str
    name: Name
    severity: str
    safety: bool
    department: str
    classes: list[str]
    status: Trust


class SeedCodes(Shape):
    """Coded words of the seed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "causes": [
                        {
                            "code": "wear",
                            "name": {"zh": "正常磨损、老化", "en": "Expected wear and tear"},
                            "group": "operation",
                            "classes": [],
                            "resets_model": False,
                            "status": "from_memory",
                        }
                    ],
                    "actions": [],
                    "reasons": [
                        {
                            "code": "waiting_part",
                            "name": {"zh": "等待备件", "en": "waiting for a part"},
                            "uses": ["hold", "defer"],
                            "pauses": True,
                            "status": "default",
                        }
                    ],
                    "owner_faults": [],
                }
            ]
        }
    )

    causes: list[Code]
    actions: list[Code]
    reasons: list[ReasonCode]
    owner_faults: list[OwnerFault]


class VerifyFirst(Shape):
    """What to verify first, with the codes of the rows that hang on it."""

    name: Name
    rows: list[str]


class LeftOut(Shape):
    """What the seed knowingly does not have."""

    name: Name
    basis: Name
    status: Trust


class UnverifiedEntry(Shape):
    """One entry that is from memory. `what`: row, checklist, item, limits or season."""

    what: str
    code: str
    name: Name
    basis: Name
    status: Trust


class SeedUnverified(Shape):
    """What has to be verified before it is shown to customers as law."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "first": [
                        {
                            "name": {"zh": "客户所在城市的水箱清洗间隔", "en": "Tank-cleaning interval of the city"},
                            "rows": ["WA-TANK"],
                        }
                    ],
                    "left_out": [],
                    "items": [],
                }
            ]
        }
    )

    first: list[VerifyFirst]
    left_out: list[LeftOut]
    items: list[UnverifiedEntry]
