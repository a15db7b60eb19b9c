"""Records of one pack: what is wrong with one of them stores nothing wrong of the others."""

from collections.abc import Mapping

import cbor2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dialects.dialect import Heard, Message, Sample
from ingest.dialects.senml.decoder import SenmlDialect
from ingest.rejections import code_of
from tests.unit.ingest.plants import NOON_MS

Pack = list[dict[str, object]]

BASES: Mapping[str, st.SearchStrategy[object]] = {
    "bn": st.sampled_from(["", "a:", "b:"]),
    "bt": st.sampled_from([NOON_MS / 1000 - 60, 0, -5]),
    "bu": st.sampled_from(["Cel", "m/s", ""]),
    "bv": st.sampled_from([0, 20.5]),
    "bs": st.sampled_from([0, 100]),
    "bver": st.sampled_from([5, 10]),
}
OWN: Mapping[str, st.SearchStrategy[object]] = {
    "u": st.sampled_from(["Cel", "kPa"]),
    "t": st.sampled_from([0, -3]),
    "s": st.sampled_from([1, 7.5]),
}
NO_NUMBER = st.sampled_from([None, True, "ERR", "7", [1], {"v": 1}])
NO_TEXT = st.sampled_from([None, False, 7, ["Cel"]])
TEXTS = ("bn", "bu", "n", "u")


def heard(pack: object) -> Heard:
    return SenmlDialect().decode([Message("m/a", NOON_MS, orjson.dumps(pack))])


def by_record(found: Heard) -> dict[str, Sample]:
    """Samples by the name of their record, which it has for itself."""
    return {next(iter(one.values)).removesuffix(".sum"): one for one in found.samples}


@st.composite
def sound_packs(draw: st.DrawFn) -> Pack:
    records = draw(st.lists(st.fixed_dictionaries({}, optional={**BASES, **OWN}), min_size=2, max_size=6))
    return [{**record, "n": f"r{number}", "v": number} for number, record in enumerate(records)]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Pack, Pack, int, str]:
    """A sound pack, the same with one field of one record that is none, and which record and field that is."""
    pack = draw(sound_packs())
    place = draw(st.integers(0, len(pack) - 1))
    field = draw(st.sampled_from([*pack[place], "x_", "bx_"]))
    value = draw(NO_TEXT if field in TEXTS else NO_NUMBER)
    return pack, [{**one, field: value} if n == place else one for n, one in enumerate(pack)], place, field


@given(damaged())
def test_all_others_are_what_they_are_in_the_sound_pack_or_rejected(case: tuple[Pack, Pack, int, str]) -> None:
    pack, broken, place, _ = case
    sound, found = by_record(heard(pack)), heard(broken)
    stored, rejected = by_record(found), {one.part for one in found.rejections}

    assert len(sound) == len(pack)
    assert f"[{place}]" in rejected
    for number in range(len(pack)):
        name = f"r{number}"
        assert stored.get(name) in (None, sound[name])
        assert (name in stored) is (f"[{number}]" not in rejected)


@given(damaged())
def test_only_a_base_field_costs_others_anything(case: tuple[Pack, Pack, int, str]) -> None:
    pack, broken, place, field = case
    sound, stored = by_record(heard(pack)), by_record(heard(broken))
    if not field.startswith("b"):
        assert stored == {name: one for name, one in sound.items() if name != f"r{place}"}
    anew = [n for n, one in enumerate(broken) if n > place and field in one]
    if field != "bx_" and anew:
        assert {f"r{n}" for n in range(anew[0], len(pack))} <= stored.keys()


@pytest.mark.parametrize("field", ["bt", "bv", "bs", "bver"])
def test_what_follows_a_broken_base_field_is_rejected_for_the_same_reason(field: str) -> None:
    found = heard([{field: "7", "n": "a", "v": 1}, {"n": "b", "v": 2}, {field: 7, "n": "c", "v": 3}])
    assert [(code_of(one.reason), one.part) for one in found.rejections] == [
        ("number_as_text", "[0]"),
        ("number_as_text", "[1]"),
    ]
    assert [*by_record(found)] == ["c"]


def test_two_broken_base_fields_are_both_waited_for() -> None:
    found = heard([{"bt": None, "bn": 7, "n": "a", "v": 1}, {"bt": 5, "n": "b", "v": 2}, {"bn": "", "n": "c", "v": 3}])
    assert [*by_record(found)] == ["c"]


def test_an_unknown_label_beside_base_fields_costs_its_record_alone() -> None:
    pack = cbor2.dumps([{-2: "a:", -4: "Cel", -9: 1, 0: "x", 2: 1}, {0: "y", 2: 2}])
    found = SenmlDialect().decode([Message("m/a", NOON_MS, pack)])
    ((sample,), (rejection,)) = found.samples, found.rejections
    assert (sample.prefix, sample.values, sample.units) == ("a:", {"y": 2.0}, {"y": "Cel"})
    assert rejection.part == "[0]"
