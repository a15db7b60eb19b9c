"""Machines that a text names as people call them: 1号客梯; 1号客梯、2号客梯; 1号客梯半月维保. Pure but for the look-up
of ``Machines``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from maintenance.imports.cells import fold
from maintenance.imports.frequency_plain import WORK_WORDS
from maintenance.imports.machine_numbers import (
    LENGTH_OF_TIME,
    as_several,
    classes_named,
    code_before,
    is_numbered,
    is_of_another,
    is_quantity,
    may_be_numbered,
    number_seen,
    numbered_in,
    stem,
    without_quantities,
)
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.problems import CellProblem
from maintenance.imports.vocabulary import Named, class_words, meaning
from plantroom.domain.assets import LocalName

NOT_THERE, SAME_NAME = "machine_not_there", "same_name"

_BRACKETS = re.compile(r"[(（\[【]([^()（）\[\]【】]+)[)）\]】]\s*$")
_BEHIND = re.compile(r"^[\s:：、,，;；的—_-]+")
_BETWEEN = re.compile(r"^(?:[\s、,，;；/／|｜&＆+＋]|以及|[和与及]|and\b)+", re.IGNORECASE)
_NEXT_ONE = re.compile(
    r"\s*(?:[、,，;；/／|｜&＆+＋~～—–-]|以及|[和与及至到]|\b(?:and|to)\b)[\s、,，]*|(?<!\d)(?=\d+\s*[号#＃])",
    re.IGNORECASE,
)
"""What another machine stands behind, or is the number of one."""

_NUMBER_NEXT = re.compile(r"^(?:no\.?|#)?(?:\d+|[一二三四五六七八九十]{1,3}(?=[号#]))(?P<mark>[号#]?)(?!\d)")
_CODE_NEXT = re.compile(r"^[a-z]+(?:-[a-z0-9]+)*-?\d+(?!\d)")
_CODE = re.compile("[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
_FIRST_WORK = re.compile(f"^(?:[对给将为]|{WORK_WORDS.pattern})+")
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
        if not may_name(text):
            return []
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
        """The machines whose names a task begins with, what is done before them or not (检查1号客梯), or has in
        brackets at its end, and the task without them. Raises ``CellProblem`` as ``read``, and for a number or code
        behind them that is none of them: no machine is left out without a word."""
        if not _may_begin_with_one(task):
            return (), task
        work = _FIRST_WORK.match(fold(task))
        for begin in (0, _end_of(work[0], task) if work is not None else 0):
            found, rest = self._at_the_front(task[begin:])
            if found:
                self._leaves_none_out(task[begin:], rest)
                return found, f"{task[:begin]}{_BEHIND.sub('', rest).strip()}"
        inside = _BRACKETS.search(task)
        before = task[: inside.start()].strip() if inside is not None else ""
        found = self.read(inside[1]) if inside is not None and before else ()
        return found, before if found else task

    def number_in(self, text: str) -> str:
        """What in a text looks like the number or code of a machine or place; an empty text: nothing does."""
        if not _may_begin_with_one(text):
            return ""
        return text[: self._begins_with(text, apart=False)] or number_seen(text, self.machines.stems)

    def _at_the_front(self, task: str) -> tuple[Sequence[Machine], str]:
        """The machines whose names a text begins with, and what stands behind them as it does."""
        found: list[Machine] = []
        rest = task
        while (end := self._begins_with(rest)) and (one := self._one(rest[:end])) is not None:
            found.append(one)
            behind = _BETWEEN.sub("", rest[end:])
            rest = behind if self._begins_with(behind) else rest[end:]
        if found:
            return found, rest
        stems = self.machines.stems
        numbered = numbered_in(task, self.classes, stems) or code_before(task, stems)
        if not numbered or self.machines.called(numbered, self.site):
            return (), task
        end = _end_of(numbered, task)
        several = self.read(task[:end])
        if not several:
            raise _not_there(task[:end])
        return several, task[end:]

    def _leaves_none_out(self, task: str, rest: str) -> None:
        """Raises ``CellProblem`` where the text behind the names goes on with a number or code: one that no machine
        has, or the end of a range, which is not counted out."""
        for before in _NEXT_ONE.finditer(rest):
            behind, between = rest[before.end() :], before[0].strip()
            end, kind = self._looks_like_one(behind)
            is_next = bool(between) and not rest[: before.start()].strip()
            if kind == "name":
                raise _not_there(behind[:end])
            if kind == "machine" or (kind and is_next) or (kind == "number" and between):
                raise _not_there(task[: len(task) - len(behind) + end])

    def _looks_like_one(self, text: str) -> tuple[int, str]:
        """How much of a text's beginning looks like a machine, and as what: a ``machine`` of the ledger, the ``name``
        of none of it, a ``number`` alone, or a ``bare`` one that has no mark; 0 and an empty text for nothing."""
        end = self._begins_with(text)
        if end:
            return end, "machine"
        plain = fold(text)
        number, code = _NUMBER_NEXT.match(plain), _CODE_NEXT.match(plain)
        numbered = numbered_in(text, frozenset(), self.machines.stems)
        if numbered:
            return _end_of(numbered, text), "name"
        if number is not None and (number["mark"] or not is_quantity(plain[number.end() :])):
            return _end_of(number[0], text), "number" if number["mark"] else "bare"
        if code is not None and ("-" in code[0] or is_numbered(code[0], self.machines.stems)):
            return _end_of(code[0], text), "name"
        return 0, ""

    def _one(self, text: str) -> Machine | None:
        several = self.machines.called(text, self.site) or self.machines.lifts(text, self.site)
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
        if _means_all(said, text) or len(several) > 1:
            return True
        there = self.machines.at(self.site)
        return all(one.key == several[0].key for one in there if one.equipment_class == said.equipment_class)

    def _begins_with(self, text: str, *, apart: bool = True) -> int:
        """How long the longest name of a machine is that a text begins with (``apart``: and that is no part of a longer
        word); 0: it begins with none. Only names with a number or a letter count: others are words of every task."""
        plain = fold(text)
        for end in range(min(len(plain), self.machines.longest_name), _LEAST - 1, -1):
            name = plain[:end]
            if (
                self.machines.is_name(name)
                and _has_mark(name)
                and (not apart or _stands_apart(name, plain[end:]))
                and self.machines.called(name, self.site)
            ):
                return _end_of(name, text)
        return 0


def _means_all(said: Named, text: str) -> bool:
    """Whether a word means a system, or is the name of a class itself."""
    word = class_words().table().get(said.equipment_class or "")
    return word is None or fold(text) in map(fold, (word.zh, word.en, said.equipment_class or ""))


@lru_cache(maxsize=4096)
def may_name(text: str) -> bool:
    """Whether a text may name machines at all, whichever there are: a system's or class's own name does not."""
    said = meaning(text)
    is_all = isinstance(said, Named) and not said.read_as and _means_all(said, text)
    return not is_all or may_be_numbered(text)


@lru_cache(maxsize=4096)
def _may_begin_with_one(task: str) -> bool:
    """Whether a task may have the names of machines in it, whichever there are: they have a number or a letter there,
    or stand in brackets."""
    plain = without_quantities(task)
    if any(one.isdigit() for one in plain) or may_be_numbered(task) or _BRACKETS.search(task) is not None:
        return True
    return not plain.isascii() and any(one.isascii() and one not in ",;:.%/" for one in plain)


def _end_of(folded: str, text: str) -> int:
    """Where what a text begins with ends in it: ``folded`` is how it compares."""
    return next(end for end in range(1, len(text) + 1) if fold(text[:end]) == folded)


def _has_mark(name: str) -> bool:
    """Whether a name (folded) has a number, or a letter beside Chinese."""
    return any(one.isdigit() for one in name) or (not name.isascii() and any(one.isascii() for one in name))


def _stands_apart(name: str, rest: str) -> bool:
    """Whether a name, and not more or less than it, may be what stands before the rest (both folded)."""
    if name[-1].isdigit():
        is_whole = not rest[:1].isdigit() and (_CODE.fullmatch(name) is not None or LENGTH_OF_TIME.match(rest) is None)
    else:
        is_whole = not (name[-1].isascii() and rest[:1].isascii() and rest[:1].isalnum())
    return is_whole and not is_of_another(stem(name), rest)


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
