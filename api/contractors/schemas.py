"""Shapes of contractors."""

from datetime import date
from typing import Annotated, Self

from pydantic import ConfigDict, Field

from api.shapes import Key, ListQuery, Name, NameIn, Payload, Shape, ShortText
from maintenance.people.staff import Contractor as DomainContractor
from maintenance.people.staff import ContractorLicence

Scopes = Annotated[tuple[Key, ...], Field(max_length=50)]


class Licence(Shape):
    """A licence of an organisation. `expires_on` is its last day; empty `classes` and `systems`: all that it covers."""

    kind: str
    number: str
    issued_on: date
    expires_on: date | None
    issuer: str
    classes: list[str]
    systems: list[str]


class LicenceIn(Payload):
    """A licence of an organisation."""

    kind: Key
    number: Key
    issued_on: date
    expires_on: date | None = None
    issuer: ShortText = ""
    classes: Scopes = ()
    systems: Scopes = ()

    def to_domain(self) -> ContractorLicence:
        """The ledger's record."""
        return ContractorLicence(**self.model_dump())


class Contractor(Shape):
    """An organisation that works for a site (`null`: for every site). `contact` and `phone` are for supervisors: `null`
    for others."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0198c0de",
                    "site": "demo",
                    "name": {"zh": "安达电梯", "en": "Anda Elevators"},
                    "licences": [
                        {
                            "kind": "elevator_licence",
                            "number": "TS3331001-2028",
                            "issued_on": "2024-03-01",
                            "expires_on": "2028-02-29",
                            "issuer": "省市场监督管理局",
                            "classes": ["elevator"],
                            "systems": [],
                        }
                    ],
                    "contact": "王经理",
                    "phone": "021-5555 0100",
                    "active": True,
                    "version": 1,
                }
            ]
        }
    )

    id: str
    site: str | None
    name: Name
    licences: list[Licence]
    contact: str | None
    phone: str | None
    active: bool
    version: int

    @classmethod
    def of(cls, contractor: DomainContractor, *, in_full: bool) -> Self:
        """From the ledger's record."""
        shown = cls.model_validate(contractor)
        return shown if in_full else shown.model_copy(update={"contact": None, "phone": None})


class ContractorList(Shape):
    """Contractors of the sites that the caller may see, by name."""

    items: list[Contractor]
    next_cursor: str | None = None


class ContractorQuery(ListQuery):
    """Filters of contractors."""

    site: str | None = None
    active: bool | None = None


class ContractorCreate(Payload):
    """A new contractor; without `site` for every site."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"site": "demo", "name": {"zh": "安达电梯", "en": "Anda Elevators"}}]}
    )

    site: Key | None = None
    name: NameIn
    licences: Annotated[tuple[LicenceIn, ...], Field(max_length=50)] = ()
    contact: ShortText = ""
    phone: Annotated[str, Field(max_length=40)] = ""


class ContractorChange(Payload):
    """Fields to change; what is left out stays. `active: false` takes back the open orders that it has."""

    name: NameIn | None = None
    licences: Annotated[tuple[LicenceIn, ...] | None, Field(max_length=50)] = None
    contact: ShortText | None = None
    phone: Annotated[str | None, Field(max_length=40)] = None
    active: bool | None = None
