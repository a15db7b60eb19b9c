"""SenML's units (RFC 8428, section 12.1; RFC 8798) as UCUM codes, where the two differ."""

from collections.abc import Mapping

_UCUM: Mapping[str, str] = {
    "%EL": "%",
    "%RH": "%",
    "/": "1",
    "1/min": "/min",
    "1/s": "/s",
    "VA": "V.A",
    "VAh": "V.A.h",
    "VAs": "V.A.s",
    "Wh": "W.h",
    "beat/min": "{beat}/min",
    "beats": "{beat}",
    "count": "1",
    "dBW": "dB[W]",
    "dBm": "dB[mW]",
    "kVA": "kV.A",
    "kVAh": "kV.A.h",
    "kvar": "kV.A",
    "kvarh": "kV.A.h",
    "kWh": "kW.h",
    "lat": "deg",
    "lon": "deg",
    "pH": "[pH]",
    "ppb": "[ppb]",
    "ppm": "[ppm]",
    "var": "V.A",
    "varh": "V.A.h",
    "vars": "V.A.s",
}


def ucum(unit: str) -> str:
    """The UCUM code of a SenML unit; most are the same."""
    return _UCUM.get(unit, unit)
