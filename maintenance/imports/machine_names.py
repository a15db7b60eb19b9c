"""Machines that a text names as people call them: 1号客梯; 1号客梯、2号客梯; 1号客梯半月维保. Pure but for the look-up
of ``Machines``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maintenance.imports.cells import fold
from maintenance.imports.machine_numbers import (
    LENGTH_OF_TIME,
    as_several,
    classes_named,
    is_numbered,
    may_be_numbered,
    numbered_in,
)
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.problems import CellProblem
from maintenance.imports.vocabulary import Named, class_words, meaning
from plantroom.domain.assets import LocalName

NOT_THERE, SAME_NAME = "machine_not_there", "same_name"

_BRACKETS = re.compile(r"[(（\[【]([^()（）\[\]【】]+)[)）\]】]\s*$")
_BEHIND = re.compile(r"^[\s:：、,，;；的—_-]+")
_BETWEEN = re.compile(r"^[\s、,，;；/／&＆+和与及]+")
_LEAST = 2
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Names:
    """Reads texts for the names of a site's machines (``None``: of any site). ``classes``: those of the system beside
    the text; of several machines of one name those of them count."""

    machines: Machines
    site: str | None
    classes: frozenset[str] = frozenset()

    def read(self, text: str) -> Sequence[Machine]:
        """The machines that a text names and nothing else; none: it names none. Raises ``CellProblem`` for a name of
        several machines, and for a part that is no machine beside others that are, or has a number."""
        whole = self._one(text)
        if whole is not None:
            return [whole]
        for parts in as_several(text):
            found = [self._one(part) for part in parts]
            there = [one for one in found if one is not None]
            if there and len(there) < len(parts):
                raise _not_there(next(part for part, one in zip(parts, found, strict=True) if one is None))
            if there:
                return there
        if may_be_numbered(text) and is_numbered(text, self.machines.stems):
            raise _not_there(text)
        return []

    def of_task(self, task: str) -> tuple[Sequence[Machine], str]:
        """The machines whose names a task begins with, or has in brackets at its end, and the task without them. Raises
        ``CellProblem`` as ``read``."""
        found: list[Machine] = []
        rest = task
        while (end := self._begins_with(rest)) and (one := self._one(rest[:end])) is not None:
            found.append(one)
            behind = _BETWEEN.sub("", rest[end:])
            rest = behind if self._begins_with(behind) else rest[end:]
        if found:
            return found, _BEHIND.sub("", rest).strip()
        numbered = numbered_in(task, self.classes, self.machines.stems) if may_be_numbered(task) else ""
        if numbered:
            end = _end_of(numbered, task)
            several = self.read(task[:end])
            if not several:
                raise _not_there(task[:end])
            return several, _BEHIND.sub("", task[end:]).strip()
        inside = _BRACKETS.search(task)
        before = task[: inside.start()].strip() if inside is not None else ""
        return (self.read(inside[1]), before) if inside is not None and before else ((), task)

    def _one(self, text: str) -> Machine | None:
        several = self.machines.called(text, self.site)
        several = [one for one in several if one.equipment_class in self.classes] or several
        if not several or self._is_a_class(text, several):
            return None
        if len(several) > 1:
            raise _same_name(text, several)
        return several[0]

    def _is_a_class(self, text: str, several: Sequence[Machine]) -> bool:
        """Whether a machine's name is a word for its kind, too, that means all of it: the name of the system or class
        itself, one that several machines have, or one that leaves no other machine of the class out."""
        said = meaning(text)
        if not isinstance(said, Named) or said.read_as:
            return False
        word = class_words().table().get(said.equipment_class or "")
        if word is None or fold(text) in map(fold, (word.zh, word.en, said.equipment_class or "")) or len(several) > 1:
            return True
        there = self.machines.at(self.site)
        return all(one.key == several[0].key for one in there if one.equipment_class == said.equipment_class)

    def _begins_with(self, text: str) -> int:
        """How long the longest name of a machine is that a text begins with; 0: it begins with none. Only names with a
        number or a letter count: others are words of every task."""
        plain = fold(text)
        for end in range(min(len(plain), self.machines.longest_name), _LEAST - 1, -1):
            name = plain[:end]
            if (
                self.machines.is_name(name)
                and _stands_apart(name, plain[end:])
                and self.machines.called(name, self.site)
            ):
                return _end_of(name, text)
        return 0


def _end_of(folded: str, text: str) -> int:
    """Where what a text begins with ends in it: ``folded`` is how it compares."""
    return next(end for end in range(1, len(text) + 1) if fold(text[:end]) == folded)


def _stands_apart(name: str, rest: str) -> bool:
    """Whether a name, and not more or less than it, may be what stands before the rest (both folded)."""
    has_number = any(one.isdigit() for one in name)
    if len(name) < _LEAST or not (has_number or (not name.isascii() and any(one.isascii() for one in name))):
        return False
    if name[-1].isdigit():
        return not rest[:1].isdigit() and LENGTH_OF_TIME.match(rest) is None
    return not (name[-1].isascii() and rest[:1].isascii() and rest[:1].isalnum())


def _not_there(text: str) -> CellProblem:
    return CellProblem(
        NOT_THERE, LocalName(f"台账中没有名为“{text}”的设备", f"no machine of the ledger is called {text}")
    )


def _same_name(text: str, several: Sequence[Machine]) -> CellProblem:
    sites = {one.site for one in several}
    codes = [one.code if len(sites) == 1 else f"{one.code} ({one.site})" for one in several]
    more = "……" if len(codes) > _TOLD else ""
    zh, en = "、".join(codes[:_TOLD]), ", ".join(codes[:_TOLD])
    which = LocalName("；请指定站点（--site）", "; name the site (--site)") if len(sites) > 1 else LocalName("", "")
    return CellProblem(
        SAME_NAME,
        LocalName(
            f"名为“{text}”的设备有{len(several)}台：{zh}{more}{which.zh}",
            f"{len(several)} machines are called {text}: {en}{more}{which.en}",
        ),
    )


def classes_beside(text: str) -> frozenset[str]:
    """The classes that a word for a system or class stands for; none where nobody knows it."""
    said = meaning(text) if text else None
    return classes_named(said) if isinstance(said, Named) else frozenset()
