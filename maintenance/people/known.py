"""The seeded departments, kinds of certificate and demands; data only."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from maintenance.people.departments import Department
from maintenance.people.licences import Demand, Holder, LicenceKind
from maintenance.seed.loader import FOLDER
from maintenance.seed.loader import departments as seeded
from plantroom.domain.assets import LocalName, Status
from plantroom.errors import BadData

FILE: Path = FOLDER / "licences.toml"


def seeded_departments(site: str) -> list[Department]:
    """The departments that a site has before it changes any."""
    return [Department(site, d.key, d.name, d.aliases, d.classes) for d in seeded().values()]


@cache
def licence_kinds() -> Mapping[str, LicenceKind]:
    """Kinds of certificate and licence by key."""
    return MappingProxyType({raw["key"]: _kind(raw) for raw in _data()["kinds"]})


@cache
def licence_demands() -> tuple[Demand, ...]:
    """Which work needs which. Raises ``BadData`` for a demand of an unknown kind."""
    kinds = licence_kinds()
    found = tuple(_demand(raw) for raw in _data()["demands"])
    for demand in found:
        for holder, keys in ((Holder.PERSON, demand.person), (Holder.CONTRACTOR, demand.contractor)):
            for key in keys:
                if key not in kinds or kinds[key].holder is not holder:
                    raise BadData(f"{FILE.name}: {demand.key} asks for {key!r}, which no {holder.value} has")
    return found


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def _kind(raw: Mapping[str, Any]) -> LicenceKind:
    return LicenceKind(
        key=raw["key"],
        holder=Holder(raw["holder"]),
        name=LocalName(raw["zh"], raw["en"]),
        basis=LocalName(raw["basis"]["zh"], raw["basis"]["en"]),
        status=Status(raw["status"]),
        renew_months=raw.get("renew_months"),
    )


def _demand(raw: Mapping[str, Any]) -> Demand:
    listed = {
        name: tuple(raw.get(name, ())) for name in ("classes", "kinds", "executors", "rows", "person", "contractor")
    }
    return Demand(
        key=raw["key"],
        name=LocalName(raw["zh"], raw["en"]),
        strict=raw.get("strict", True),
        basis=LocalName(raw["basis"]["zh"], raw["basis"]["en"]),
        status=Status(raw["status"]),
        **listed,
    )
