"""Which fields a source names: by their full name, or by what follows a slash or a colon in it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from ingest.matching import Matcher, SeriesTable, SourceRoute
from plantroom.domain.sources import FieldMapping, TopicSource
from tests.unit.ingest.plants import plant_of

NAME = st.text("ab/:", max_size=6)


def named(full_name: str, names: Mapping[str, object]) -> bool:
    """The same, by going over all names."""
    return full_name in names or any(full_name.endswith((f"/{name}", f":{name}")) for name in names)


def route_of(*names: str) -> SourceRoute:
    fields = tuple(FieldMapping(name, "vibration", "P-1") for name in names)
    source = TopicSource("js", "demo", "anything", "vendor/+/data", "json", fields=fields)
    matcher = Matcher("demo", SeriesTable())
    matcher.follow(replace(plant_of(), topic_sources=[source]))
    route = matcher.route("vendor/a/data")
    assert isinstance(route, SourceRoute)
    return route


@given(st.lists(NAME, min_size=1, max_size=6), NAME)
@example(["", "a"], "b/")
@example(["a"], "/a")
@example(["b:a"], "a/b:a")
@example(["/a"], "b//a")
def test_a_field_is_named_as_going_over_all_names_says(names: list[str], full_name: str) -> None:
    assert route_of(*names).maps(full_name) is named(full_name, dict.fromkeys(names))


class _Asked(dict[str, object]):
    """Names that are looked up and never gone over."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("one look at each name")


def test_a_source_with_many_fields_is_asked_without_going_over_them() -> None:
    route = route_of(*(f"dev{n}/a" for n in range(2000)))
    object.__setattr__(route, "targets", _Asked(route.targets))

    assert route.maps("x/dev7/a")
    assert not route.maps("dev7/b")
    assert len(route.lengths) == 4
