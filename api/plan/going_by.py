"""What a new plan row goes by: its schedule with the interval, and whether the two fit together."""

from api.paging import bad_field
from api.plan.schemas import PlanRowCreate
from api.services import Services
from maintenance.going_by import GoingBy, Misfit, misfit, unknown_name
from maintenance.intervals import Interval
from maintenance.plan import AppliesTo
from maintenance.schedules import BY_INTERVAL, fulfilled_by_from, implied_interval, schedule_from


def what_it_goes_by(form: PlanRowCreate) -> GoingBy:
    """The schedule, the interval (``NO_INTERVAL`` without any) and what credits an occurrence. ``BadData`` names the
    field that does not fit."""
    schedule = BY_INTERVAL if form.schedule is None else schedule_from(form.schedule.model_dump(mode="json"))
    given = None if form.interval is None else Interval(form.interval.every, form.interval.unit)
    credit = form.fulfilled_by
    found = GoingBy(
        schedule,
        implied_interval(schedule) if given is None else given,
        AppliesTo(form.system, form.classes, form.assets, form.site),
        None if credit is None else fulfilled_by_from(credit.model_dump(mode="json", by_alias=True)),
        form.shift_percent,
        form.contains,
    )
    _require(misfit(found))
    return found


def check_points(services: Services, row: GoingBy) -> None:
    """``BadData`` where a row names a point that no class it applies to has, or a failure mode that none knows."""
    _require(unknown_name(row, services.classes, services.systems))


def _require(found: Misfit | None) -> None:
    if found is not None:
        raise bad_field(found.field, found.code, f"{found.said.zh} / {found.said.en}")
