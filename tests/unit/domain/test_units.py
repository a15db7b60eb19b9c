"""Conversion between UCUM units."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plantroom import units
from plantroom.catalogue import equipment_classes
from plantroom.units import MAX_UNIT, SAME, UnitError, check_unit, conversion


@pytest.mark.parametrize(
    ("sent", "wanted", "value", "expected"),
    [("[degF]", "Cel", 212, 100), ("Cel", "K", 20, 293.15), ("kPa", "MPa", 410, 0.41), ("bar", "MPa", 4.1, 0.41),
     ("L/min", "m3/h", 100, 6), ("W", "kW", 1500, 1.5), ("%", "1", 50, 0.5), ("10.L", "m3", 3, 0.03),
     ("/min", "/h", 1, 60)],
)  # fmt: skip
def test_a_value_in_another_unit(sent: str, wanted: str, value: float, expected: float) -> None:
    assert conversion(sent, wanted)(value) == pytest.approx(expected, rel=1e-12)


def test_factors_carry_no_noise() -> None:
    assert conversion("L/min", "m3/h").scale == 0.06
    assert conversion("kPa", "MPa")(410) == 0.41
    assert conversion("W", "kW")(1234.5) == 1.2345


@pytest.mark.parametrize(("sent", "wanted"), [("", "Cel"), ("Cel", ""), ("[pH]", "[pH]"), ("nonsense", "nonsense")])
def test_equal_and_unknown_units_need_no_conversion(sent: str, wanted: str) -> None:
    assert conversion(sent, wanted) is SAME


@pytest.mark.parametrize(
    ("sent", "wanted"), [("Cel", "MPa"), ("dB", "1"), ("celsius", "Cel"), ("Cel", "??"), ("V", "A")]
)
def test_what_does_not_measure_the_same_is_refused(sent: str, wanted: str) -> None:
    with pytest.raises(UnitError):
        conversion(sent, wanted)


def test_the_units_of_the_catalogue_are_ucum() -> None:
    units = {point.unit for each in equipment_classes().values() for point in each.points} - {"[pH]", "[NTU]"}
    for unit in units:
        check_unit(unit)


@pytest.mark.parametrize(
    "code",
    ["10*99999999", "10^99999999", "m9999999", "kg.10*-999", "9999999999.L", "(" * 500 + "m" + ")" * 500, "m" * 2_000,
     "(" * 31 + "m" + ")" * 31, "((((((m))))))", "m" * (MAX_UNIT + 1), "{" + "x" * 100 + "}", "[" * 64],
)  # fmt: skip
def test_a_code_that_takes_for_ever_is_refused_at_once(code: str) -> None:
    conversion("[degF]", "Cel")
    begun = time.process_time()
    for sent, wanted in ((code, "1"), ("m", code)):
        with pytest.raises(UnitError):
            conversion(sent, wanted)
    with pytest.raises(UnitError):
        check_unit(code)

    assert time.process_time() - begun < 1


@pytest.mark.parametrize("code", ["10*6/L", "mL/min/{1.73_m2}", "(g.m)/(s2.K)", "1000.L", "m[H2O]", "cal_[20]"])
def test_what_looks_odd_and_is_a_unit_is_one(code: str) -> None:
    check_unit(code)


def test_a_unit_that_is_refused_again_and_again_costs_as_little_as_one_that_is_known() -> None:
    for sent in ("Cel", "foo", "dB"):
        with pytest.raises(UnitError):
            conversion(sent, "mm/s")
    begun = time.process_time()
    for _ in range(5_000):
        for sent in ("Cel", "foo", "dB"):
            with pytest.raises(UnitError):
                conversion(sent, "mm/s")

    assert time.process_time() - begun < 2


def test_what_is_remembered_of_units_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "REGISTRY_LOOKS", 20)
    assert units._conversion.cache_info().maxsize == units.REMEMBERED
    registry = units._registry_now()
    for power in range(2, 30):
        with pytest.raises(UnitError):
            conversion(f"m{power}", "lm")

    assert units._registry_now() is not registry
    assert conversion("kPa", "MPa")(410) == 0.41


@pytest.mark.parametrize("code", ["kph", "mph"])
def test_a_unit_that_pint_trips_over_is_refused_in_plain_words(code: str) -> None:
    with pytest.raises(UnitError, match=f"^{code} cannot be converted into m/s"):
        conversion(code, "m/s")


@settings(deadline=None)
@given(st.text(max_size=80) | st.text("m(.)/s0123456789*^+-{}[]%'", max_size=80))
def test_any_text_is_a_unit_or_a_unit_error(code: str) -> None:
    for sent, wanted in ((code, "Cel"), ("m", code)):
        with contextlib.suppress(UnitError):
            conversion(sent, wanted)


def test_a_temperature_that_is_exact_comes_out_exact() -> None:
    for celsius in (*range(-273, 2000), 36.6, -17.5, 0.125):
        assert conversion("[degF]", "Cel")(celsius * 9 / 5 + 32) == celsius
        assert conversion("Cel", "[degF]")(celsius) == round(celsius * 9 / 5 + 32, 9)
        assert conversion("K", "Cel")(celsius + 273.15) == celsius


def test_the_boiling_point_of_water_is_100() -> None:
    assert conversion("[degF]", "Cel")(212) == 100


@pytest.mark.parametrize(
    ("code", "meant"), [
        ("degF", "[degF]"), ("°C", "Cel"), ("psi", "[psi]"), ("m³/h", "m3/h"), ("㎥/h", "m3/h"), ("µm", "um"),
        ("μm", "um"), ("kΩ", "kOhm"), ("W/m²", "W/m2"), ("m·s⁻²", "m.s-2"), ("％", "%"), ("㎩", "Pa"),
        ("m／s", "m/s"), ("kWh", "kW.h"), ("Mpa", "MPa"), ("ＭＰａ", "MPa"), ("ｋＷｈ", "kW.h"),
    ],
)  # fmt: skip
def test_a_unit_that_ucum_writes_otherwise_is_named(code: str, meant: str) -> None:
    with pytest.raises(UnitError) as caught:
        check_unit(code)
    assert f"; {meant} is meant?" in str(caught.value)


@pytest.mark.parametrize("code", ["furlongs per fortnight", "立方米", "m³³/", "[m³", "··"])
def test_nonsense_gets_no_guess(code: str) -> None:
    with pytest.raises(UnitError) as caught:
        check_unit(code)
    assert "meant" not in str(caught.value)


@pytest.mark.parametrize(
    ("sent", "value", "expected"), [("[degF]", 9, 5), ("Cel", 1.5, 1.5), ("K", 7, 7), ("mK", 250, 0.25)]
)
def test_a_difference_of_temperatures_has_no_zero(sent: str, value: float, expected: float) -> None:
    assert conversion(sent, "K", difference=True)(value) == expected
    assert conversion("kPa", "MPa", difference=True)(410) == 0.41
    assert conversion("[degF]", "K")(32) == 273.15, "a temperature goes on to be one"


def test_inches_of_mercury_and_water_are_ucums() -> None:
    """UCUM has them as ``m[Hg].[in_i]/m``: pint's inches at 60 [degF] are 0.3 % less."""
    assert conversion("[in_i'Hg]", "kPa")(29.92) == pytest.approx(101.3207, rel=1e-6)
    assert conversion("[in_i'H2O]", "Pa")(1) == pytest.approx(249.08891, rel=1e-6)
    assert conversion("[in_i'Hg]/h", "kPa/h")(1) == pytest.approx(3.3863886, rel=1e-6)
