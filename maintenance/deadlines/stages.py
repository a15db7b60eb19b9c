"""How near the end of something is, and what is said of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from maintenance.notify.messages import Notice
from plantroom.domain.assets import LocalName, Severity

STAGES = (30, 7, 0)
"""Days before the last day at which people are told, and once more when it is over. Project default."""

OVER = "over"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that holds until the end of ``last_day``. ``key`` names it for ever; a renewed one is another.
    ``statutory``: work or operation has to stop without it."""

    key: str
    site: str | None
    what: LocalName
    whose: LocalName
    number: str
    last_day: date
    department: str | None = None
    statutory: bool = True


def stage_of(last_day: date, today: date) -> str | None:
    """``over``, or the days of the nearest stage that has been reached; ``None``: it is far off."""
    left = (last_day - today).days
    if left < 0:
        return OVER
    return next((str(days) for days in reversed(STAGES) if left <= days), None)


def notices(deadlines: Iterable[Deadline], today: date, base_url: str) -> list[tuple[Notice, str | None]]:
    """One notice, with the department that it is for, for each deadline that has reached a stage. Whoever has had it
    (``dedup``) is not told again until the next stage."""
    made = []
    for one in deadlines:
        stage = stage_of(one.last_day, today)
        if stage is not None:
            made.append((_notice(one, stage, today, base_url), one.department))
    return made


def _notice(one: Deadline, stage: str, today: date, base_url: str) -> Notice:
    left = (one.last_day - today).days
    said = _when(one.last_day, left)
    number = f" {one.number}" if one.number else ""
    return Notice(
        topic="deadline",
        site=one.site,
        title=LocalName(f"{one.whose.zh} {one.what.zh}{said.zh}", f"{one.whose.en}: {one.what.en} {said.en}"),
        lines=(
            LocalName(
                f"{one.what.zh}{number}，有效期至{one.last_day}。", f"{one.what.en}{number}, valid to {one.last_day}."
            ),
            _advice(one, left),
        ),
        dedup=f"deadline:{one.key}:{one.last_day}:{stage}",
        severity=Severity.MAJOR if one.statutory and left < 0 else Severity.GENERAL,
        link=base_url,
        facts={"deadline": {"key": one.key, "last_day": one.last_day.isoformat(), "days_left": left}},
    )


def _when(last_day: date, left: int) -> LocalName:
    if left < 0:
        return LocalName(f"已于{last_day}到期", f"ran out on {last_day}")
    if left == 0:
        return LocalName("今天到期", "runs out today")
    return LocalName(f"还有{left}天到期", f"runs out in {left} day{'' if left == 1 else 's'}")


def _advice(one: Deadline, left: int) -> LocalName:
    if left >= 0:
        return LocalName("请安排续办或复检。", "Arrange its renewal.")
    if one.statutory:
        return LocalName("未续办前不得继续作业或使用。", "Until it is renewed, work or operation has to stop.")
    return LocalName("续办前读数只供参考。", "Until it is renewed, the readings are for orientation only.")


def never_calibrated(site: str, points: Sequence[str], month: str) -> Notice:
    """Sensors that have to be calibrated and never were; told once a month (``YYYY-MM``) and site."""
    count, first = len(points), "、".join(points[:5])
    return Notice(
        topic="deadline",
        site=site,
        title=LocalName(
            f"{count}个传感器从未校准", f"{count} sensor{' was' if count == 1 else 's were'} never calibrated"
        ),
        lines=(LocalName(f"例如：{first}", f"Such as: {', '.join(points[:5])}"),),
        dedup=f"never-calibrated:{site}:{month}",
        facts={"points": list(points[:100]), "count": count},
    )
