"""The months that a line of a plan table names, as the first day of its row. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from maintenance.imports.frequency_months import YEAR, falls_in, first_day, in_words
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.problems import Problems
from maintenance.imports.problems import in_words as message
from maintenance.plan import Layer, PlanRow
from plantroom.domain.assets import LocalName


def with_first_day(wanted: Wanted, before: PlanRow | None, today: date, problems: Problems) -> Wanted:
    """The line with the first day that its months stand for, where it has no other. A row that begins in these months
    already keeps its day; one that the law asks for keeps its own dates, with a warning."""
    months = wanted.frequency.months if wanted.frequency is not None else ()
    if not months and wanted.day:
        months = tuple(range(1, YEAR + 1))
    if not months or "anchor" in wanted.values or (before is not None and _begins_so(before.anchor, months, wanted)):
        return wanted
    if before is not None and before.layer is Layer.LAW:
        named = in_words(months)
        said = LocalName(
            f"法规项目“{before.name.zh}”保留原有日期，“{named.zh}”未采用",
            f"{before.name.en}, which the law asks for, keeps its dates: {named.en} was not taken over",
        )
        column = "anchor" if "anchor" in wanted.row.written else "frequency"
        problems.warn(wanted.row.problem(column, "months_ignored", message("months_ignored", said)))
        return wanted
    return replace(wanted, values={**wanted.values, "anchor": first_day(months, today, wanted.day or 1)})


def _begins_so(anchor: date | None, months: Sequence[int], wanted: Wanted) -> bool:
    return anchor is not None and falls_in(anchor, months) and wanted.day in (0, anchor.day)
