"""The ``senml`` dialect: packs of RFC 8428 in JSON or CBOR (README.md beside this file)."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import cbor2

from ingest.dialects.dialect import Dialect, Heard, Message, Sample
from ingest.dialects.json.parse import Malformed, parse_one
from ingest.dialects.senml.cbor import check_pack
from ingest.dialects.senml.units import ucum
from ingest.dialects.values import MAX_VALUES, text_problem
from ingest.instants import NO_TIME
from ingest.rejections import (
    LONG_NAME,
    MAX_NAME,
    NO_VALUES,
    NOT_A_NUMBER,
    NOT_CBOR,
    NUMBER_AS_TEXT,
    TEXT_VALUE,
    TOO_MANY_VALUES,
    UNREADABLE_TIME,
    UNSUPPORTED_VERSION,
    WRONG_SHAPE,
    WRONG_UNIT,
    Rejection,
    with_detail,
)
from ingest.time_hints import hint_of_unreadable_seconds
from plantroom.units import MAX_UNIT

VERSION = 10
"""The newest version of the format that this reads (RFC 8428, section 4.4)."""

RELATIVE_S = 1 << 28
"""Times below this are seconds from now (RFC 8428, section 4.5.3)."""

MAX_PAYLOAD = 4 << 20
MAX_UNITS = 50
"""Different units that the records of one pack may state."""

MAX_LABEL = 50
_SUM = ".sum"
_MAX_S = 1 << 43
_CBOR_ARRAYS = range(0x80, 0xA0)
_LABELS: Mapping[object, str] = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
"""CBOR labels (RFC 8428, table 4)."""

_TEXTUAL = frozenset(("bn", "bu", "n", "u"))
_BASES = ("bver", "bn", "bt", "bu", "bv", "bs")
_OWN = ("v", "s", "t", "ut", "n", "u")


class _Bad(Exception):
    """A record that cannot be read, with the reason."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.reason = code, with_detail(code, detail) if detail else code


class _Base:
    """Base fields in force: they stand until a later record gives others.

    One that cannot be read is in doubt until a later record has it anew, and with it all records up to there: without
    it they would be stored under another name, at another time or in another unit, with nobody the wiser.
    """

    def __init__(self) -> None:
        self.doubts: dict[str, str] = {}
        """Why, by base field."""
        self.name = self.unit = ""
        self.units: set[str] = set()
        """All that the pack has stated so far."""
        self.time = 0.0
        self.value: float | None = None
        self.sum: float | None = None

    def take(self, record: Mapping[object, object]) -> None:
        """The base fields of a record count from that record on, whatever else is wrong with it. Raises ``_Bad`` for a
        version that nobody knows yet."""
        for name in _BASES:
            if name in record:
                self._take(name, record[name])
        for key in record:
            # All new base fields are called b... (RFC 8428, section 12.2), and nobody can read this one.
            if isinstance(key, str) and key.startswith("b") and key.endswith("_"):
                self.doubts[key[-MAX_LABEL:]] = WRONG_SHAPE

    def _take(self, name: str, value: object) -> None:
        problem = _problem(name, value)
        if problem is not None:
            self.doubts[name] = problem.code
            return
        self.doubts.pop(name, None)
        if name == "bver" and _float(value) > VERSION:
            raise _Bad(UNSUPPORTED_VERSION, str(value))
        if name == "bn":
            self.name = str(value)
        elif name == "bu":
            self.unit = str(value)
        elif name == "bt":
            self.time = _float(value)
        elif name == "bv":
            self.value = _float(value)
        elif name == "bs":
            self.sum = _float(value)

    def trust(self) -> None:
        """Raises ``_Bad`` when a base field is in doubt."""
        if self.doubts:
            name, code = next(iter(self.doubts.items()))
            raise _Bad(code, f"{name} of an earlier record")

    def stated(self, unit: str) -> str:
        """A unit that a record states, cut where it is longer than any is. Raises ``_Bad`` for one too many: each that
        nobody knows costs milliseconds."""
        unit = unit[: MAX_UNIT + 1]
        self.units.add(unit)
        if len(self.units) > MAX_UNITS:
            raise _Bad(WRONG_UNIT, f"more than {MAX_UNITS} different ones")
        return unit


class SenmlDialect(Dialect):
    """Reads SenML packs. Remembers nothing."""

    def decode(self, messages: Sequence[Message]) -> Heard:
        """Decode a batch. Never raises."""
        heard = Heard(in_seconds=True)
        for number, message in enumerate(messages):
            document = _parse(message.payload)
            if isinstance(document, Malformed):
                heard.rejections.append(Rejection(number, document.reason))
            elif not isinstance(document, list):
                heard.rejections.append(Rejection(number, with_detail(WRONG_SHAPE, "not an array of records")))
            elif len(document) > MAX_VALUES:
                heard.rejections.append(Rejection(number, TOO_MANY_VALUES))
            else:
                _take_pack(heard, number, message, document)
        return heard


def _parse(payload: bytes) -> object:
    if not payload or payload[0] not in _CBOR_ARRAYS:
        return parse_one(payload)
    if len(payload) > MAX_PAYLOAD:
        return Malformed(TOO_MANY_VALUES)
    try:
        check_pack(payload)
        pack = cbor2.loads(payload)
    except (cbor2.CBORError, ValueError, TypeError, ArithmeticError, EOFError, RecursionError, MemoryError) as error:
        return Malformed(with_detail(NOT_CBOR, str(error) or type(error).__name__))
    if not isinstance(pack, list):
        return Malformed(with_detail(NOT_CBOR, "not an array"))
    return [_named(one) if isinstance(one, Mapping) else None for one in pack]


def _named(record: Mapping[object, object]) -> dict[object, object]:
    return {_LABELS.get(key, key) if type(key) is int else key: value for key, value in record.items()}


def _take_pack(heard: Heard, number: int, message: Message, records: Sequence[object]) -> None:
    base, before = _Base(), (len(heard.samples), len(heard.rejections))
    for place, record in enumerate(records):
        try:
            if isinstance(record, Mapping):
                base.take(record)
            sound = _checked(record)
            base.trust()
            _take_record(heard, number, message, sound, base)
        except _Bad as error:
            heard.rejections.append(Rejection(number, error.reason, f"[{place}]"))
            if error.code == UNSUPPORTED_VERSION:
                return
    if before == (len(heard.samples), len(heard.rejections)):
        heard.rejections.append(Rejection(number, NO_VALUES))


def _checked(record: object) -> Mapping[str, object]:
    """The record, if it is one. Raises ``_Bad``."""
    if not isinstance(record, Mapping):
        raise _Bad(WRONG_SHAPE, "not a record")
    for key in record:
        if not isinstance(key, str):
            raise _Bad(WRONG_SHAPE, "an unknown label")
        if key.endswith("_"):
            raise _Bad(WRONG_SHAPE, f"{key[-MAX_LABEL:]!r} has to be understood and is not")
    for key in (*_BASES, *_OWN):
        if key in record and (problem := _problem(key, record[key])) is not None:
            raise problem
    return record


def _problem(key: str, value: object) -> _Bad | None:
    """What is wrong with a field that holds a number or a text."""
    if key in _TEXTUAL:
        return None if isinstance(value, str) else _Bad(WRONG_SHAPE, f"{key} is no text")
    if _is_number(value):
        return None
    return _Bad(NUMBER_AS_TEXT if isinstance(value, str) else NOT_A_NUMBER, key)


def _take_record(heard: Heard, number: int, message: Message, record: Mapping[str, object], base: _Base) -> None:
    prefix, name = base.name, str(record.get("n", ""))
    if not prefix and not name:
        raise _Bad(WRONG_SHAPE, "no name")
    if len(prefix) + len(name) + len(_SUM) > MAX_NAME:
        raise _Bad(WRONG_SHAPE, LONG_NAME)
    if not name:
        prefix, name = "", base.name
    values: dict[str, float] = {}
    truths: tuple[str, ...] = ()
    # What is missing of base and own value, or of base and own sum, counts as zero (RFC 8428, section 4.5.4); a record
    # has one of the kinds of values (section 4.2), and another than a number has no base.
    others = "vb" in record or "vs" in record or "vd" in record
    if "v" in record or (base.value is not None and not others):
        values[name] = (base.value or 0.0) + _float(record.get("v", 0))
    elif isinstance(record.get("vb"), bool):
        values[name], truths = float(bool(record["vb"])), (name,)
    elif others:
        reason = text_problem(str(record["vs"])) if "vs" in record else TEXT_VALUE
        heard.rejections.append(Rejection(number, reason, prefix + name))
    elif "s" not in record and base.sum is None:
        if any(key in record for key in _BASES):
            return
        raise _Bad(NO_VALUES)
    if "s" in record or base.sum is not None:
        values[name + _SUM] = (base.sum or 0.0) + _float(record.get("s", 0))
    for field in [field for field, value in values.items() if not math.isfinite(value)]:
        del values[field]
        heard.rejections.append(Rejection(number, NOT_A_NUMBER, prefix + field))
    if not values:
        return
    unit = base.stated(str(record.get("u", "")) or base.unit)
    # The unit of a sum is the value's times seconds (RFC 8428, section 4.3).
    units = {f: (ucum(unit) if f == name else f"{ucum(unit)}.s") for f in values if unit}
    ts_ms, relative = _ts_ms(record, base, message.received_ms)
    said = unit if ucum(unit) != unit else ""
    heard.samples.append(Sample(number, ts_ms, values, prefix, units, relative=relative, truths=truths, sent_unit=said))


def _ts_ms(record: Mapping[str, object], base: _Base, received_ms: int) -> tuple[int, bool]:
    """Absolute, counted from the receive time (``True``), or ``NO_TIME`` when the record is of "now"."""
    seconds = base.time + _float(record.get("t", 0))
    if not math.isfinite(seconds) or abs(seconds) >= _MAX_S:
        raise _Bad(UNREADABLE_TIME, hint_of_unreadable_seconds(seconds))
    if seconds >= RELATIVE_S:
        return round(seconds * 1000), False
    return (received_ms + round(seconds * 1000), True) if seconds else (NO_TIME, False)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        return False
    return math.isfinite(_float(value))


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # numbers only, checked before
    except (OverflowError, ValueError, ZeroDivisionError):
        return math.inf
