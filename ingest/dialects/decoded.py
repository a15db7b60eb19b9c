"""What every dialect's decoder gives: columns over the samples of a batch of messages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingest.rejections import Rejection

NO_SEQ = -1
"""Stands for "the message has no ``seq``"."""


@dataclass(frozen=True, slots=True)
class EventObject:
    """An object that names an event: element ``element`` (0 unless in an array) of message ``message``.

    ``digest`` as in ``Decoded``. ``cut``: ``fields`` are not all that was sent. ``damaged``: and what
    is missing may be the name or the severity.
    """

    message: int
    element: int
    fields: Mapping[str, object]
    digest: int = 0
    cut: bool = False
    damaged: bool = False


@dataclass(slots=True)
class Decoded:
    """``m`` samples (one device instant each, of one message) with their values laid end to end.

    ``message``, ``ts_ms`` (``NO_TIME`` where the device sent none), ``boot`` (empty: none), ``seq``
    (``NO_SEQ``: none), ``digest`` (by which the same object is known again) and ``keys`` have ``m`` entries.
    ``values`` is (n,) float64, all finite, ``n`` the sum of the lengths of ``keys``. ``unused`` are message, boot, seq
    and digest of numbered objects that gave no sample: events, and what could not be read. ``relative`` are numbers of
    samples whose time the device counted from its "now": it says nothing of the device's clock. ``bad`` are places in
    ``values`` of those that the sender itself calls bad, ``truths`` of those that are true or false, where they were
    asked for. ``in_seconds``: the devices sent times in seconds.
    """

    message: list[int] = field(default_factory=list)
    ts_ms: list[int] = field(default_factory=list)
    boot: list[str] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    digest: list[int] = field(default_factory=list)
    keys: list[tuple[str, ...]] = field(default_factory=list)
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    rejections: list[Rejection] = field(default_factory=list)
    events: list[EventObject] = field(default_factory=list)
    unused: list[tuple[int, str, int, int]] = field(default_factory=list)
    relative: set[int] = field(default_factory=set)
    bad: list[int] = field(default_factory=list)
    truths: list[int] = field(default_factory=list)
    in_seconds: bool = False


Decoder = Callable[[Sequence[bytes]], Decoded]
"""Decodes a batch of payloads; never raises: what it cannot read is among ``rejections``."""
