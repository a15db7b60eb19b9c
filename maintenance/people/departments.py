"""Departments of a site. Pure.

A department is known elsewhere by its Chinese name: plan rows, orders, assets and grants carry that text. A site that
has changed nothing has the departments of the user's tables (``maintenance/seed/departments.toml``).
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plantroom.domain.assets import LocalName
from plantroom.errors import BadData, Conflict, FieldProblem

FALLBACK = "engineering"
"""Key of the department that owns what belongs to no other. Basis: none of the user's tables; project default."""


@dataclass(frozen=True, slots=True)
class Department:
    """A department of a site. ``aliases`` are other spellings; ``classes`` the equipment whose tickets it owns when
    nothing else says so."""

    site: str
    key: str
    name: LocalName
    aliases: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    version: int = 1

    @property
    def id(self) -> str:
        """What the API knows it by."""
        return f"{self.site}:{self.key}"


def named(departments: Iterable[Department], text: str) -> Department | None:
    """The department that a text names: key, either script, English or another spelling."""
    wanted = folded(text)
    return next((d for d in departments if wanted in spellings(d)), None)


def spellings(department: Department) -> frozenset[str]:
    """Everything it goes by, folded."""
    texts = (department.key, department.name.zh, department.name.en, *department.aliases)
    return frozenset(folded(text) for text in texts if text.strip())


def owner_of(departments: Sequence[Department], equipment_class: str | None) -> Department | None:
    """Whose tickets of a class are when neither the asset nor anybody else says: the department that lists the class,
    else the fallback, else the first by key; ``None`` for a site without departments."""
    if equipment_class is not None:
        listed = next((d for d in departments if equipment_class in d.classes), None)
        if listed is not None:
            return listed
    ordered = sorted(departments, key=lambda d: (d.key != FALLBACK, d.key))
    return ordered[0] if ordered else None


def require_free(department: Department, others: Iterable[Department]) -> None:
    """Raises ``BadData`` without a key or name, ``Conflict`` for a spelling of another department of the site."""
    if not department.key.strip() or not department.name.zh.strip():
        field = "name" if department.key.strip() else "key"
        raise BadData(f"{field}: is empty", [FieldProblem(field, "required", "不能为空 / is empty")])
    mine = spellings(department)
    for other in others:
        if other.key == department.key:
            continue
        shared = mine & spellings(other)
        if shared:
            raise Conflict(
                f"部门“{other.name.zh}”已使用该名称或别名 / the department {other.name.en!r} goes by "
                f"{', '.join(sorted(shared))} already"
            )


def folded(text: str) -> str:
    """A text as it is compared: compatibility forms, case and blanks do not matter."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
