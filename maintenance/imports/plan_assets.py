"""The assets that a line of a plan table names: found by their codes, checked against the system or class beside them.
Pure but for the look-up, which happens when a line first names an asset."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from maintenance.imports.cells import fold
from maintenance.imports.machine_numbers import LIFT, LIFT_NUMBER, stem_of
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.plan_words import subject_text, subject_text_en
from maintenance.imports.problems import CellProblem
from maintenance.imports.values import normal_code
from maintenance.imports.vocabulary import Named
from maintenance.plan import AppliesTo
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName

GENERIC = "generic"
"""The class of any other machine, which may be of any system."""

_OF_THE_SITE = frozenset({GENERIC, "civil"})
"""Classes of assets that may stand for a thing of the site (a hydrant, a playground)."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What is asked of an asset."""

    key: str
    site: str
    code: str
    equipment_class: str
    names: tuple[str, ...] = ()
    """What people call it, in either language."""


class Machines:
    """The assets that there are, by code and by key. ``load`` gives the codes (former ones, too) with their assets."""

    def __init__(self, load: Callable[[], Sequence[tuple[str, Machine]]] = tuple) -> None:
        self._load = load

    @cached_property
    def _by_code(self) -> Mapping[str, Sequence[Machine]]:
        found: dict[str, list[Machine]] = {}
        for code, machine in self._load():
            found.setdefault(code, []).append(machine)
        return found

    @cached_property
    def _by_key(self) -> Mapping[str, Machine]:
        return {one.key: one for several in self._by_code.values() for one in several}

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Machine]]:
        found: dict[str, list[Machine]] = {}
        for machine in self._by_key.values():
            for text in {fold(one) for one in (machine.code, *machine.names)}:
                several = found.get(text)
                if several is None:
                    found[text] = [machine]
                else:
                    several.append(machine)
        found.pop("", None)
        return found

    def called(self, text: str, site: str | None) -> Sequence[Machine]:
        """The machines of a site (``None``: of any) that have this code or exactly this name: width, case and blanks
        do not matter."""
        return [one for one in self._by_name.get(fold(text), ()) if site in (None, one.site)]

    @cached_property
    def longest_name(self) -> int:
        """How long the longest name is, folded; 0 where there is no machine."""
        return max(map(len, self._by_name), default=0)

    def is_name(self, folded: str) -> bool:
        """Whether some machine, of whatever site, is called so."""
        return folded in self._by_name

    @cached_property
    def stems(self) -> frozenset[str]:
        """What the machines that have a number are called without it, folded."""
        return frozenset(bare for text in self._by_name if (bare := stem_of(text)) not in ("", text))

    @cached_property
    def _lifts(self) -> Mapping[str, Sequence[Machine]]:
        found: dict[str, dict[str, Machine]] = {}
        for text, several in self._by_name.items():
            number = LIFT.fullmatch(text)
            for machine in several if number is not None else ():
                if number is not None and machine.equipment_class == "elevator":
                    found.setdefault(number[1], {})[machine.key] = machine
        return {number: tuple(several.values()) for number, several in found.items()}

    def lifts(self, text: str, site: str | None) -> Sequence[Machine]:
        """The lifts of a site that a number alone says (3号梯 is the lift 3号客梯), by their names."""
        number = LIFT_NUMBER.fullmatch(fold(text))
        there = self._lifts.get(number[1], ()) if number is not None else ()
        return [one for one in there if site in (None, one.site)]

    def knows(self, codes: Sequence[str]) -> bool:
        """Whether there are machines of all of the codes, former ones too."""
        return all(one in self._by_code or normal_code(one) in self._by_code for one in codes)

    def at(self, site: str | None) -> Sequence[Machine]:
        """All machines of a site (``None``: of any)."""
        return [one for one in self._by_key.values() if site in (None, one.site)]

    def keys(self, codes: Sequence[str], site: str | None) -> tuple[str, ...]:
        """Keys of the assets that the codes name: those of the site; for every site's plan those whose code there is
        once. Raises ``CellProblem``."""
        return tuple(dict.fromkeys(self._key(code, site) for code in codes))

    def _key(self, code: str, site: str | None) -> str:
        there = self._by_code.get(code) or self._by_code.get(normal_code(code)) or ()
        here = [one for one in there if site in (None, one.site)]
        if len(here) == 1:
            return here[0].key
        sites = sorted({one.site for one in there})
        if here:
            zh = f"编号 {code} 在多个站点都有：{'、'.join(sites)}；请指定站点（--site）"
            en = f"there is a {code} at several sites: {', '.join(sites)}; name the site (--site)"
            raise CellProblem("unknown_asset", LocalName(zh, en))
        if there:
            zh, en = f"设备 {code} 属于站点 {'、'.join(sites)}", f"the asset {code} is of the site {', '.join(sites)}"
            raise CellProblem("unknown_asset", LocalName(zh, en))
        raise CellProblem("unknown_asset", LocalName(f"没有设备 {code}", f"there is no asset {code}"))

    def classes(self, applies: AppliesTo) -> frozenset[str]:
        """The classes of the machines that a row applies to."""
        named = systems()[applies.system].classes if applies.system in systems() and applies.system else ()
        keys = [one for one in applies.assets if one in self._by_key] if applies.assets else []
        return frozenset((*named, *applies.classes, *(self._by_key[one].equipment_class for one in keys)))

    def narrowest(self, applies: AppliesTo) -> AppliesTo:
        """The same with the narrowest of what it names alone, where that is part of the wider ones beside it."""
        if applies.assets and self.misfit(applies) is None:
            return AppliesTo(assets=applies.assets, site=applies.site)
        of = systems().get(applies.system or "")
        if of is not None and applies.classes and set(applies.classes) <= set(of.classes):
            return replace(applies, system=None)
        return applies

    def misfit(self, applies: AppliesTo) -> LocalName | None:
        """Which of the assets is of another system or class than what stands beside them; ``None``: none is."""
        if not applies.assets or not (applies.system or applies.classes):
            return None
        allowed = self.classes(AppliesTo(system=applies.system, classes=applies.classes))
        wrong = next((one for one in map(self._by_key.get, applies.assets) if one and not _fits(one, allowed)), None)
        if wrong is None:
            return None
        beside = replace(applies, assets=())
        made = equipment_classes()[wrong.equipment_class].name
        return LocalName(
            f"设备 {wrong.code} 是{made.zh}，不属于“{subject_text(beside)}”",
            f"the asset {wrong.code} is of the class {made.en}, which is not of {subject_text_en(beside)}",
        )

    def of_the_site(self, keys: Sequence[str]) -> bool:
        """Whether all of the assets may be what a word of the site names."""
        return all(self._by_key[one].equipment_class in _OF_THE_SITE for one in keys if one in self._by_key)

    def covers(self, subject: Named, applies: AppliesTo) -> bool:
        """Whether what a line names has in it all that a row applies to: then it says no more than where the row
        belongs."""
        if applies.system is not None or applies.site:
            return False
        of = AppliesTo(subject.system, (subject.equipment_class,) if subject.equipment_class else ())
        classes = self.classes(applies) - {GENERIC}
        return bool(classes) and classes <= self.classes(of)


def _fits(one: Machine, allowed: frozenset[str]) -> bool:
    return one.equipment_class == GENERIC or one.equipment_class in allowed


def subject_of(wanted: Wanted) -> AppliesTo:
    """What a line names, all of it."""
    subject = wanted.subject
    return AppliesTo(
        system=subject.system if subject is not None else None,
        classes=(subject.equipment_class,) if subject is not None and subject.equipment_class is not None else (),
        assets=tuple(wanted.keys),
        site=bool(wanted.site_word),
    )
