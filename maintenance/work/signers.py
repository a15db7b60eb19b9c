"""Who has signed an order: people, and not signatures. Two signatures of one person are one person's.

A signature of a tablet is that of its account, one beside it that of whoever is named. A name that is an account's user
name means that account's person, and two accounts of one name are one person: somebody signs in another part by being
somebody else. Pure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from maintenance.evidence import files_of
from maintenance.work.records import Signatory, Signature
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import LocalName

ROLES: Mapping[Signatory, LocalName] = {
    Signatory.TECHNICIAN: LocalName("实施人", "the technician"),
    Signatory.SAFETY_MANAGER: LocalName("安全管理员", "the safety manager"),
    Signatory.OWNER_REPRESENTATIVE: LocalName("业主代表", "the owner's representative"),
}
_WHOLE = LocalName("整张工单", "the whole order")


@dataclass(frozen=True, slots=True)
class Signers:
    """Who has signed, by name without case: ``doers`` those who did it (on tablets, or as technicians), ``managers``
    as safety managers, ``all`` in any part."""

    tablets: frozenset[str]
    doers: frozenset[str]
    managers: frozenset[str]
    all: frozenset[str]

    @property
    def both(self) -> bool:
        """Whether two people have signed on tablets, or somebody who did it and another one as safety manager."""
        return len(self.tablets) > 1 or any(self.doers - {one} for one in self.managers)

    @property
    def one_for_both(self) -> bool:
        """Whether both parts are signed for, and by nobody but one person."""
        return bool(self.doers) and bool(self.managers) and not self.both


def signers(order: WorkOrder, given: Iterable[Signature] = (), called: Mapping[str, str] | None = None) -> Signers:
    """Who has signed an order on tablets and beside (``given``). ``called``: names of accounts by their user names. Of
    files of tablets those that have not arrived count, too."""
    person = _naming(called)
    beside = [(one.role, person(one.name)) for one in given]
    tablets = frozenset(map(person, signed_on_tablets(order)))
    doers = tablets | {who for role, who in beside if role is Signatory.TECHNICIAN}
    managers = frozenset(who for role, who in beside if role is Signatory.SAFETY_MANAGER)
    return Signers(tablets, doers, managers, tablets | {who for _, who in beside})


@dataclass(frozen=True, slots=True)
class Hand:
    """One signature: whose (``person``, by name without case), what that one is called, where it stands, and the
    SHA-256 of its image."""

    person: str
    name: str
    place: LocalName
    sha256: str


def hands(order: WorkOrder, given: Iterable[Signature] = (), called: Mapping[str, str] | None = None) -> list[Hand]:
    """The signatures of an order, on tablets and beside (``given``); ``called`` as of ``signers``."""
    person, known = _naming(called), called or {}
    items = {item.step: item.name for item in order.template}
    found = []
    for step, entry in order.answers.items():
        for file in files_of(entry):
            if file.get("kind") == "signature":
                by = str(file.get("by"))
                found.append(Hand(person(by), known.get(by) or by, _place(step, items), str(file.get("sha256"))))
    return found + [Hand(person(one.name), one.name, ROLES[one.role], one.sha256) for one in given]


def one_image(found: Iterable[Hand]) -> tuple[Hand, Hand] | None:
    """Two signatures of different people that are one and the same image, where neither of the two has signed with
    another image, too, that nobody else has: two people cannot make the same one. ``None``: there are none."""
    listed = list(found)
    people: defaultdict[str, set[str]] = defaultdict(set)
    for one in listed:
        people[one.sha256].add(one.person)
    settled = {one.person for one in listed if len(people[one.sha256]) == 1}
    left: defaultdict[str, list[Hand]] = defaultdict(list)
    for one in listed:
        if one.person not in settled:
            left[one.sha256].append(one)
    for some in left.values():
        other = next((one for one in some if one.person != some[0].person), None)
        if other is not None:
            return some[0], other
    return None


def words_of(first: Hand, second: Hand) -> LocalName:
    """What whoever has to mend it is told of ``one_image``."""
    return LocalName(
        f"{first.place.zh}（{first.name}）与{second.place.zh}（{second.name}）的签名是同一张图片，"
        "两个人不可能签出同一张图片：请其中一人本人重新签名",
        f"the signature of {first.place.en} ({first.name}) and that of {second.place.en} ({second.name}) are one and "
        "the same image, which two people cannot make: let one of them sign again by own hand",
    )


def _place(step: str, items: Mapping[str, LocalName]) -> LocalName:
    name = items.get(step)
    return _WHOLE if name is None else LocalName(f"检查项{step} {name.zh}", f"item {step} {name.en}")


def _naming(called: Mapping[str, str] | None) -> Callable[[str], str]:
    """Who is meant by a name, or by the user name of an account."""
    names = {username.casefold(): name for username, name in (called or {}).items() if name}
    return lambda name: " ".join(names.get(name.strip().casefold(), name).split()).casefold()


def signed_on_tablets(order: WorkOrder) -> frozenset[str]:
    """The accounts that have signed on tablets."""
    files = (file for entry in order.answers.values() for file in files_of(entry))
    return frozenset(str(file.get("by")) for file in files if file.get("kind") == "signature")
