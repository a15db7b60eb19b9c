"""What a site may or may not have: rows and items that name an option are for sites that have it."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from maintenance.seed.strict import once, tables
from plantroom.domain.assets import LocalName


@cache
def options() -> Mapping[str, LocalName]:
    """Names of the options by key."""
    found: dict[str, LocalName] = {}
    for entry in tables("profiles.toml", ["profiles", "options"]).entries("options", "key"):
        key = entry.key()
        once("profiles.toml", "option", [*found, key])
        found[key] = entry.name()
        entry.finish()
    return MappingProxyType(found)
