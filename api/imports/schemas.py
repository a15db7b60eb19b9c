"""Shapes of imports and exports."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.shapes import Instant, ListQuery, Name, Shape
from maintenance.imports.ports import ImportRun, ImportState, Mode, Phase

Kind = Literal["assets", "points", "plan_table", "last_completions", "emergency_plans", "users"]
Language = Literal["zh", "zh-hant", "en"]
Id = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class ImportQuery(BaseModel):
    """What is imported and how. ``site``: for that site; without it for every site, or the one that a row names.
    ``sheet``: the only sheet to read. ``id`` may be chosen by the caller, to look up the progress by; sending the same
    file under it again gives the first answer."""

    model_config = ConfigDict(extra="forbid", str_max_length=200)

    kind: Kind
    mode: Mode
    site: str | None = None
    sheet: str | None = None
    id: Id | None = None


class ImportProblem(Shape):
    """One thing that is wrong or odd: where, what, and what to do."""

    sheet: str
    row: int
    column: str
    value: str
    code: str
    message: str
    remedy: Name


class ImportRow(Shape):
    """A row and what becomes of it; `changes` by column: before and after. Of one that is created they are what was
    understood, with `null` before; of assets and points, which come by the ten thousand, there are none."""

    sheet: str
    row: int
    action: Literal["created", "updated", "unchanged"]
    code: str
    changes: dict[str, list[Any]]


class LeftOff(Shape):
    """Entries beyond the first thousand of each."""

    errors: int
    warnings: int


class ImportResult(Shape):
    """What an import did, or would do. With errors it is answered with 422 and nothing was written."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "import_id": "01J9ZK3V7S8W",
                    "kind": "plan_table",
                    "mode": "dry_run",
                    "state": "done",
                    "file": "plan.xlsx",
                    "site": None,
                    "created": 0,
                    "updated": 1,
                    "unchanged": 8,
                    "warnings": [],
                    "errors": [],
                    "rows": [
                        {
                            "sheet": "计划",
                            "row": 3,
                            "action": "updated",
                            "code": "PW-M",
                            "changes": {"frequency": ["每月一次", "每周一次"]},
                        }
                    ],
                }
            ]
        }
    )

    import_id: str
    kind: str
    mode: Mode
    state: ImportState
    file: str
    site: str | None
    created: int
    updated: int
    unchanged: int
    warnings: list[ImportProblem]
    errors: list[ImportProblem]
    rows: list[ImportRow]
    left_off: LeftOff | None = None


class Import(Shape):
    """An import on record; while it is `running`, `done` of `total` rows in its `phase` (0: not known yet)."""

    import_id: str
    kind: str
    mode: Mode
    state: ImportState
    file: str
    sha256: str
    site: str | None
    by: str
    started_at: Instant
    finished_at: Instant | None
    phase: Phase
    done: int
    total: int
    created: int
    updated: int
    unchanged: int
    errors: int
    warnings: int
    undone_at: Instant | None
    undone_by: str | None
    result: ImportResult | None = None

    @classmethod
    def of(cls, run: ImportRun, document: dict[str, Any] | None = None) -> Self:
        """From the ledger's record, with the answer where it is asked for."""
        own = {name: getattr(run, name) for name in cls.model_fields if name not in {"import_id", "result"}}
        result = None if document is None else ImportResult.model_validate(document)
        return cls(import_id=run.id, result=result, **own)


class ImportList(Shape):
    """A page of imports, newest first."""

    items: list[Import]
    next_cursor: str | None


class ImportListQuery(ListQuery):
    """Filters of imports."""

    kind: Kind | None = None
    state: ImportState | None = None
    site: str | None = None


class UndoResult(Shape):
    """How many changes were put back. With errors it is answered with 409: they name what has been changed or used
    since, and nothing was put back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"import_id": "01J9ZK3V7S8W", "undone": 9, "errors": []}]}
    )

    import_id: str
    undone: int
    errors: list[ImportProblem]


class TemplateQuery(BaseModel):
    """Which empty table."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    language: Language = "zh"


class ExportQuery(BaseModel):
    """Which table. ``site``: that site's own records; without it those of every site."""

    model_config = ConfigDict(extra="forbid", str_max_length=200)

    kind: Kind
    site: str | None = None
    format: Literal["xlsx", "csv"] = "xlsx"
    language: Language = "zh"
