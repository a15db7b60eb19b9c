"""Coded words of the seed: causes and actions (closing a ticket), reasons (hold, bypass, defer ...), clocks by
severity, the risk matrix, what owners report."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from maintenance.seed.departments import departments
from maintenance.seed.strict import Entry, once, tables
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import LocalName, Severity

CAUSE_GROUPS = ("design", "fabrication", "operation", "management", "external", "other")
HOLD = "hold"
ENDING_USES = ("bypass", "defer", "miss", "cancel", "reject")
IMPACTS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Code:
    """A coded word. ``classes``: offered first for these equipment classes; none: for every class."""

    code: str
    name: LocalName
    basis: str
    status: str
    classes: tuple[str, ...] = ()
    group: str = ""
    resets_model: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order waits or ends without being done."""

    code: str
    name: LocalName
    uses: tuple[str, ...]
    basis: str
    status: str

    @property
    def pauses(self) -> bool:
        """Whether it stops the resolve clock of the SLA: every hold does, and nothing else."""
        return HOLD in self.uses


@dataclass(frozen=True, slots=True)
class SeverityWords:
    """What a severity means: its name, and when a fault is of it."""

    severity: Severity
    name: LocalName
    meaning: LocalName
    basis: str
    status: str


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that the user's plan promises."""

    key: str
    name: LocalName
    value: float
    basis: str
    status: str


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a scale of the risk matrix."""

    level: int
    name: LocalName
    meaning: LocalName


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from ``low`` to ``high``, both inclusive."""

    key: str
    name: LocalName
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class UserRisk:
    """A risk of the user's own table, as it is written."""

    name: LocalName
    impact: str
    probability_percent: int
    score: int
    basis: str
    status: str


@dataclass(frozen=True, slots=True)
class RiskMatrix:
    """Likelihood 1 to 5 times consequence 1 to 5; the bands cover 1 to 25."""

    likelihoods: tuple[Level, ...]
    consequences: tuple[Level, ...]
    bands: tuple[Band, ...]
    user_risks: tuple[UserRisk, ...]
    basis: str
    status: str

    def band(self, score: int) -> Band:
        """The band of a score, 1 to 25."""
        return next(band for band in self.bands if band.low <= score <= band.high)


@dataclass(frozen=True, slots=True)
class OwnerFault:
    """What an owner reports, the severity that the ticket starts with, whether it is about people's safety, and the
    department (key) that gets it."""

    key: str
    name: LocalName
    severity: Severity
    safety: bool
    department: str
    classes: tuple[str, ...]
    basis: str
    status: str


@cache
def causes() -> Mapping[str, Code]:
    """Causes of failures by code."""
    return _coded("causes.toml", "causes", grouped=True)


@cache
def actions() -> Mapping[str, Code]:
    """What was done, by code."""
    return _coded("actions.toml", "actions", grouped=False)


def offered(codes: Mapping[str, Code], equipment_class: str | None) -> list[Code]:
    """Codes for a ticket on a machine of a class: those of the class first, then those of every class."""
    own = [one for one in codes.values() if equipment_class in one.classes]
    return own + [one for one in codes.values() if not one.classes]


@cache
def reasons() -> Mapping[str, Reason]:
    """Reasons by code: the built-in pauses (``sla.toml``) first, then those that are for endings alone."""
    found: dict[str, Reason] = {}
    for entry in tables("sla.toml", ["clocks", "pauses", "steps"]).entries("pauses", "code"):
        uses = (HOLD, *entry.words("for", ENDING_USES))
        _add(found, entry, uses, entry.basis(), entry.status().value)
    file = tables("reasons.toml", ["reasons"])
    basis, status = file.basis(), file.status().value
    for entry in file.entries("reasons", "code"):
        uses = entry.words("for", ENDING_USES)
        if not uses:
            entry.refuse("for is missing")
        _add(found, entry, uses, basis, status)
    return MappingProxyType(found)


def _add(found: dict[str, Reason], entry: Entry, uses: tuple[str, ...], basis: str, status: str) -> None:
    code = entry.key("code")
    once("reasons.toml", "reason", [*found, code])
    found[code] = Reason(code, entry.name(), uses, basis, status)
    entry.finish()


@cache
def severities() -> Mapping[Severity, SeverityWords]:
    """What each severity means. Every severity has an entry."""
    found: dict[Severity, SeverityWords] = {}
    file = tables("severities.toml", ["severities", "targets"])
    for entry in file.entries("severities", "key"):
        severity = Severity(entry.one_of("key", [one.value for one in Severity]))
        once("severities.toml", "severity", [*found, severity])
        found[severity] = SeverityWords(
            severity,
            entry.name(),
            entry.name("what_"),
            basis=entry.basis(),
            status=entry.status().value,
        )
        entry.finish()
    missing = set(Severity) - set(found)
    if missing:
        file.refuse(f"severity {min(missing)} is missing")
    return MappingProxyType(found)


@cache
def targets() -> Mapping[str, Target]:
    """Promised figures by key."""
    found: dict[str, Target] = {}
    for entry in tables("severities.toml", ["severities", "targets"]).entries("targets", "key"):
        key, value = entry.key(), entry.number("value")
        once("severities.toml", "target", [*found, key])
        if value is None:
            entry.refuse("value is missing")
        found[key] = Target(key, entry.name(), value, entry.basis(), entry.status().value)
        entry.finish()
    return MappingProxyType(found)


@cache
def risk_matrix() -> RiskMatrix:
    """The matrix of asset risk and the user's own risks."""
    file = tables("risk.toml", ["likelihoods", "consequences", "bands", "user_risks"])
    bands = tuple(_band(entry) for entry in file.entries("bands", "key"))
    ends = [0, *(band.high for band in bands)]
    if any(band.low != end + 1 for band, end in zip(bands, ends, strict=False)) or ends[-1] != 25:
        file.refuse("the bands cover 1 to 25 without a gap")
    risks = tuple(_user_risk(entry) for entry in file.entries("user_risks", "en"))
    basis, status = file.basis(), file.status().value
    return RiskMatrix(_scale(file, "likelihoods"), _scale(file, "consequences"), bands, risks, basis, status)


@cache
def owner_faults() -> Mapping[str, OwnerFault]:
    """What owners report, by key."""
    file = tables("owner_faults.toml", ["categories"])
    basis, status = file.basis(), file.status().value
    found: dict[str, OwnerFault] = {}
    for entry in file.entries("categories", "key"):
        key = entry.key()
        once("owner_faults.toml", "category", [*found, key])
        found[key] = OwnerFault(
            key,
            entry.name(),
            Severity(entry.one_of("severity", [one.value for one in Severity])),
            entry.flag("safety"),
            entry.one_of("department", departments()),
            entry.words("classes", equipment_classes()),
            basis,
            status,
        )
        entry.finish()
    return MappingProxyType(found)


def _coded(file: str, table: str, *, grouped: bool) -> Mapping[str, Code]:
    whole = tables(file, [table])
    basis, status = whole.basis(), whole.status().value
    found: dict[str, Code] = {}
    for entry in whole.entries(table, "code"):
        code = entry.key("code")
        once(file, "code", [*found, code])
        found[code] = Code(
            code,
            entry.name(),
            basis,
            status,
            entry.words("classes", equipment_classes()),
            entry.one_of("group", CAUSE_GROUPS) if grouped else "",
            False if grouped else entry.flag("resets_model"),
        )
        entry.finish()
    return MappingProxyType(found)


def _band(entry: Entry) -> Band:
    band = Band(entry.one_of("key", IMPACTS), entry.name(), entry.whole("from", 1), entry.whole("to", 1))
    entry.finish()
    return band


def _user_risk(entry: Entry) -> UserRisk:
    risk = UserRisk(
        entry.name(),
        entry.one_of("impact", IMPACTS),
        entry.whole("probability_percent"),
        entry.whole("score", 1),
        entry.basis(),
        entry.status().value,
    )
    entry.finish()
    return risk


def _scale(file: Entry, field: str) -> tuple[Level, ...]:
    levels = []
    for entry in file.entries(field, "level"):
        levels.append(Level(entry.whole("level", 1), entry.name(), entry.name("what_")))
        entry.finish()
    if [one.level for one in levels] != [1, 2, 3, 4, 5]:
        file.refuse(f"{field} are 1 to 5")
    return tuple(levels)
