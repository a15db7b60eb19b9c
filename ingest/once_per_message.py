"""What a tracker of numbers says of messages whose objects share a number."""

from collections.abc import Callable


class OncePerMessage:
    """A tracker's word on the objects of messages: those of one message that carry the same number are one, which the
    first of them stands for; the same object twice is a repetition all the same, but for the parts of one that feeds
    several assets. ``word`` is ``repeated`` or ``again`` of a tracker."""

    def __init__(self, word: Callable[[str, str, int, int], bool]) -> None:
        self._word = word
        self._said: dict[tuple[int, str, str, int], tuple[bool, set[tuple[int, str]]]] = {}

    def __call__(self, message: int, asset: str, boot: str, seq: int, digest: int, part: str = "") -> bool:
        """As the tracker's, for an object of this message, or that part of one."""
        said = self._said.get((message, asset, boot, seq))
        if said is None:
            repeated = self._word(asset, boot, seq, digest)
            self._said[message, asset, boot, seq] = repeated, {(digest, part)}
            return repeated
        repeated, parts = said
        if (digest, part) in parts:
            return True
        parts.add((digest, part))
        return repeated
