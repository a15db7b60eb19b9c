"""Instants as they come in and go out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from api.shapes import Instant, has_nul

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Holder(BaseModel):
    at: Instant


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-02T08:00:00Z", "2026-03-02T08:00:00.000Z"),
        ("2026-03-02T16:00:00+08:00", "2026-03-02T08:00:00.000Z"),
        ("2026-03-02T08:00:00.123456Z", "2026-03-02T08:00:00.123Z"),
        ("2024-02-29T23:59:59.999-01:00", "2024-03-01T00:59:59.999Z"),
    ],
)
def test_instants_are_shown_in_utc_with_milliseconds(text: str, shown: str) -> None:
    assert Holder(at=text).model_dump(mode="json") == {"at": shown}


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02",
        "2026-03-02T08:00:00",
        "08:00",
        "yesterday",
        "",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        1772438400,
        1.5,
        None,
        True,
    ],
)
def test_what_is_no_instant_or_has_no_zone_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        Holder.model_validate({"at": text})


@given(st.integers(0, 7_000_000_000_000_000).map(lambda us: EPOCH + timedelta(microseconds=us)))
def test_what_is_shown_reads_back_to_the_millisecond(at: datetime) -> None:
    again = Holder(at=Holder(at=at).model_dump(mode="json")["at"]).at
    assert abs((again - at).total_seconds()) < 0.001


def test_u0000_is_found_at_any_depth() -> None:
    deep: object = "a\x00"
    for _ in range(5000):
        deep = [deep]
    assert has_nul(deep)
    assert has_nul({"a\x00": 1})
    assert not has_nul({"a": [1, "b", None, {"c": 2.5}]})
