"""A change of another site costs a lane nothing, and one of its own is taken up."""

from dataclasses import replace

from ingest.matching import AssetRoute, Matcher, Route, SeriesTable
from plantroom.domain.assets import Asset, LocalName, Plant, Point, PointKind, PointTemplate, Site

NAME = LocalName("名", "name")


def plant(revision: int, own: int, *keys: str) -> Plant:
    assets = {key: Asset(key, "demo", key.upper(), "pump", NAME) for key in keys}
    template = PointTemplate("flow", NAME, "m3/h", PointKind.MEASURE)
    return Plant(
        revision=revision,
        sites={"demo": Site("demo", NAME)},
        assets=assets,
        codes={("demo", asset.code): key for key, asset in assets.items()},
        points={key: {"flow": Point(key, template)} for key in keys},
        sources={},
        learn_windows=(),
        site_revisions={"demo": own, "north": revision},
    )


def route(matcher: Matcher, code: str) -> AssetRoute | None:
    found = matcher.route(f"plantroom/demo/{code}/telemetry")
    return found.asset if isinstance(found, Route) else None


def test_routes_stay_while_nothing_of_the_site_changes() -> None:
    matcher = Matcher("demo", SeriesTable())
    assert matcher.follow(plant(1, 1, "a"), anew=False)
    first = route(matcher, "A")
    assert first is not None
    assert not matcher.follow(plant(2, 1, "a"), anew=False)
    assert route(matcher, "A") is first
    assert matcher.follow(plant(3, 3, "a", "b"), anew=False)
    assert route(matcher, "B") is not None
    assert matcher.follow(plant(4, 3, "a", "b"), anew=True)
    assert matcher.follow(replace(plant(4, 3, "a"), site_revisions={}), anew=False), "of which nobody says"
