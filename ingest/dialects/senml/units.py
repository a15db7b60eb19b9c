"""SenML's units (RFC 8428, section 12.1; RFC 8798; what IANA's registry has beside them) as UCUM codes, where the two
differ. ``%`` is another name of ``/`` there, no percentage (RFC 8428, section 12.1, note 1)."""

from collections.abc import Mapping

_UCUM: Mapping[str, str] = {
    "%": "1",
    "%EL": "%",
    "%RH": "%",
    "/": "1",
    "/100": "%",
    "/1000": "[ppth]",
    "1/min": "/min",
    "1/s": "/s",
    "Ah": "A.h",
    "B": "By",
    "B/s": "By/s",
    "Bspl": "B[SPL]",
    "EL": "s",
    "GB": "GBy",
    "KiB": "KiBy",
    "MB/s": "MBy/s",
    "VA": "V.A",
    "VAh": "V.A.h",
    "VAs": "V.A.s",
    "Wh": "W.h",
    "Wh/km": "W.h/km",
    "beat/min": "{beat}/min",
    "beats": "1",
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
    "ppt": "[pptr]",
    "var": "V.A",
    "varh": "V.A.h",
    "vars": "V.A.s",
}


def ucum(unit: str) -> str:
    """The UCUM code of a SenML unit; most are the same."""
    return _UCUM.get(unit, unit)
