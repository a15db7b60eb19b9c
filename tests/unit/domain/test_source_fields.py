"""How the command line writes a field of a source."""

import pytest

from plantroom.cli.sources import parse_field
from plantroom.domain.sources import FieldMapping
from plantroom.errors import BadData


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=p", FieldMapping("a", "p")),
        ("ENERGY.Power=P-1:power@W", FieldMapping("ENERGY.Power", "power", "P-1", "W")),
        ("urn:dev:7:flow=flow@m3/h", FieldMapping("urn:dev:7:flow", "flow", "", "m3/h")),
        ("a=b=p@[degF]", FieldMapping("a=b", "p", "", "[degF]")),
    ],
)
def test_a_field_is_read(text: str, expected: FieldMapping) -> None:
    assert parse_field(text) == expected


@pytest.mark.parametrize("text", ["", "a", "=p", "a=", "a=P-1:", "a=@W"])
def test_what_names_no_field_or_point_is_refused(text: str) -> None:
    with pytest.raises(BadData):
        parse_field(text)
