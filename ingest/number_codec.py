"""Numbers with their digests as they stand in a saved state: about 6 bytes each. Pure."""

from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator
from itertools import chain

import numpy as np


def encoded(entries: Collection[tuple[int, int]]) -> tuple[int, list[int] | None, str]:
    """Of numbers and digests: first number, steps between the numbers (``None``: all 1) and digests, about 6 bytes an
    entry."""
    if not entries:
        return 0, [], ""
    seqs, values = np.fromiter(chain.from_iterable(entries), np.int64, 2 * len(entries)).reshape(-1, 2).T
    steps = np.diff(seqs)
    digests = values.astype("<u4")
    plain = bool((steps == 1).all())
    return int(seqs[0]), None if plain else steps.tolist(), b64encode(digests.tobytes()).decode()


def decoded(first: int, steps: list[int] | None, digests: str) -> Iterator[tuple[int, int]]:
    """What ``encoded`` was given."""
    values = np.frombuffer(b64decode(digests), "<u4")
    if not len(values):
        return iter(())
    between = np.ones(len(values) - 1, np.int64) if steps is None else np.array(steps, np.int64)
    seqs = first + np.concatenate((np.zeros(1, np.int64), np.cumsum(between)))
    return zip(seqs.tolist(), values.tolist(), strict=True)
