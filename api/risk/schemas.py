"""Shapes of risks and early-warning reports."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.shapes import AssetRef, Instant, ListQuery, Name, Payload, Shape, Why
from maintenance.risk.model import LIKELIHOOD, Factor, Part, RiskReport, Standing
from maintenance.risk.model import RiskPolicy as DomainPolicy
from maintenance.seed.codes import RiskMatrix

Level = Annotated[int, Field(ge=1, le=5)]


class RiskPart(Shape):
    """One step of an assessment: what it goes by, what it adds (`of` likelihood: points; of consequence: levels), and
    why. `known` is false where nothing is known: it adds nothing then."""

    factor: Factor
    of: str
    points: int
    text: Name
    known: bool


def _part(part: Part) -> RiskPart:
    return RiskPart(
        factor=part.factor,
        of="likelihood" if part.factor in LIKELIHOOD else "consequence",
        points=part.points,
        text=Name.model_validate(part.text),
        known=part.known,
    )


class AssetRisk(Shape):
    """Where a machine stands: likelihood x consequence, each 1 to 5, with every step of both. `since` is when it got
    this score, `warned` whether a warning stands."""

    asset: str
    asset_ref: AssetRef | None
    site: str
    likelihood: Level
    consequence: Level
    score: int
    band: str
    since: Instant
    assessed_at: Instant
    warned: bool
    parts: list[RiskPart]

    @classmethod
    def of(cls, standing: Standing, ref: AssetRef | None, matrix: RiskMatrix) -> Self:
        """From the ledger's record."""
        return cls(
            asset=standing.asset,
            asset_ref=ref,
            site=standing.site,
            likelihood=standing.likelihood,
            consequence=standing.consequence,
            score=standing.score,
            band=matrix.band(standing.score).key,
            since=standing.since,
            assessed_at=standing.assessed_at,
            warned=standing.above,
            parts=[_part(part) for part in standing.parts],
        )


class AssetRiskList(Shape):
    """A page of machines by their risk, the highest first."""

    items: list[AssetRisk]
    next_cursor: str | None


class RiskQuery(ListQuery):
    """Filters of machines by their risk; `warned` keeps those with a warning that stands (or without). Sorts: score,
    since."""

    site: str | None = None
    asset: str | None = None
    min_score: Annotated[int | None, Field(ge=1, le=25)] = None
    warned: bool | None = None


class ScaleStep(Shape):
    """One step of a scale."""

    level: Level
    name: Name
    meaning: Name


class RiskBand(Shape):
    """Scores from `low` to `high`, both included."""

    key: str
    name: Name
    low: int
    high: int


class RiskCell(Shape):
    """One cell of the matrix: how many machines."""

    likelihood: Level
    consequence: Level
    score: int
    band: str
    count: int


class Matrix(Shape):
    """The 5 x 5 matrix of a site: 25 cells, its scales and bands. `assessed` machines stand in it; `warning_value` is
    the score that a warning begins at."""

    site: str
    warning_value: int
    assessed: int
    warned: int
    cells: list[RiskCell]
    likelihoods: list[ScaleStep]
    consequences: list[ScaleStep]
    bands: list[RiskBand]
    basis: str
    status: str


class ReportSummary(Shape):
    """An early-warning report. `crossing` counts a machine's warnings; it is acknowledged once a person has said what
    is done."""

    id: str
    site: str
    asset: str
    asset_ref: AssetRef | None
    crossing: int
    made_at: Instant
    title: Name
    likelihood: Level
    consequence: Level
    score: int
    warning_value: int
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    version: int

    @classmethod
    def of(cls, report: RiskReport, ref: AssetRef | None) -> Self:
        """From the ledger's record."""
        return cls.model_validate(_fields(report, ref))


def _fields(report: RiskReport, ref: AssetRef | None) -> dict[str, Any]:
    own = {name: getattr(report, name) for name in ReportSummary.model_fields if name != "asset_ref"}
    return own | {"asset_ref": ref}


class ReportDetail(ReportSummary):
    """An early-warning report whole, with the four parts of the users' template, a sentence a line: `overview`,
    possible `impact`, `measures` taken, next `advice`. `taken` is what the person who acknowledged it says has been
    done."""

    overview: list[Name]
    impact: list[Name]
    measures: list[Name]
    advice: list[Name]
    parts: list[RiskPart]
    taken: str

    @classmethod
    def whole(cls, report: RiskReport, ref: AssetRef | None) -> Self:
        """From the ledger's record."""
        more = {name: getattr(report, name) for name in ("overview", "impact", "measures", "advice", "taken")}
        return cls.model_validate(_fields(report, ref) | more | {"parts": [_part(part) for part in report.parts]})


class ReportList(Shape):
    """A page of reports, the newest first."""

    items: list[ReportSummary]
    next_cursor: str | None


class ReportQuery(ListQuery):
    """Filters of reports; `from` and `to` bound when they were made (the end excluded)."""

    site: str | None = None
    asset: str | None = None
    acknowledged: bool | None = None
    begins: Annotated[Instant | None, Field(alias="from")] = None
    ends: Annotated[Instant | None, Field(alias="to")] = None


class Acknowledgement(Payload):
    """What is being done about a report."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"measures": "已切换至2号泵，3月5日前更换轴承（张工）"}]})

    measures: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class RiskPolicy(Shape):
    """From which score on a site is warned, and when a warning is over: at `clear_value` or below for
    `clear_after_days`. `version` 0: what is built in."""

    site: str
    warning_value: int
    clear_value: int
    clear_after_days: int
    version: int
    changed_by: str | None
    changed_at: Instant | None
    reason: str | None

    @classmethod
    def of(cls, policy: DomainPolicy) -> Self:
        """From the ledger's record."""
        return cls(
            site=policy.site,
            warning_value=policy.warning_value,
            clear_value=policy.clear_value,
            clear_after_days=policy.clear_after_days,
            version=policy.version,
            changed_by=policy.by or None,
            changed_at=policy.changed_at,
            reason=policy.reason or None,
        )


class RiskPolicyChange(Payload):
    """What a site says itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"warning_value": 12, "clear_value": 8, "clear_after_days": 7, "reason": "安委会决定"}]
        }
    )

    warning_value: int
    clear_value: int
    clear_after_days: int = 7
    reason: Why
