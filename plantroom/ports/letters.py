"""Dead letters in groups, as ``CollectRepository.dead_letter_groups`` gives them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plantroom.ports.ledger import DeadLetter

LETTERS_LOOKED_AT = 20_000


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Dead letters of one site, topic and reason (its code, without the detail behind it): how many, the first and the
    last of them, and the newest itself."""

    site: str
    topic: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime
    newest: "DeadLetter"


@dataclass(frozen=True, slots=True)
class LetterSummary:
    """Groups among the newest ``looked_at`` of ``total`` letters, largest first; ``groups_left_out`` did not fit."""

    groups: Sequence[LetterGroup]
    total: int
    looked_at: int
    groups_left_out: int = 0
