"""Every unit that RFC 8428 and RFC 8798 list is one of ours."""

import pytest

from ingest.dialects.senml.units import ucum
from plantroom.units import check_unit, conversion

PRIMARY = """
m kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 l m/s m/s2 m3/s l/s
W/m2 cd/m2 bit bit/s lat lon dB dBW Bspl count / % %RH %EL EL 1/s 1/min beat/min beats S/m
B VA VAs var vars J/m kg/m3 deg
"""
"""RFC 8428, section 12.1, and RFC 8798, section 2, without ``pH``, which ucumvert does not know."""

SECONDARY = """ms s 1e-3|min s 60|h s 3600|MHz Hz 1e6|kW W 1e3|kVA VA 1e3|kvar var 1e3|Ah C 3600|Wh J 3600|kWh J 3.6e6
|varh vars 3600|kvarh vars 3.6e6|kVAh VAs 3.6e6|Wh/km J/m 3.6|KiB B 1024|GB B 1e9|Mbit/s bit/s 1e6|B/s bit/s 8
|MB/s bit/s 8e6|mV V 1e-3|mA A 1e-3|ug/m3 kg/m3 1e-9|mm/h m/s 2.777777777777778e-7|m/h m/s 2.777777777777778e-4
|ppm / 1e-6|/100 / 1e-2|/1000 / 1e-3|hPa Pa 100|mm m 1e-3|cm m 1e-2|km m 1e3|km/h m/s 0.2777777777777778
|ppb / 1e-9|ppt / 1e-12|VAh VAs 3600|mg/l kg/m3 1e-3|ug/l kg/m3 1e-6|g/l kg/m3 1"""
"""Unit, primary unit and scale: RFC 8798, table 2 (without ``dBm``: no decibels are converted), and IANA's registry."""


@pytest.mark.parametrize("unit", PRIMARY.split())
def test_a_primary_unit_is_known(unit: str) -> None:
    check_unit(ucum(unit))


@pytest.mark.parametrize("row", SECONDARY.replace("\n", "").split("|"))
def test_a_secondary_unit_is_so_many_primary_ones(row: str) -> None:
    unit, primary, scale = row.split()
    assert conversion(ucum(unit), ucum(primary))(1) == pytest.approx(float(scale), rel=1e-12)


def test_what_has_another_meaning_in_ucum_has_senmls() -> None:
    assert conversion(ucum("EL"), "min")(90) == 1.5
    assert conversion(ucum("%"), "%")(0.45) == 45
    assert (ucum("pH"), ucum("dBm")) == ("[pH]", "dB[mW]")
